#include "schema/base/arena.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_CHUNK_BYTES = 64 * 1024 };

struct arena_chunk {
    _Alignas(16) struct arena_chunk *next;
    size_t size;
};

static size_t round_up(size_t size)
{
    return (size + 15) & ~(size_t)15;
}

static bool arena_grow(struct arena *arena, size_t size)
{
    size_t wanted = size > ARENA_CHUNK_BYTES ? size : ARENA_CHUNK_BYTES;
    if (arena->chunks && wanted < arena->chunks->size * 2 && arena->chunks->size < (1u << 22)) {
        wanted = arena->chunks->size * 2;
    }
    struct arena_chunk *chunk = malloc(sizeof *chunk + wanted);
    if (!chunk) {
        return false;
    }
    chunk->next = arena->chunks;
    chunk->size = wanted;
    arena->chunks = chunk;
    arena->bytes += wanted;
    arena->at = (char *)(chunk + 1);
    arena->end = arena->at + wanted;
    return true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size = round_up(size ? size : 1);
    if (arena->at) {
        arena->at += -(uintptr_t)arena->at & 15; /* chunks end on a multiple of 16 */
    }
    if ((size_t)(arena->end - arena->at) < size && !arena_grow(arena, size)) {
        return NULL;
    }
    void *result = arena->at;
    arena->at += size;
    return result;
}

struct span arena_keep(struct arena *arena, struct span bytes)
{
    if ((size_t)(arena->end - arena->at) < bytes.size && !arena_grow(arena, round_up(bytes.size))) {
        return span_of(NULL, 0);
    }
    char *copy = arena->at;
    if (bytes.size > 0) {
        memcpy(copy, bytes.data, bytes.size);
        arena->at += bytes.size;
    }
    return span_of(copy ? copy : "", bytes.size);
}

struct span arena_copy(struct arena *arena, struct span bytes)
{
    char *copy = arena_alloc(arena, bytes.size + 1);
    if (!copy) {
        return span_of(NULL, 0);
    }
    if (bytes.size > 0) {
        memcpy(copy, bytes.data, bytes.size);
    }
    copy[bytes.size] = '\0';
    return span_of(copy, bytes.size);
}

void arena_reset(struct arena *arena)
{
    struct arena_chunk *keep = arena->chunks;
    if (!keep) {
        return;
    }
    for (struct arena_chunk *chunk = keep->next, *next; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    keep->next = NULL;
    arena->bytes = keep->size;
    arena->at = (char *)(keep + 1);
    arena->end = arena->at + keep->size;
}

void arena_fini(struct arena *arena)
{
    if (!arena) {
        return;
    }
    for (struct arena_chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    *arena = (struct arena)ARENA_INIT;
}
