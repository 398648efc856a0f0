/* Observables inside of text, found by shape (observable_scan.c), for those that are found by field
 * (observable.c). */
#ifndef SCHEMA_EVENT_OBSERVABLE_INTERNAL_H
#define SCHEMA_EVENT_OBSERVABLE_INTERNAL_H

#include "schema/event/observable.h"

struct observable_scan {
    struct observable_scanner *observer;
    const struct observable_field *field;
    struct observable at; /* field, value, decoded */
    int depth;
    observable_each *each;
    void *context;
};

/* What the form made of it, if anything. */
bool observable_scan_emit(struct observable_scan *scan, enum observable_kind kind, struct span text,
                          bool (*form)(struct span text, struct buf *out));
/* A file as it stands, and its normal form when that is another one. */
void observable_scan_emit_file(struct observable_scan *scan, struct span file);
/* All that the text holds by its shape. */
void observable_scan_text(struct observable_scan *scan, struct span text);

#endif
