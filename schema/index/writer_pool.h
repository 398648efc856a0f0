/* The segments that a builder has open for writing: a few, each of a day or of merged days. One
 * thread; where a writer is asked for more than packing, the pool waits for the thread that stores.
 * Inside of schema/index. */
#ifndef SCHEMA_INDEX_WRITER_POOL_H
#define SCHEMA_INDEX_WRITER_POOL_H

#include "schema/archive/archive.h"
#include "schema/file/file.h"
#include "schema/index/merged_file.h"
#include "schema/index/store_thread.h"

enum { WRITER_POOL_MAX = 4 };

struct writer_pool_entry {
    struct segment_writer *writer;
    int64_t used;       /* larger is later */
    int64_t inbox_high; /* rows up to here are in the segment already */
    int blocks;         /* since the last commit */
    bool is_merged;
    struct merged_file file; /* of a merged one, with what is packed */
};

struct writer_pool {
    /* immutable, set by the owner */
    char dir[FILE_PATH_BYTES];
    char archive_id[37];
    int compression_level;
    int64_t merge_before_us; /* of indexer_options */
    struct store_thread *store;

    struct writer_pool_entry writers[WRITER_POOL_MAX];
    int64_t clock;
    int64_t unread_blocks;   /* of the segments opened, until the owner takes them */
    struct archive *archive; /* for reading; NULL before the first new day */
};

/* The writer of the day, opened when need be, with the day in use. is_import: a day that no file
 * has and that is over goes where it stays. */
MUST_USE enum status writer_pool_get(struct writer_pool *pool, int64_t day_us, bool is_import,
                                     struct writer_pool_entry **out, struct err *err);
/* Commits and closes those that were not asked for a while. */
MUST_USE enum status writer_pool_put_idle_away(struct writer_pool *pool, struct err *err);
/* What is not committed is undone. */
void writer_pool_close(struct writer_pool *pool);

#endif
