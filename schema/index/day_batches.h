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
enum { DAY_BATCHES_MAX = 512 };

struct day_batches {
    char dir[FILE_PATH_BYTES];
    char archive_id[37];
    struct indexer_options options;  /* no zeros */
    struct segment_builder *builder; /* NULL: to be made (again) */
    struct batch *batches[DAY_BATCHES_MAX];
    size_t n_batches;
    struct batch *spare; /* empty */
    struct spool *spool; /* NULL: no event is set aside */
    struct arena arena;  /* of one event that was */
    size_t batch_bytes;  /* of all in batches, about */
    int64_t n_events;    /* that went into batches */
    /* of the run under way */
    int64_t *counters;     /* [EVENT_COUNTER_COUNT] */
    int64_t inbox_id;      /* its last row; 0 for an import */
    int64_t unread_blocks; /* damaged ones of its days, after day_batches_flush */
};

MUST_USE enum status day_batches_init(struct day_batches *days, const struct archive *archive,
                                      const struct indexer_options *options, struct err *err);
void day_batches_fini(struct day_batches *days);

/* What is added from now on belongs to this run. */
void day_batches_begin(struct day_batches *days, int64_t *counters, int64_t inbox_id);

/* Takes the event in, unless it is known. Writes blocks as batches fill, and the largest when too
 * much waits. After a failure only day_batches_reset and day_batches_fini may follow. */
MUST_USE enum status day_batches_add(struct day_batches *days, const struct batch_arrival *arrival,
                                     const struct event *event, struct err *err);

/* True while events are set aside: of those that are added, only raw and time are looked at. */
static inline bool day_batches_is_spooling(const struct day_batches *days)
{
    return days->spool != NULL;
}

/* Writes every batch and commits every segment. */
MUST_USE enum status day_batches_flush(struct day_batches *days, struct err *err);

/* Forgets all that is not committed. */
void day_batches_reset(struct day_batches *days);

#endif
