#include "schema/columnar/columnar_pack.h"

enum {
    ORDER_AGAIN = 16, /* blocks after which the orders of a column are tried again */
    ORDER_VALUES_MIN = 16,
    LEADER_DISTINCT_MIN = 8,
    NO_ORDER = COLUMNAR_PACK_LEADERS_MAX + 1, /* a place behind the orders */
};

void columnar_pack_fini(struct columnar_pack *pack)
{
    for (size_t i = 0; i <= COLUMNAR_PACK_LEADERS_MAX; i++) {
        vec_fini(&pack->orders[i].keys);
    }
    buf_fini(&pack->body);
    buf_fini(&pack->best);
    buf_fini(&pack->texts);
    vec_fini(&pack->values);
    vec_fini(&pack->next);
    vec_fini(&pack->numbers);
    vec_fini(&pack->ordered);
}

static enum status pack_numbers(struct columnar_pack *pack, const uint64_t *numbers, size_t count,
                                struct err *err)
{
    return packer_write_numbers(pack->packer, numbers, count, &pack->body, err);
}

/* The value that stands at place i of the packed ones. */
static size_t value_at(const struct columnar_pack *pack, size_t i)
{
    return pack->values.count > 0 ? pack->values.items[i] : i;
}

/* As pack_numbers, in the column's order. */
static enum status pack_ordered(struct columnar_pack *pack, const uint64_t *numbers, size_t count,
                                struct err *err)
{
    if (pack->values.count == 0) {
        return pack_numbers(pack, numbers, count, err);
    }
    vec_clear(&pack->ordered);
    if (!vec_reserve(&pack->ordered, count)) {
        return err_nomem(err, "columns");
    }
    for (size_t i = 0; i < count; i++) {
        pack->ordered.items[i] = numbers[pack->values.items[i]];
    }
    return pack_numbers(pack, pack->ordered.items, count, err);
}

/* Spellings: whether their quotes are left away, sizes, bytes. `which`: of the values, those with
 * these numbers; NULL: all, in the column's order. */
static enum status pack_texts(struct columnar_pack *pack, const struct span *values,
                              const uint64_t *which, size_t count, struct err *err)
{
    bool is_quoted = true;
    for (size_t i = 0; i < count && is_quoted; i++) {
        struct span value = values[which ? which[i] : value_at(pack, i)];
        is_quoted = vocabulary_is_quoted(value);
    }
    vec_clear(&pack->numbers);
    buf_clear(&pack->texts);
    if (!vec_reserve(&pack->numbers, count)) {
        return err_nomem(err, "columns");
    }
    for (size_t i = 0; i < count; i++) {
        struct span value = values[which ? which[i] : value_at(pack, i)];
        value = is_quoted ? span_of(value.data + 1, value.size - 2) : value;
        pack->numbers.items[i] = value.size;
        buf_add_span(&pack->texts, value);
    }
    buf_add_char(&pack->body, (char)is_quoted);
    enum status status = pack_numbers(pack, pack->numbers.items, count, err);
    status = THEN(status, buf_status(&pack->texts, "columns", err));
    return THEN(status, packer_write_bytes(pack->packer, buf_span(&pack->texts), &pack->body, err));
}

static enum status pack_uuids(struct columnar_pack *pack, const uint64_t *numbers,
                              const uint64_t *seconds, size_t count, struct err *err)
{
    vec_clear(&pack->numbers);
    if (!vec_reserve(&pack->numbers, count) ||
        !buf_reserve(&pack->body, count * VALUE_FORM_UUID_BYTES)) {
        return err_nomem(err, "columns");
    }
    uint8_t *bytes = (uint8_t *)pack->body.data + pack->body.size;
    for (size_t i = 0; i < count; i++) {
        struct value_form_bits bits = {numbers[i], seconds[i]};
        pack->numbers.items[i] = value_form_uuid_pack(&bits, bytes + i * VALUE_FORM_UUID_BYTES);
    }
    pack->body.size += count * VALUE_FORM_UUID_BYTES;
    return pack_numbers(pack, pack->numbers.items, count, err);
}

/* Times in the largest unit that divides all of them: a power of ten of nanoseconds. */
static enum status pack_times(struct columnar_pack *pack, const uint64_t *numbers, size_t count,
                              struct err *err)
{
    uint64_t unit = 1;
    uint8_t power = 0;
    bool divides = true;
    while (divides && power < VALUE_FORM_FRACTION_MAX) {
        for (size_t i = 0; i < count && divides; i++) {
            divides = numbers[i] % (unit * 10) == 0;
        }
        unit *= divides ? 10 : 1;
        power = (uint8_t)(power + divides);
    }
    vec_clear(&pack->numbers);
    if (!vec_reserve(&pack->numbers, count)) {
        return err_nomem(err, "columns");
    }
    for (size_t i = 0; i < count; i++) {
        pack->numbers.items[i] = numbers[i] / unit;
    }
    buf_add_char(&pack->body, (char)power);
    return pack_ordered(pack, pack->numbers.items, count, err);
}

