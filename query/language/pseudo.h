/* Fields of a query that no event has: ip:, domain:, email:, text:, hash: and url: look through
 * every field, severity:, time: and uid: mean something of their own. (actor: is in build.h: it
 * becomes several predicates.) */
#ifndef QUERY_LANGUAGE_PSEUDO_H
#define QUERY_LANGUAGE_PSEUDO_H

#include "query/language/predicate.h"

struct pseudo {
    const char *name;
    const char *of_field; /* the field that is looked at; NULL: every one */
    enum status (*build)(const struct predicate_maker *maker, const struct predicate_form *form,
                         struct predicate *out);
};

/* NULL when it is an ordinary name. */
const struct pseudo *pseudo_find(struct span name);

#endif
