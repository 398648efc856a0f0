/* A label and a text, on a line. */
#ifndef TOOLS_STELE_CLI_TABLE_CELL_H
#define TOOLS_STELE_CLI_TABLE_CELL_H

#include "schema/base/buf.h"

/* A line on stdout: the label in so many columns, a space, and the text made harmless. */
void table_cell_print_labelled(int columns, const char *label, struct span text);

#endif
