/* A query made ready for one segment: a tree of bitmaps over a block. One thread. */
#ifndef QUERY_EVAL_PLAN_H
#define QUERY_EVAL_PLAN_H

#include "query/eval/block_view.h"
#include "query/language/ast.h"

struct plan;

/* Looks every leaf up in the segment, which the plan does not own and must outlive it. */
MUST_USE enum status plan_open(const struct query *query, struct segment *segment,
                               struct plan **out_plan, struct err *err);
/* NULL is fine. */
void plan_close(struct plan *plan);

struct segment *plan_segment(const struct plan *plan);
/* The view, on the block evaluated last. */
struct block_view *plan_view(struct plan *plan);

/* The block's events from from_us, before to_us, that satisfy the query. */
MUST_USE enum status plan_eval(struct plan *plan, const struct block_info *info, int64_t from_us,
                               int64_t to_us, struct bitmap *out_map, struct err *err);

/* True when some segment field is the one this leaf asks for, or the leaf asks for none. */
bool plan_knows_field(const struct plan *plan, size_t leaf);

/* What time: in the query leaves of [*from_us, *to_us): events outside cannot satisfy it. */
void plan_time_bounds(const struct node *node, int64_t *from_us, int64_t *to_us);

#endif
