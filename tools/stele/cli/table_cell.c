#include "tools/stele/cli/table_cell.h"

#include <stdio.h>

#include "query/render/terminal_text.h"

void table_cell_add_padded(struct buf *out, struct span text, size_t columns)
{
    for (size_t used = terminal_text_add(out, text, columns); used < columns + 2; used++) {
        buf_add_char(out, ' ');
    }
}

void table_cell_trim(struct buf *out)
{
    while (out->size > 0 && out->data[out->size - 1] == ' ') {
        out->size--;
    }
}

static void add_doubled(struct buf *out, struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        buf_add_str(out, text.data[i] == '"' ? "\"" : "");
        buf_add_char(out, text.data[i]);
    }
}

void table_cell_add_quoted(struct buf *out, struct span text)
{
    buf_add_char(out, '"');
    add_doubled(out, text);
    buf_add_char(out, '"');
}

void table_cell_add_csv(struct buf *out, struct span text)
{
    bool first = out->size == 0 || out->data[out->size - 1] == '\n';
    bool formula = text.size > 0 && memchr("=+-@", text.data[0], 4);
    buf_add_str(out, first ? "" : ",");
    buf_add_str(out, formula ? "\"'" : "\"");
    add_doubled(out, text);
    buf_add_char(out, '"');
}

void table_cell_print_labelled(int columns, const char *label, struct span text)
{
    struct buf shown = BUF_INIT;
    (void)terminal_text_add(&shown, text, SIZE_MAX);
    printf("%-*s %.*s\n", columns, label, SPAN_FMT(buf_span(&shown)));
    buf_fini(&shown);
}
