/* Kept observables: for a block, the addresses and keys (observable_key.h) that are in it, and
 * where. There are two lists: of the events whose fields are kept as text, by slot; and of the
 * values that are new in the segment's dictionary with this block, by value. A hunt goes over these
 * lists and looks at the bytes of the events that they name.
 *
 * Format, all numbers little-endian, varint is LEB128: byte 2 (the version: what is observed
 * is part of it); varint first value,
 * varint number of values that were looked at (0 and n_events in the list of events); varint n
 * IPv4 addresses, IPv6 addresses, keys; the IPv4 addresses ascending, as varint differences; the
 * IPv6 ones ascending, 16 bytes each; the keys ascending: 3 bytes, the low bits of the difference
 * to the one before, and its high bits as varint; then for each of these in that order its
 * references ascending: varint of the difference to the one before (the first to -1), less 1, times
 * 2, plus 1 if another follows. A reference is a slot, or a value less the first one.
 *
 * Inside schema/ and by the hunt; one thread. */
#ifndef SCHEMA_BLOCK_OBSERVABLE_INDEX_H
#define SCHEMA_BLOCK_OBSERVABLE_INDEX_H

#include "schema/event/observable_key.h"

enum {
    OBSERVABLE_INDEX_VERSION = 2,
    OBSERVABLE_INDEX_REF_BITS = 20,
    OBSERVABLE_INDEX_BYTES_MAX = 16 * 1024 * 1024
};

/* Being gathered; any order, any number of times. Zeroed to begin with. */
struct observable_index_builder {
    struct buf v4;   /* uint64_t: address << OBSERVABLE_INDEX_REF_BITS | reference */
    struct buf v6;   /* struct observable_index_v6 */
    struct buf keys; /* uint64_t: key << OBSERVABLE_INDEX_REF_BITS | reference */
    struct buf spare;
};
struct observable_index_v6 {
    unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES];
    uint32_t reference;
};
void observable_index_builder_fini(struct observable_index_builder *draft);
void observable_index_builder_clear(struct observable_index_builder *draft);
/* Adds what the observable is found by. Failures stick, until observable_index_encode. */
void observable_index_add(struct observable_index_builder *draft,
                          const struct observable *observable, uint32_t reference);
/* Adds what `from`, with reference 0, has. */
void observable_index_copy(struct observable_index_builder *draft,
                           const struct observable_index_builder *from, uint32_t reference);
/* Appends the list; the draft's order is lost. */
MUST_USE enum status observable_index_encode(struct observable_index_builder *draft, uint32_t first,
                                             uint32_t count, struct buf *out, struct err *err);

/* As read: entries are numbered v4 first, then v6, then keys. Zeroed to begin with; may be read
 * into again. */
struct observable_index {
    uint32_t first;
    uint32_t count;
    uint32_t n_v4;
    uint32_t n_v6;
    uint32_t n_keys;
    const uint32_t *v4;
    const unsigned char *v6; /* OBSERVABLE_KEY_ADDRESS_BYTES each */
    const uint64_t *keys;
    struct buf bytes; /* the list */
    struct buf numbers;
    size_t refs; /* where they begin in bytes */
};
void observable_index_fini(struct observable_index *observed);
/* Reads what stands in observed->bytes. ERR_CORRUPT. */
MUST_USE enum status observable_index_decode(struct observable_index *observed, struct err *err);
/* An IPv4 address as 16 bytes (RFC 4291, 2.5.5.2). */
void observable_index_v4_bytes(uint32_t v4, unsigned char out[OBSERVABLE_KEY_ADDRESS_BYTES]);

/* Calls `each` with the references of these entries, which ascend. ERR_CORRUPT. */
typedef void observable_index_reference(void *context, uint32_t entry, uint32_t reference);
MUST_USE enum status observable_index_references(const struct observable_index *observed,
                                                 const uint32_t *entries, size_t n_entries,
                                                 observable_index_reference *each, void *context,
                                                 struct err *err);

#endif
