/* The ledger of what was shipped where: rows of `object` in the catalogue. A row moves from
 * planned to shipped and never back; a planned row that fails keeps its plan and counts tries. The
 * plan says what the object holds; how it was packed is noted with the mark. */
#ifndef SCHEMA_ARCHIVE_LEDGER_H
#define SCHEMA_ARCHIVE_LEDGER_H

#include "schema/archive/archive.h"
#include "schema/crypto/digest.h"

enum ledger_codec { LEDGER_ZSTD, LEDGER_GZIP };
enum ledger_state { LEDGER_PLANNED, LEDGER_SHIPPED };

/* What an object holds: its NDJSON, before it is packed. By this it is known, whatever packed it,
 * and when. */
struct ledger_content {
    int64_t events; /* lines */
    int64_t bytes;
    struct digest sha256;
};

static inline bool ledger_content_equal(const struct ledger_content *a,
                                        const struct ledger_content *b)
{
    return a->events == b->events && a->bytes == b->bytes && digest_equal(&a->sha256, &b->sha256);
}

/* As it is at the target: packed. Noted when it is sent, or found there. */
struct ledger_sent {
    int64_t bytes;
    struct digest sha256;
    char library[32]; /* "zstd 1.5.4"; empty: it was there, packed by we do not know what */
};

/* A run of consecutive blocks of one segment for one target, as one object. */
struct ledger_object {
    int64_t id;
    char target[1024]; /* canonical URL of the target, e.g. s3://bucket/prefix */
    int64_t day_us;    /* the segment */
    int64_t first_block;
    int64_t last_block; /* inclusive */
    enum ledger_codec codec;
    char key[1024]; /* below the target's prefix */
    struct ledger_content content;
    struct ledger_sent sent; /* zero while planned */
    enum ledger_state state;
    int64_t planned_us;
    int64_t shipped_us; /* 0 while planned */
    int64_t tries;
    int64_t next_try_us;  /* not before; 0 at once */
    char last_error[512]; /* empty when none */
    bool is_gone;         /* planned, and its blocks were deleted: it is shipped no more */
};

/* Last block of the segment that the ledger holds for the target; -1 when none. */
MUST_USE enum status ledger_last_block(struct archive *archive, const char *target, int64_t day_us,
                                       int64_t *out_block, struct err *err);
/* Commits the plan (its own transaction); fills object->id. */
MUST_USE enum status ledger_plan(struct archive *archive, struct ledger_object *object,
                                 struct err *err);
MUST_USE enum status ledger_mark_shipped(struct archive *archive, int64_t id,
                                         const struct ledger_sent *sent, int64_t shipped_us,
                                         struct err *err);
MUST_USE enum status ledger_mark_failed(struct archive *archive, int64_t id, int64_t next_try_us,
                                        const char *error, struct err *err);

/* Objects in order of id. target NULL: all. pending_only: planned ones that can still be shipped.
 */
MUST_USE enum status ledger_cursor_open(struct archive *archive, const char *target,
                                        bool pending_only, struct archive_cursor **out_cursor,
                                        struct err *err);
MUST_USE enum status ledger_cursor_next(struct archive_cursor *cursor,
                                        struct ledger_object *out_object, bool *out_end,
                                        struct err *err);
/* The same for a loop: false at the end and after an error, which is in *status then. Does nothing
 * when *status is one already. */
static inline bool ledger_cursor_step(struct archive_cursor *cursor,
                                      struct ledger_object *out_object, enum status *status,
                                      struct err *err)
{
    bool end = false;
    *status = THEN(*status, ledger_cursor_next(cursor, out_object, &end, err));
    return *status == OK && !end;
}

/* The objects (of any target) that hold the block: the same cursor. */
MUST_USE enum status ledger_cursor_open_block(struct archive *archive, int64_t day_us,
                                              int64_t block, struct archive_cursor **out_cursor,
                                              struct err *err);
/* The target's objects from that key on (inclusive), in order of the keys' bytes: the same cursor.
 */
MUST_USE enum status ledger_cursor_open_keys(struct archive *archive, const char *target,
                                             const char *from_key,
                                             struct archive_cursor **out_cursor, struct err *err);
/* The objects of the days from from_us (inclusive) to to_us (exclusive), in order of day and block;
 * target NULL: all. The same cursor. */
MUST_USE enum status ledger_cursor_open_days(struct archive *archive, const char *target,
                                             int64_t from_us, int64_t to_us,
                                             struct archive_cursor **out_cursor, struct err *err);

#endif
