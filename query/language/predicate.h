/* From what was typed to a predicate: words and stars, phrases, ranges. What a pseudo-field makes
 * of a value is in pseudo.h, which stands on this. */
#ifndef QUERY_LANGUAGE_PREDICATE_H
#define QUERY_LANGUAGE_PREDICATE_H

#include "query/language/ast.h"

/* A value as the parser hands it over. */
struct predicate_bound {
    bool set; /* false: open (a star) */
    bool inclusive;
    struct span text;
};

struct predicate_form {
    enum { PREDICATE_FORM_WORD, PREDICATE_FORM_PHRASE, PREDICATE_FORM_RANGE } kind;
    struct span text;           /* WORD, PHRASE */
    struct predicate_bound low; /* RANGE */
    struct predicate_bound high;
};

/* What predicates are made with. Failures: ERR_USAGE, with what is wrong with the value, or
 * ERR_NOMEM. */
struct predicate_maker {
    struct arena *arena;
    int64_t now_us; /* what relative times count from */
    struct err *err;
};

/* Fills the kind and the values of *out, whose field (may be empty) and typed are set. */
MUST_USE enum status predicate_plain(const struct predicate_maker *maker,
                                     const struct predicate_form *form, struct predicate *out);
/* The text in lower case, with a NUL behind it. */
MUST_USE enum status predicate_lower(const struct predicate_maker *maker, struct span text,
                                     struct span *out_text);
/* *out_one: the text is one term, and *out a TERM of it. */
MUST_USE enum status predicate_term(const struct predicate_maker *maker, struct span text,
                                    struct predicate *out, bool *out_one);

#endif
