/* A set of indicators of compromise, and what of it an observable is. Made by one thread; then any
 * number of threads may ask it. */
#ifndef QUERY_IOC_INDICATOR_SET_H
#define QUERY_IOC_INDICATOR_SET_H

#include "query/eval/observable_lookup.h"
#include "query/ioc/composite_indicator.h"

enum { INDICATORS_MAX = 16 * 1024 * 1024 - 2 };

enum {
    INDICATOR_CONFIDENCE_UNKNOWN = -1,
    INDICATOR_CONFIDENCE_MAX = 100,
    INDICATOR_NOTE_BYTES_MAX = 256
};

/* What a list says of an indicator beside its value. */
struct indicator_note {
    int confidence;         /* 0 to 100, or INDICATOR_CONFIDENCE_UNKNOWN */
    int64_t valid_from_us;  /* INT64_MIN: unknown */
    int64_t valid_until_us; /* only events up to then count; INT64_MAX: all */
    bool is_expired;        /* its validity ended before it was read */
    struct span id;         /* of STIX; or empty */
    struct span
        about; /* a name, a malware family, ...; or empty; kept up to INDICATOR_NOTE_BYTES_MAX */
};

#define INDICATOR_NOTE_NONE                                                                        \
    (struct indicator_note)                                                                        \
    {                                                                                              \
        .confidence = INDICATOR_CONFIDENCE_UNKNOWN, .valid_from_us = INT64_MIN,                    \
        .valid_until_us = INT64_MAX                                                                \
    }

/* A pattern (OBSERVABLE_KINDS as its kind) is one of several values that must be seen in one
 * event; these are in the set as its parts. */
struct indicator {
    enum observable_kind kind;
    unsigned char bits; /* of an address range: its prefix, 0 to 128; else 0 */
    bool is_range : 1;
    bool exact : 1;     /* a domain, and not those below it */
    bool is_part : 1;   /* of patterns, and not an indicator by itself */
    bool is_inside : 1; /* a user agent with * at its ends: of any that has the rest in it */
    bool defanged : 1;  /* written so that nobody clicks on it; not kept in a set */
    uint32_t list;      /* which list, from 0 */
    uint32_t line;      /* of it, from 1 */
    struct span text;   /* as it stands there */
    struct span normal; /* schema/event/observable.h; of a range: the first address, 16 bytes */
    const struct indicator_note *note; /* NULL: the list says nothing more */
};

/* The kind's name; "pattern" for a pattern. */
const char *indicator_kind_name(const struct indicator *indicator);

struct indicator_set;

/* NULL: out of memory. */
struct indicator_set *indicator_set_new(void);
/* NULL is fine. */
void indicator_set_free(struct indicator_set *set);

/* Adds a copy, its note included. *out_new: false when the same one is there already (the first
 * stays). One that was a part only becomes an indicator when it is added as one, and is new. */
MUST_USE enum status indicator_set_add(struct indicator_set *set, const struct indicator *indicator,
                                       bool *out_new, struct err *err);
/* Adds an alternative of a pattern that was added: these parts, together in one event. */
MUST_USE enum status indicator_set_add_all(struct indicator_set *set,
                                           const struct indicator *pattern,
                                           const struct indicator *parts, size_t n_parts,
                                           struct err *err);

/* Lists' indicators of a lower confidence are to be left out (0: none of them); list_read does. */
void indicator_set_demand(struct indicator_set *set, int confidence);
int indicator_set_demanded(const struct indicator_set *set);

/* Numbers go from 0 to count - 1; of these, some are parts only. */
size_t indicator_set_count(const struct indicator_set *set);
size_t indicator_set_parts(const struct indicator_set *set);
const struct composite_indicators *indicator_set_composites(const struct indicator_set *set);
const struct indicator *indicator_set_get(const struct indicator_set *set, size_t at);

/* Calls `each` with every indicator (by its number) that the observable is: the same value; the
 * domain or one above it; a range that the address is in; a URL with any scheme when the indicator
 * has none; a file by its whole path or its last part; a user agent that has the part in it. */
typedef void indicator_each(void *context, size_t number);
void indicator_set_match(const struct indicator_set *set, enum observable_kind kind,
                         struct span normal, indicator_each *each, void *context);

/* The indicators as the test of an observable lookup; the set must outlive it. */
struct observable_lookup_ops indicator_set_lookup_ops(const struct indicator_set *set);

#endif
