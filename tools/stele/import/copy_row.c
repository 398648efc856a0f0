#include "tools/stele/import/copy_row.h"

#include "schema/event/event_time.h"
#include "schema/text/ascii.h"

bool copy_row_begins(struct span line)
{
    return span_starts(line, "COPY ") && memmem(line.data, line.size, " FROM stdin", 11) != NULL;
}

/* The next cell of *rest, which moves behind it. */
static bool next_cell(struct span *rest, struct span *out_cell)
{
    if (!rest->data) {
        return false;
    }
    size_t size = span_find(*rest, '\t');
    *out_cell = span_of(rest->data, size);
    *rest = size < rest->size ? span_from(*rest, size + 1) : span_of(NULL, 0);
    return true;
}

static bool backslashes_are_double(struct span cell)
{
    bool any = false;
    for (size_t at = 0; at < cell.size; at++) {
        if (cell.data[at] == '\\') {
            any = true;
            if (++at == cell.size || cell.data[at] != '\\') {
                return false;
            }
        }
    }
    return any;
}

/* "2026-10-05 08:30:13.123+00" */
static bool is_postgres_time(struct span cell)
{
    int64_t time_us;
    return cell.size > 19 && cell.data[10] == ' ' && event_time_read(cell, &time_us);
}

static struct span unescape(struct span cell, struct arena *arena)
{
    char *out = arena_alloc(arena, cell.size + 1);
    size_t size = 0;
    for (size_t at = 0; out && at < cell.size; at++) {
        char c = cell.data[at];
        if (c == '\\' && at + 1 < cell.size) {
            c = cell.data[++at];
            c = c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
        }
        out[size++] = c;
    }
    return span_of(out, size);
}

bool copy_row_read(struct span line, bool in_copy, struct arena *arena, struct span *out_cell,
                   bool *out_nomem)
{
    struct span object = {0};
    bool timed = false;
    struct span rest = ascii_trim_end(line, "\r\n");
    for (struct span cell; next_cell(&rest, &cell);) {
        if (!object.data && span_starts(cell, "{")) {
            object = cell;
        }
        timed = timed || is_postgres_time(cell);
    }
    if (!object.data || (!in_copy && !(timed && backslashes_are_double(object)))) {
        return false;
    }
    *out_cell = unescape(object, arena);
    *out_nomem = *out_nomem || !out_cell->data;
    return out_cell->data != NULL;
}
