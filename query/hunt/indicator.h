/* A set of indicators of compromise, and what of it an observable is. Made by one thread; then any
 * number of threads may ask it. */
#ifndef QUERY_HUNT_INDICATOR_H
#define QUERY_HUNT_INDICATOR_H

#include "query/kept.h"

enum { INDICATORS_MAX = 16 * 1024 * 1024 - 2 };

struct indicator {
    enum observable_kind kind;
    bool exact;         /* a domain, and not those below it */
    unsigned char bits; /* of an address range: its prefix, 0 to 128; else 0 */
    bool is_range;
    uint32_t list;      /* which list, from 0 */
    uint32_t line;      /* of it, from 1 */
    struct span text;   /* as it stands there */
    struct span normal; /* schema/observable.h; of a range: the first address, 16 bytes */
};

struct indicator_set;

/* NULL: out of memory. */
struct indicator_set *indicator_set_new(void);
/* NULL is fine. */
void indicator_set_free(struct indicator_set *set);

/* Adds a copy. *out_new: false when the same one is there already (the first stays). */
MUST_USE enum status indicator_set_add(struct indicator_set *set, const struct indicator *indicator,
                                       bool *out_new, struct err *err);

size_t indicator_set_count(const struct indicator_set *set);
const struct indicator *indicator_set_get(const struct indicator_set *set, size_t at);

/* Calls `each` with every indicator (by its number) that the observable is: the same value; the
 * domain or one above it; a range that the address is in; a URL with any scheme when the indicator
 * has none; a file by its whole path or its last part. */
typedef void indicator_each(void *context, size_t number);
void indicator_set_match(const struct indicator_set *set, enum observable_kind kind,
                         struct span normal, indicator_each *each, void *context);

/* The indicators as what is asked of kept observables; the set must outlive it. */
struct kept_asker indicator_set_asker(const struct indicator_set *set);

#endif
