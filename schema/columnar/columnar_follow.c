/* Columns that follow others: a host's name follows its id, a session tells its user. The follower
 * is kept as a list: what each value of its leader implies, and where that fails. */
#include "schema/columnar/columnar_plan.h"

enum { MISS_BYTES = 3, UNKNOWN = INT32_MAX };

static bool has(const struct columnar_planner *planner, size_t plan, size_t shape)
{
    uint64_t word = planner->members.items[plan * planner->member_words + shape / 64];
    return word >> (shape % 64) & 1;
}

static enum status note_members(struct columnar_planner *planner, struct err *err)
{
    const struct columnar_cut *cut = planner->cut;
    planner->member_words = (cut->used_shapes.count + 63) / 64;
    size_t words = planner->plans.count * planner->member_words;
    VEC(uint32_t) plan_of_path = {0};
    if (!vec_reserve(&planner->members, words + 1) ||
        !vec_reserve(&plan_of_path, VOCABULARY_PATHS_MAX)) {
        vec_fini(&plan_of_path);
        return err_nomem(err, "columns");
    }
    planner->members.count = words;
    memset(planner->members.items, 0, words * sizeof(uint64_t));
    for (size_t i = 0; i < planner->plans.count; i++) {
        plan_of_path.items[planner->plans.items[i].column->path] = (uint32_t)i;
    }
    for (size_t s = 0; s < cut->used_shapes.count; s++) {
        const struct vocabulary_shape *shape =
            vocabulary_shape(cut->vocabulary, cut->used_shapes.items[s]);
        const uint32_t *paths = vocabulary_paths(cut->vocabulary, shape);
        for (size_t i = 0; i < shape->n_values; i++) {
            size_t word = plan_of_path.items[paths[i]] * planner->member_words + s / 64;
            planner->members.items[word] |= UINT64_C(1) << (s % 64);
        }
    }
    vec_fini(&plan_of_path);
    return OK;
}

/* Each line that has the follower has the leader, too. */
static bool is_subset(const struct columnar_planner *planner, size_t follower, size_t leader)
{
    const uint64_t *of = planner->members.items;
    for (size_t w = 0; w < planner->member_words; w++) {
        if (of[follower * planner->member_words + w] & ~of[leader * planner->member_words + w]) {
            return false;
        }
    }
    return true;
}

/* Fills map (a place of the follower for each of the leader's) and odd; false when more than
 * `odd_max` values are otherwise than the map says. */
static bool try_leader(const struct columnar_planner *planner, size_t follower, size_t leader,
                       uint64_t *map, uint64_t *odd, size_t odd_max, size_t *out_n_odd)
{
    const struct columnar_cut *cut = planner->cut;
    const struct columnar_plan *own = &planner->plans.items[follower];
    const struct columnar_plan *other = &planner->plans.items[leader];
    const uint64_t *mine = planner->places.items + own->first_place;
    const uint64_t *theirs = planner->places.items + other->first_place;
    size_t at = 0;
    size_t n_odd = 0;
    for (size_t i = 0; i < other->n_distinct; i++) {
        map[i] = UNKNOWN;
    }
    for (size_t line = 0; at < own->column->values.count; line++) {
        uint32_t shape = cut->shapes.items[line];
        if (!has(planner, leader, shape)) {
            continue;
        }
        uint64_t place = *theirs++;
        if (!has(planner, follower, shape)) {
            continue;
        }
        if (map[place] == UNKNOWN) {
            map[place] = mine[at];
        } else if (map[place] != mine[at]) {
            if (n_odd == odd_max) {
                return false;
            }
            odd[n_odd++] = at;
        }
        at++;
    }
    for (size_t i = 0; i < other->n_distinct; i++) {
        map[i] = map[i] == UNKNOWN ? 0 : map[i];
    }
    *out_n_odd = n_odd;
    return true;
}

static enum status follow_one(struct columnar_planner *planner, size_t follower, size_t leader,
                              size_t *best_cost, struct err *err)
{
    struct columnar_plan *own = &planner->plans.items[follower];
    struct columnar_plan *other = &planner->plans.items[leader];
    size_t map_cost = other->n_distinct * packer_bits(own->n_distinct - 1) / 8;
    if (map_cost >= *best_cost) {
        return OK;
    }
    size_t odd_max = (*best_cost - map_cost) / MISS_BYTES;
    size_t share = own->column->values.count / COLUMNAR_ODD_SHARE;
    odd_max = odd_max > share ? share : odd_max;
    size_t first_map = planner->map.count;
    size_t first_odd = planner->odd.count;
    size_t n_odd = 0;
    if (!vec_reserve(&planner->map, other->n_distinct) ||
        !vec_reserve(&planner->odd, odd_max + 1)) {
        return err_nomem(err, "columns");
    }
    if (try_leader(planner, follower, leader, planner->map.items + first_map,
                   planner->odd.items + first_odd, odd_max, &n_odd)) {
        /* what a worse leader left in the pools before stays there unused */
        planner->map.count += other->n_distinct;
        planner->odd.count += n_odd;
        own->way = COLUMNAR_FOLLOWS;
        own->leader = (uint32_t)leader;
        own->first_map = first_map;
        own->first_odd = first_odd;
        own->n_odd = n_odd;
        *best_cost = map_cost + n_odd * MISS_BYTES;
    }
    return OK;
}

static bool may_lead(const struct columnar_planner *planner, size_t follower, size_t leader)
{
    const struct columnar_plan *own = &planner->plans.items[follower];
    const struct columnar_plan *other = &planner->plans.items[leader];
    return leader != follower && other->way == COLUMNAR_IDS &&
           other->n_distinct >= own->n_distinct && is_subset(planner, follower, leader);
}

/* The best leader among those before it in the order. */
static enum status find_leader(struct columnar_planner *planner, size_t nth, struct err *err)
{
    size_t follower = planner->order.items[nth];
    struct columnar_plan *own = &planner->plans.items[follower];
    size_t best_cost = own->column->values.count * packer_bits(own->n_distinct - 1) / 16;
    enum status status = OK;
    for (size_t i = 0; status == OK && i < nth; i++) {
        size_t leader = planner->order.items[i];
        if (may_lead(planner, follower, leader)) {
            status = follow_one(planner, follower, leader, &best_cost, err);
        }
    }
    return status;
}

enum status columnar_planner_follow(struct columnar_planner *planner, struct err *err)
{
    enum status status = note_members(planner, err);
    vec_clear(&planner->order);
    if (status == OK && !vec_reserve(&planner->order, planner->plans.count)) {
        status = err_nomem(err, "columns");
    }
    if (status != OK) {
        return status;
    }
    /* the most values first: only such a column can tell another */
    for (size_t i = 0; i < planner->plans.count; i++) {
        if (planner->plans.items[i].way != COLUMNAR_IDS) {
            continue;
        }
        size_t at = planner->order.count++;
        while (at > 0 && planner->plans.items[planner->order.items[at - 1]].n_distinct <
                             planner->plans.items[i].n_distinct) {
            planner->order.items[at] = planner->order.items[at - 1];
            at--;
        }
        planner->order.items[at] = (uint32_t)i;
    }
    for (size_t nth = 1; status == OK && nth < planner->order.count; nth++) {
        status = find_leader(planner, nth, err);
    }
    return status;
}
