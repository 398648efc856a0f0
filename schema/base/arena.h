/* Memory that is given back all at once: one arena a request or a batch. One thread. */
#ifndef SCHEMA_BASE_ARENA_H
#define SCHEMA_BASE_ARENA_H

#include <stddef.h>

#include "schema/base/span.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks; /* newest first */
    char *at;
    char *end;
    size_t bytes; /* of all chunks */
};

#define ARENA_INIT                                                                                 \
    {                                                                                              \
        0                                                                                          \
    }

void arena_fini(struct arena *arena);
/* Forgets all that was allocated; keeps the largest chunk for the next round. */
void arena_reset(struct arena *arena);
/* `size` bytes aligned to 16, not zeroed; NULL when memory is out. Lives until reset or fini. */
void *arena_alloc(struct arena *arena, size_t size);
/* A copy of the bytes, neither aligned nor with a NUL; data is NULL when memory is out. */
struct span arena_keep(struct arena *arena, struct span bytes);
/* A copy of the bytes with a NUL behind them; data is NULL when memory is out. */
struct span arena_copy(struct arena *arena, struct span bytes);

#endif
