/* Inside of records.c: how a record begins, and what becomes of a piece that is no event. */
#ifndef TOOLS_STELE_IMPORT_RECORDS_INTERNAL_H
#define TOOLS_STELE_IMPORT_RECORDS_INTERNAL_H

#include "tools/stele/import/records.h"

/* The text as the level above, whose records come next. in_text: it is the rest of a line whose
 * event stands in other text. False: out of memory (records->nomem). */
bool records_push(struct records *records, struct span text, bool in_text);

/* Moves the chunk's reader to where JSON begins, over what stands around it; a row of COPY becomes
 * the level above the chunk. */
void record_start_seek(struct records *records);

/* The next row of CSV: its cell becomes the level above the chunk. True: it has none, and
 * *out_record is the row as a fault. */
bool record_start_row(struct records *records, struct record *out_record);

/* When the reader stands at a bracket that begins no array ("[0] test.log: ..."), takes the line as
 * a piece. */
bool record_fault_take_text(struct event_reader *reader, struct event *out_event);

/* How far a piece that is no event goes: an element of an array, else its line. */
void record_fault_bound(struct records *records, struct record *record);

/* Is the piece only what stands behind an event in the text of its line? */
bool record_fault_is_tail(const struct records *records, struct span raw);

/* Finds the event in the piece. True: it comes next. False: the record's fault stands, for the
 * piece or for the torn part in front of an event. */
bool record_fault_rescue(struct records *records, struct record *record);

#endif
