/* Hits that go somewhere, until they are there. */
#include "schema/watch/watch_internal.h"

enum status watch_due(struct watch_db *db, enum watch_target target, int64_t now_us,
                      int64_t after_hit, int64_t most, watch_hit_each *each, void *context,
                      struct err *err)
{
    struct watch_hit_taker taker = {each, context};
    return db_each(db->db,
                   "SELECT " WATCH_HIT_COLUMNS ", delivery.tries FROM delivery"
                   " JOIN hit ON hit.id = delivery.hit" WATCH_HIT_JOIN
                   "WHERE delivery.target = ?1 AND delivery.state = 0 AND delivery.next_us <= ?2"
                   " AND delivery.hit > ?3 ORDER BY delivery.hit LIMIT ?4",
                   DB_WITH(DB_INT(target), DB_INT(now_us), DB_INT(after_hit), DB_INT(most)),
                   watch_hit_take, &taker, err);
}

enum status watch_pending(struct watch_db *db, enum watch_target target, int64_t *out_next_us,
                          int64_t *out_count, struct err *err)
{
    sqlite3_stmt *stmt = db->statements[WATCH_STATEMENT_DELIVERY_NEXT];
    bool row = false;
    db_bind(stmt, DB_WITH(DB_INT(target)));
    enum status status = db_step(stmt, &row, err);
    if (status == OK && !row) {
        return err_set(err, ERR_CORRUPT, "watch.db: no state of deliveries");
    }
    if (status == OK) {
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
    return db_run_with(db->statements[WATCH_STATEMENT_DELIVERY_DONE],
                       DB_WITH(DB_INT(hit), DB_INT(target)), err);
}

enum status watch_undelivered(struct watch_db *db, enum watch_target target, int64_t hit,
                              int64_t next_us, bool give_up, const char *error, struct err *err)
{
    return db_run_with(db->statements[WATCH_STATEMENT_DELIVERY_FAILED],
                       DB_WITH(DB_INT(hit), DB_INT(target), DB_INT(give_up ? 2 : 0),
                               DB_INT(next_us), DB_STR(error)),
                       err);
}
