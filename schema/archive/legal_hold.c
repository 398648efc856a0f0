#include "schema/archive/legal_hold.h"

#include "schema/archive/archive_internal.h"
#include "schema/base/vec.h"
#include "schema/db/db_query.h"

static const char *const kind_names[] = {"range", "session", "user"};

const char *legal_hold_kind_name(enum legal_hold_kind kind)
{
    return kind_names[kind];
}

static enum legal_hold_kind kind_of(struct span name)
{
    return span_is(name, "session") ? LEGAL_HOLD_SESSION
           : span_is(name, "user")  ? LEGAL_HOLD_USER
                                    : LEGAL_HOLD_RANGE;
}

static enum status hold_check(const struct legal_hold *hold, struct err *err)
{
    if (hold->why[0] == '\0') {
        return err_set(err, ERR_USAGE, "a hold wants a reason");
    }
    if (hold->from_us >= hold->to_us) {
        return err_set(err, ERR_USAGE, "the hold would end before it begins");
    }
    if (hold->kind != LEGAL_HOLD_RANGE && hold->subject[0] == '\0') {
        return err_set(err, ERR_USAGE, "a hold of a %s wants its name", kind_names[hold->kind]);
    }
    return OK;
}

enum status legal_hold_add(struct archive *archive, struct legal_hold *hold, struct err *err)
{
    enum status status = hold_check(hold, err);
    status = THEN(
        status,
        archive_change(archive,
                       "INSERT INTO hold (kind, from_us, to_us, subject, why, who, made_us)"
                       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                       DB_WITH(DB_STR(kind_names[hold->kind]), DB_INT_BUT(hold->from_us, INT64_MIN),
                               DB_INT_BUT(hold->to_us, INT64_MAX), DB_STR(hold->subject),
                               DB_STR(hold->why), DB_STR(hold->who), DB_INT(hold->made_us)),
                       err));
    if (status == OK) {
        hold->id = sqlite3_last_insert_rowid(archive->db);
    }
    return status;
}

#define HOLD_COLUMNS                                                                               \
    "SELECT id, kind, from_us, to_us, subject, why, who, made_us, released_us, released_by,"       \
    " released_why FROM hold "

static void read_row(sqlite3_stmt *row, struct legal_hold *out)
{
    *out = (struct legal_hold){
        .id = sqlite3_column_int64(row, 0),
        .kind = kind_of(db_column_span(row, 1)),
        .from_us = db_column_int_or(row, 2, INT64_MIN),
        .to_us = db_column_int_or(row, 3, INT64_MAX),
        .made_us = sqlite3_column_int64(row, 7),
        .released_us = sqlite3_column_int64(row, 8),
    };
    db_column_copy(row, 4, out->subject, sizeof out->subject);
    db_column_copy(row, 5, out->why, sizeof out->why);
    db_column_copy(row, 6, out->who, sizeof out->who);
    db_column_copy(row, 9, out->released_by, sizeof out->released_by);
    db_column_copy(row, 10, out->released_why, sizeof out->released_why);
}

static enum status take_hold(void *context, sqlite3_stmt *row, struct err *err)
{
    (void)err;
    read_row(row, context);
    return OK;
}

enum status legal_hold_release(struct archive *archive, int64_t id, const char *who,
                               const char *why, int64_t now_us, struct err *err)
{
    struct legal_hold hold;
    if (why[0] == '\0') {
        return err_set(err, ERR_USAGE, "a release wants a reason");
    }
    bool found = false;
    enum status status = db_first(archive->db, HOLD_COLUMNS "WHERE id = ?1", DB_WITH(DB_INT(id)),
                                  take_hold, &hold, &found, err);
    if (status == OK && !found) {
        status = err_set(err, ERR_NOT_FOUND, "there is no hold %lld: stele hold list shows them",
                         (long long)id);
    }
    if (status == OK && hold.released_us != 0) {
        char when[CLOCK_TEXT_BYTES];
        status = err_set(err, ERR_EXISTS, "hold %lld was released already, by %s at %s",
                         (long long)id, hold.released_by, clock_format(hold.released_us, when));
    }
    return THEN(status, archive_change(
                            archive,
                            "UPDATE hold SET released_us = ?2, released_by = ?3, released_why = ?4"
                            " WHERE id = ?1 AND released_us IS NULL",
                            DB_WITH(DB_INT(id), DB_INT(now_us), DB_STR(who), DB_STR(why)), err));
}

struct holds VEC_OF(struct legal_hold);

static enum status add_hold(void *context, sqlite3_stmt *row, struct err *err)
{
    struct holds *holds = context;
    struct legal_hold *hold = vec_add(holds);
    if (!hold) {
        return err_nomem(err, "hold");
    }
    read_row(row, hold);
    return OK;
}

enum status legal_hold_list(struct archive *archive, bool all, struct legal_hold **out_holds,
                            size_t *out_count, struct err *err)
{
    struct holds holds = {0};
    enum status status = db_each(archive->db,
                                 all ? HOLD_COLUMNS "ORDER BY id"
                                     : HOLD_COLUMNS "WHERE released_us IS NULL ORDER BY id",
                                 DB_NO_VALUES, add_hold, &holds, err);
    vec_hand_over(&holds, status, out_holds, out_count);
    return status;
}

enum status legal_hold_stamp(struct archive *archive, int64_t *out_stamp, struct err *err)
{
    return db_int64(archive->db, "SELECT count(*) + count(released_us) FROM hold", out_stamp, err);
}
