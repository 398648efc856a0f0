/* Where hits are, in order; with a limit the best of them. Part of query/search/search_run.c. */
#ifndef QUERY_SEARCH_HIT_HEAP_H
#define QUERY_SEARCH_HIT_HEAP_H

#include "schema/base/err.h"
#include "schema/base/span.h"

/* block INT64_MAX: in the inbox, slot is the index among the day's waiting events. */
struct place {
    int64_t time_us;
    int64_t block;
    uint32_t slot;
};

#define PLACE_INBOX INT64_MAX

/* With a limit: a heap of the `limit` that come first, the last of them on top. */
struct places {
    struct place *items;
    size_t count;
    size_t capacity;
    size_t limit; /* 0: all */
    bool oldest_first;
};

void places_fini(struct places *places);
void places_clear(struct places *places);
/* Takes the place, if it is among the first `limit`. */
MUST_USE enum status places_add(struct places *places, struct place place, struct err *err);
/* True when no event from time_min_us to time_max_us can be among them any more. */
bool places_closed_to(const struct places *places, int64_t time_min_us, int64_t time_max_us);
/* Brings them in order; nothing can be added after. */
void places_sort(struct places *places);

#endif
