/* Hits that go somewhere, until they are there. */
#include "schema/watch/watch_internal.h"

enum status watch_due(struct watch_db *db, enum watch_target target, int64_t now_us,
                      int64_t after_hit, int64_t most, watch_hit_each *each, void *context,
                      struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum status status =
        db_prepare(db->db,
                   "SELECT " WATCH_HIT_COLUMNS ", delivery.tries FROM delivery"
                   " JOIN hit ON hit.id = delivery.hit" WATCH_HIT_JOIN
                   "WHERE delivery.target = ?1 AND delivery.state = 0 AND delivery.next_us <= ?2"
                   " AND delivery.hit > ?3 ORDER BY delivery.hit LIMIT ?4",
                   &stmt, err);
    if (status == OK) {
        (void)sqlite3_bind_int(stmt, 1, (int)target);
        (void)sqlite3_bind_int64(stmt, 2, now_us);
        (void)sqlite3_bind_int64(stmt, 3, after_hit);
        (void)sqlite3_bind_int64(stmt, 4, most);
        status = db_step(stmt, &row, err);
    }
    while (status == OK && row) {
        struct watch_hit hit = watch_hit_of(stmt);
        hit.tries = sqlite3_column_int64(stmt, 13);
        status = each(context, &hit, err);
        status = THEN(status, db_step(stmt, &row, err));
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

enum status watch_pending(struct watch_db *db, enum watch_target target, int64_t *out_next_us,
                          int64_t *out_count, struct err *err)
{
    sqlite3_stmt *stmt = db->statements[WATCH_STATEMENT_DELIVERY_NEXT];
    bool row = false;
    (void)sqlite3_bind_int(stmt, 1, (int)target);
    enum status status = db_step(stmt, &row, err);
    if (status == OK) {
        CHECK(row);
        *out_count = sqlite3_column_int64(stmt, 1);
        *out_next_us = *out_count > 0 ? sqlite3_column_int64(stmt, 0) : INT64_MAX;
        (void)sqlite3_reset(stmt);
    }
    return status;
}

/* A statement alone is a transaction of its own. */
enum status watch_delivered(struct watch_db *db, enum watch_target target, int64_t hit,
                            struct err *err)
{
    sqlite3_stmt *stmt = db->statements[WATCH_STATEMENT_DELIVERY_DONE];
    (void)sqlite3_bind_int64(stmt, 1, hit);
    (void)sqlite3_bind_int(stmt, 2, (int)target);
    return db_run(stmt, err);
}

enum status watch_undelivered(struct watch_db *db, enum watch_target target, int64_t hit,
                              int64_t next_us, bool give_up, const char *error, struct err *err)
{
    sqlite3_stmt *stmt = db->statements[WATCH_STATEMENT_DELIVERY_FAILED];
    (void)sqlite3_bind_int64(stmt, 1, hit);
    (void)sqlite3_bind_int(stmt, 2, (int)target);
    (void)sqlite3_bind_int(stmt, 3, give_up ? 2 : 0);
    (void)sqlite3_bind_int64(stmt, 4, next_us);
    db_bind_span(stmt, 5, span_str(error));
    return db_run(stmt, err);
}
