/* A look at an event's bytes before they are parsed: bytes that cannot hold what is wanted are
 * turned away. Sound only where JSON leaves no other way to write the wanted characters; where it
 * does, everything passes. */
#ifndef QUERY_EVAL_PREFILTER_H
#define QUERY_EVAL_PREFILTER_H

#include "query/language/ast.h"

struct prefilter {
    struct span value; /* lower-case ASCII, must occur in any case; empty: not asked */
    size_t rare[2];    /* places in it of the two characters that are rarest in audit events */
    struct span key;   /* must occur as it is, with a quotation mark behind it; or empty */
};

/* What every event that satisfies the predicate must hold. Spans are the predicate's. */
struct prefilter prefilter_of(const struct predicate *predicate);
/* False: the event cannot satisfy the predicate. */
bool prefilter_can_match(const struct prefilter *prefilter, struct span line);
/* For the text of many events at once: the first place from `from` on where the value, or another
 * way to write it, may begin; text.size when there is none. Needs a value. Lines without such a
 * place cannot satisfy the predicate. */
size_t prefilter_next(const struct prefilter *prefilter, struct span text, size_t from);

#endif
