/* The lists that are watched. */
#include "schema/block/codec.h"
#include "schema/text/ascii.h"
#include "schema/watch/watch_internal.h"

enum { LIST_LEVEL = 9 };

bool watch_name_is_valid(struct span name)
{
    bool only_dots = true;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (!ascii_is_letter(c) && !ascii_is_digit(c) && !memchr("._-", c, 3)) {
            return false;
        }
        only_dots = only_dots && c == '.';
    }
    return !only_dots && name.size <= WATCH_NAME_BYTES_MAX && name.data[0] != '-';
}

struct list_taker {
    watch_list_each *each;
    void *context;
};

static enum status take_list(void *context, sqlite3_stmt *row, struct err *err)
{
    const struct list_taker *taker = context;
    struct watch_list list = {
        .id = sqlite3_column_int64(row, 0),
        .source = db_column_span(row, 2),
        .bytes = sqlite3_column_int64(row, 3),
        .indicators = sqlite3_column_int64(row, 5),
        .added_us = sqlite3_column_int64(row, 6),
        .updated_us = sqlite3_column_int64(row, 7),
        .removed_us = sqlite3_column_int64(row, 8),
        .is_behind = sqlite3_column_type(row, 9) != SQLITE_NULL,
        .caught_us = sqlite3_column_int64(row, 9),
        .sighted = sqlite3_column_int64(row, 10),
        .hits = sqlite3_column_int64(row, 11),
        .last_us = sqlite3_column_int64(row, 12),
        .waiting = sqlite3_column_int64(row, 13),
        .given_up = sqlite3_column_int64(row, 14),
    };
    (void)db_column_bytes(row, 4, &list.sha256, sizeof list.sha256);
    db_column_copy(row, 1, list.name, sizeof list.name);
    return taker->each(taker->context, &list, err);
}

enum status watch_lists(struct watch_db *db, bool with_removed, watch_list_each *each,
                        void *context, struct err *err)
{
    struct list_taker taker = {each, context};
    return db_each(
        db->db,
        "WITH undone AS (SELECT sighting.list AS list, sum(state = 0) AS waiting,"
        " sum(state = 2) AS given_up FROM delivery JOIN hit ON hit.id = delivery.hit"
        " JOIN sighting ON sighting.id = hit.sighting WHERE state <> 1 GROUP BY sighting.list)"
        " SELECT list.id, name, source, bytes, sha256, indicators, added_us, updated_us,"
        " removed_us, caught_us, count(sighting.id), coalesce(sum(hits), 0), max(last_us),"
        " coalesce(waiting, 0), coalesce(given_up, 0)"
        " FROM list LEFT JOIN sighting ON sighting.list = list.id AND hits > 0"
        " LEFT JOIN undone ON undone.list = list.id"
        " WHERE removed_us = 0 OR ?1 GROUP BY list.id ORDER BY name, list.id",
        DB_WITH(DB_INT(with_removed)), take_list, &taker, err);
}

static enum status unpack(struct span frame, struct buf *out, struct err *err)
{
    struct codec *codec = codec_new();
    if (!codec) {
        return err_nomem(err, "watch.db");
    }
    enum status status = codec_unpack(codec, frame, WATCH_LIST_BYTES_MAX, out, err);
    codec_free(codec);
    return status == OK ? OK : err_wrap(err, status, "watch.db: a list");
}

struct list_bytes {
    struct buf *bytes; /* NULL: not wanted */
    struct buf *base;  /* NULL: not wanted */
    bool has_base;
};

static enum status take_bytes(void *context, sqlite3_stmt *row, struct err *err)
{
    struct list_bytes *out = context;
    out->has_base = sqlite3_column_type(row, 1) != SQLITE_NULL;
    enum status status = out->bytes ? unpack(db_column_span(row, 0), out->bytes, err) : OK;
    return status == OK && out->has_base && out->base
               ? unpack(db_column_span(row, 1), out->base, err)
               : status;
}

enum status watch_list_bytes(struct watch_db *db, int64_t id, struct buf *out_bytes,
                             struct buf *out_base, bool *out_has_base, struct err *err)
{
    struct list_bytes out = {.bytes = out_bytes, .base = out_base};
    bool found = false;
    enum status status = db_first(db->db, "SELECT packed, base FROM list WHERE id = ?1",
                                  DB_WITH(DB_INT(id)), take_bytes, &out, &found, err);
    if (status == OK && !found) {
        status = err_set(err, ERR_NOT_FOUND, "watch.db: a list was removed a moment ago");
    }
    if (status == OK && out_has_base) {
        *out_has_base = out.has_base;
    }
    return status;
}

/* Runs a statement with the list's columns: ?1 its id or nothing, ?2 name, ?3 source, ?4 packed,
 * ?5 bytes, ?6 sha256, ?7 indicators, ?8 now, ?9 the greatest time. */
static enum status run_given(struct watch_db *db, const char *sql, int64_t id,
                             const struct watch_list_input *given, struct err *err)
{
    struct buf packed = BUF_INIT;
    struct digest sha256 = digest_sha256(given->bytes);
    struct codec *codec = codec_new();
    enum status status = codec ? codec_pack(codec, given->bytes, LIST_LEVEL, true, &packed, err)
                               : err_nomem(err, "watch.db");
    codec_free(codec);
    status = THEN(status,
                  db_change(db->db, sql,
                            DB_WITH(DB_INT(id), DB_TEXT(given->name), DB_TEXT(given->source),
                                    DB_BLOB(buf_span(&packed)), DB_INT((int64_t)given->bytes.size),
                                    DB_DIGEST(&sha256), DB_INT(given->indicators),
                                    DB_INT(clock_now_us()), DB_INT(INT64_MAX)),
                            err));
    buf_fini(&packed);
    return status;
}

