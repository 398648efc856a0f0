/* What is known to be harmless: MISP warninglists, private and own addresses. A hit on one is kept
 * apart from the others, never dropped. Made by one thread; then any number of threads may ask. */
#ifndef QUERY_HUNT_WARNINGLIST_H
#define QUERY_HUNT_WARNINGLIST_H

#include "query/ioc/indicator_set.h"

enum {
    SUPPRESSORS_MAX = 1024,
    SUPPRESS_PARTS_MAX = 4096, /* substrings, and regular expressions, together */
    SUPPRESS_REGEX_BYTES_MAX = 1024,
    SUPPRESS_SUBJECT_BYTES_MAX = 4096 /* longer values are not looked at by these */
};

struct suppress;

/* What a suppressor's list held. */
struct suppressor {
    struct span name;
    unsigned kinds;  /* of observables that it is about: bit 1 << kind */
    int64_t entries; /* that are used */
    int64_t refused; /* that cannot be */
};

/* NULL: out of memory. */
struct suppress *suppress_new(void);
/* NULL is fine. */
void suppress_free(struct suppress *suppress);

/* "private addresses": RFC 1918, loopback, link-local, shared (RFC 6598), unique local (RFC 4193);
 * also as hosts of URLs. */
MUST_USE enum status suppress_private(struct suppress *suppress, struct err *err);
/* "own": an address, a range, or a domain with all below it, as an operator writes it; also as
 * hosts of URLs. ERR_USAGE: it is none of these. */
MUST_USE enum status suppress_own(struct suppress *suppress, struct span text, struct err *err);
/* A MISP warninglist or an array of them (JSON: name, type cidr, hostname, string, substring or
 * regex, list, matching_attributes: https://github.com/MISP/misp-warninglists, schema.json), or a
 * list as of indicators (query/ioc/list.h), then named `file`. A host name stands for all below
 * it, a string for itself, letter case apart. Regular expressions are those that are extended ones
 * of POSIX once \d, (?: and the like are written so. `refused` is told of the first entry of each
 * suppressor that cannot be used, and of how many there are. ERR_FORMAT, ERR_LIMIT, ERR_NOMEM. */
typedef void suppress_refused(void *context, struct span text, const char *why);
MUST_USE enum status suppress_read(struct suppress *suppress, struct span bytes, const char *file,
                                   suppress_refused *refused, void *context, struct err *err);

size_t suppress_count(const struct suppress *suppress);
const struct suppressor *suppress_get(const struct suppress *suppress, size_t at);

/* Which suppressor has the observable, + 1; 0: none. NULL has none. */
uint32_t suppress_observed(const struct suppress *suppress, enum observable_kind kind,
                           struct span normal);

/* Looks at each indicator of the set once. A range is on a suppressor when a range of it covers it;
 * a pattern never is. */
MUST_USE enum status suppress_judge(struct suppress *suppress, const struct indicator_set *set,
                                    struct err *err);
/* Which suppressor has the indicator, + 1; 0: none. After suppress_judge; NULL has none. */
uint32_t suppress_of(const struct suppress *suppress, size_t indicator);

#endif
