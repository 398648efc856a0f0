/* Cells of tables and of CSV. */
#ifndef TOOLS_STELE_CLI_TABLE_CELL_H
#define TOOLS_STELE_CLI_TABLE_CELL_H

#include "schema/base/buf.h"

/* The text as a terminal may show it (query/render/terminal_text.h), cut or filled up to so many
 * columns, and two spaces. */
void table_cell_add_padded(struct buf *out, struct span text, size_t columns);
/* Takes off the blanks at the end of the line. */
void table_cell_trim(struct buf *out);
/* RFC 4180, in quotes; a cell that a spreadsheet would take for a formula gets a quote in front. A
 * comma goes before it, but not at the start of a line. */
void table_cell_add_csv(struct buf *out, struct span text);
/* The text in quotes, those in it doubled. */
void table_cell_add_quoted(struct buf *out, struct span text);

/* A line on stdout: the label in so many columns, a space, and the text made harmless. */
void table_cell_print_labelled(int columns, const char *label, struct span text);

#endif
