/* What other query languages write and can mean one thing only: networks, defanged text and
 * name=value are read as what they mean, beside what the text says as it stands, so that nothing is
 * found no more. What was read otherwise is noted in the query (struct query_note). */
#ifndef QUERY_LANGUAGE_UNDERSTAND_H
#define QUERY_LANGUAGE_UNDERSTAND_H

#include "query/language/build.h"

/* A word that is name=value, name==value or name!=value. */
struct understand_equality {
    struct span name;
    struct span value; /* empty: it stands in quotes behind the word */
    bool unequal;
};
/* False when it is none. Pure. */
bool understand_equality_read(struct span word, struct understand_equality *out);

/* field:value as build_value makes it, and more where the value is a network or defanged. */
MUST_USE enum status understand_value(struct build *build, struct span field,
                                      const struct predicate_form *form, struct node **out_node);
/* The equality: `typed` is all of it, and *value what stands behind the sign. */
MUST_USE enum status understand_equality(struct build *build, struct span typed,
                                         const struct understand_equality *equality,
                                         const struct predicate_form *value,
                                         struct node **out_node);
/* Notes that a lower-case word was read as an operator. */
MUST_USE enum status understand_operator(struct build *build, struct span word,
                                         const char *operator);

/* The text as it was before it was defanged, in the arena; *out is `text` when it is not defanged:
 * only marks in brackets and hxxp: count. */
MUST_USE enum status understand_refang(struct arena *arena, struct span text, struct span *out,
                                       struct err *err);
/* 10.0.0.0/8, 2001:db8::/32: a network, and no single address. */
bool understand_is_network(struct span text);

#endif
