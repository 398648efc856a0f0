/* Fields of a query that are no field of an event. */
#ifndef QUERY_LANGUAGE_PSEUDO_H
#define QUERY_LANGUAGE_PSEUDO_H

#include "query/language/predicate.h"

struct pseudo {
    const char *name;
    const char *of_field; /* the field that is looked at; NULL: every one */
    enum status (*build)(struct arena *arena, int64_t now_us, const struct predicate_form *form,
                         struct predicate *out, struct err *err);
};

/* NULL when it is an ordinary name. (actor: is the parser's: it becomes several predicates.) */
const struct pseudo *pseudo_find(struct span name);

/* Parts of query/language/predicate.c. */
MUST_USE enum status pseudo_plain(struct arena *arena, const struct predicate_form *form,
                                  struct predicate *out, struct err *err);
MUST_USE enum status pseudo_lower(struct arena *arena, struct span text, struct span *out_text,
                                  struct err *err);
MUST_USE enum status pseudo_words(struct arena *arena, struct span text, struct predicate *out,
                                  struct err *err);
/* *out_one: text is one term, and *out a TERM of it. */
MUST_USE enum status pseudo_term(struct arena *arena, struct span text, struct predicate *out,
                                 bool *out_one, struct err *err);

#endif
