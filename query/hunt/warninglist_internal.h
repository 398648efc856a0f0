/* How warninglists are kept in memory. */
#ifndef QUERY_HUNT_WARNINGLIST_INTERNAL_H
#define QUERY_HUNT_WARNINGLIST_INTERNAL_H

#include <regex.h>

#include "query/hunt/warninglist.h"
#include "schema/base/arena.h"
#include "schema/base/vec.h"

/* A text inside of a value, in lower case, or a regular expression. */
struct warninglist_pattern {
    uint32_t warninglist;
    struct span text;
    uint32_t next; /* that begins as it does, + 1; 0: none */
    bool is_regex;
    regex_t regex;
};

/* Substrings by how they begin: with 8, 4 or 2 bytes, as many as they have. */
enum { WARNINGLIST_BEGINS = 3 };

struct warninglist_set {
    struct arena arena;
    /* Values, each with its warninglist as `list`. A host that counts in URLs, too, is there once
     * more as a URL without a scheme. */
    struct indicator_set *values;
    struct warninglist *lists; /* WARNINGLISTS_MAX */
    size_t count;
    VEC(struct warninglist_pattern) patterns;
    VEC(uint32_t) regexes; /* of the patterns */
    uint32_t *begins;      /* the first substring of each slot, + 1; n_begins of them */
    size_t n_begins;
    bool has_begin[WARNINGLIST_BEGINS];
    uint32_t *of_indicator; /* of the set that was judged */
};

enum { WARNINGLIST_ALL_KINDS = (1 << OBSERVABLE_KINDS) - 1 };

static inline bool warninglist_is_about(const struct warninglist *warninglist,
                                        enum observable_kind kind)
{
    return warninglist->kinds >> kind & 1;
}

/* Begins one more warninglist. ERR_LIMIT, ERR_NOMEM. */
MUST_USE enum status warninglist_begin(struct warninglist_set *set, struct span name,
                                       unsigned kinds, uint32_t *out_number, struct err *err);
/* Adds a value to it: kind, exact, bits, is_range and normal are set. */
MUST_USE enum status warninglist_add_value(struct warninglist_set *set, uint32_t warninglist,
                                           struct indicator *value, struct err *err);
/* And a domain as host of URLs. */
MUST_USE enum status warninglist_add_host(struct warninglist_set *set, uint32_t warninglist,
                                          struct span domain, struct err *err);
/* Adds a substring or a regular expression. *out_why: why it is none (and OK returned), or NULL. */
MUST_USE enum status warninglist_add_substring(struct warninglist_set *set, uint32_t warninglist,
                                               struct span text, const char **out_why,
                                               struct err *err);
MUST_USE enum status warninglist_add_regex(struct warninglist_set *set, uint32_t warninglist,
                                           struct span text, const char **out_why, struct err *err);
/* Of a warninglist's JSON. */
MUST_USE enum status warninglist_read_json(struct warninglist_set *set, struct span bytes,
                                           const char *file, warninglist_refused *refused,
                                           void *context, struct err *err);
/* The parts that a value has, + 1; 0: none. */
uint32_t warninglist_by_pattern(const struct warninglist_set *set, enum observable_kind kind,
                                struct span normal);

#endif
