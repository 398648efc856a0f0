/* Where the cells of a table go; for listing.c alone. */
#ifndef QUERY_RENDER_LISTING_LAYOUT_H
#define QUERY_RENDER_LISTING_LAYOUT_H

#include "query/render/listing.h"

/* Finds the widths of the columns by the header and the rows that are held back, and adds the
 * header to the line. False: out of memory. */
MUST_USE bool listing_layout_open(struct listing *rows);
/* Adds the row whose first cell has that number to the line. */
void listing_layout_add(struct listing *rows, size_t first_cell);

#endif
