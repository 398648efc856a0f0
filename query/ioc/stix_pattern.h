/* Patterns of STIX 2.1 (section 9), as far as one event can answer them. */
#ifndef QUERY_IOC_STIX_PATTERN_H
#define QUERY_IOC_STIX_PATTERN_H

#include "schema/base/arena.h"
#include "schema/event/observable.h"

enum {
    PATTERN_PARTS_MAX = 32,
    PATTERN_PRODUCT_MAX = 1024,
    PATTERN_DEPTH_MAX = 64,
    PATTERN_BYTES_MAX = 65536
};

/* A value to be seen. */
struct pattern_part {
    const struct pattern_part *next;
    enum observable_kind kind; /* OBSERVABLE_KINDS: its shape tells */
    struct span value;
};

/* All of its parts, in one event. */
struct pattern_all {
    struct pattern_all *next;
    const struct pattern_part *parts; /* at least one */
    size_t count;
};

/* Any of these, in the order of the text. */
struct pattern {
    const struct pattern_all *alls;
    bool has_and; /* one of them has more than one part */
};

/* Reads comparisons with =, IN and ISSUBSET, with AND and OR between them and parentheses around,
 * in one observation or in several with OR between: [a AND (b OR c)] OR [d] becomes a b, a c, d.
 * Returns NULL and fills *out (memory of the arena), or why it cannot be read: a few words for
 * people. Bounds: PATTERN_PARTS_MAX parts together, PATTERN_PRODUCT_MAX combinations by AND in a
 * pattern, PATTERN_DEPTH_MAX deep. Any thread. */
const char *pattern_read(struct span text, struct arena *arena, struct pattern *out);

#endif
