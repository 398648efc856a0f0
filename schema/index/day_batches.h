/* The days under work: for each, a batch that fills. Full batches go to the builder. An import
 * whose events jump between so many days that their batches would have to be written half full sets
 * events aside first (schema/index/spool.h) and takes them up day by day. Inside schema/ only; one
 * thread. */
#ifndef SCHEMA_INDEX_DAY_BATCHES_H
#define SCHEMA_INDEX_DAY_BATCHES_H

#include "schema/index/indexer.h"
#include "schema/index/segment_builder.h"
#include "schema/index/spool.h"

/* Days that fill at a time; with more, the batch of the first is written as it is. */
enum { DAYS_BATCHES_MAX = 512, DAYS_BUILDERS_MAX = 2 };

struct days {
    char dir[FILE_PATH_BYTES];
    char archive_id[37];
    struct indexer_options options; /* no zeros */
    struct paths paths;
    struct builder *builders[DAYS_BUILDERS_MAX]; /* days in turn; NULL: to be made (again) */
    struct batch *batches[DAYS_BATCHES_MAX];
    size_t n_batches;
    struct batch *spare; /* empty */
    struct spool *spool; /* NULL: no event is set aside */
    struct arena arena;  /* of one event that was */
    size_t batch_bytes;  /* of all in batches, about */
    int64_t n_events;    /* that went into batches */
    /* of the run under way */
    int64_t *counters; /* [EVENT_COUNTER_COUNT] */
    int64_t inbox_id;  /* its last row; 0 for an import */
};

MUST_USE enum status days_init(struct days *days, const struct archive *archive,
                               const struct indexer_options *options, struct err *err);
void days_fini(struct days *days);

/* What is added from now on belongs to this run. */
void days_begin(struct days *days, int64_t *counters, int64_t inbox_id);

/* Takes the event in, unless it is known. Writes blocks as batches fill, and the largest when too
 * much waits. After a failure only days_reset and days_fini may follow. */
MUST_USE enum status days_add(struct days *days, const struct arrival *arrival,
                              const struct event *event, struct err *err);

/* True while events are set aside: of those that are added, only raw and time are looked at. */
static inline bool days_set_aside(const struct days *days)
{
    return days->spool != NULL;
}

/* Writes every batch and commits every segment. */
MUST_USE enum status days_flush(struct days *days, struct err *err);

/* Forgets all that is not committed. */
void days_reset(struct days *days);

#endif
