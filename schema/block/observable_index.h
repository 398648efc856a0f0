/* Kept observables of a block: for each group of paths of the segment
 * (schema/columnar/vocabulary.h) the addresses and keys that are in what the block has new of them,
 * whichever value they are of. A hunt goes over these lists, and looks at the values of a group
 * where one of them may be meant. Groups are of as many paths as have some hundred entries: more
 * of them would say it better, and cost more.
 *
 * Format: byte 3 (the version: what is observed is part of it); varints: the first of the values
 * that are new in the vocabulary, and how many; then groups, by path; at the end the low 4 bytes of
 * hash64 of all before, little-endian. A group: varints: how many paths it has, times 2, plus 1 if
 * it has more than is listed here, and so nothing; the difference of each path to the one before
 * (the first of all to 0). If it is listed, varints: how many IPv4 addresses, keys, IPv6 addresses;
 * then these, ascending: numbers as Rice codes of the differences, IPv6 as 16 bytes each.
 *
 * Rice codes: a byte k, then bits, the lowest of each byte first: of the first number, and of what
 * each other is more than the one before, less 1, the low k bits; then as many zeros as the rest
 * says, and a one. The last byte is filled with zeros. No number: no byte.
 *
 * Inside schema/ and by the hunt; one thread. */
#ifndef SCHEMA_BLOCK_OBSERVABLE_INDEX_H
#define SCHEMA_BLOCK_OBSERVABLE_INDEX_H

#include "schema/base/vec.h"
#include "schema/event/observable_key.h"

enum {
    OBSERVABLE_INDEX_VERSION = 3,
    OBSERVABLE_INDEX_KEY_BITS = 34,
    OBSERVABLE_INDEX_GROUP_FULL = 768,      /* entries; so many make a group */
    OBSERVABLE_INDEX_GROUP_MAX = 65536,     /* a group of more is not listed */
    OBSERVABLE_INDEX_ENTRIES_MAX = 1 << 20, /* of a block; groups behind that are not listed */
};

/* The kept key by which an indicator is found: of a file that of its last part. */
uint64_t observable_index_key(enum observable_kind kind, struct span normal);
/* An IPv4 address as 16 bytes (RFC 4291, 2.5.5.2). */
void observable_index_v4_bytes(uint32_t v4, unsigned char out[OBSERVABLE_KEY_ADDRESS_BYTES]);

struct observable_index_numbers VEC_OF(uint64_t);
struct observable_index_v6 {
    unsigned char bytes[OBSERVABLE_KEY_ADDRESS_BYTES];
};

/* A list being made, group after group. Zeroed to begin with; failures stick until it is cleared.
 */
struct observable_index_builder {
    struct observable_index_numbers v4;
    struct observable_index_numbers keys;
    VEC(struct observable_index_v6) v6;
    VEC(uint32_t) paths; /* of the group at hand */
    bool has_more;       /* than can be listed of it */
    bool failed;
    bool path_is_used; /* the path at hand is one of them */
    uint32_t path;
    uint32_t last_path; /* that was written */
    size_t n_entries;
    struct buf groups;
};
void observable_index_builder_fini(struct observable_index_builder *draft);
void observable_index_builder_clear(struct observable_index_builder *draft);
/* What is added from here on is of this path; paths ascend. */
void observable_index_path(struct observable_index_builder *draft, uint32_t path);
/* Adds what the observable is found by; any order, any number of times. */
void observable_index_add(struct observable_index_builder *draft,
                          const struct observable *observable);
/* Appends the list and clears the draft. */
MUST_USE enum status observable_index_encode(struct observable_index_builder *draft, uint32_t first,
                                             uint32_t count, struct buf *out, struct err *err);

/* What some paths have. */
struct observable_index_group {
    uint32_t n_paths;
    const uint32_t *paths; /* each ascending */
    bool has_more;         /* and anything may be in it */
    uint32_t n_v4;
    uint32_t n_keys;
    uint32_t n_v6;
    const uint64_t *v4;
    const uint64_t *keys;
    const struct observable_index_v6 *v6;
};

/* A list being read. Zeroed to begin with; may be read into again. */
struct observable_index {
    uint32_t first; /* value */
    uint32_t count;
    struct buf bytes; /* the list */
    struct span left; /* of it: what comes next */
    uint32_t path;    /* the last one */
    VEC(uint32_t) paths;
    struct observable_index_numbers v4;
    struct observable_index_numbers keys;
};
void observable_index_fini(struct observable_index *index);
/* Begins to read what stands in index->bytes. ERR_CORRUPT, also for another version. */
MUST_USE enum status observable_index_open(struct observable_index *index, struct err *err);
/* The next group, which lives until the one behind it is asked for; *out_more false: there is none.
 * ERR_CORRUPT. */
MUST_USE enum status observable_index_next(struct observable_index *index,
                                           struct observable_index_group *out_group, bool *out_more,
                                           struct err *err);

#endif
