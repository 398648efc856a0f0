/* Rows of PostgreSQL's COPY in its text format, as pg_dump and psql write them: cells with tabs
 * between, in which each backslash of the event stands twice. Pure. */
#ifndef TOOLS_STELE_IMPORT_COPY_ROW_H
#define TOOLS_STELE_IMPORT_COPY_ROW_H

#include "schema/base/arena.h"

/* "COPY public.events (...) FROM stdin;": the lines that follow are rows. */
bool copy_row_begins(struct span line);

/* The cell that begins with a brace, as it was before COPY wrote it; in the arena. in_copy: the
 * line is known to be a row; else it must look like one: several cells, one of them a time as
 * PostgreSQL writes it, and no backslash that stands alone. False when it is none; sets *out_nomem
 * when memory is out. */
bool copy_row_read(struct span line, bool in_copy, struct arena *arena, struct span *out_cell,
                   bool *out_nomem);

#endif
