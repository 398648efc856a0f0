/* The statements of a segment, and blobs read and written by them. */
#include "schema/segment/segment_internal.h"

static const char *const statement_sql[] = {
#define X(name, sql) sql,
#include "schema/segment/segment_statement.def"
#undef X
};

enum status segment_statement(struct segment *segment, enum segment_statement which,
                              sqlite3_stmt **out_stmt, struct err *err)
{
    if (!segment->statements[which]) {
        enum status status =
            db_prepare(segment->db, statement_sql[which], &segment->statements[which], err);
        if (status != OK) {
            return status;
        }
    }
    *out_stmt = segment->statements[which];
    return OK;
}

enum status segment_corrupt(const struct segment *segment, int64_t block, struct err *err)
{
    struct err inner = {.text = ""};
    if (err && err->status != OK) {
        inner = *err;
    }
    if (strncmp(inner.text, segment->path, strlen(segment->path)) == 0) {
        return ERR_CORRUPT; /* its file is named already */
    }
    return err_set(err, ERR_CORRUPT, "%s: block %lld is damaged%s%.200s", segment->path,
                   (long long)block, inner.text[0] ? ": " : "", inner.text);
}

enum status segment_name_damage(const struct segment *segment, int64_t block, enum status status,
                                struct err *err)
{
    return status == ERR_CORRUPT ? segment_corrupt(segment, block, err) : status;
}

void segment_statements_free(struct segment *segment)
{
    for (size_t i = 0; i < SEGMENT_DATA_COUNT; i++) {
        segment->data[i].stmt = NULL;
        segment->data[i].block = 0;
    }
    for (size_t i = 0; i < SEGMENT_STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(segment->statements[i]);
        segment->statements[i] = NULL;
    }
}

enum status segment_blob(struct segment *segment, enum segment_statement which,
                         struct db_values keys, sqlite3_stmt **out_stmt, struct span *out_blob,
                         struct err *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status = segment_statement(segment, which, &stmt, err);
    if (status != OK) {
        return status;
    }
    db_bind(stmt, keys);
    status = db_step(stmt, &row, err);
    if (status == OK) {
        *out_blob = row ? db_column_span(stmt, 0) : span_of(NULL, 0);
        *out_stmt = stmt;
    }
    return status;
}

enum status segment_run(struct segment *segment, enum segment_statement which,
                        struct db_values values, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum status status = segment_statement(segment, which, &stmt, err);
    return THEN(status, db_run_with(stmt, values, err));
}
