/* What is known to be harmless: MISP warninglists, private and own addresses. A hit on one is kept
 * apart from the others, never dropped. Made by one thread; then any number of threads may ask. */
#ifndef QUERY_HUNT_WARNINGLIST_H
#define QUERY_HUNT_WARNINGLIST_H

#include "query/ioc/indicator_set.h"

enum {
    WARNINGLISTS_MAX = 1024,
    WARNINGLIST_REGEX_BYTES_MAX = 1024,
    WARNINGLIST_SUBJECT_BYTES_MAX = 4096 /* longer values are not looked at by these */
};
/* The worst case of these: a value that is on no other list is tried against each regular
 * expression; substrings are looked up, however many there are. Without back-references, which are
 * refused, libc's regexec takes no exponential time, but a try may cost (states of the pattern) x
 * (bytes of the value): take regular expressions only from people whom you would let slow a hunt
 * down. */

struct warninglist_set;

/* What a warninglist held. */
struct warninglist {
    struct span name;
    unsigned kinds;  /* of observables that it is about: bit 1 << kind */
    int64_t entries; /* that are used */
    int64_t refused; /* that cannot be */
};

/* NULL: out of memory. */
struct warninglist_set *warninglist_new(void);
/* NULL is fine. */
void warninglist_free(struct warninglist_set *set);

/* "private addresses": RFC 1918, loopback, link-local, shared (RFC 6598), unique local (RFC 4193);
 * also as hosts of URLs. */
MUST_USE enum status warninglist_add_private(struct warninglist_set *set, struct err *err);
/* "own": an address, a range, or a domain with all below it, as an operator writes it; also as
 * hosts of URLs. ERR_USAGE: it is none of these. */
MUST_USE enum status warninglist_add_own(struct warninglist_set *set, struct span text,
                                         struct err *err);
/* A MISP warninglist or an array of them (JSON: name, type cidr, hostname, string, substring or
 * regex, list, matching_attributes: https://github.com/MISP/misp-warninglists, schema.json), or a
 * list as of indicators (query/list/list.h), then named `file`. A host name stands for all below
 * it, a string for itself, letter case apart. Regular expressions are those that are extended ones
 * of POSIX once \d, (?: and the like are written so. `refused` is called with the first entry of
 * each warninglist that cannot be used, and how many there are. ERR_FORMAT, ERR_LIMIT, ERR_NOMEM.
 */
typedef void warninglist_refused(void *context, struct span text, const char *why);
MUST_USE enum status warninglist_read(struct warninglist_set *set, struct span bytes,
                                      const char *file, warninglist_refused *refused, void *context,
                                      struct err *err);

size_t warninglist_count(const struct warninglist_set *set);
const struct warninglist *warninglist_get(const struct warninglist_set *set, size_t at);

/* Which warninglist has the observable, + 1; 0: none. NULL has none. */
uint32_t warninglist_of_observable(const struct warninglist_set *set, enum observable_kind kind,
                                   struct span normal);

/* Looks at each indicator of the set once. A range is on a warninglist when a range of it covers
 * it; a pattern never is. */
MUST_USE enum status warninglist_judge(struct warninglist_set *set,
                                       const struct indicator_set *indicators, struct err *err);
/* Which warninglist has the indicator, + 1; 0: none. After warninglist_judge; NULL has none. */
uint32_t warninglist_of_indicator(const struct warninglist_set *set, size_t indicator);

#endif
