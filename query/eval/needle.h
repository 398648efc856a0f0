/* Bytes that a value must have, as it is spelled, to satisfy a predicate: values without them are
 * turned away before they are read. Sound only where JSON leaves no other way to write the wanted
 * characters; where it does, the value passes. Pure; any thread. */
#ifndef QUERY_EVAL_NEEDLE_H
#define QUERY_EVAL_NEEDLE_H

#include "query/language/ast.h"

struct needle {
    struct span literal; /* lower case, must occur in any case; empty: every value passes */
    size_t rare[2];      /* places in it of the two characters that are rarest in audit events */
    bool addresses;      /* an IPv6 address may satisfy it in another spelling: two colons pass */
    bool numbers;        /* so may a number: what begins like one passes */
};

/* Its literal is of the predicate, which must outlive it. */
struct needle needle_of(const struct predicate *predicate);

/* False: no value that is spelled so satisfies the predicate. A string comes without its quotes. */
bool needle_may_match(const struct needle *needle, struct span text, bool is_string);

/* Every value that satisfies the predicate has the literal as it is spelled, or an escape: whatever
 * has neither need not be asked. */
bool needle_is_certain(const struct needle *needle);

/* Of strings one behind the other: the first place from `from` on where the literal, or another way
 * to write it, may begin; text.size when there is none. Needs a literal; says nothing of addresses
 * and numbers. */
size_t needle_next(const struct needle *needle, struct span text, size_t from);
/* Whether a string passes for what it may be in another spelling, and not for its bytes. */
bool needle_other_spelling(const struct needle *needle, struct span text);

#endif