/* 0: there is none. */
static enum status find(struct watch_db *db, struct span name, bool or_removed, int64_t *out_id,
                        struct err *err)
{
    return db_first_int(db->db,
                        "SELECT id FROM list WHERE name = ?1 AND (removed_us = 0 OR ?2)"
                        " ORDER BY removed_us = 0 DESC, id DESC LIMIT 1",
                        DB_WITH(DB_TEXT(name), DB_INT(or_removed)), out_id, err);
}

enum status watch_list_find(struct watch_db *db, struct span name, bool or_removed, int64_t *out_id,
                            struct err *err)
{
    int64_t id = 0;
    enum status status = find(db, name, or_removed, &id, err);
    if (status == OK && id == 0) {
        status = err_set(err, ERR_NOT_FOUND,
                         "no list \"%.*s\" is watched; stele watch shows those that are",
                         SPAN_FMT(name));
    }
    if (status == OK) {
        *out_id = id;
    }
    return status;
}

/* The end of a change of lists: others see by the generation that there was one. */
static enum status end_change(struct watch_db *db, enum status status, struct err *err)
{
    status = THEN(status, db_exec(db->db, "UPDATE state SET generation = generation + 1", err));
    status = THEN(status, db_commit(db->db, err));
    if (status != OK) {
        db_rollback(db->db);
    }
    return status;
}

/* With no list nothing is matched, so days may be far behind: what they hold is old by now. */
static enum status begin_days(struct watch_db *db, const struct watch_day *days, size_t n_days,
                              struct err *err)
{
    int64_t lists = 0;
    enum status status =
        db_int64(db->db, "SELECT count(*) FROM list WHERE removed_us = 0", &lists, err);
    if (status != OK || lists > 0) {
        return status;
    }
    status = db_exec(db->db, "DELETE FROM day", err);
    for (size_t i = 0; status == OK && i < n_days; i++) {
        status = watch_step_day(db, &days[i], err);
    }
    return status;
}

enum status watch_list_add(struct watch_db *db, const struct watch_list_input *given,
                           const struct watch_day *days, size_t n_days, struct err *err)
{
    CHECK(db->writable && watch_name_is_valid(given->name));
    int64_t id = 0;
    enum status status = db_begin(db->db, err);
    status = THEN(status, find(db, given->name, false, &id, err));
    if (status == OK && id != 0) {
        status = err_set(err, ERR_EXISTS,
                         "a list \"%.*s\" is watched already; stele watch update %.*s LIST "
                         "changes it",
                         SPAN_FMT(given->name), SPAN_FMT(given->name));
    }
    status = THEN(status, begin_days(db, days, n_days, err));
    status = THEN(status,
                  run_given(db,
                            "INSERT INTO list (id, name, source, packed, bytes, sha256, indicators,"
                            " added_us, updated_us, caught_us)"
                            " VALUES (nullif(?1, 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9)",
                            0, given, err));
    return end_change(db, status, err);
}

/* While old events are still being hunted the base stays what it is: what was new to it before is
 * new to it now. */
enum status watch_list_update(struct watch_db *db, int64_t id, const struct watch_list_input *given,
                              struct err *err)
{
    CHECK(db->writable);
    enum status status = db_begin(db->db, err);
    status =
        THEN(status, run_given(db,
                               "UPDATE list SET source = ?3, packed = ?4, bytes = ?5, sha256 = ?6,"
                               " indicators = ?7, updated_us = ?8,"
                               " base = CASE WHEN caught_us IS NULL THEN packed ELSE base END,"
                               " caught_us = ?9 WHERE id = ?1 AND name = ?2 AND removed_us = 0",
                               id, given, err));
    if (status == OK && sqlite3_changes(db->db) != 1) {
        status = err_set(err, ERR_NOT_FOUND, "watch.db: the list was removed a moment ago");
    }
    return end_change(db, status, err);
}

enum status watch_list_remove(struct watch_db *db, int64_t id, bool keep_hits, struct err *err)
{
    static const char *const drop[] = {
        ("DELETE FROM delivery WHERE hit IN (SELECT hit.id FROM hit JOIN sighting"
         " ON sighting.id = hit.sighting WHERE sighting.list = ?1)"),
        "DELETE FROM hit WHERE sighting IN (SELECT id FROM sighting WHERE list = ?1)",
        "DELETE FROM sighting WHERE list = ?1",
        "DELETE FROM list WHERE id = ?1",
    };
    CHECK(db->writable);
    size_t count = keep_hits ? 0 : sizeof drop / sizeof drop[0];
    enum status status = db_begin(db->db, err);
    if (status == OK && keep_hits) {
        status = db_change(db->db,
                           "UPDATE list SET packed = x'', base = NULL, caught_us = NULL,"
                           " removed_us = ?2 WHERE id = ?1",
                           DB_WITH(DB_INT(id), DB_INT(clock_now_us())), err);
    }
    for (size_t i = 0; status == OK && i < count; i++) {
        status = db_change(db->db, drop[i], DB_WITH(DB_INT(id)), err);
    }
    return end_change(db, status, err);
}
