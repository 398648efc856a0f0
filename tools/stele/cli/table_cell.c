#include "tools/stele/cli/table_cell.h"

#include <stdio.h>

#include "query/render/terminal_text.h"

void table_cell_print_labelled(int columns, const char *label, struct span text)
{
    struct buf shown = BUF_INIT;
    (void)terminal_text_add(&shown, text, SIZE_MAX);
    printf("%-*s %.*s\n", columns, label, SPAN_FMT(buf_span(&shown)));
    buf_fini(&shown);
}
