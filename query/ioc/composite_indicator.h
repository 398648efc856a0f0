/* Patterns of more than one value: all the parts of one of its alternatives must be in one
 * event. Patterns and parts are known by their numbers in a set (query/ioc/indicator_set.h). Made
 * by one thread; then any number of threads may read it. */
#ifndef QUERY_IOC_COMPOSITE_INDICATOR_H
#define QUERY_IOC_COMPOSITE_INDICATOR_H

#include "schema/base/vec.h"

enum { COMPOSITE_INDICATOR_PARTS_MAX = 32, COMPOSITE_INDICATORS_MAX = 4 * 1024 * 1024 };

struct composite_indicator {
    uint32_t pattern;
    uint32_t next;  /* the next one that hangs on the same part, + 1; 0: none */
    uint32_t first; /* its parts, in `parts` */
    uint32_t count;
};

/* A part, and the composites that hang on it: each hangs on one of its parts, so that only parts
 * that were seen need to be gone through. */
struct composite_indicator_anchor {
    uint32_t first; /* + 1; 0: none */
    uint32_t count;
};

struct composite_indicators {
    VEC(struct composite_indicator) items;
    VEC(uint32_t) parts;
    VEC(struct composite_indicator_anchor) anchors; /* by number of the part */
};

void composite_indicators_fini(struct composite_indicators *composites);

/* `count` parts, from 1 to COMPOSITE_INDICATOR_PARTS_MAX. ERR_LIMIT over COMPOSITE_INDICATORS_MAX,
 * ERR_NOMEM. */
MUST_USE enum status composite_indicators_add(struct composite_indicators *composites,
                                              uint32_t pattern, const uint32_t *parts, size_t count,
                                              struct err *err);

/* The first composite that hangs on the part, + 1; 0: none. */
static inline uint32_t composite_indicators_on(const struct composite_indicators *composites,
                                               size_t part)
{
    return part < composites->anchors.count ? composites->anchors.items[part].first : 0;
}

#endif
