/* The paths of all events that an indexer sees, as small numbers. One thread; the names live, and
 * do not move, until path_table_fini, so that another thread may read those it was handed. */
#ifndef SCHEMA_BLOCK_PATH_TABLE_H
#define SCHEMA_BLOCK_PATH_TABLE_H

#include "schema/base/intern.h"

enum { PATH_TABLE_MAX = 65536, PATH_TABLE_BYTES_MAX = 256 };

#define PATH_TABLE_NONE INTERN_NONE

struct path_table {
    struct intern names;
    VEC(uint32_t) follower; /* of each path: the one that came behind it last time */
};

void path_table_init(struct path_table *paths);
void path_table_fini(struct path_table *paths);

/* The number of the path. `before` is the path that came before it in the same event
 * (PATH_TABLE_NONE: none): events of a kind have their fields in one order, so that most paths are
 * known by one comparison. PATH_TABLE_NONE: too long, too many, or memory is out. */
uint32_t path_table_intern(struct path_table *paths, struct span name, uint32_t before);

#endif
