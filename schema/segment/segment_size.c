#include "schema/segment/segment_size.h"

#include "schema/segment/segment_internal.h"

const char *segment_size_part_name(enum segment_size_part part)
{
    static const char *const names[] = {"columns", "vocabulary", "words", "observables", "other"};
    return names[part];
}

static enum segment_size_part part_of(struct span table)
{
    if (span_is(table, "block_data")) {
        return SEGMENT_SIZE_COLUMNS;
    }
    if (span_starts(table, "vocabulary")) {
        return SEGMENT_SIZE_VOCABULARY;
    }
    if (span_is(table, "observables")) {
        return SEGMENT_SIZE_OBSERVABLES;
    }
    return span_starts(table, "text_word") ? SEGMENT_SIZE_WORDS : SEGMENT_SIZE_OTHER;
}

enum status segment_size_read(struct segment *segment, int64_t out[SEGMENT_SIZE_COUNT],
                              struct err *err)
{
    if (!sqlite3_compileoption_used("ENABLE_DBSTAT_VTAB")) {
        return err_set(err, ERR_CONFIG,
                       "this SQLite was built without dbstat: parts are not known");
    }
    sqlite3_stmt *stmt = NULL;
    enum status status = db_prepare(
        segment->db, "SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE", &stmt, err);
    int64_t parts[SEGMENT_SIZE_COUNT] = {0};
    bool row = false;
    while (status == OK && (status = db_step(stmt, &row, err)) == OK && row) {
        parts[part_of(db_column_span(stmt, 0))] += sqlite3_column_int64(stmt, 1);
    }
    (void)sqlite3_finalize(stmt);
    for (int i = 0; status == OK && i < SEGMENT_SIZE_COUNT; i++) {
        out[i] += parts[i];
    }
    return status;
}
