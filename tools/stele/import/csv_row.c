#include "tools/stele/import/csv_row.h"

#include "schema/text/ascii.h"

/* Columns that events are in, the likeliest first. */
static const char *const columns[] = {
    "event_data", "_raw",     "event.original",  "raw",         "rawdata",     "fields",
    "message",    "@message", "_source.message", "jsonpayload", "textpayload", "msg",
    "log",        "line",     "content",         "body",        "data",        "value",
    "_source",    "event"};

enum { COLUMN_COUNT = sizeof columns / sizeof columns[0] };

static const char delimiters[] = ",;\t";

/* Behind the closing quote of a cell, or 0. */
static size_t quotes_end(struct span text, size_t at)
{
    for (at++; at < text.size; at++) {
        if (text.data[at] != '"') {
            continue;
        }
        if (at + 1 == text.size || text.data[at + 1] != '"') {
            return at + 1;
        }
        at++;
    }
    return 0;
}

/* Behind the cell at `at`: at its delimiter, its newline or the end. */
static size_t cell_end(struct span text, size_t at, char delimiter)
{
    size_t quoted = at < text.size && text.data[at] == '"' ? quotes_end(text, at) : 0;
    at = quoted > 0 ? quoted : at;
    while (at < text.size && text.data[at] != delimiter && text.data[at] != '\n') {
        at++;
    }
    return at;
}

/* Does a cell of the line open quotes that are closed nowhere in text? */
static bool is_open(struct span text, char delimiter)
{
    size_t line = span_find(text, '\n');
    for (size_t at = 0; at < line;) {
        if (text.data[at] == '"') {
            at = quotes_end(text, at);
            if (at == 0) {
                return true;
            }
        }
        at = cell_end(text, at, delimiter) + 1;
    }
    return false;
}

static struct span unquoted(struct span cell)
{
    bool quoted = cell.size >= 2 && cell.data[0] == '"' && span_ends(cell, "\"");
    return quoted ? span_of(cell.data + 1, cell.size - 2) : cell;
}

static bool is_object(struct span cell)
{
    return span_starts(ascii_skip_blanks(unquoted(cell)), "{");
}

struct csv_row csv_row_read(struct span text, const struct csv_row_form *form)
{
    struct csv_row row = {.size = span_find(text, '\n')};
    struct span object = {0};
    bool more = !is_open(text, form->delimiter);
    for (size_t i = 0, at = 0; more; i++, at = row.size + 1) {
        row.size = cell_end(text, at, form->delimiter);
        struct span cell = span_of(text.data + at, row.size - at);
        cell.size -= span_ends(cell, "\r");
        if (i == form->column) {
            row.found = true;
            row.cell = cell;
        }
        object = !object.data && is_object(cell) ? cell : object;
        more = row.size < text.size && text.data[row.size] != '\n';
    }
    bool holds = row.found && row.cell.size > 0 && memchr(row.cell.data, '{', row.cell.size);
    if (!holds && object.data) {
        row.found = true;
        row.cell = object;
    }
    return row;
}

static bool same_name(struct span cell, const char *name)
{
    size_t size = strlen(name);
    bool same = cell.size == size;
    for (size_t i = 0; i < size && same; i++) {
        same = ascii_lower(cell.data[i]) == name[i];
    }
    return same;
}

/* The rank in columns of the best column of the header; COLUMN_COUNT when it has none. */
static size_t best_column(struct span line, char delimiter, size_t *out_column)
{
    size_t best = COLUMN_COUNT;
    size_t at = 0;
    for (size_t i = 0; i < CSV_ROW_COLUMNS_MAX && at <= line.size; i++) {
        size_t end = cell_end(line, at, delimiter);
        struct span cell = unquoted(span_of(line.data + at, end - at));
        for (size_t rank = 0; rank < best; rank++) {
            if (same_name(cell, columns[rank])) {
                best = rank;
                *out_column = i;
            }
        }
        at = end + 1;
    }
    return best;
}

bool csv_row_header(struct span line, struct csv_row_form *out_form)
{
    size_t best = COLUMN_COUNT;
    for (size_t i = 0; delimiters[i] && !memchr(line.data, '{', line.size); i++) {
        size_t column = 0;
        size_t rank = best_column(line, delimiters[i], &column);
        if (rank < best) {
            best = rank;
            *out_form = (struct csv_row_form){.delimiter = delimiters[i], .column = column};
        }
    }
    return best < COLUMN_COUNT;
}

bool csv_row_holds_objects(struct span text, struct csv_row_form *out_form, bool *out_header)
{
    struct span line;
    for (int i = 0; i < 2 && span_next_line(&text, &line); i++) {
        const char *mark = memmem(line.data, line.size, "\"{\"\"", 4);
        if (!mark && i == 0 && memchr(line.data, '{', line.size)) {
            return false;
        }
        for (size_t k = 0; mark && delimiters[k]; k++) {
            if (mark == line.data || mark[-1] == delimiters[k]) {
                *out_form = (struct csv_row_form){.delimiter = delimiters[k], .column = SIZE_MAX};
                *out_header = i == 1;
                return true;
            }
        }
    }
    return false;
}

struct span csv_row_cell_text(struct span cell, struct arena *arena)
{
    if (cell.size < 2 || cell.data[0] != '"' || cell.data[cell.size - 1] != '"') {
        return cell;
    }
    char *out = arena_alloc(arena, cell.size);
    if (!out) {
        return span_of(NULL, 0);
    }
    size_t size = 0;
    for (size_t at = 1; at + 1 < cell.size; at++) {
        out[size++] = cell.data[at];
        at += cell.data[at] == '"' && at + 2 < cell.size && cell.data[at + 1] == '"';
    }
    return span_of(out, size);
}
