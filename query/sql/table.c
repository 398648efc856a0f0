/* The module's methods: xConnect reads the columns from the newest days, xBestIndex and xFilter go
 * to best_index.c and filter.c, a cursor is a scan over a snapshot that all cursors of a statement
 * share. A failure is kept for the program (table_module.last) and told to SQLite by its nearest
 * code. In the threads of the SQLite connection, one at a time. */
#include "query/sql/table.h"

#include <stdlib.h>

#include "query/sql/filter.h"
#include "query/sql/time_text.h"

struct table {
    sqlite3_vtab base; /* first: SQLite knows this part */
    struct table_module *module;
    char *path;
    struct columns columns;
    int64_t events; /* about */
    size_t days;
    struct snapshot *snapshot; /* while a cursor is open and has asked */
    unsigned n_cursors;
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct filter filter;
    struct rows *rows;
    struct scan *scan; /* NULL: at the end */
};

static struct table *table_of(sqlite3_vtab *vtab)
{
    return (struct table *)(void *)vtab;
}

static struct cursor *cursor_of(sqlite3_vtab_cursor *cursor)
{
    return (struct cursor *)(void *)cursor;
}

static int code_of(enum status status)
{
    static const int codes[] = {
        [ERR_NOMEM] = SQLITE_NOMEM,        [ERR_CORRUPT] = SQLITE_CORRUPT,
        [ERR_NOT_FOUND] = SQLITE_CANTOPEN, [ERR_FULL] = SQLITE_FULL,
        [ERR_BUSY] = SQLITE_BUSY,          [ERR_IO] = SQLITE_IOERR,
        [ERR_STOPPED] = SQLITE_INTERRUPT,
    };
    if (status == OK) {
        return SQLITE_OK;
    }
    bool is_known = (size_t)status < sizeof codes / sizeof codes[0] && codes[status] != 0;
    return is_known ? codes[status] : SQLITE_ERROR;
}

static int fail(struct table *table, const struct err *err)
{
    if (table->module->last) {
        *table->module->last = *err;
    }
    sqlite3_free(table->base.zErrMsg);
    table->base.zErrMsg = sqlite3_mprintf("%s", err->text);
    return code_of(err->status);
}

static enum status read_columns(struct table *table, const char *name, struct err *err)
{
    struct snapshot *snapshot = NULL;
    struct names names = {0};
    enum status status = snapshot_open(table->path, &snapshot, err);
    status = THEN(status, names_read(snapshot, &names, err));
    status = THEN(status, columns_make(&table->columns, name, &names, err));
    if (status == OK) {
        table->events = names.events;
        table->days = snapshot_day_count(snapshot);
    }
    names_fini(&names);
    snapshot_close(snapshot);
    return status;
}

/* 'DIR', "DIR" or DIR as it stands in CREATE VIRTUAL TABLE; malloc'ed. */
static char *unquoted(const char *word)
{
    size_t size = strlen(word);
    char *text = malloc(size + 1);
    size_t n = 0;
    char quote = size > 1 && word[0] == word[size - 1] && strchr("'\"", word[0]) ? word[0] : '\0';
    for (size_t i = quote ? 1 : 0; text && i < size - (quote ? 1 : 0); i++) {
        text[n++] = word[i];
        i += quote && word[i] == quote && word[i + 1] == quote;
    }
    if (text) {
        text[n] = '\0';
    }
    return text;
}

static enum status find_path(struct table *table, int argc, const char *const *argv,
                             struct err *err)
{
    const char *path = argc > 3 ? argv[3] : table->module->path;
    if (argc > 4) {
        return err_set(err, ERR_USAGE, "stele takes one argument: the archive's directory");
    }
    path = path ? path : getenv("STELE_ARCHIVE");
    if (!path || !*path) {
        return err_set(err, ERR_USAGE,
                       "which archive? Set STELE_ARCHIVE, or CREATE VIRTUAL TABLE ... USING "
                       "stele('DIR')");
    }
    table->path = argc > 3 ? unquoted(path) : strdup(path);
    return table->path ? OK : err_nomem(err, "SQL");
}

static int table_disconnect(sqlite3_vtab *vtab)
{
    struct table *table = table_of(vtab);
    snapshot_close(table->snapshot);
    columns_fini(&table->columns);
    free(table->path);
    free(table);
    return SQLITE_OK;
}

