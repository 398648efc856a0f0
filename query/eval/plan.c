/* AND evaluates its cheap parts first and asks the others only about what is left; OR asks each
 * part only about what none before it had; NOT is what is left of the mask. */
#include "query/eval/plan.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "query/eval/predicate_eval.h"
#include "schema/block/bitmap.h"

struct plan_leaves {
    atomic_int users;
    const struct query *query;
    struct segment_vocabulary *vocabulary;
    int64_t created_us; /* of the segment */
    size_t count;       /* that are made ready */
    struct predicate_eval items[];
};

struct plan {
    struct plan_leaves *leaves;
    struct segment *segment;
    struct block_view *view;
    struct predicate_eval_work works[]; /* by leaf */
};

void plan_leaves_release(struct plan_leaves *leaves)
{
    if (leaves && atomic_fetch_sub(&leaves->users, 1) == 1) {
        for (size_t i = 0; i < leaves->count; i++) {
            predicate_eval_fini(&leaves->items[i]);
        }
        segment_vocabulary_release(leaves->vocabulary);
        free(leaves);
    }
}

static enum status make_leaves(const struct query *query, struct segment *segment,
                               struct plan_leaves **out_leaves, struct err *err)
{
    struct plan_leaves *leaves =
        calloc(1, sizeof *leaves + query->n_leaves * sizeof leaves->items[0]);
    if (!leaves) {
        return err_nomem(err, "search");
    }
    leaves->users = 1;
    leaves->query = query;
    leaves->vocabulary = segment_share_vocabulary(segment);
    leaves->created_us = segment_created_us(segment);
    enum status status = OK;
    while (status == OK && leaves->count < query->n_leaves) {
        const struct predicate *predicate = query->leaves[leaves->count];
        status = predicate_eval_init(&leaves->items[leaves->count++], predicate, segment, err);
    }
    if (status != OK) {
        plan_leaves_release(leaves);
        return status;
    }
    *out_leaves = leaves;
    return OK;
}

bool plan_leaves_fit(const struct plan_leaves *leaves, const struct segment *segment)
{
    return leaves->created_us == segment_created_us(segment);
}

enum status plan_join(struct plan_leaves *leaves, struct segment *segment, struct plan **out_plan,
                      struct err *err)
{
    struct plan *plan = calloc(1, sizeof *plan + leaves->count * sizeof plan->works[0]);
    struct block_view *view = plan ? block_view_new(segment) : NULL;
    if (!view) {
        free(plan);
        return err_nomem(err, "search");
    }
    atomic_fetch_add(&leaves->users, 1);
    *plan = (struct plan){.leaves = leaves, .segment = segment, .view = view};
    for (size_t i = 0; i < leaves->count; i++) {
        plan->works[i] = predicate_eval_work(&leaves->items[i], segment);
    }
    segment_use_vocabulary(segment, leaves->vocabulary);
    *out_plan = plan;
    return OK;
}

enum status plan_open(const struct query *query, struct segment *segment, struct plan **out_plan,
                      struct err *err)
{
    struct plan_leaves *leaves = NULL;
    enum status status = make_leaves(query, segment, &leaves, err);
    status = THEN(status, plan_join(leaves, segment, out_plan, err));
    plan_leaves_release(leaves);
    return status;
}

struct plan_leaves *plan_leaves_keep(struct plan *plan)
{
    atomic_fetch_add(&plan->leaves->users, 1);
    return plan->leaves;
}

void plan_close(struct plan *plan)
{
    if (plan) {
        for (size_t i = 0; i < plan->leaves->count; i++) {
            predicate_eval_work_fini(&plan->works[i]);
        }
        plan_leaves_release(plan->leaves);
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
    CHECK(leaf < plan->leaves->count);
    return plan->leaves->items[leaf].knows_field;
}

static unsigned cost_of(const struct plan *plan, const struct node *node)
{
    if (node->kind == NODE_LEAF) {
        return plan->leaves->items[node->predicate->leaf].cost;
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
        size_t leaf = node->predicate->leaf;
        return predicate_eval_block(&plan->leaves->items[leaf], &plan->works[leaf], plan->view,
                                    mask, out_map, err);
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
    status = THEN(status, eval(plan, plan->leaves->query->root, &mask, out_map, err));
    return segment_name_damage(plan->segment, info->id, status, err);
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
