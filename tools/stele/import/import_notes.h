/* What an import says of records that are no events, and of events without a time: one line for
 * each reason, with the first place. One thread. */
#ifndef TOOLS_STELE_IMPORT_IMPORT_NOTES_H
#define TOOLS_STELE_IMPORT_IMPORT_NOTES_H

#include "schema/base/buf.h"

enum { IMPORT_NOTES_MAX = 16, IMPORT_NOTES_REASON_BYTES = 96 };

struct import_note {
    char reason[IMPORT_NOTES_REASON_BYTES];
    int64_t count;
    struct buf place; /* "file:line" of the first */
};

/* Zeroed to begin with. */
struct import_notes {
    struct import_note notes[IMPORT_NOTES_MAX];
    size_t count;
};

void import_notes_fini(struct import_notes *notes);

void import_notes_add(struct import_notes *notes, struct span reason, const char *file,
                      int64_t line);

/* "FILE:LINE: reason: so, the first of N" on standard error, for each reason. */
void import_notes_print(const struct import_notes *notes, const char *so);

#endif
