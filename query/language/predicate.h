/* From what was typed to a predicate: words and stars, ranges, and the pseudo-fields that look
 * through every field (ip:, domain:, email:, text:) or mean something of their own (severity:,
 * time:, uid:). */
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

/* Fills *out; field may be empty. ERR_USAGE says what is wrong with the value. now_us is what
 * relative times count from. */
MUST_USE enum status predicate_build(struct arena *arena, int64_t now_us, struct span field,
                                     const struct predicate_form *form, struct predicate *out,
                                     struct err *err);

/* The one predicate "field is there". */
void predicate_exists(struct span field, struct predicate *out);

#endif
