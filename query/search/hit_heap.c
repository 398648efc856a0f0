#include "query/search/hit_heap.h"

#include "schema/base/vec.h"

void hit_heap_fini(struct hit_heap *heap)
{
    vec_fini(heap);
    *heap = (struct hit_heap){0};
}

void hit_heap_clear(struct hit_heap *heap)
{
    heap->count = 0;
}

static int compare(const struct hit_heap_entry *a, const struct hit_heap_entry *b)
{
    if (a->time_us != b->time_us) {
        return a->time_us < b->time_us ? -1 : 1;
    }
    if (a->block != b->block) {
        return a->block < b->block ? -1 : 1;
    }
    return (a->slot > b->slot) - (a->slot < b->slot);
}

/* True when a is to be shown before b. */
static bool comes_before(const struct hit_heap *heap, const struct hit_heap_entry *a,
                         const struct hit_heap_entry *b)
{
    int order = compare(a, b);
    return heap->oldest_first ? order < 0 : order > 0;
}

static void swap(struct hit_heap_entry *a, struct hit_heap_entry *b)
{
    struct hit_heap_entry hit = *a;
    *a = *b;
    *b = hit;
}

static void sift_up(struct hit_heap *heap, size_t i)
{
    while (i > 0 && comes_before(heap, &heap->items[(i - 1) / 2], &heap->items[i])) {
        swap(&heap->items[(i - 1) / 2], &heap->items[i]);
        i = (i - 1) / 2;
    }
}

static void sift_down(struct hit_heap *heap, size_t i)
{
    for (;;) {
        size_t last = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < heap->count; child++) {
            if (comes_before(heap, &heap->items[last], &heap->items[child])) {
                last = child;
            }
        }
        if (last == i) {
            return;
        }
        swap(&heap->items[last], &heap->items[i]);
        i = last;
    }
}

enum status hit_heap_add(struct hit_heap *heap, struct hit_heap_entry hit, struct err *err)
{
    if (heap->limit > 0 && heap->count == heap->limit) {
        if (comes_before(heap, &hit, &heap->items[0])) {
            heap->items[0] = hit;
            sift_down(heap, 0);
        }
        return OK;
    }
    if (!vec_push(heap, hit)) {
        return err_nomem(err, "search");
    }
    if (heap->limit > 0) {
        sift_up(heap, heap->count - 1);
    }
    return OK;
}

bool hit_heap_is_closed_to(const struct hit_heap *heap, int64_t time_min_us, int64_t time_max_us)
{
    if (heap->limit == 0 || heap->count < heap->limit) {
        return false;
    }
    int64_t last_us = heap->items[0].time_us;
    return heap->oldest_first ? time_min_us > last_us : time_max_us < last_us;
}

static int ascending(const void *a, const void *b)
{
    return compare(a, b);
}

static int descending(const void *a, const void *b)
{
    return compare(b, a);
}

void hit_heap_sort(struct hit_heap *heap)
{
    vec_sort(heap, heap->oldest_first ? ascending : descending);
}

static int compare_ids(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int block_newest_first(const void *a, const void *b, void *context)
{
    const struct block_info *infos = context;
    const struct block_info *x = &infos[*(const uint32_t *)a];
    const struct block_info *y = &infos[*(const uint32_t *)b];
    if (x->time_max_us != y->time_max_us) {
        return x->time_max_us > y->time_max_us ? -1 : 1;
    }
    return compare_ids(y->id, x->id);
}

static int block_oldest_first(const void *a, const void *b, void *context)
{
    const struct block_info *infos = context;
    const struct block_info *x = &infos[*(const uint32_t *)a];
    const struct block_info *y = &infos[*(const uint32_t *)b];
    if (x->time_min_us != y->time_min_us) {
        return x->time_min_us < y->time_min_us ? -1 : 1;
    }
    return compare_ids(x->id, y->id);
}

enum status hit_heap_order_blocks(const struct block_info *infos, size_t count,
                                  enum hit_heap_order by, uint32_t **out_order, struct err *err)
{
    uint32_t *order = malloc((count + 1) * sizeof *order);
    if (!order) {
        return err_nomem(err, "search");
    }
    for (size_t i = 0; i < count; i++) {
        order[i] = (uint32_t)i;
    }
    if (count > 0 && by != HIT_HEAP_AS_STORED) { /* the comparison only reads the blocks */
        qsort_r(order, count, sizeof *order,
                by == HIT_HEAP_OLDEST_FIRST ? block_oldest_first : block_newest_first,
                (void *)(uintptr_t)infos);
    }
    *out_order = order;
    return OK;
}
