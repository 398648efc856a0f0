/* A query made ready for one segment: a tree of bitmaps over a block. One thread. */
#ifndef QUERY_EVAL_PLAN_H
#define QUERY_EVAL_PLAN_H

#include "query/eval/block_view.h"
#include "query/language/ast.h"

struct plan;

/* Looks every leaf up in the segment, which the plan does not own and must outlive it. A writer's
 * segment has no plans. */
MUST_USE enum status plan_open(const struct query *query, struct segment *segment,
                               struct plan **out_plan, struct err *err);
/* NULL is fine. */
void plan_close(struct plan *plan);

/* What was looked up, kept for plans of other threads; goes with its last user. */
struct plan_leaves;
struct plan_leaves *plan_leaves_keep(struct plan *plan);
/* NULL is fine. */
void plan_leaves_release(struct plan_leaves *leaves);
/* False: the file was deleted and made anew; this is not the one that was looked at. */
bool plan_leaves_fit(const struct plan_leaves *leaves, const struct segment *segment);
/* A plan of another handle of the same file, just opened, for the blocks that the first one has:
 * nothing is read or looked up again. */
MUST_USE enum status plan_join(struct plan_leaves *leaves, struct segment *segment,
                               struct plan **out_plan, struct err *err);

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