static int table_connect(sqlite3 *db, void *context, int argc, const char *const *argv,
                         sqlite3_vtab **out_vtab, char **out_text)
{
    struct err err = {0};
    struct table *table = calloc(1, sizeof *table);
    if (!table) {
        return SQLITE_NOMEM;
    }
    table->module = context;
    enum status status = find_path(table, argc, argv, &err);
    status = THEN(status, read_columns(table, argv[2], &err));
    struct buf sql = BUF_INIT;
    if (status == OK) {
        columns_declare(&table->columns, &sql);
        status = buf_status(&sql, "SQL", &err);
    }
    if (status == OK && sqlite3_declare_vtab(db, sql.data) != SQLITE_OK) {
        status = err_set(&err, ERR_LIMIT, "the columns of %s: %s", table->path, sqlite3_errmsg(db));
    }
    buf_fini(&sql);
    if (status != OK) {
        (void)fail(table, &err);
        *out_text = table->base.zErrMsg;
        (void)table_disconnect(&table->base);
        return code_of(status);
    }
    *out_vtab = &table->base;
    return SQLITE_OK;
}

static int table_best_index(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
    const struct table *table = table_of(vtab);
    return best_index_choose(&table->columns, table->events, table->days, info);
}

static int cursor_open(sqlite3_vtab *vtab, sqlite3_vtab_cursor **out_cursor)
{
    struct cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor) {
        return SQLITE_NOMEM;
    }
    table_of(vtab)->n_cursors++;
    *out_cursor = &cursor->base;
    return SQLITE_OK;
}

static void cursor_end(struct cursor *cursor)
{
    scan_free(cursor->scan);
    cursor->scan = NULL;
    filter_fini(&cursor->filter);
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = cursor_of(base);
    struct table *table = table_of(base->pVtab);
    cursor_end(cursor);
    rows_free(cursor->rows);
    free(cursor);
    if (--table->n_cursors == 0) {
        snapshot_close(table->snapshot);
        table->snapshot = NULL;
    }
    return SQLITE_OK;
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = cursor_of(base);
    struct err err; /* not cleared: this is called for every row */
    bool end = false;
    enum status status = scan_next(cursor->scan, &end, &err);
    if (status != OK || end) {
        cursor_end(cursor);
    } else if (table_of(base->pVtab)->module->found) {
        *table_of(base->pVtab)->module->found = true;
    }
    return status == OK ? SQLITE_OK : fail(table_of(base->pVtab), &err);
}

static int cursor_filter(sqlite3_vtab_cursor *base, int number, const char *plan, int argc,
                         sqlite3_value **argv)
{
    (void)number;
    struct cursor *cursor = cursor_of(base);
    struct table *table = table_of(base->pVtab);
    struct err err = {0};
    cursor_end(cursor);
    enum status status = OK;
    if (!table->snapshot) {
        status = snapshot_open(table->path, &table->snapshot, &err);
    }
    if (status == OK && !cursor->rows) {
        status = rows_new(&table->columns, &cursor->rows, &err);
    }
    status = THEN(
        status, filter_make(&table->columns, plan ? plan : "", argv, argc, &cursor->filter, &err));
    if (status != OK) {
        return fail(table, &err);
    }
    for (size_t i = 0; table->module->match && i < cursor->filter.n_matches; i++) {
        table->module->match(table->module->context, cursor->filter.matches[i]);
    }
    if (cursor->filter.none) {
        return SQLITE_OK;
    }
    cursor->filter.wish.stop = table->module->stop;
    status = scan_new(table->snapshot, cursor->rows, &cursor->filter.wish, &cursor->scan, &err);
    return status == OK ? cursor_next(base) : fail(table, &err);
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
    return cursor_of(base)->scan == NULL;
}

