#include "schema/columnar/columnar_arrange.h"

enum {
    ORDER_VALUES_MIN = 16,
    LEADER_DISTINCT_MIN = 8,
    NO_ORDER = COLUMNAR_ARRANGE_LEADERS_MAX + 1, /* a place behind the orders */
};

void columnar_arrange_fini(struct columnar_arrange *arrange)
{
    for (size_t i = 0; i <= COLUMNAR_ARRANGE_LEADERS_MAX; i++) {
        vec_fini(&arrange->orders[i].keys);
    }
    buf_fini(&arrange->best);
    vec_fini(&arrange->next);
}

/* Whether the column may order others: of ids, many different ones, which do not count. */
static bool may_order(const struct columnar_arrange *arrange, const struct columnar_plan *plan)
{
    const struct columnar_planner *planner = arrange->pack->planner;
    if (plan->way != COLUMNAR_IDS || plan->n_distinct < LEADER_DISTINCT_MIN) {
        return false;
    }
    uint32_t id = (uint32_t)planner->ids.items[plan->first_distinct];
    struct span value = vocabulary_value(planner->cut->vocabulary, id);
    struct value_form_bits bits;
    return value_form_of(value, &bits).kind != VALUE_FORM_INTEGER;
}

/* The columns that others may be ordered by: those that tell most lines apart. */
static void choose_orders(struct columnar_arrange *arrange)
{
    const struct columnar_planner *planner = arrange->pack->planner;
    size_t weights[1 + COLUMNAR_ARRANGE_LEADERS_MAX] = {SIZE_MAX};
    arrange->orders[0].by = COLUMNAR_ORDER_SHAPES;
    arrange->n_orders = 1;
    for (size_t i = 0; i < planner->plans.count; i++) {
        const struct columnar_plan *plan = &planner->plans.items[i];
        size_t weight = plan->n_distinct * plan->column->values.count;
        size_t at = arrange->n_orders;
        if (!may_order(arrange, plan)) {
            continue;
        }
        for (; weights[at - 1] < weight; at--) {
            if (at <= COLUMNAR_ARRANGE_LEADERS_MAX) {
                weights[at] = weights[at - 1];
                arrange->orders[at].by = arrange->orders[at - 1].by;
            }
        }
        if (at <= COLUMNAR_ARRANGE_LEADERS_MAX) {
            weights[at] = weight;
            arrange->orders[at].by = COLUMNAR_ORDER_COLUMN + i;
            arrange->n_orders += arrange->n_orders <= COLUMNAR_ARRANGE_LEADERS_MAX;
        }
    }
}

/* The keys of the lines by each order. */
static enum status note_keys(struct columnar_arrange *arrange, struct err *err)
{
    const struct columnar_planner *planner = arrange->pack->planner;
    const struct columnar_cut *cut = planner->cut;
    size_t n_lines = cut->shapes.count;
    for (size_t o = 0; o < arrange->n_orders; o++) {
        vec_clear(&arrange->orders[o].keys);
        if (!vec_reserve(&arrange->orders[o].keys, n_lines)) {
            return err_nomem(err, "columns");
        }
        uint16_t *keys = arrange->orders[o].keys.items;
        if (o == 0) {
            arrange->orders[o].n_keys = cut->used_shapes.count;
            for (size_t i = 0; i < n_lines; i++) {
                keys[i] = (uint16_t)cut->shapes.items[i];
            }
            continue;
        }
        const struct columnar_plan *plan =
            &planner->plans.items[arrange->orders[o].by - COLUMNAR_ORDER_COLUMN];
        const uint64_t *places = planner->places.items + plan->first_place;
        memset(keys, 0, n_lines * sizeof *keys);
        for (size_t k = 0; k < plan->column->values.count; k++) {
            keys[plan->column->lines.items[k]] = (uint16_t)(places[k] + 1);
        }
        arrange->orders[o].n_keys = plan->n_distinct + 1;
    }
    return OK;
}

enum status columnar_arrange_begin(struct columnar_arrange *arrange, struct err *err)
{
    struct columnar_planner *planner = arrange->pack->planner;
    for (size_t i = 0; i < planner->plans.count; i++) {
        if (planner->plans.items[i].way == COLUMNAR_FOLLOWS) {
            planner->plans.items[planner->plans.items[i].leader].leads = true;
        }
    }
    choose_orders(arrange);
    return note_keys(arrange, err);
}

/* Puts the values of a column in order, by counting; NO_ORDER: as their lines. */
static enum status order_values(struct columnar_arrange *arrange, const struct columnar_plan *plan,
                                size_t o, struct err *err)
{
    size_t count = plan->column->values.count;
    vec_clear(&arrange->pack->values);
    vec_clear(&arrange->next);
    if (o == NO_ORDER) {
        return OK;
    }
    size_t n_keys = arrange->orders[o].n_keys;
    if (!vec_reserve(&arrange->pack->values, count) || !vec_reserve(&arrange->next, n_keys + 1)) {
        return err_nomem(err, "columns");
    }
    const uint16_t *lines = plan->column->lines.items;
    const uint16_t *keys = arrange->orders[o].keys.items;
    uint16_t *next = arrange->next.items;
    memset(next, 0, (n_keys + 1) * sizeof *next);
    for (size_t i = 0; i < count; i++) {
        next[keys[lines[i]] + 1]++;
    }
    for (size_t key = 1; key < n_keys; key++) {
        next[key] = (uint16_t)(next[key] + next[key - 1]);
    }
    for (size_t i = 0; i < count; i++) {
        arrange->pack->values.items[next[keys[lines[i]]]++] = (uint16_t)i;
    }
    arrange->pack->values.count = count;
    return OK;
}

