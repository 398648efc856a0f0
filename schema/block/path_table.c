#include "schema/block/path_table.h"

#include <stdlib.h>

#include "schema/base/hash64.h"
#include "schema/base/random.h"

void path_table_init(struct path_table *paths)
{
    *paths = (struct path_table){0};
    random_fill(&paths->seed, sizeof paths->seed);
}

void path_table_fini(struct path_table *paths)
{
    free(paths->names);
    free(paths->follower);
    free(paths->table);
    arena_fini(&paths->arena);
    *paths = (struct path_table){0};
}

static uint32_t bucket_of(const struct path_table *paths, struct span name)
{
    return (uint32_t)hash64(name, paths->seed) & paths->mask;
}

static bool paths_grow(struct path_table *paths)
{
    uint32_t capacity = paths->capacity ? paths->capacity * 2 : 512;
    struct span *names = realloc(paths->names, capacity * sizeof *names);
    if (!names) {
        return false;
    }
    paths->names = names;
    uint32_t *follower = realloc(paths->follower, capacity * sizeof *follower);
    if (!follower) {
        return false;
    }
    paths->follower = follower;
    uint32_t *table = calloc((size_t)capacity * 2, sizeof *table);
    if (!table) {
        return false;
    }
    free(paths->table);
    paths->table = table;
    paths->capacity = capacity;
    paths->mask = capacity * 2 - 1;
    for (uint32_t id = 0; id < paths->count; id++) {
        uint32_t at = bucket_of(paths, names[id]);
        while (table[at] != 0) {
            at = (at + 1) & paths->mask;
        }
        table[at] = id + 1;
    }
    return true;
}

static uint32_t paths_find(struct path_table *paths, struct span name)
{
    if (name.size > PATH_TABLE_BYTES_MAX ||
        (paths->count == paths->capacity && !paths_grow(paths))) {
        return PATH_TABLE_NONE;
    }
    uint32_t at = bucket_of(paths, name);
    for (; paths->table[at] != 0; at = (at + 1) & paths->mask) {
        if (span_equal(paths->names[paths->table[at] - 1], name)) {
            return paths->table[at] - 1;
        }
    }
    struct span copy = span_of(NULL, 0);
    if (paths->count < PATH_TABLE_MAX) {
        copy = arena_copy(&paths->arena, name);
    }
    if (!copy.data) {
        return PATH_TABLE_NONE;
    }
    paths->names[paths->count] = copy;
    paths->follower[paths->count] = PATH_TABLE_NONE;
    paths->table[at] = ++paths->count;
    return paths->count - 1;
}

uint32_t path_table_intern(struct path_table *paths, struct span name, uint32_t before)
{
    if (before == PATH_TABLE_NONE) {
        return paths_find(paths, name);
    }
    uint32_t path = paths->follower[before];
    if (path != PATH_TABLE_NONE && span_equal(paths->names[path], name)) {
        return path;
    }
    path = paths_find(paths, name);
    if (path != PATH_TABLE_NONE) {
        paths->follower[before] = path;
    }
    return path;
}