static enum status pack_odd(struct columnar_pack *pack, const struct columnar_plan *plan,
                            struct err *err)
{
    buf_add_varint(&pack->body, plan->n_odd);
    return pack_numbers(pack, pack->planner->odd.items + plan->first_odd, plan->n_odd, err);
}

static enum status pack_form(struct columnar_pack *pack, const struct columnar_plan *plan,
                             size_t by, struct err *err)
{
    size_t count = plan->column->values.count;
    const uint64_t *numbers = pack->planner->numbers.items + plan->first_number;
    const uint64_t *seconds = pack->planner->seconds.items + plan->first_number;
    const uint64_t *odd = pack->planner->odd.items + plan->first_odd;
    buf_add_varint(&pack->body, by);
    buf_add_char(&pack->body, (char)plan->form.kind);
    buf_add_char(&pack->body, (char)plan->form.fraction);
    enum status status = pack_odd(pack, plan, err);
    if (plan->n_odd > 0) {
        status = THEN(status, pack_texts(pack, plan->column->values.items, odd, plan->n_odd, err));
    }
    if (plan->form.kind == VALUE_FORM_UUID) {
        return THEN(status, pack_uuids(pack, numbers, seconds, count, err));
    }
    if (plan->form.kind == VALUE_FORM_TIME) {
        return THEN(status, pack_times(pack, numbers, count, err));
    }
    status = THEN(status, pack_ordered(pack, numbers, count, err));
    if (plan->form.kind == VALUE_FORM_ENDPOINT) {
        status = THEN(status, pack_ordered(pack, seconds, count, err));
    }
    return status;
}

/* The list of numbers of the vocabulary. */
static enum status pack_list(struct columnar_pack *pack, const struct columnar_plan *plan,
                             struct err *err)
{
    buf_add_varint(&pack->body, plan->n_distinct);
    return pack_numbers(pack, pack->planner->ids.items + plan->first_distinct, plan->n_distinct,
                        err);
}

static enum status pack_follower(struct columnar_pack *pack, const struct columnar_plan *plan,
                                 struct err *err)
{
    const struct columnar_planner *planner = pack->planner;
    const struct columnar_plan *leader = &planner->plans.items[plan->leader];
    buf_add_varint(&pack->body, plan->leader);
    enum status status = pack_list(pack, plan, err);
    status = THEN(
        status, pack_numbers(pack, planner->map.items + plan->first_map, leader->n_distinct, err));
    status = THEN(status, pack_odd(pack, plan, err));
    vec_clear(&pack->numbers);
    if (status == OK && !vec_reserve(&pack->numbers, plan->n_odd)) {
        status = err_nomem(err, "columns");
    }
    for (size_t i = 0; status == OK && i < plan->n_odd; i++) {
        uint64_t odd = planner->odd.items[plan->first_odd + i];
        pack->numbers.items[i] = planner->places.items[plan->first_place + odd];
    }
    return THEN(status, pack_numbers(pack, pack->numbers.items, plan->n_odd, err));
}

/* Whether the quotes are left away is said before the texts, and the order before that. */
static enum status pack_text(struct columnar_pack *pack, const struct columnar_plan *plan,
                             size_t by, struct err *err)
{
    const struct columnar_cut_values *values = &plan->column->values;
    buf_add_varint(&pack->body, by);
    return pack_texts(pack, values->items, NULL, values->count, err);
}

static enum status pack_ids(struct columnar_pack *pack, const struct columnar_plan *plan, size_t by,
                            struct err *err)
{
    enum status status = pack_list(pack, plan, err);
    buf_add_varint(&pack->body, by);
    return THEN(status, pack_ordered(pack, pack->planner->places.items + plan->first_place,
                                     plan->column->values.count, err));
}

static enum status pack_way(struct columnar_pack *pack, const struct columnar_plan *plan, size_t by,
                            struct err *err)
{
    switch (plan->way) {
    case COLUMNAR_ONE:
        return pack_list(pack, plan, err);
    case COLUMNAR_IDS:
        return pack_ids(pack, plan, by, err);
    case COLUMNAR_FOLLOWS:
        return pack_follower(pack, plan, err);
    case COLUMNAR_FORM:
        return pack_form(pack, plan, by, err);
    case COLUMNAR_TEXT:
        return pack_text(pack, plan, by, err);
    }
    return err_set(err, ERR_CORRUPT, "a column is planned in no way");
}

