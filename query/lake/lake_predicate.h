/* One predicate of a query as plain SQL that is true or false, never NULL. */
#ifndef QUERY_LAKE_LAKE_PREDICATE_H
#define QUERY_LAKE_LAKE_PREDICATE_H

#include "query/lake/lake_engine.h"
#include "query/language/ast.h"

/* Appends it. ERR_USAGE: it cannot be said in the engine; the text says why. */
MUST_USE enum status lake_predicate_write(enum lake_engine engine,
                                          const struct predicate *predicate, struct buf *out,
                                          struct err *err);

/* The event's time is from low on and before high. */
void lake_predicate_write_time(int64_t low_us, int64_t high_us, struct buf *out);

#endif
