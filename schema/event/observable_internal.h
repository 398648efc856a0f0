/* Between the two halves of finding observables: by field, and by shape inside of text. */
#ifndef SCHEMA_EVENT_OBSERVABLE_INTERNAL_H
#define SCHEMA_EVENT_OBSERVABLE_INTERNAL_H

#include "schema/event/observable.h"

struct scan {
    struct observer *observer;
    const struct observed_field *field;
    struct observable at; /* field, value, decoded */
    int depth;
    observable_each *each;
    void *context;
};

/* What the form made of it, if anything. */
bool scan_emit(struct scan *scan, enum observable_kind kind, struct span text,
               bool (*form)(struct span text, struct buf *out));
/* All that the text holds by its shape. */
void scan_text(struct scan *scan, struct span text);

#endif
