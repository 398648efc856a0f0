/* Patterns of STIX 2.1 (section 9), as far as one event can answer them. */
#ifndef QUERY_IOC_STIX_PATTERN_H
#define QUERY_IOC_STIX_PATTERN_H

#include "schema/base/arena.h"
#include "schema/event/observable.h"

enum {
    STIX_PATTERN_PARTS_MAX = 32,
    STIX_PATTERN_PRODUCT_MAX = 1024,
    STIX_PATTERN_DEPTH_MAX = 64,
    STIX_PATTERN_BYTES_MAX = 65536
};

/* A value to be seen. */
struct stix_pattern_part {
    const struct stix_pattern_part *next;
    enum observable_kind kind; /* OBSERVABLE_KINDS: its shape tells */
    struct span value;
};

/* All of its parts, in one event. */
struct stix_pattern_alternative {
    struct stix_pattern_alternative *next;
    const struct stix_pattern_part *parts; /* at least one */
    size_t count;
    const char *why; /* while it is read: why no event can answer it */
};

/* Any of these, in the order of the text. */
struct stix_pattern {
    const struct stix_pattern_alternative *alls;
    bool has_and;            /* one of them has more than one part */
    const char *why_not_all; /* others were left out, as no event can answer them; or NULL */
};

/* Reads comparisons with =, IN and ISSUBSET, with AND and OR between them and parentheses around,
 * in one observation or in several with OR between: [a AND (b OR c)] OR [d] becomes a b, a c, d.
 * Several hashes of a file with AND are alternatives; ports, protocols, sizes and types beside a
 * value are passed over. Of alternatives that no event can answer, the others are read.
 * Returns NULL and fills *out (memory of the arena), or why it cannot be read: a few words for
 * people. Bounds: STIX_PATTERN_PARTS_MAX parts together, STIX_PATTERN_PRODUCT_MAX combinations by
 * AND in a pattern, STIX_PATTERN_DEPTH_MAX deep. Any thread. */
const char *stix_pattern_parse(struct span text, struct arena *arena, struct stix_pattern *out);

#endif
