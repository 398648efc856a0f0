/* The progress of long work as one line on stderr, drawn over itself a few times a second; nothing
 * at all when stderr is not a terminal. One thread. */
#ifndef TOOLS_STELE_CLI_PROGRESS_H
#define TOOLS_STELE_CLI_PROGRESS_H

#include "schema/base/span.h"

enum { PROGRESS_TEXT_BYTES = 160 };

struct progress {
    const char *label;
    const char *unit; /* what is counted: "events" */
    int64_t total;    /* bytes of work; 0: not known */
    int64_t start_us;
    int64_t drawn_us;
    bool on;
};

/* label and unit live as long as the progress. */
void progress_begin(struct progress *progress, const char *label, const char *unit, int64_t total);
/* `done` of the total's bytes, `count` units; cheap to call often. */
void progress_step(struct progress *progress, int64_t done, int64_t count);
/* Wipes the line, so that something else can be printed; the next step draws it again. */
void progress_wipe(struct progress *progress);

/* The line for a moment of the work: "import  43 %  1,204,331 events  92,400 events/s  0:07 left".
 * Returns out. */
const char *progress_text(const struct progress *progress, int64_t done, int64_t count,
                          int64_t elapsed_us, char out[PROGRESS_TEXT_BYTES]);

/* A number with a comma every three digits, as people read it. Returns out. */
const char *progress_number(int64_t number, char out[32]);

#endif
