/* Hits, in and out. */
#include "schema/watch/watch_internal.h"

enum { SEGMENT_IDENTITY_BYTES = 16 };

static void add_part(struct buf *out, struct span part)
{
    buf_add_varint(out, part.size);
    buf_add_span(out, part);
}

/* What makes the event one and no other (watch_db.h). */
static enum status identity_of(const struct event *event, unsigned char out[SEGMENT_IDENTITY_BYTES],
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
    memcpy(out, digest.bytes, SEGMENT_IDENTITY_BYTES);
    buf_fini(&key);
    return status;
}

static enum status sighting_of(struct watch_db *db, const struct watch_match *found,
                               int64_t *out_id, struct err *err)
{
    sqlite3_stmt *find = db->statements[WATCH_STATEMENT_SIGHTING_FIND];
    sqlite3_stmt *add = db->statements[WATCH_STATEMENT_SIGHTING_ADD];
    bool row = false;
    (void)sqlite3_bind_int64(find, 1, found->list);
    db_bind_span(find, 2, found->kind);
    (void)sqlite3_bind_int(find, 3, found->bits);
    db_bind_blob(find, 4, found->normal);
    enum status status = db_step(find, &row, err);
    if (status != OK) {
        return status;
    }
    if (row) {
        *out_id = sqlite3_column_int64(find, 0);
        (void)sqlite3_reset(find);
        return OK;
    }
    (void)sqlite3_bind_int64(add, 1, found->list);
    db_bind_span(add, 2, found->kind);
    (void)sqlite3_bind_int(add, 3, found->bits);
    db_bind_blob(add, 4, found->normal);
    db_bind_span(add, 5, found->text);
    (void)sqlite3_bind_int64(add, 6, found->event->time_us);
    status = db_run(add, err);
    if (status == OK) {
        *out_id = sqlite3_last_insert_rowid(db->db);
    }
    return status;
}

static enum status add_row(struct watch_db *db, int64_t sighting, const struct watch_match *found,
                           int64_t now_us, bool *out_new, struct err *err)
{
    unsigned char identity[SEGMENT_IDENTITY_BYTES];
    enum status status = identity_of(found->event, identity, err);
    if (status != OK) {
        return status;
    }
    sqlite3_stmt *stmt = db->statements[WATCH_STATEMENT_HIT_ADD];
    (void)sqlite3_bind_int64(stmt, 1, sighting);
    db_bind_blob(stmt, 2, span_of((const char *)identity, sizeof identity));
    db_bind_span(stmt, 3, found->field);
    db_bind_span(stmt, 4, found->value);
    (void)sqlite3_bind_int(stmt, 5, found->decoded);
    db_bind_span(stmt, 6, found->event->uid);
    (void)sqlite3_bind_int64(stmt, 7, found->event->time_us);
    (void)sqlite3_bind_int64(stmt, 8, now_us);
    db_bind_blob(stmt, 9, found->event->raw);
    status = db_run(stmt, err);
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
            sqlite3_stmt *stmt = db->statements[WATCH_STATEMENT_DELIVERY_ADD];
            (void)sqlite3_bind_int64(stmt, 1, hit);
            (void)sqlite3_bind_int(stmt, 2, target);
            status = db_run(stmt, err);
        }
    }
    if (status == OK) {
        sqlite3_stmt *stmt = db->statements[WATCH_STATEMENT_SIGHTING_COUNT];
        (void)sqlite3_bind_int64(stmt, 1, sighting);
        (void)sqlite3_bind_int64(stmt, 2, found->event->time_us);
        status = db_run(stmt, err);
    }
    return status;
}

struct watch_hit watch_hit_of(sqlite3_stmt *stmt)
{
    return (struct watch_hit){
        .id = sqlite3_column_int64(stmt, 0),
        .list = db_column_span(stmt, 1),
        .kind = db_column_span(stmt, 2),
        .indicator = db_column_span(stmt, 3),
        .first_us = sqlite3_column_int64(stmt, 4),
        .last_us = sqlite3_column_int64(stmt, 5),
        .field = db_column_span(stmt, 6),
        .value = db_column_span(stmt, 7),
        .decoded = sqlite3_column_int(stmt, 8) != 0,
        .uid = db_column_span(stmt, 9),
        .time_us = sqlite3_column_int64(stmt, 10),
        .seen_us = sqlite3_column_int64(stmt, 11),
        .event = db_column_span(stmt, 12),
    };
}

enum status watch_hits(struct watch_db *db, const struct watch_hit_filter *filter,
                       watch_hit_each *each, void *context, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum status status =
        db_prepare(db->db,
                   "SELECT " WATCH_HIT_COLUMNS " FROM hit" WATCH_HIT_JOIN
                   "WHERE hit.time_us >= ?1 AND hit.time_us < ?2 AND (?3 = '' OR list.name = ?3)"
                   " ORDER BY hit.time_us, hit.id",
                   &stmt, err);
    if (status == OK) {
        (void)sqlite3_bind_int64(stmt, 1, filter->from_us);
        (void)sqlite3_bind_int64(stmt, 2, filter->to_us);
        db_bind_span(stmt, 3, filter->list);
        status = db_step(stmt, &row, err);
    }
    while (status == OK && row) {
        struct watch_hit hit = watch_hit_of(stmt);
        status = each(context, &hit, err);
        status = THEN(status, db_step(stmt, &row, err));
    }
    (void)sqlite3_finalize(stmt);
    return status;
}
