/* Running a query: hits in order of time, one call for each, in the caller's thread. */
#ifndef QUERY_SEARCH_SEARCH_RUN_H
#define QUERY_SEARCH_SEARCH_RUN_H

#include "query/search/day_iterator.h"

struct search_hit {
    int64_t time_us;
    int64_t day_us; /* its segment's; of a single file, that of its time */
    int64_t received_us;
    struct span raw; /* the bytes as they came */
    bool in_inbox;   /* then block, number and slot say nothing */
    int64_t block;   /* its id in the file */
    int64_t number;  /* and in its day */
    uint32_t slot;
    struct span source; /* stele.source; only of the inbox (a segment has it as a column) */
};

/* The hit's spans live until return; false: that is enough, stop. */
typedef bool search_run_each(void *context, const struct search_hit *hit);

struct search_run_options {
    struct day_iterator_options search;
    int64_t limit; /* 0: all */
    search_run_each *each;
    void *context;
};

/* Hits by time, newest first unless search.oldest_first; ties by place (inbox last, then block and
 * slot), so that the order is always the same. Memory: one day's matches as places, and the bytes
 * of SEARCH_RUN_CHUNK of them. Days and blocks that cannot hold one of the first `limit` are not
 * read. *out_hits is how many calls were made. The iterator is opened by the caller, so that it can
 * ask it about unknown fields afterwards. */
enum { SEARCH_RUN_CHUNK = 512 };
MUST_USE enum status search_run_query(struct day_iterator *iterator,
                                      const struct search_run_options *options, int64_t *out_hits,
                                      struct err *err);

#endif
