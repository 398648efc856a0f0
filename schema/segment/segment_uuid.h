/* Values of the dictionary that are UUIDs, as Teleport writes them (lower case): session ids, host
 * ids, request ids. There are many and each is a single term, so they are kept as 16 bytes in runs
 * of consecutive value ids, and found by comparing bytes. Inside schema/ only; one thread. */
#ifndef SCHEMA_SEGMENT_SEGMENT_UUID_H
#define SCHEMA_SEGMENT_SEGMENT_UUID_H

#include "schema/base/arena.h"
#include "schema/segment/segment.h"

enum { SEGMENT_UUID_BYTES = 16, SEGMENT_UUID_TEXT_BYTES = 36 };

struct segment_uuid_run {
    uint32_t first; /* value id */
    uint32_t count;
    uint32_t field;
    const unsigned char *data; /* SEGMENT_UUID_BYTES each */
};

/* A segment's, read when first asked for; zeroed to begin with. */
struct segment_uuids {
    bool loaded;
    struct buf runs; /* struct segment_uuid_run, by first */
    struct arena arena;
};

/* False: not a UUID in lower case, 8-4-4-4-12. */
bool segment_uuid_parse(struct span text, unsigned char out[SEGMENT_UUID_BYTES]);

void segment_uuids_fini(struct segment_uuids *values);

/* The text of a value; *out_field. False when no run holds it. */
MUST_USE enum status segment_uuid_text(struct segment *segment, uint32_t value, bool *out_found,
                                       uint32_t *out_field, char out[SEGMENT_UUID_TEXT_BYTES],
                                       struct err *err);

/* Hands over those from id `from` on, up to but without `to`, of the field (-1: all), in order.
 * *more: `each` has not said stop. */
MUST_USE enum status segment_uuid_each(struct segment *segment, int64_t from, int64_t to,
                                       long field, segment_value_each *each, void *context,
                                       bool *more, struct err *err);

/* Those that are the term, or begin with it. */
MUST_USE enum status segment_uuid_matches(struct segment *segment, struct span term, bool is_prefix,
                                          segment_value_each *each, void *context, struct err *err);

#endif
