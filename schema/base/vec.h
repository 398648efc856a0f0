/* A growing array of one type. VEC(struct cell) cells; begins zeroed, and its parts are read as
 * they are: cells.items[i], cells.count. What can need memory says false (or NULL) when it is out,
 * and leaves the array as it was. Items move when it grows: keep numbers, not pointers. One owner,
 * no thread rules of its own.
 *
 * `v` is the address of a vector, and is evaluated more than once. */
#ifndef SCHEMA_BASE_VEC_H
#define SCHEMA_BASE_VEC_H

#include <stdlib.h>

#include "schema/base/err.h"
#include "schema/base/span.h"

/* Each use makes a type of its own: an array that is passed between functions gets a name,
 *     struct facet_cells VEC_OF(struct cell); */
#define VEC_OF(T)                                                                                  \
    {                                                                                              \
        T *items;                                                                                  \
        size_t count;                                                                              \
        size_t capacity;                                                                           \
    }
#define VEC(T) struct VEC_OF(T)

/* Room for `extra` more items; afterwards as many pushes cannot fail. False: out of memory. */
#define vec_reserve(v, extra)                                                                      \
    (((v)->count <= (v)->capacity && (v)->capacity - (v)->count >= (extra)) ||                     \
     vec_grow(&(v)->items, sizeof *(v)->items, (v)->count, (extra), &(v)->capacity))

/* Adds a value; false when memory is out. The value may be a compound literal. */
#define vec_push(v, ...)                                                                           \
    (vec_reserve((v), 1) && ((v)->items[(v)->count] = (__VA_ARGS__), (v)->count++, true))

/* Adds `n` items from `from`; false when memory is out. */
#define vec_push_all(v, from, n)                                                                   \
    (vec_reserve((v), (n)) &&                                                                      \
     (vec_copy((v)->items, sizeof *(v)->items, (v)->count, (from), (n)), (v)->count += (n), true))

/* A new last item, not zeroed; NULL when memory is out. */
#define vec_add(v) (vec_reserve((v), 1) ? &(v)->items[(v)->count++] : NULL)

/* The address of item i, which must be there. */
#define vec_at(v, i) (&(v)->items[vec_index((i), (v)->count)])
#define vec_last(v)  vec_at((v), (v)->count - 1)

/* Forgets the items, keeps the memory. */
#define vec_clear(v) ((void)((v)->count = 0))
/* Frees the memory and leaves an empty vector that may be used again. */
#define vec_fini(v) (free((v)->items), (v)->items = NULL, (void)((v)->count = (v)->capacity = 0))
/* The items as the caller's own, to be freed with free(); the vector is empty then. */
#define vec_take(v) vec_give(&(v)->items, &(v)->count, &(v)->capacity)

/* Takes over what such a function gave, or vec_take; the vector must have no memory of its own. */
#define vec_adopt(v, its, n) ((v)->items = (its), (void)((v)->count = (v)->capacity = (n)))

/* The end of a function that gives a list away as items and a number: they are the caller's, to be
 * freed with free(), when `status` is OK, and gone otherwise. */
#define vec_hand_over(v, status, out_items, out_count)                                             \
    ((status) == OK ? (void)(*(out_count) = (v)->count, *(out_items) = vec_take(v)) : vec_fini(v))

/* qsort that may be asked of an empty vector. */
#define vec_sort(v, compare)                                                                       \
    ((v)->count > 0 ? qsort((v)->items, (v)->count, sizeof *(v)->items, (compare)) : (void)0)

/* What the macros stand on. `items` is the address of a pointer to items. */
MUST_USE bool vec_grow(void *items, size_t item_bytes, size_t count, size_t extra,
                       size_t *capacity);
void *vec_give(void *items, size_t *count, size_t *capacity);

static inline size_t vec_index(size_t i, size_t count)
{
    CHECK(i < count);
    return i;
}

static inline void vec_copy(void *items, size_t item_bytes, size_t count, const void *from,
                            size_t n)
{
    if (n > 0) {
        memcpy((char *)items + count * item_bytes, from, n * item_bytes);
    }
}

#endif
