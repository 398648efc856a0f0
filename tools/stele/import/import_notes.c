#include "tools/stele/import/import_notes.h"

#include <stdio.h>

#include "tools/stele/cli/progress.h"

void import_notes_fini(struct import_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        buf_fini(&notes->notes[i].place);
    }
}

void import_notes_add(struct import_notes *notes, struct span reason, const char *file,
                      int64_t line)
{
    reason.size =
        reason.size < IMPORT_NOTES_REASON_BYTES ? reason.size : IMPORT_NOTES_REASON_BYTES - 1;
    size_t i = 0;
    while (i < notes->count && !span_is(reason, notes->notes[i].reason)) {
        i++;
    }
    if (i == IMPORT_NOTES_MAX) { /* there are fewer reasons */
        i--;
    } else if (i == notes->count) {
        struct import_note *note = &notes->notes[notes->count++];
        *note = (struct import_note){.place = BUF_INIT};
        memcpy(note->reason, reason.data, reason.size);
        buf_printf(&note->place, "%s:%lld", file, (long long)line);
    }
    notes->notes[i].count++;
}

void import_notes_print(const struct import_notes *notes, const char *so)
{
    for (size_t i = 0; i < notes->count; i++) {
        const struct import_note *note = &notes->notes[i];
        char number[32];
        fprintf(stderr, "%.*s: %s: %s", SPAN_FMT(buf_span(&note->place)), note->reason, so);
        if (note->count > 1) {
            fprintf(stderr, ", the first of %s", progress_number(note->count, number));
        }
        fprintf(stderr, "\n");
    }
}