/* One of the ways in which a column can be arranged. */
struct arrangement {
    enum columnar_way way;
    bool apart;   /* text: what comes again stands apart */
    size_t order; /* in arrange->orders, or NO_ORDER */
};

static enum status pack_as(struct columnar_arrange *arrange, struct columnar_plan *plan,
                           struct arrangement as, struct err *err)
{
    plan->way = as.way;
    enum status status = order_values(arrange, plan, as.order, err);
    size_t by = as.order == NO_ORDER ? COLUMNAR_ORDER_LINES : arrange->orders[as.order].by;
    return THEN(status, columnar_pack_way(arrange->pack, plan, by, as.apart, err));
}

/* The path that an order is remembered by; shapes have none. */
static uint32_t path_of_order(const struct columnar_arrange *arrange, size_t o)
{
    size_t by = arrange->orders[o].by;
    return by < COLUMNAR_ORDER_COLUMN
               ? INTERN_NONE
               : arrange->pack->planner->plans.items[by - COLUMNAR_ORDER_COLUMN].column->path;
}

/* Packs it as `as`, and keeps that if it is the smallest so far. */
static enum status try_as(struct columnar_arrange *arrange, struct columnar_plan *plan,
                          struct arrangement as, struct arrangement *best, struct err *err)
{
    struct buf *body = &arrange->pack->body;
    size_t begin = body->size;
    enum status status = pack_as(arrange, plan, as, err);
    if (status == OK && (arrange->best.size == 0 || body->size - begin < arrange->best.size)) {
        buf_clear(&arrange->best);
        buf_add(&arrange->best, body->data + begin, body->size - begin);
        *best = as;
    }
    body->size = begin;
    return THEN(status, buf_status(&arrange->best, "columns", err));
}

/* Packs it in all arrangements that it may have; the smallest is appended. */
static enum status try_all(struct columnar_arrange *arrange, struct columnar_plan *plan,
                           size_t n_orders, struct arrangement *best, struct err *err)
{
    enum status status = OK;
    struct arrangement as = {.way = plan->way};
    /* the second: few numbers as numbers, texts with what comes again apart */
    size_t n_variants =
        (as.way == COLUMNAR_IDS && plan->has_numbers && !plan->leads) || as.way == COLUMNAR_TEXT
            ? 2
            : 1;
    buf_clear(&arrange->best);
    for (size_t variant = 0; status == OK && variant < n_variants; variant++) {
        as.apart = variant == 1 && as.way == COLUMNAR_TEXT;
        as.way = variant == 1 && as.way == COLUMNAR_IDS ? COLUMNAR_FORM : as.way;
        as.order = NO_ORDER;
        status = try_as(arrange, plan, as, best, err);
        for (as.order = 0; status == OK && as.order < n_orders; as.order++) {
            status = try_as(arrange, plan, as, best, err);
        }
    }
    plan->way = best->way;
    buf_add_span(&arrange->pack->body, buf_span(&arrange->best));
    return status;
}

/* How many of the orders plan i may have: a column that orders others has only those before it. */
static size_t count_orders(const struct columnar_arrange *arrange, size_t i)
{
    const struct columnar_plan *plan = &arrange->pack->planner->plans.items[i];
    bool is_uuid = plan->way == COLUMNAR_FORM && plan->form.kind == VALUE_FORM_UUID;
    if (plan->way == COLUMNAR_ONE || plan->way == COLUMNAR_FOLLOWS || is_uuid ||
        plan->column->values.count < ORDER_VALUES_MIN) {
        return 0;
    }
    size_t n_orders = 0;
    while (n_orders < arrange->n_orders &&
           arrange->orders[n_orders].by != COLUMNAR_ORDER_COLUMN + i) {
        n_orders++;
    }
    return n_orders;
}

/* What paid the last time; an order whose column is none now is no order. */
static struct arrangement remembered(const struct columnar_arrange *arrange,
                                     const struct columnar_plan *plan,
                                     const struct columnar_memory *memory, size_t n_orders)
{
    struct arrangement as = {.way = plan->way, .apart = memory->is_apart, .order = NO_ORDER};
    for (size_t o = 0; memory->is_ordered && o < n_orders; o++) {
        as.order = path_of_order(arrange, o) == memory->order_path ? o : as.order;
    }
    return as;
}

enum status columnar_arrange_column(struct columnar_arrange *arrange, size_t i, struct err *err)
{
    struct columnar_plan *plan = &arrange->pack->planner->plans.items[i];
    struct columnar_memory *memory = &arrange->pack->planner->memory[plan->column->path];
    size_t n_orders = count_orders(arrange, i);
    struct arrangement as = {.way = plan->way, .order = NO_ORDER};
    if (n_orders == 0) {
        return pack_as(arrange, plan, as, err);
    }
    if (!columnar_plan_is_due(memory)) {
        memory->arranged_age++;
        return pack_as(arrange, plan, remembered(arrange, plan, memory, n_orders), err);
    }
    enum status status = try_all(arrange, plan, n_orders, &as, err);
    memory->arranged_age = 1;
    memory->way = (uint8_t)as.way;
    memory->form = plan->form;
    memory->is_apart = as.apart;
    memory->is_ordered = as.order != NO_ORDER;
    memory->order_path = memory->is_ordered ? path_of_order(arrange, as.order) : INTERN_NONE;
    return status;
}
