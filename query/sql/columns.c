/* SQLite does not tell capitals in names of columns: of fields that differ in nothing else the
 * first one is the column. */
#include "query/sql/columns.h"

#include <stdlib.h>
#include <strings.h>

#include "query/language/match.h"
#include "query/sql/time_text.h"
#include "schema/base/vec.h"

enum { NAME_BYTES_MAX = 256 };

const char *const columns_usual[] = {
    "event",           "code",      "uid",          "user",
    "login",           "sid",       "addr.remote",  "addr.local",
    "server_hostname", "server_id", "cluster_name", "namespace",
    "success",         "error",     NULL,
};

static const struct column_info hidden_columns[] = {
    {.kind = COLUMNS_ACTOR, .name = "actor"},     {.kind = COLUMNS_RECEIVED, .name = "received"},
    {.kind = COLUMNS_SEGMENT, .name = "segment"}, {.kind = COLUMNS_BLOCK, .name = "block"},
    {.kind = COLUMNS_SLOT, .name = "slot"},
};

static enum status add(struct columns *columns, enum column_kind kind, const char *name,
                       bool hidden, struct err *err)
{
    struct span copy = arena_copy(&columns->arena, span_str(name));
    bool fine =
        copy.data && vec_push(columns, (struct column_info){kind, copy.data, hidden, false});
    return fine ? OK : err_nomem(err, "columns");
}

static enum column_kind kind_of(const char *name)
{
    return strcmp(name, "uid") == 0 ? COLUMNS_UID : COLUMNS_FIELD;
}

static bool is_taken(const struct columns *columns, const char *table, const char *name)
{
    bool taken = strcasecmp(name, "raw") == 0 || strcasecmp(name, table) == 0;
    for (size_t i = 0; i < sizeof hidden_columns / sizeof hidden_columns[0]; i++) {
        taken = taken || strcasecmp(name, hidden_columns[i].name) == 0;
    }
    for (size_t i = 0; !taken && i < columns->count; i++) {
        taken = strcasecmp(name, columns->items[i].name) == 0;
    }
    return taken;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum status add_fields(struct columns *columns, const char *table,
                              const struct names *fields, struct err *err)
{
    size_t n_fields = intern_count(&fields->texts);
    const char **sorted = malloc((n_fields + 1) * sizeof *sorted);
    if (!sorted) {
        return err_nomem(err, "columns");
    }
    for (size_t i = 0; i < n_fields; i++) {
        sorted[i] = intern_text(&fields->texts, (uint32_t)i).data;
    }
    qsort(sorted, n_fields, sizeof *sorted, by_name);
    enum status status = OK;
    for (size_t i = 0; status == OK && i < n_fields && columns->count < COLUMNS_FIELDS_MAX; i++) {
        size_t size = strlen(sorted[i]);
        bool good = size > 0 && size <= NAME_BYTES_MAX && !match_is_reserved(span_str(sorted[i]));
        if (good && !is_taken(columns, table, sorted[i])) {
            status = add(columns, kind_of(sorted[i]), sorted[i], false, err);
        }
    }
    free(sorted);
    return status;
}

/* The fields behind actor, declared or not. */
static enum status add_actors(struct columns *columns, struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && event_actor_fields[i]; i++) {
        CHECK(columns->n_actors < sizeof columns->actors / sizeof columns->actors[0]);
        size_t at = columns_find(columns, span_str(event_actor_fields[i]));
        if (at == SIZE_MAX) {
            at = columns->count;
            status = add(columns, COLUMNS_FIELD, event_actor_fields[i], true, err);
        }
        columns->actors[columns->n_actors++] = at;
    }
    return status;
}

enum status columns_make(struct columns *columns, const char *table, const struct names *fields,
                         struct err *err)
{
    *columns = (struct columns){0};
    enum status status = add(columns, COLUMNS_TIME, "time", false, err);
    for (size_t i = 0; status == OK && columns_usual[i]; i++) {
        status = add(columns, kind_of(columns_usual[i]), columns_usual[i], false, err);
    }
    status = THEN(status, add_fields(columns, table, fields, err));
    status = THEN(status, add(columns, COLUMNS_RAW, "raw", false, err));
    /* first of the hidden ones: the argument of table('...') */
    status = THEN(status, add(columns, COLUMNS_MATCH, table, true, err));
    if (status == OK && !is_taken(columns, table, "query")) {
        status = add(columns, COLUMNS_FIELD, "query", true, err);
    }
    for (size_t i = 0; status == OK && i < sizeof hidden_columns / sizeof hidden_columns[0]; i++) {
        status = add(columns, hidden_columns[i].kind, hidden_columns[i].name, true, err);
    }
    columns->n_declared = columns->count;
    for (size_t i = 0; i < columns->count; i++) {
        struct column_info *column = &columns->items[i];
        column->repeats = (column->kind == COLUMNS_FIELD || column->kind == COLUMNS_UID) &&
                          intern_find(&fields->repeating, span_str(column->name)) != INTERN_NONE;
    }
    status = THEN(status, add_actors(columns, err));
    if (status != OK) {
        columns_fini(columns);
    }
    return status;
}

void columns_fini(struct columns *columns)
{
    arena_fini(&columns->arena);
    vec_fini(columns);
    *columns = (struct columns){0};
}

size_t columns_find(const struct columns *columns, struct span name)
{
    for (size_t i = 0; i < columns->count; i++) {
        if (span_is(name, columns->items[i].name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static void add_quoted(struct buf *out, const char *name)
{
    buf_add_char(out, '"');
    for (; *name; name++) {
        buf_add_str(out, *name == '"' ? "\"" : "");
        buf_add_char(out, *name);
    }
    buf_add_char(out, '"');
}

/* Fields have no type: SQLite then compares a value as what it is, and makes no number of a text
 * or text of a number. */
static const char *const types[] = {
    [COLUMNS_TIME] = " TEXT",    [COLUMNS_RECEIVED] = " TEXT", [COLUMNS_RAW] = " TEXT",
    [COLUMNS_ACTOR] = " TEXT",   [COLUMNS_SEGMENT] = " TEXT",  [COLUMNS_BLOCK] = " INTEGER",
    [COLUMNS_SLOT] = " INTEGER", [COLUMNS_FIELD] = "",         [COLUMNS_UID] = "",
    [COLUMNS_MATCH] = "",
};

void columns_declare(const struct columns *columns, struct buf *out)
{
    buf_add_str(out, "CREATE TABLE x(");
    for (size_t i = 0; i < columns->n_declared; i++) {
        const struct column_info *column = &columns->items[i];
        buf_add_str(out, i ? ", " : "");
        add_quoted(out, column->name);
        bool is_time = column->kind == COLUMNS_TIME || column->kind == COLUMNS_RECEIVED;
        buf_add_str(out, types[column->kind]);
        buf_add_str(out, column->hidden ? " HIDDEN" : "");
        buf_add_str(out, is_time ? " COLLATE " TIME_TEXT_COLLATION : "");
    }
    buf_add_char(out, ')');
    buf_add_char(out, '\0');
}