/* Whether the column may order others: of ids, many different ones, which do not count. */
static bool may_order(const struct columnar_pack *pack, const struct columnar_plan *plan)
{
    const struct columnar_planner *planner = pack->planner;
    if (plan->way != COLUMNAR_IDS || plan->n_distinct < LEADER_DISTINCT_MIN) {
        return false;
    }
    uint32_t id = (uint32_t)planner->ids.items[plan->first_distinct];
    struct span value = vocabulary_value(planner->cut->vocabulary, id);
    struct value_form_bits bits;
    return value_form_of(value, &bits).kind != VALUE_FORM_INTEGER;
}

/* The columns that others may be ordered by: those that tell most lines apart. */
static void choose_orders(struct columnar_pack *pack)
{
    const struct columnar_planner *planner = pack->planner;
    size_t weights[1 + COLUMNAR_PACK_LEADERS_MAX] = {SIZE_MAX};
    pack->orders[0].by = COLUMNAR_ORDER_SHAPES;
    pack->n_orders = 1;
    for (size_t i = 0; i < planner->plans.count; i++) {
        const struct columnar_plan *plan = &planner->plans.items[i];
        size_t weight = plan->n_distinct * plan->column->values.count;
        size_t at = pack->n_orders;
        if (!may_order(pack, plan)) {
            continue;
        }
        for (; weights[at - 1] < weight; at--) {
            if (at <= COLUMNAR_PACK_LEADERS_MAX) {
                weights[at] = weights[at - 1];
                pack->orders[at].by = pack->orders[at - 1].by;
            }
        }
        if (at <= COLUMNAR_PACK_LEADERS_MAX) {
            weights[at] = weight;
            pack->orders[at].by = COLUMNAR_ORDER_COLUMN + i;
            pack->n_orders += pack->n_orders <= COLUMNAR_PACK_LEADERS_MAX;
        }
    }
}

/* The keys of the lines by each order. */
static enum status note_keys(struct columnar_pack *pack, struct err *err)
{
    const struct columnar_planner *planner = pack->planner;
    const struct columnar_cut *cut = planner->cut;
    size_t n_lines = cut->shapes.count;
    for (size_t o = 0; o < pack->n_orders; o++) {
        vec_clear(&pack->orders[o].keys);
        if (!vec_reserve(&pack->orders[o].keys, n_lines)) {
            return err_nomem(err, "columns");
        }
        uint16_t *keys = pack->orders[o].keys.items;
        if (o == 0) {
            pack->orders[o].n_keys = cut->used_shapes.count;
            for (size_t i = 0; i < n_lines; i++) {
                keys[i] = (uint16_t)cut->shapes.items[i];
            }
            continue;
        }
        const struct columnar_plan *plan =
            &planner->plans.items[pack->orders[o].by - COLUMNAR_ORDER_COLUMN];
        const uint64_t *places = planner->places.items + plan->first_place;
        memset(keys, 0, n_lines * sizeof *keys);
        for (size_t k = 0; k < plan->column->values.count; k++) {
            keys[plan->column->lines.items[k]] = (uint16_t)(places[k] + 1);
        }
        pack->orders[o].n_keys = plan->n_distinct + 1;
    }
    return OK;
}

/* Which shape each line has: a list of the used ones, and places in it. */
enum status columnar_pack_shapes(struct columnar_pack *pack, struct err *err)
{
    const struct columnar_cut *cut = pack->planner->cut;
    size_t n_lines = cut->shapes.count;
    size_t n_used = cut->used_shapes.count;
    buf_clear(&pack->body);
    choose_orders(pack);
    vec_clear(&pack->numbers);
    if (!vec_reserve(&pack->numbers, n_lines + n_used)) {
        return err_nomem(err, "columns");
    }
    uint64_t *used = pack->numbers.items;
    for (size_t i = 0; i < n_used; i++) {
        used[i] = cut->used_shapes.items[i];
    }
    for (size_t i = 0; i < n_lines; i++) {
        used[n_used + i] = cut->shapes.items[i];
    }
    buf_add_varint(&pack->body, n_used);
    enum status status = pack_numbers(pack, used, n_used, err);
    status = THEN(status, pack_numbers(pack, used + n_used, n_lines, err));
    return THEN(status, note_keys(pack, err));
}

