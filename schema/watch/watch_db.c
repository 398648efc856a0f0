#include "schema/watch/watch_db.h"

#include <stdlib.h>

#include "schema/base/vec.h"
#include "schema/watch/watch_internal.h"

extern const char watch_sql[];

static const struct db_kind watch_kind = {
    .name = "watch",
    .application_id = 0x53746c57, /* "StlW" */
    .format = DB_FORMAT_WATCH,
    .sql = watch_sql,
};

static const char *const statement_sql[] = {
#define X(name, sql) sql,
#include "schema/watch/watch_statement.def"
#undef X
};

bool watch_exists(const char *dir)
{
    char path[FILE_PATH_BYTES];
    return file_path_format(path, NULL, "%s/watch.db", dir) == OK && file_exists(path);
}

enum status watch_open(const char *dir, enum watch_mode mode, struct watch_db **out_db,
                       struct err *err)
{
    static const enum db_mode modes[] = {
        [WATCH_READ] = DB_READ, [WATCH_WRITE] = DB_WRITE, [WATCH_CREATE] = DB_CREATE};
    char path[FILE_PATH_BYTES];
    enum status status = file_path_format(path, err, "%s/watch.db", dir);
    if (status != OK) {
        return status;
    }
    if (mode != WATCH_CREATE && !file_exists(path)) {
        return err_set(err, ERR_NOT_FOUND,
                       "nothing is watched in %s: begin with stele watch add LIST --name NAME",
                       dir);
    }
    struct watch_db *db = calloc(1, sizeof *db);
    if (!db) {
        return err_nomem(err, path);
    }
    db->writable = mode != WATCH_READ;
    status = db_open(path, modes[mode], &watch_kind, &db->db, err);
    for (size_t i = 0; status == OK && i < WATCH_STATEMENT_COUNT; i++) {
        status = db_prepare(db->db, statement_sql[i], &db->statements[i], err);
    }
    if (status != OK) {
        watch_close(db);
        return status;
    }
    *out_db = db;
    return OK;
}

void watch_close(struct watch_db *db)
{
    if (db) {
        for (size_t i = 0; i < WATCH_STATEMENT_COUNT; i++) {
            (void)sqlite3_finalize(db->statements[i]);
        }
        db_close(db->db);
        free(db);
    }
}

enum status watch_generation(struct watch_db *db, int64_t *out_generation, struct err *err)
{
    int64_t generation = 0; /* it begins with 1 */
    enum status status =
        db_int_with(db->statements[WATCH_STATEMENT_GENERATION], DB_NO_VALUES, &generation, err);
    if (status == OK && generation == 0) {
        return err_set(err, ERR_CORRUPT, "watch.db: its state is missing");
    }
    if (status == OK) {
        *out_generation = generation;
    }
    return status;
}

struct days VEC_OF(struct watch_day);

static enum status take_day(void *context, sqlite3_stmt *row, struct err *err)
{
    struct days *days = context;
    struct watch_day day = {.day_us = sqlite3_column_int64(row, 0),
                            .block = sqlite3_column_int64(row, 1),
                            .newest_us = sqlite3_column_int64(row, 2)};
    return vec_push(days, day) ? OK : err_nomem(err, "watch.db");
}

enum status watch_days(struct watch_db *db, struct watch_day **out_days, size_t *out_count,
                       struct err *err)
{
    struct days days = {0};
    enum status status = db_each(db->db, "SELECT day_us, block, newest_us FROM day ORDER BY day_us",
                                 DB_NO_VALUES, take_day, &days, err);
    vec_hand_over(&days, status, out_days, out_count);
    return status;
}

enum status watch_step_begin(struct watch_db *db, int64_t generation, bool *out_begun,
                             struct err *err)
{
    CHECK(db->writable);
    int64_t now = 0;
    enum status status = db_begin(db->db, err);
    status = THEN(status, watch_generation(db, &now, err));
    *out_begun = status == OK && now == generation;
    if (!*out_begun) {
        db_rollback(db->db);
    }
    return status;
}

enum status watch_step_day(struct watch_db *db, const struct watch_day *day, struct err *err)
{
    return db_run_with(db->statements[WATCH_STATEMENT_DAY_SET],
                       DB_WITH(DB_INT(day->day_us), DB_INT(day->block), DB_INT(day->newest_us)),
                       err);
}

enum status watch_step_caught(struct watch_db *db, int64_t list, int64_t caught_us, bool all,
                              struct err *err)
{
    return all ? db_run_with(db->statements[WATCH_STATEMENT_CAUGHT_ALL], DB_WITH(DB_INT(list)), err)
               : db_run_with(db->statements[WATCH_STATEMENT_CAUGHT],
                             DB_WITH(DB_INT(list), DB_INT(caught_us)), err);
}

enum status watch_step_commit(struct watch_db *db, struct err *err)
{
    return db_commit(db->db, err);
}

void watch_step_rollback(struct watch_db *db)
{
    db_rollback(db->db);
}
