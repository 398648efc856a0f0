/* Events of many days, set aside in a file without a name until their day's turn comes: an import
 * whose events jump between more days than fit in memory is first parted by day. Holds events as
 * they came, with what is known of their arrival. Inside schema/ only; one thread. */
#ifndef SCHEMA_INDEX_SPOOL_H
#define SCHEMA_INDEX_SPOOL_H

#include "schema/block/batch.h"

struct spool;

/* In the archive's directory: the file is as large as the events are, and gone with the process. */
MUST_USE enum status spool_open(const char *dir, struct spool **out_spool, struct err *err);
/* NULL is fine. */
void spool_close(struct spool *spool);

MUST_USE enum status spool_add(struct spool *spool, int64_t day_us,
                               const struct batch_arrival *arrival, struct span raw,
                               struct err *err);

/* The days it has events of, ascending. */
size_t spool_day_count(const struct spool *spool);
int64_t spool_day_us(const struct spool *spool, size_t at);

/* Hands over the events of the day at that place, in the order they were added. */
typedef enum status spool_each(void *context, const struct batch_arrival *arrival, struct span raw,
                               struct err *err);
MUST_USE enum status spool_read(struct spool *spool, size_t at, spool_each *each, void *context,
                                struct err *err);

#endif
