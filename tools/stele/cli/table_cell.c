#include "tools/stele/cli/table_cell.h"

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

void table_cell_add_csv(struct buf *out, struct span text)
{
    buf_add_char(out, '"');
    if (text.size > 0 && memchr("=+-@", text.data[0], 4)) {
        buf_add_char(out, '\'');
    }
    for (size_t i = 0; i < text.size; i++) {
        buf_add_str(out, text.data[i] == '"' ? "\"" : "");
        buf_add_char(out, text.data[i]);
    }
    buf_add_char(out, '"');
}
