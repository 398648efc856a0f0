#include "schema/block/path_table.h"

void path_table_init(struct path_table *paths)
{
    *paths = (struct path_table){.follower = {0}};
    intern_init(&paths->names);
}

void path_table_fini(struct path_table *paths)
{
    intern_fini(&paths->names);
    vec_fini(&paths->follower);
}

static uint32_t find(struct path_table *paths, struct span name)
{
    if (name.size > PATH_TABLE_BYTES_MAX || !vec_reserve(&paths->follower, 1)) {
        return PATH_TABLE_NONE;
    }
    uint32_t path = intern_add(&paths->names, name, PATH_TABLE_MAX);
    if (path != INTERN_NONE && path == paths->follower.count) {
        paths->follower.items[paths->follower.count++] = PATH_TABLE_NONE;
    }
    return path;
}

uint32_t path_table_intern(struct path_table *paths, struct span name, uint32_t before)
{
    if (before == PATH_TABLE_NONE) {
        return find(paths, name);
    }
    uint32_t path = paths->follower.items[before];
    if (path != PATH_TABLE_NONE && span_equal(intern_text(&paths->names, path), name)) {
        return path;
    }
    path = find(paths, name);
    if (path != PATH_TABLE_NONE) {
        paths->follower.items[before] = path;
    }
    return path;
}
