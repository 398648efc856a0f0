#include "query/list/list_rows.h"

#include "query/list/list_internal.h"

enum { WASTED_BYTES_MAX = 64 * 1024 * 1024, ROOM_BYTES = 64 * 1024 };

void list_rows_init(struct list_rows *rows, struct span text, char delimiter)
{
    *rows = (struct list_rows){.rest = text, .next_line = 1, .delimiter = delimiter};
}

void list_rows_fini(struct list_rows *rows)
{
    buf_fini(&rows->unquoted);
}

/* Where the quoted text that begins at `at` ends: at a quote, not doubled, with the delimiter or
 * the end of the line behind it. SIZE_MAX: nowhere. Looking for it has a bound for all of the list.
 */
static size_t closing_quote(struct list_rows *rows, size_t at, bool *out_doubled)
{
    struct span rest = rows->rest;
    size_t i = at;
    *out_doubled = false;
    while (i < rest.size && rows->wasted < WASTED_BYTES_MAX) {
        const char *quote = memchr(rest.data + i, '"', rest.size - i);
        i = quote ? (size_t)(quote - rest.data) + 1 : rest.size;
        if (!quote) {
            break;
        }
        if (i < rest.size && rest.data[i] == '"') {
            *out_doubled = true;
            i++;
            continue;
        }
        size_t after = i;
        while (after < rest.size && rest.data[after] == ' ') {
            after++;
        }
        if (after == rest.size || rest.data[after] == '\r' || rest.data[after] == '\n' ||
            rest.data[after] == rows->delimiter) {
            return i - 1;
        }
        break;
    }
    rows->wasted += i - at;
    return SIZE_MAX;
}

static void add_cell(struct list_rows *rows, struct span cell)
{
    if (rows->count < LIST_ROW_CELLS_MAX) {
        rows->cells[rows->count++] = cell;
    }
}

/* A cell whose doubled quotes are single ones, in a buffer that is large enough beforehand. */
static struct span single_quotes(struct list_rows *rows, struct span cell)
{
    size_t start = rows->unquoted.size;
    for (size_t i = 0; i < cell.size; i++) {
        buf_add_char(&rows->unquoted, cell.data[i]);
        i += cell.data[i] == '"' && i + 1 < cell.size && cell.data[i + 1] == '"';
    }
    return buf_ok(&rows->unquoted)
               ? span_of(rows->unquoted.data + start, rows->unquoted.size - start)
               : cell;
}

/* Reads the quoted cell at `at`; returns where it ends, or `at` when it is none. */
static size_t quoted_cell(struct list_rows *rows, size_t at)
{
    bool doubled = false;
    size_t end = closing_quote(rows, at + 1, &doubled);
    if (end == SIZE_MAX) {
        return at;
    }
    struct span cell = span_of(rows->rest.data + at + 1, end - at - 1);
    if (doubled && rows->unquoted.capacity - rows->unquoted.size < cell.size) {
        doubled = rows->unquoted.size == 0 && buf_reserve(&rows->unquoted, cell.size + ROOM_BYTES);
    }
    add_cell(rows, list_trim(doubled ? single_quotes(rows, cell) : cell));
    for (size_t i = 0; i < cell.size; i++) {
        rows->next_line += cell.data[i] == '\n';
    }
    end++;
    while (end < rows->rest.size && rows->rest.data[end] == ' ') {
        end++;
    }
    return end;
}

bool list_rows_next(struct list_rows *rows)
{
    struct span rest = rows->rest;
    size_t at = 0;
    rows->count = 0;
    buf_clear(&rows->unquoted);
    rows->line = rows->next_line;
    if (rest.size == 0) {
        return false;
    }
    for (bool more = true; more;) {
        size_t start = at;
        while (start < rest.size && rest.data[start] == ' ') {
            start++;
        }
        size_t end = start;
        if (start < rest.size && rest.data[start] == '"') {
            end = quoted_cell(rows, start);
        }
        bool quoted = end > start;
        while (end < rest.size && rest.data[end] != rows->delimiter && rest.data[end] != '\n') {
            end++;
        }
        if (!quoted) {
            add_cell(rows, list_trim(span_of(rest.data + start, end - start)));
        }
        more = end < rest.size && rest.data[end] != '\n';
        at = end < rest.size ? end + 1 : end;
        if (!more) {
            rows->text = list_trim(span_of(rest.data, end));
        }
    }
    rows->next_line++;
    rows->rest = span_from(rest, at);
    return true;
}
