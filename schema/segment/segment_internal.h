/* The inside of an open segment, for the files of this room. */
#ifndef SCHEMA_SEGMENT_SEGMENT_INTERNAL_H
#define SCHEMA_SEGMENT_SEGMENT_INTERNAL_H

#include <stdatomic.h>

#include "schema/base/lock.h"
#include "schema/base/vec.h"
#include "schema/columnar/vocabulary.h"
#include "schema/db/db_query.h"
#include "schema/segment/block_derive.h"

enum segment_statement {
#define X(name, sql) SEGMENT_##name,
#include "schema/segment/segment_statement.def"
#undef X
    SEGMENT_STATEMENT_COUNT
};

static inline int64_t segment_data_id(int64_t block, enum segment_data which)
{
    return 2 * block + (int64_t)which;
}

/* One of them, open; block 0: none is. Its bytes are SQLite's, until the statement is reset. */
struct segment_open_data {
    struct columnar_reader *reader;
    int64_t block;
    sqlite3_stmt *stmt;
};

/* The fields of paths, by path. */
struct segment_names {
    VEC(struct span) fields;
    struct arena arena;
};

/* What handles of one file share: read by the first that asks, it never changes then. */
struct segment_vocabulary {
    atomic_int users;
    struct lock lock; /* is held while it is read */
    bool is_read;
    int64_t last_id; /* of the blocks that the first handle has */
    struct vocabulary vocabulary;
    struct segment_names names;
};

extern const struct db_kind segment_kind;
extern const struct db_kind segment_merged_kind; /* the same, of a run of days */

struct segment {
    sqlite3 *db;
    sqlite3_stmt *statements[SEGMENT_STATEMENT_COUNT];
    char path[FILE_PATH_BYTES];
    int64_t day_us;
    int64_t created_us;
    bool is_merged;
    struct codec *codec;
    VEC(struct block_info) blocks; /* of all days, by day and number */
    size_t view_at;                /* those of the day that is selected, or all */
    size_t view_count;
    VEC(int64_t) ids; /* of all blocks, ascending */
    int64_t last_id;  /* the highest that the file ever gave */
    uint64_t serial;
    VEC(int64_t) unread; /* blocks that are damaged: which events they hold is not asked */
    struct buf scratch;
    const struct vocabulary *vocabulary; /* NULL: not read yet; a writer's is its checker's */
    struct segment_names *names;         /* of the shared vocabulary, or a writer's own */
    struct segment_vocabulary *shared;   /* a reader's; NULL for a writer */
    struct segment_names own_names;      /* grow with a writer's vocabulary */
    struct segment_open_data data[SEGMENT_DATA_COUNT];
    struct block_lines lines; /* of the block looked at last, for segment_duplicate_events */
    struct buf line_sums;     /* of the proof read last */
};

/* Opens over a handle that is then the segment's. */
MUST_USE enum status segment_attach(struct segment *segment, sqlite3 *db, const char *path,
                                    struct err *err);
/* Frees all but the struct. */
void segment_detach(struct segment *segment);
/* The handle can then be closed; they are prepared again when asked for. */
void segment_statements_free(struct segment *segment);

/* The statement, prepared when first asked for. */
MUST_USE enum status segment_statement(struct segment *segment, enum segment_statement which,
                                       sqlite3_stmt **out_stmt, struct err *err);
/* The blob of a statement's first row; empty when there is no row. Lives until the statement is
 * reset, which the caller does. */
MUST_USE enum status segment_blob(struct segment *segment, enum segment_statement which,
                                  struct db_values keys, sqlite3_stmt **out_stmt,
                                  struct span *out_blob, struct err *err);
/* Runs a statement that gives no rows. */
MUST_USE enum status segment_run(struct segment *segment, enum segment_statement which,
                                 struct db_values values, struct err *err);
/* The lines of how a block's events came, a newline behind each, and where newlines inside of
 * events were: both replaced. (block_proof.c) */
MUST_USE enum status segment_arrival_lines(struct segment *segment, int64_t block,
                                           struct buf *lines, struct buf *newlines,
                                           struct err *err);
/* ERR_CORRUPT with the file and the block in front. */
MUST_USE enum status segment_corrupt(const struct segment *segment, int64_t block, struct err *err);

/* Calls `take` with each part of the vocabulary, in order. ERR_CORRUPT: neither copy of one is
 * whole. */
typedef enum status segment_part_take(void *context, struct span part, struct err *err);
MUST_USE enum status segment_each_part(struct segment *segment, segment_part_take *take,
                                       void *context, struct err *err);
/* Names the paths that the vocabulary has and the names lack. ERR_NOMEM. (segment_path.c) */
MUST_USE enum status segment_names_add(struct segment_names *names,
                                       const struct vocabulary *vocabulary, struct err *err);
void segment_names_fini(struct segment_names *names);
/* NULL: out of memory. */
struct segment_vocabulary *segment_vocabulary_new(void);
/* Frees what reading columns needed. */
void segment_columns_fini(struct segment *segment);

MUST_USE enum status segment_block_append(struct segment *segment, const struct block_info *info,
                                          struct err *err);
/* Whether a block can be of it: the start of a day, and a day can be added to it. */
bool segment_is_day(int64_t day_us);
/* After all of a file were appended. */
void segment_blocks_sort(struct segment *segment);
/* Forgets the blocks with higher ids. */
void segment_blocks_trim(struct segment *segment, int64_t last_id);
#endif
