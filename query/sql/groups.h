/* Rows sorted by the value of one column, as SQL orders values: nothing, numbers, texts by their
 * bytes. No more of a row is kept than where it is. One thread. */
#ifndef QUERY_SQL_GROUPS_H
#define QUERY_SQL_GROUPS_H

#include "query/sql/json_path.h"
#include "schema/base/vec.h"

enum { GROUPS_RUN_MAX = 4096 };

/* Rows of one run that have the same value: slots[first] on. */
struct groups_part {
    uint32_t group;
    uint32_t run;
    uint32_t first;
    uint32_t count;
};

struct groups;

MUST_USE enum status groups_new(struct groups **out_groups, struct err *err);
/* NULL is fine. */
void groups_free(struct groups *groups);

/* A row of the run at hand; at most GROUPS_RUN_MAX. Texts must stay until the run ends. */
MUST_USE enum status groups_add(struct groups *groups, const struct json_path_value *value,
                                uint16_t slot, struct err *err);
/* Runs are numbered from 0. */
MUST_USE enum status groups_end_run(struct groups *groups, struct err *err);

/* Behind the last run: the parts, by value. Nothing can be added after. */
MUST_USE enum status groups_sort(struct groups *groups, bool descending, struct err *err);
size_t groups_part_count(const struct groups *groups);
const struct groups_part *groups_part(const struct groups *groups, size_t i);
uint16_t groups_slot(const struct groups *groups, size_t at);
/* What the rows of a group have: an array or an object as a text, true as 1. */
struct json_path_value groups_value(const struct groups *groups, uint32_t group);

#endif
