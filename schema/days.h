/* The days under work: for each a batch that fills, and for a few of them the open segment. Inside
 * schema/ only; one thread. */
#ifndef SCHEMA_DAYS_H
#define SCHEMA_DAYS_H

#include "schema/inbox.h"
#include "schema/segment_writer.h"

enum { DAYS_WRITERS_MAX = 8, DAYS_BATCHES_MAX = 512 };

struct open_writer {
    struct segment_writer *writer;
    int64_t used; /* larger is later */
    int blocks;   /* since the last commit */
};

struct days {
    char dir[FILE_PATH_BYTES];
    char archive_id[37];
    int compression_level;
    struct paths paths;
    struct open_writer writers[DAYS_WRITERS_MAX];
    int64_t clock;
    struct batch *batches[DAYS_BATCHES_MAX];
    size_t n_batches;
    /* of the run under way */
    int64_t *counters; /* [ARCHIVE_COUNTER_COUNT] */
    int64_t inbox_id;  /* its last row; 0 for an import */
};

MUST_USE enum status days_init(struct days *days, const struct archive *archive,
                               int compression_level, struct err *err);
void days_fini(struct days *days);

/* What is added from now on belongs to this run. */
void days_begin(struct days *days, int64_t *counters, int64_t inbox_id);

/* How an event came. */
struct arrival {
    const struct source *source;
    struct span source_text; /* stele.source */
    int64_t row_id;          /* of the inbox; 0 for an import */
    int64_t received_us;
    int64_t position; /* line of the imported file */
};

/* Takes the event in, unless it is known. Writes blocks as batches fill, and the largest when too
 * much waits. */
MUST_USE enum status days_add(struct days *days, const struct arrival *arrival,
                              const struct event *event, struct err *err);

/* Writes every batch and commits every segment. */
MUST_USE enum status days_flush(struct days *days, struct err *err);

/* Forgets all that is not committed. */
void days_reset(struct days *days);

#endif