/* Puts the values of a column in order, by counting; NO_ORDER: as their lines. */
static enum status order_values(struct columnar_pack *pack, const struct columnar_plan *plan,
                                size_t o, struct err *err)
{
    size_t count = plan->column->values.count;
    vec_clear(&pack->values);
    vec_clear(&pack->next);
    if (o == NO_ORDER) {
        return OK;
    }
    size_t n_keys = pack->orders[o].n_keys;
    if (!vec_reserve(&pack->values, count) || !vec_reserve(&pack->next, n_keys + 1)) {
        return err_nomem(err, "columns");
    }
    const uint16_t *lines = plan->column->lines.items;
    const uint16_t *keys = pack->orders[o].keys.items;
    uint16_t *next = pack->next.items;
    memset(next, 0, (n_keys + 1) * sizeof *next);
    for (size_t i = 0; i < count; i++) {
        next[keys[lines[i]] + 1]++;
    }
    for (size_t key = 1; key < n_keys; key++) {
        next[key] = (uint16_t)(next[key] + next[key - 1]);
    }
    for (size_t i = 0; i < count; i++) {
        pack->values.items[next[keys[lines[i]]]++] = (uint16_t)i;
    }
    pack->values.count = count;
    return OK;
}

static enum status pack_in_order(struct columnar_pack *pack, const struct columnar_plan *plan,
                                 size_t o, struct err *err)
{
    enum status status = order_values(pack, plan, o, err);
    return THEN(status, pack_way(pack, plan,
                                 o == NO_ORDER ? COLUMNAR_ORDER_LINES : pack->orders[o].by, err));
}

/* The path that an order is remembered by; shapes have none. */
static uint32_t path_of_order(const struct columnar_pack *pack, size_t o)
{
    size_t by = pack->orders[o].by;
    return by < COLUMNAR_ORDER_COLUMN
               ? INTERN_NONE
               : pack->planner->plans.items[by - COLUMNAR_ORDER_COLUMN].column->path;
}

/* Packs it in each order that it may have, and keeps the smallest; *order: that one. */
static enum status try_orders(struct columnar_pack *pack, const struct columnar_plan *plan,
                              size_t n_orders, size_t *order, struct err *err)
{
    size_t begin = pack->body.size;
    *order = NO_ORDER;
    enum status status = pack_in_order(pack, plan, NO_ORDER, err);
    buf_clear(&pack->best);
    buf_add(&pack->best, pack->body.data + begin, pack->body.size - begin);
    for (size_t o = 0; status == OK && o < n_orders; o++) {
        pack->body.size = begin;
        status = pack_in_order(pack, plan, o, err);
        if (pack->body.size - begin < pack->best.size) {
            buf_clear(&pack->best);
            buf_add(&pack->best, pack->body.data + begin, pack->body.size - begin);
            *order = o;
        }
    }
    pack->body.size = begin;
    buf_add_span(&pack->body, buf_span(&pack->best));
    return THEN(status, buf_status(&pack->best, "columns", err));
}

/* How many of the orders plan i may have: a column that orders others has only those before it. */
static size_t count_orders(const struct columnar_pack *pack, size_t i)
{
    const struct columnar_plan *plan = &pack->planner->plans.items[i];
    bool is_uuid = plan->way == COLUMNAR_FORM && plan->form.kind == VALUE_FORM_UUID;
    if (plan->way == COLUMNAR_ONE || plan->way == COLUMNAR_FOLLOWS || is_uuid ||
        plan->column->values.count < ORDER_VALUES_MIN) {
        return 0;
    }
    size_t n_orders = 0;
    while (n_orders < pack->n_orders && pack->orders[n_orders].by != COLUMNAR_ORDER_COLUMN + i) {
        n_orders++;
    }
    return n_orders;
}

enum status columnar_pack_column(struct columnar_pack *pack, size_t i, struct err *err)
{
    struct columnar_plan *plan = &pack->planner->plans.items[i];
    struct columnar_memory *memory = &pack->planner->memory[plan->column->path];
    size_t n_orders = count_orders(pack, i);
    if (n_orders == 0) {
        return pack_in_order(pack, plan, NO_ORDER, err);
    }
    size_t order = NO_ORDER;
    if (memory->order_age > 0 && memory->order_age < ORDER_AGAIN) {
        memory->order_age++;
        for (size_t o = 0; memory->is_ordered && o < n_orders; o++) {
            order = path_of_order(pack, o) == memory->order_path ? o : order;
        }
        return pack_in_order(pack, plan, order, err);
    }
    enum status status = try_orders(pack, plan, n_orders, &order, err);
    memory->order_age = 1;
    memory->is_ordered = order != NO_ORDER;
    memory->order_path = memory->is_ordered ? path_of_order(pack, order) : INTERN_NONE;
    return status;
}