static void result_text(sqlite3_context *context, struct span text)
{
    sqlite3_result_text64(context, text.data, text.size, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void result_time(sqlite3_context *context, int64_t time_us)
{
    char text[CLOCK_TEXT_BYTES];
    sqlite3_result_text(context, clock_format(time_us, text), -1, SQLITE_TRANSIENT);
}

static void result_value(sqlite3_context *context, const struct json_path_value *cell)
{
    switch (cell->kind) {
    case JSON_PATH_TEXT:
    case JSON_PATH_JSON:
        result_text(context, cell->text);
        break;
    case JSON_PATH_INTEGER:
    case JSON_PATH_TRUE:
    case JSON_PATH_FALSE:
        sqlite3_result_int64(context, cell->integer);
        break;
    case JSON_PATH_REAL:
        sqlite3_result_double(context, cell->real);
        break;
    case JSON_PATH_NONE:
    case JSON_PATH_OPEN:
        break;
    }
}

static enum status result_field(sqlite3_context *context, struct rows *rows, size_t i,
                                size_t column, struct err *err)
{
    const struct json_path_value *cell = NULL;
    enum status status = rows_field(rows, i, column, &cell, err);
    if (status == OK) {
        result_value(context, cell);
    }
    return status;
}

/* A value that was not set is NULL. */
static enum status result_column(sqlite3_context *context, struct cursor *cursor,
                                 enum column_kind kind, size_t column, struct err *err)
{
    const struct json_path_value *grouped = scan_group_value(cursor->scan, column);
    if (grouped) {
        result_value(context, grouped);
        return OK;
    }
    size_t i = 0;
    struct span text = {0};
    int64_t time_us = 0;
    enum status status = scan_row(cursor->scan, &i, err);
    if (status != OK) {
        return status;
    }
    const struct row *row = rows_at(cursor->rows, i);
    switch (kind) {
    case COLUMNS_TIME:
        status = rows_time(cursor->rows, i, &time_us, err);
        if (status == OK) {
            result_time(context, time_us);
        }
        break;
    case COLUMNS_FIELD:
    case COLUMNS_UID:
        return result_field(context, cursor->rows, i, column, err);
    case COLUMNS_RAW:
    case COLUMNS_ACTOR:
        status = kind == COLUMNS_RAW ? rows_raw(cursor->rows, i, &text, err)
                                     : rows_actor(cursor->rows, i, &text, err);
        if (status == OK && text.size > 0) {
            result_text(context, text);
        }
        break;
    case COLUMNS_RECEIVED:
        status = rows_received(cursor->rows, i, &time_us, err);
        if (status == OK) {
            result_time(context, time_us);
        }
        break;
    case COLUMNS_SEGMENT:
        if (row->block && (status = rows_time(cursor->rows, i, &time_us, err)) == OK) {
            char day[CLOCK_TEXT_BYTES];
            result_text(context, span_str(clock_format_day(time_us, day)));
        }
        break;
    case COLUMNS_BLOCK:
    case COLUMNS_SLOT:
        if (row->block) {
            sqlite3_result_int64(context, kind == COLUMNS_BLOCK ? row->block->number : row->slot);
        }
        break;
    case COLUMNS_MATCH:
        break;
    }
    return status;
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    struct cursor *cursor = cursor_of(base);
    struct table *table = table_of(base->pVtab);
    struct err err; /* nor is this one */
    CHECK(column >= 0 && (size_t)column < table->columns.n_declared);
    size_t at = (size_t)column;
    enum status status = result_column(context, cursor, table->columns.items[at].kind, at, &err);
    if (status == OK) {
        return SQLITE_OK;
    }
    int code = fail(table, &err);
    sqlite3_result_error(context, err.text, -1);
    return code;
}

/* Day, block and slot; of the inbox, row and part as a negative number. */
static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out_rowid)
{
    struct cursor *cursor = cursor_of(base);
    struct err err = {0};
    size_t i = 0;
    if (scan_row(cursor->scan, &i, &err) != OK) {
        return fail(table_of(base->pVtab), &err);
    }
    const struct row *row = rows_at(cursor->rows, i);
    if (row->waiting) {
        *out_rowid = -(row->waiting->row * (INT64_C(1) << 22) + row->waiting->part) - 1;
    } else {
        int64_t day = (scan_day(cursor->scan)->day_us - EVENT_TIME_MIN_US) / CLOCK_DAY_US;
        *out_rowid = (day & 0x3fff) << 44 | (row->block->id & 0xffffffff) << 12 | row->slot;
    }
    return SQLITE_OK;
}

#define TABLE_METHODS                                                                              \
    .xConnect = table_connect, .xBestIndex = table_best_index, .xDisconnect = table_disconnect,    \
    .xOpen = cursor_open, .xClose = cursor_close, .xFilter = cursor_filter, .xNext = cursor_next,  \
    .xEof = cursor_eof, .xColumn = cursor_column, .xRowid = cursor_rowid

int table_register(sqlite3 *db, struct table_module *module)
{
    /* Without xCreate the table is there by its name alone, and no other can be made of it. */
    static const sqlite3_module by_name = {TABLE_METHODS};
    static const sqlite3_module made = {
        .xCreate = table_connect, .xDestroy = table_disconnect, TABLE_METHODS};
    int rc = sqlite3_create_collation_v2(db, TIME_TEXT_COLLATION, SQLITE_UTF8, NULL,
                                         time_text_collate, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_create_module_v2(db, TABLE_NAME, &by_name, module, NULL);
    }
    return rc == SQLITE_OK ? sqlite3_create_module_v2(db, "stele", &made, module, NULL) : rc;
}
