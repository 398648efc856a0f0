/* How suppressors are kept. */
#ifndef QUERY_HUNT_WARNINGLIST_INTERNAL_H
#define QUERY_HUNT_WARNINGLIST_INTERNAL_H

#include <regex.h>

#include "query/hunt/warninglist.h"
#include "schema/base/arena.h"

/* A text inside of a value, in lower case, or a regular expression. */
struct suppress_part {
    uint32_t suppressor;
    struct span text;
    bool is_regex;
    regex_t regex;
};

struct suppress {
    struct arena arena;
    /* Values, each with its suppressor as `list`. A host that counts in URLs, too, is there once
     * more as a URL without a scheme. */
    struct indicator_set *values;
    struct suppressor *suppressors; /* SUPPRESSORS_MAX */
    size_t count;
    struct suppress_part *parts; /* SUPPRESS_PARTS_MAX */
    size_t n_parts;
    uint32_t *of_indicator; /* of the set that was judged */
};

enum { SUPPRESS_ALL_KINDS = (1 << OBSERVABLE_KINDS) - 1 };

static inline bool suppressor_is_about(const struct suppressor *suppressor,
                                       enum observable_kind kind)
{
    return suppressor->kinds >> kind & 1;
}

/* A further suppressor; a NULL `out` is no error. ERR_LIMIT, ERR_NOMEM. */
MUST_USE enum status suppress_begin(struct suppress *suppress, struct span name, unsigned kinds,
                                    uint32_t *out_number, struct err *err);
/* Adds a value to it: kind, exact, bits, is_range and normal are set. */
MUST_USE enum status suppress_value(struct suppress *suppress, uint32_t suppressor,
                                    struct indicator *value, struct err *err);
/* And a domain as host of URLs. */
MUST_USE enum status suppress_host(struct suppress *suppress, uint32_t suppressor,
                                   struct span domain, struct err *err);
/* Adds a substring or a regular expression. *out_why: why it is none (and OK returned), or NULL. */
MUST_USE enum status suppress_substring(struct suppress *suppress, uint32_t suppressor,
                                        struct span text, const char **out_why, struct err *err);
MUST_USE enum status suppress_regex(struct suppress *suppress, uint32_t suppressor,
                                    struct span text, const char **out_why, struct err *err);
/* Of a warninglist's JSON. */
MUST_USE enum status suppress_read_json(struct suppress *suppress, struct span bytes,
                                        const char *file, suppress_refused *refused, void *context,
                                        struct err *err);
/* The parts that a value has, + 1; 0: none. */
uint32_t suppress_by_part(const struct suppress *suppress, enum observable_kind kind,
                          struct span normal);

#endif
