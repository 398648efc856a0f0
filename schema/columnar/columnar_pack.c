#include "schema/columnar/columnar_pack.h"

#include "schema/base/hash64.h"

void columnar_pack_fini(struct columnar_pack *pack)
{
    buf_fini(&pack->body);
    buf_fini(&pack->texts);
    vec_fini(&pack->values);
    vec_fini(&pack->spans);
    vec_fini(&pack->firsts);
    index_table_fini(&pack->table);
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

/* Spellings: whether their quotes are left away, sizes, bytes. */
static enum status pack_texts(struct columnar_pack *pack, const struct span *texts, size_t count,
                              struct err *err)
{
    bool is_quoted = true;
    for (size_t i = 0; i < count && is_quoted; i++) {
        is_quoted = vocabulary_is_quoted(texts[i]);
    }
    vec_clear(&pack->numbers);
    buf_clear(&pack->texts);
    if (!vec_reserve(&pack->numbers, count)) {
        return err_nomem(err, "columns");
    }
    for (size_t i = 0; i < count; i++) {
        struct span text = is_quoted ? span_of(texts[i].data + 1, texts[i].size - 2) : texts[i];
        pack->numbers.items[i] = text.size;
        buf_add_span(&pack->texts, text);
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
    vec_clear(&pack->spans);
    for (size_t i = 0; status == OK && i < plan->n_odd; i++) {
        if (!vec_push(&pack->spans, plan->column->values.items[odd[i]])) {
            return err_nomem(err, "columns");
        }
    }
    if (plan->n_odd > 0) {
        status = THEN(status, pack_texts(pack, pack->spans.items, plan->n_odd, err));
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

/* Sorts the texts, which stand in pack->spans in their order: those that come again once and first,
 * then the others. numbers: for each which of the first it is, from 1; 0: the next of the others.
 * Gives how many come again; false without memory. */
static bool split_repeats(struct columnar_pack *pack, size_t *out_n_repeats)
{
    size_t count = pack->spans.count;
    uint32_t *first = NULL; /* of each text, the place where it came first */
    vec_clear(&pack->numbers);
    vec_clear(&pack->firsts);
    index_table_clear(&pack->table);
    if (!vec_reserve(&pack->numbers, count) || !vec_reserve(&pack->firsts, count) ||
        !vec_reserve(&pack->spans, 2 * count)) {
        return false;
    }
    uint64_t *numbers = pack->numbers.items;
    first = pack->firsts.items;
    struct span *texts = pack->spans.items;
    struct span *sorted = texts + count;
    size_t n_repeats = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t hash = (uint32_t)hash64(texts[i], pack->planner->seed);
        struct index_table_probe probe = index_table_probe(&pack->table, hash);
        first[i] = (uint32_t)i;
        numbers[i] = 0;
        while (first[i] == i && index_table_next(&probe)) {
            first[i] = span_equal(texts[probe.number], texts[i]) ? probe.number : first[i];
        }
        if (first[i] == i) {
            if (!index_table_add(&pack->table, hash, (uint32_t)i)) {
                return false;
            }
        } else if (numbers[first[i]] == 0) {
            sorted[n_repeats++] = texts[i];
            numbers[first[i]] = n_repeats;
        }
    }
    size_t n_sorted = n_repeats;
    for (size_t i = 0; i < count; i++) {
        numbers[i] = numbers[first[i]];
        if (numbers[i] == 0) {
            sorted[n_sorted++] = texts[i];
        }
    }
    memmove(texts, sorted, n_sorted * sizeof *texts);
    pack->spans.count = n_sorted;
    *out_n_repeats = n_repeats;
    return true;
}

/* How many texts come again; if some do, which of them each value is; the texts. */
static enum status pack_text(struct columnar_pack *pack, const struct columnar_plan *plan,
                             size_t by, bool apart, struct err *err)
{
    const struct columnar_cut_values *values = &plan->column->values;
    size_t n_repeats = 0;
    enum status status = OK;
    vec_clear(&pack->spans);
    if (!vec_reserve(&pack->spans, values->count)) {
        return err_nomem(err, "columns");
    }
    pack->spans.count = values->count;
    for (size_t i = 0; i < values->count; i++) {
        pack->spans.items[i] = values->items[value_at(pack, i)];
    }
    if (apart && !split_repeats(pack, &n_repeats)) {
        return err_nomem(err, "columns");
    }
    buf_add_varint(&pack->body, by);
    buf_add_varint(&pack->body, n_repeats);
    if (n_repeats > 0) {
        status = pack_numbers(pack, pack->numbers.items, values->count, err);
    }
    return THEN(status, pack_texts(pack, pack->spans.items, pack->spans.count, err));
}

static enum status pack_ids(struct columnar_pack *pack, const struct columnar_plan *plan, size_t by,
                            struct err *err)
{
    enum status status = pack_list(pack, plan, err);
    buf_add_varint(&pack->body, by);
    return THEN(status, pack_ordered(pack, pack->planner->places.items + plan->first_place,
                                     plan->column->values.count, err));
}

enum status columnar_pack_way(struct columnar_pack *pack, const struct columnar_plan *plan,
                              size_t by, bool apart, struct err *err)
{
    switch (plan->way) {
    case COLUMNAR_ONE: /* stands in the head */
        return OK;
    case COLUMNAR_IDS:
        return pack_ids(pack, plan, by, err);
    case COLUMNAR_FOLLOWS:
        return pack_follower(pack, plan, err);
    case COLUMNAR_FORM:
        return pack_form(pack, plan, by, err);
    case COLUMNAR_TEXT:
        return pack_text(pack, plan, by, apart, err);
    }
    return err_set(err, ERR_CORRUPT, "a column is planned in no way");
}

/* Which shape each line has: a list of the used ones, and places in it. */
enum status columnar_pack_shapes(struct columnar_pack *pack, struct err *err)
{
    const struct columnar_cut *cut = pack->planner->cut;
    size_t n_lines = cut->shapes.count;
    size_t n_used = cut->used_shapes.count;
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
    return THEN(status, pack_numbers(pack, used + n_used, n_lines, err));
}
