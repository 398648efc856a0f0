/* AND evaluates its cheap parts first and asks the others only about what is left; OR asks each
 * part only about what none before it had; NOT is what is left of the mask. */
#include "query/eval/plan.h"

#include <stdlib.h>

#include "query/eval/predicate_eval.h"
#include "schema/block/bitmap.h"

struct plan {
    const struct query *query;
    struct segment *segment;
    struct block_view *view;
    size_t n_leaves; /* that are made ready */
    struct predicate_eval leaves[];
};

enum status plan_open(const struct query *query, struct segment *segment, struct plan **out_plan,
                      struct err *err)
{
    struct plan *plan = calloc(1, sizeof *plan + query->n_leaves * sizeof plan->leaves[0]);
    if (plan) {
        plan->query = query;
        plan->segment = segment;
        plan->view = block_view_new(segment);
    }
    enum status status = plan && plan->view ? OK : err_nomem(err, "search");
    while (status == OK && plan->n_leaves < query->n_leaves) {
        const struct predicate *predicate = query->leaves[plan->n_leaves];
        status = predicate_eval_init(&plan->leaves[plan->n_leaves++], predicate, segment, err);
    }
    if (status != OK) {
        plan_close(plan);
        return status;
    }
    *out_plan = plan;
    return OK;
}

void plan_close(struct plan *plan)
{
    if (plan) {
        for (size_t i = 0; i < plan->n_leaves; i++) {
            predicate_eval_fini(&plan->leaves[i]);
        }
        block_view_free(plan->view);
        free(plan);
    }
}

struct segment *plan_segment(const struct plan *plan)
{
    return plan->segment;
}

struct block_view *plan_view(struct plan *plan)
{
    return plan->view;
}

bool plan_knows_field(const struct plan *plan, size_t leaf)
{
    CHECK(leaf < plan->n_leaves);
    return plan->leaves[leaf].knows_field;
}

static unsigned cost_of(const struct plan *plan, const struct node *node)
{
    if (node->kind == NODE_LEAF) {
        return plan->leaves[node->predicate->leaf].cost;
    }
    unsigned cost = 0;
    for (const struct node *child = node->first; child; child = child->next) {
        unsigned of_child = cost_of(plan, child);
        cost = of_child > cost ? of_child : cost;
    }
    return cost;
}

/* The child to be asked after `cost` and `done`: costs go up, equals in the order written. */
static const struct node *next_child(const struct plan *plan, const struct node *parent,
                                     const struct node *done, unsigned *cost)
{
    if (done) {
        for (const struct node *child = done->next; child; child = child->next) {
            if (cost_of(plan, child) == *cost) {
                return child;
            }
        }
    }
    const struct node *best = NULL;
    unsigned best_cost = 0;
    for (const struct node *child = parent->first; child; child = child->next) {
        unsigned of_child = cost_of(plan, child);
        if ((!done || of_child > *cost) && (!best || of_child < best_cost)) {
            best = child;
            best_cost = of_child;
        }
    }
    *cost = best_cost;
    return best;
}

/* Depth is bounded by the parser (QUERY_DEPTH_MAX). */
static enum status eval(struct plan *plan, const struct node *node, const struct bitmap *mask,
                        struct bitmap *out_map, struct err *err)
{
    if (bitmap_is_empty(mask)) {
        bitmap_clear(out_map);
        return OK;
    }
    if (node->kind == NODE_LEAF) {
        return predicate_eval_block(&plan->leaves[node->predicate->leaf], plan->view, mask, out_map,
                                    err);
    }
    struct bitmap part;
    enum status status = OK;
    if (node->kind == NODE_NOT) {
        status = eval(plan, node->first, mask, &part, err);
        if (status == OK) {
            *out_map = *mask;
            bitmap_without(out_map, &part);
        }
        return status;
    }
    struct bitmap left = *mask;
    unsigned cost = 0;
    const struct node *child = NULL;
    while (status == OK && !bitmap_is_empty(&left) &&
           (child = next_child(plan, node, child, &cost)) != NULL) {
        status = eval(plan, child, &left, &part, err);
        if (status == OK && node->kind == NODE_AND) {
            left = part;
        } else if (status == OK) {
            bitmap_without(&left, &part);
        }
    }
    if (status == OK && node->kind == NODE_AND) {
        *out_map = left;
    } else if (status == OK) {
        *out_map = *mask;
        bitmap_without(out_map, &left);
    }
    return status;
}

static enum status time_mask(struct block_view *view, int64_t from_us, int64_t to_us,
                             struct bitmap *mask, struct err *err)
{
    const struct block_info *info = view->info;
    bitmap_fill(mask, info->n_events);
    if (info->time_min_us >= from_us && info->time_max_us < to_us) {
        return OK;
    }
    const int64_t *times_us;
    enum status status = block_view_times(view, &times_us, err);
    if (status == OK) {
        bitmap_clear(mask);
        for (size_t slot = 0; slot < info->n_events; slot++) {
            if (times_us[slot] >= from_us && times_us[slot] < to_us) {
                bitmap_set(mask, slot);
            }
        }
    }
    return status;
}

enum status plan_eval(struct plan *plan, const struct block_info *info, int64_t from_us,
                      int64_t to_us, struct bitmap *out_map, struct err *err)
{
    block_view_move(plan->view, info);
    if (info->time_max_us < from_us || info->time_min_us >= to_us) {
        bitmap_clear(out_map);
        return OK;
    }
    struct bitmap mask;
    enum status status = time_mask(plan->view, from_us, to_us, &mask, err);
    return THEN(status, eval(plan, plan->query->root, &mask, out_map, err));
}

void plan_time_bounds(const struct node *node, int64_t *from_us, int64_t *to_us)
{
    *from_us = INT64_MIN;
    *to_us = INT64_MAX;
    if (node->kind == NODE_LEAF && node->predicate->kind == PREDICATE_TIME) {
        *from_us = node->predicate->time_low_us;
        *to_us = node->predicate->time_high_us;
    }
    if (node->kind != NODE_AND && node->kind != NODE_OR) {
        return;
    }
    bool first = true;
    for (const struct node *child = node->first; child; child = child->next, first = false) {
        int64_t from;
        int64_t to;
        plan_time_bounds(child, &from, &to);
        bool narrow = node->kind == NODE_AND;
        *from_us = first ? from : ((from > *from_us) == narrow ? from : *from_us);
        *to_us = first ? to : ((to < *to_us) == narrow ? to : *to_us);
    }
}
