/* Hits, in and out. */
#include "schema/watch/watch_internal.h"

enum { IDENTITY_BYTES = 16 };

static void add_part(struct buf *out, struct span part)
{
    buf_add_varint(out, part.size);
    buf_add_span(out, part);
}

/* What makes the event one and no other (watch_db.h). */
static enum status identity_of(const struct event *event, unsigned char out[IDENTITY_BYTES],
                               struct err *err)
{
    struct buf key = BUF_INIT;
    buf_add_varint(&key, buf_zigzag(event->time_us));
    add_part(&key, event->uid);
    if (event->uid.size > 0) {
        add_part(&key, event->type);
        add_part(&key, event->code);
    } else {
        add_part(&key, event->raw);
    }
    enum status status = buf_status(&key, "watch", err);
    struct digest digest = digest_sha256(buf_span(&key));
    memcpy(out, digest.bytes, IDENTITY_BYTES);
    buf_fini(&key);
    return status;
}

static enum status sighting_of(struct watch_db *db, const struct watch_match *found,
                               int64_t *out_id, struct err *err)
{
    enum status status = db_int_with(db->statements[WATCH_STATEMENT_SIGHTING_FIND],
                                     DB_WITH(DB_INT(found->list), DB_TEXT(found->kind),
                                             DB_INT(found->bits), DB_BLOB(found->normal)),
                                     out_id, err);
    if (status == OK && *out_id == 0) {
        status = db_run_with(db->statements[WATCH_STATEMENT_SIGHTING_ADD],
                             DB_WITH(DB_INT(found->list), DB_TEXT(found->kind), DB_INT(found->bits),
                                     DB_BLOB(found->normal), DB_TEXT(found->text),
                                     DB_INT(found->event->time_us)),
                             err);
        *out_id = sqlite3_last_insert_rowid(db->db);
    }
    return status;
}

static enum status add_row(struct watch_db *db, int64_t sighting, const struct watch_match *found,
                           int64_t now_us, bool *out_new, struct err *err)
{
    unsigned char identity[IDENTITY_BYTES];
    const struct event *event = found->event;
    enum status status = identity_of(event, identity, err);
    status = THEN(status,
                  db_run_with(db->statements[WATCH_STATEMENT_HIT_ADD],
                              DB_WITH(DB_INT(sighting), DB_BLOB(span_of(identity, IDENTITY_BYTES)),
                                      DB_TEXT(found->field), DB_TEXT(found->value),
                                      DB_INT(found->decoded), DB_TEXT(event->uid),
                                      DB_INT(event->time_us), DB_INT(now_us), DB_BLOB(event->raw)),
                              err));
    if (status == OK) {
        *out_new = sqlite3_changes(db->db) > 0;
    }
    return status;
}

enum status watch_hit_add(struct watch_db *db, const struct watch_match *found, unsigned targets,
                          int64_t now_us, bool *out_new, struct err *err)
{
    int64_t sighting = 0;
    enum status status = sighting_of(db, found, &sighting, err);
    status = THEN(status, add_row(db, sighting, found, now_us, out_new, err));
    if (status != OK || !*out_new) {
        return status;
    }
    int64_t hit = sqlite3_last_insert_rowid(db->db);
    for (int target = 0; status == OK && target < WATCH_TARGETS; target++) {
        if (targets & 1u << target) {
            status = db_run_with(db->statements[WATCH_STATEMENT_DELIVERY_ADD],
                                 DB_WITH(DB_INT(hit), DB_INT(target)), err);
        }
    }
    return THEN(status, db_run_with(db->statements[WATCH_STATEMENT_SIGHTING_COUNT],
                                    DB_WITH(DB_INT(sighting), DB_INT(found->event->time_us)), err));
}

enum status watch_hit_take(void *context, sqlite3_stmt *row, struct err *err)
{
    const struct watch_hit_taker *taker = context;
    const struct watch_hit hit = {
        .id = sqlite3_column_int64(row, 0),
        .list = db_column_span(row, 1),
        .kind = db_column_span(row, 2),
        .indicator = db_column_span(row, 3),
        .first_us = sqlite3_column_int64(row, 4),
        .last_us = sqlite3_column_int64(row, 5),
        .field = db_column_span(row, 6),
        .value = db_column_span(row, 7),
        .decoded = sqlite3_column_int(row, 8) != 0,
        .uid = db_column_span(row, 9),
        .time_us = sqlite3_column_int64(row, 10),
        .seen_us = sqlite3_column_int64(row, 11),
        .event = db_column_span(row, 12),
        .tries = sqlite3_column_int64(row, 13),
    };
    return taker->each(taker->context, &hit, err);
}

enum status watch_hits(struct watch_db *db, const struct watch_hit_filter *filter,
                       watch_hit_each *each, void *context, struct err *err)
{
    struct watch_hit_taker taker = {each, context};
    return db_each(db->db,
                   "SELECT " WATCH_HIT_COLUMNS ", 0 FROM hit" WATCH_HIT_JOIN
                   "WHERE hit.time_us >= ?1 AND hit.time_us < ?2 AND (?3 = '' OR list.name = ?3)"
                   " ORDER BY hit.time_us, hit.id",
                   DB_WITH(DB_INT(filter->from_us), DB_INT(filter->to_us), DB_TEXT(filter->list)),
                   watch_hit_take, &taker, err);
}
