/* Where hits are, in order; with a limit the best of them. Part of query/search/search_run.c. */
#ifndef QUERY_SEARCH_HIT_HEAP_H
#define QUERY_SEARCH_HIT_HEAP_H

#include "schema/block/block.h"

/* block INT64_MAX: in the inbox, slot is the index among the day's waiting events. */
struct hit_heap_entry {
    int64_t time_us;
    int64_t block;
    uint32_t slot;
};

#define HIT_HEAP_INBOX INT64_MAX

/* With a limit: a heap of the `limit` that come first, the last of them on top. */
struct hit_heap {
    struct hit_heap_entry *items; /* with count and capacity a vector (schema/base/vec.h) */
    size_t count;
    size_t capacity;
    size_t limit; /* 0: all */
    bool oldest_first;
};

void hit_heap_fini(struct hit_heap *heap);
void hit_heap_clear(struct hit_heap *heap);
/* Adds the hit, if it is among the first `limit`. */
MUST_USE enum status hit_heap_add(struct hit_heap *heap, struct hit_heap_entry hit,
                                  struct err *err);
/* True when no event from time_min_us to time_max_us can be among them any more. */
bool hit_heap_is_closed_to(const struct hit_heap *heap, int64_t time_min_us, int64_t time_max_us);
/* Puts them in order; nothing can be added after. */
void hit_heap_sort(struct hit_heap *heap);

/* The blocks' indexes in the order in which they are evaluated: as they are in the file, or, so
 * that a heap is closed early, by their newest or their oldest time. free() it. */
enum hit_heap_order { HIT_HEAP_AS_STORED, HIT_HEAP_NEWEST_FIRST, HIT_HEAP_OLDEST_FIRST };
MUST_USE enum status hit_heap_order_blocks(const struct block_info *infos, size_t count,
                                           enum hit_heap_order by, uint32_t **out_order,
                                           struct err *err);

#endif
