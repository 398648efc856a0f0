#include "tools/stele/import/csv_row.h"

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

/* Behind the cell at `at`: at its comma, its newline or the end. */
static size_t cell_end(struct span text, size_t at)
{
    size_t quoted = at < text.size && text.data[at] == '"' ? quotes_end(text, at) : 0;
    at = quoted > 0 ? quoted : at;
    while (at < text.size && text.data[at] != ',' && text.data[at] != '\n') {
        at++;
    }
    return at;
}

/* Does a cell of the line open quotes that are closed nowhere in text? */
static bool is_open(struct span text)
{
    size_t line = span_find(text, '\n');
    for (size_t at = 0; at < line;) {
        if (text.data[at] == '"') {
            at = quotes_end(text, at);
            if (at == 0) {
                return true;
            }
        }
        at = cell_end(text, at) + 1;
    }
    return false;
}

struct csv_row csv_row_read(struct span text, size_t column)
{
    struct csv_row row = {.size = span_find(text, '\n')};
    bool more = !is_open(text);
    for (size_t i = 0, at = 0; more; i++, at = row.size + 1) {
        row.size = cell_end(text, at);
        if (i == column) {
            row.found = true;
            row.cell = span_of(text.data + at, row.size - at);
            row.cell.size -= span_ends(row.cell, "\r");
        }
        more = row.size < text.size && text.data[row.size] != '\n';
    }
    return row;
}

bool csv_row_header_has(struct span line, const char *name, size_t *out_column)
{
    for (size_t i = 0; i < CSV_ROW_COLUMNS_MAX; i++) {
        const struct csv_row row = csv_row_read(line, i);
        struct span cell = row.cell;
        if (!row.found) {
            return false;
        }
        if (cell.size >= 2 && cell.data[0] == '"' && span_ends(cell, "\"")) {
            cell = span_of(cell.data + 1, cell.size - 2);
        }
        if (span_is(cell, name)) {
            *out_column = i;
            return true;
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
