#include "schema/columnar/columnar_plan.h"

#include "schema/base/hash64.h"
#include "schema/base/random.h"

enum {
    SAMPLE = 256, /* values, before a column can be found to hardly repeat */
    SEEN_SLOTS = 1 << 16,
    NEW_VALUE_BYTES = 6, /* a new value's share of lists and indexes, beside its text */
};

enum status columnar_planner_init(struct columnar_planner *planner, struct columnar_cut *cut,
                                  struct err *err)
{
    *planner = (struct columnar_planner){.cut = cut};
    random_fill(&planner->seed, sizeof planner->seed);
    planner->memory = calloc(VOCABULARY_PATHS_MAX, sizeof *planner->memory);
    planner->seen = calloc(SEEN_SLOTS, sizeof *planner->seen);
    return planner->memory && planner->seen ? OK : err_nomem(err, "columns");
}

void columnar_planner_fini(struct columnar_planner *planner)
{
    free(planner->memory);
    free(planner->seen);
    vec_fini(&planner->plans);
    vec_fini(&planner->distinct);
    vec_fini(&planner->ids);
    vec_fini(&planner->found);
    vec_fini(&planner->places);
    vec_fini(&planner->numbers);
    vec_fini(&planner->seconds);
    vec_fini(&planner->odd);
    vec_fini(&planner->map);
    vec_fini(&planner->members);
    vec_fini(&planner->order);
    index_table_fini(&planner->table);
}

static void clear(struct columnar_planner *planner)
{
    vec_clear(&planner->plans);
    vec_clear(&planner->distinct);
    vec_clear(&planner->ids);
    vec_clear(&planner->found);
    vec_clear(&planner->places);
    vec_clear(&planner->numbers);
    vec_clear(&planner->seconds);
    vec_clear(&planner->odd);
    vec_clear(&planner->map);
    vec_clear(&planner->members);
}

static size_t value_count(const struct columnar_plan *plan)
{
    return plan->column->values.count;
}

/* Values of lines that are the same as the one before stand in the same place. */
static bool same_place(const struct span *values, size_t i)
{
    return i > 0 && values[i].data == values[i - 1].data && values[i].size == values[i - 1].size;
}

enum tried { TRIED, TRIED_NOT, TRIED_NOMEM };

/* All values as `form`, but for a few; what was added to the pools is taken back otherwise. */
static enum tried try_form(struct columnar_planner *planner, struct columnar_plan *plan,
                           struct value_form form)
{
    size_t n = value_count(plan);
    size_t odd_max = n / COLUMNAR_ODD_SHARE;
    plan->first_number = planner->numbers.count;
    plan->first_odd = planner->odd.count;
    if (!vec_reserve(&planner->numbers, n) || !vec_reserve(&planner->seconds, n) ||
        !vec_reserve(&planner->odd, odd_max + 1)) {
        return TRIED_NOMEM;
    }
    uint64_t *numbers = planner->numbers.items + plan->first_number;
    uint64_t *seconds = planner->seconds.items + plan->first_number;
    uint64_t *odd = planner->odd.items + plan->first_odd;
    size_t n_odd = 0;
    struct value_form_bits last = {0, 0}; /* stands where a value is odd */
    const struct span *values = plan->column->values.items;
    for (size_t i = 0; i < n; i++) {
        struct value_form_bits bits;
        bool is_last = same_place(values, i) && (n_odd == 0 || odd[n_odd - 1] != i - 1);
        if (is_last) {
            /* it stands already */
        } else if (value_form_read(form, values[i], &bits)) {
            last = bits;
        } else if (n_odd == odd_max) {
            return TRIED_NOT;
        } else {
            odd[n_odd++] = i;
        }
        numbers[i] = last.number;
        seconds[i] = last.second;
    }
    planner->numbers.count += n;
    planner->seconds.count += n;
    planner->odd.count += n_odd;
    plan->n_odd = n_odd;
    plan->form = form;
    plan->way = COLUMNAR_FORM;
    return TRIED;
}

/* The form of the first value, or of times without a fixed number of digits. */
static enum tried try_some_form(struct columnar_planner *planner, struct columnar_plan *plan)
{
    struct value_form_bits bits;
    struct value_form form = value_form_of(plan->column->values.items[0], &bits);
    if (form.kind == VALUE_FORM_NONE) {
        return TRIED_NOT;
    }
    enum tried tried = try_form(planner, plan, form);
    if (tried == TRIED_NOT && form.kind == VALUE_FORM_TIME) {
        form.fraction = VALUE_FORM_FRACTION_TRIMMED;
        tried = try_form(planner, plan, form);
    }
    return tried;
}

/* How many of a column's different values came in blocks before; they count as come from now on.
 * Hashed without a seed: the same lines give the same block. */
static size_t count_again(struct columnar_planner *planner, const struct columnar_plan *plan)
{
    size_t n_again = 0;
    for (size_t i = 0; i < plan->n_distinct; i++) {
        struct span value = planner->distinct.items[plan->first_distinct + i];
        uint32_t fingerprint = (uint32_t)hash64(value, plan->column->path);
        uint32_t *slot = &planner->seen[fingerprint % SEEN_SLOTS];
        n_again += *slot == fingerprint;
        *slot = fingerprint;
    }
    return n_again;
}

/* Adds a different value; TRIED_NOT: they hardly repeat. */
static enum tried add_distinct(struct columnar_planner *planner, const struct columnar_plan *plan,
                               struct span value, uint32_t hash, size_t i)
{
    size_t count = planner->distinct.count - plan->first_distinct;
    if (value.size > VOCABULARY_VALUE_BYTES_MAX || (i >= SAMPLE && count * 8 > i * 7)) {
        return TRIED_NOT;
    }
    bool ok = vec_push(&planner->distinct, value) &&
              index_table_add(&planner->table, hash, (uint32_t)count);
    return ok ? TRIED : TRIED_NOMEM;
}

/* The place of the value, which is added when it is new. */
static enum tried find_distinct(struct columnar_planner *planner, const struct columnar_plan *plan,
                                size_t i, uint64_t *out_place)
{
    struct span value = plan->column->values.items[i];
    uint32_t hash = (uint32_t)hash64(value, planner->seed);
    for (struct index_table_probe probe = index_table_probe(&planner->table, hash);
         index_table_next(&probe);) {
        if (span_equal(planner->distinct.items[plan->first_distinct + probe.number], value)) {
            *out_place = probe.number;
            return TRIED;
        }
    }
    *out_place = planner->distinct.count - plan->first_distinct;
    return add_distinct(planner, plan, value, hash, i);
}

/* The place of each value among the different ones; TRIED_NOT: they hardly repeat. */
static enum tried count_distinct(struct columnar_planner *planner, struct columnar_plan *plan)
{
    const struct span *values = plan->column->values.items;
    size_t n = value_count(plan);
    plan->first_distinct = planner->distinct.count;
    plan->first_place = planner->places.count;
    index_table_clear(&planner->table);
    if (!vec_reserve(&planner->places, n)) {
        return TRIED_NOMEM;
    }
    uint64_t *places = planner->places.items + plan->first_place;
    memset(&planner->recents, 0, sizeof planner->recents);
    for (size_t i = 0; i < n; i++) {
        if (same_place(values, i)) {
            places[i] = places[i - 1];
            continue;
        }
        struct columnar_ends ends = columnar_ends_of(values[i]);
        struct columnar_recent *recent = &planner->recents.slots[columnar_ends_slot(&ends)];
        if (!columnar_recent_is(recent, &ends, values[i])) {
            enum tried tried = find_distinct(planner, plan, i, &places[i]);
            if (tried != TRIED) {
                planner->distinct.count = plan->first_distinct;
                return tried;
            }
            *recent = (struct columnar_recent){ends, values[i], places[i]};
        }
        places[i] = recent->place;
    }
    planner->places.count += n;
    plan->n_distinct = planner->distinct.count - plan->first_distinct;
    plan->n_again = count_again(planner, plan);
    return TRIED;
}

/* Costs are estimates, in bytes. The more of the values came before, the more of those that are new
 * to the vocabulary will come again: blocks to come share their cost. */
static bool cost_of_ids(struct columnar_planner *planner, struct columnar_plan *plan,
                        size_t *out_cost)
{
    const struct vocabulary *vocabulary = planner->cut->vocabulary;
    size_t n = plan->n_distinct;
    size_t new_bytes = 0;
    plan->first_found = planner->found.count;
    plan->has_found = vec_reserve(&planner->found, n);
    for (size_t i = 0; plan->has_found && i < n; i++) {
        struct span value = planner->distinct.items[plan->first_distinct + i];
        uint32_t id = dictionary_find(&vocabulary->values, plan->column->path, value);
        planner->found.items[planner->found.count++] = id;
        if (id == DICTIONARY_NONE) {
            struct value_form_bits bits;
            bool is_uuid = value_form_of(value, &bits).kind == VALUE_FORM_UUID;
            new_bytes += NEW_VALUE_BYTES + (is_uuid ? 16 : value.size * 5 / 8);
        }
    }
    *out_cost =
        value_count(plan) * packer_bits(n - 1) * 3 / 32 + n + new_bytes * (n - plan->n_again) / n;
    return plan->has_found;
}

static size_t cost_of_text(const struct columnar_plan *plan)
{
    size_t bytes = 0;
    for (size_t i = 0; i < value_count(plan); i++) {
        bytes += plan->column->values.items[i].size;
    }
    return bytes * 3 / 8 + value_count(plan) / 2;
}

static size_t cost_of_form(const struct columnar_planner *planner, const struct columnar_plan *plan)
{
    size_t n = value_count(plan);
    if (plan->form.kind == VALUE_FORM_UUID) {
        return n * 16;
    }
    const uint64_t *numbers = planner->numbers.items + plan->first_number;
    int64_t minimum = (int64_t)numbers[0];
    int64_t maximum = minimum;
    for (size_t i = 1; i < n; i++) {
        minimum = (int64_t)numbers[i] < minimum ? (int64_t)numbers[i] : minimum;
        maximum = (int64_t)numbers[i] > maximum ? (int64_t)numbers[i] : maximum;
    }
    size_t bits = plan->form.kind == VALUE_FORM_TIME
                      ? 24
                      : packer_bits((uint64_t)maximum - (uint64_t)minimum);
    return n * (bits + (plan->form.kind == VALUE_FORM_ENDPOINT ? 16 : 0)) / 8 + plan->n_odd * 16;
}

/* A few integers, which may be smaller as numbers in some order, such as counters of sessions:
 * where arrangements are tried, they are both. */
static enum tried try_numbers(struct columnar_planner *planner, struct columnar_plan *plan)
{
    struct value_form_bits bits;
    struct value_form form = value_form_of(plan->column->values.items[0], &bits);
    if (form.kind != VALUE_FORM_INTEGER ||
        !columnar_plan_is_due(&planner->memory[plan->column->path])) {
        return TRIED_NOT;
    }
    enum tried tried = try_form(planner, plan, form);
    plan->has_numbers = tried == TRIED;
    return tried;
}

/* A column whose different values were counted: ids, unless a form or text costs less. */
static enum tried choose_counted(struct columnar_planner *planner, struct columnar_plan *plan)
{
    size_t ids = 0;
    bool has_room = !dictionary_full(&planner->cut->vocabulary->values,
                                     (uint32_t)planner->ids.count + (uint32_t)plan->n_distinct);
    if (has_room && plan->n_distinct * 16 < value_count(plan)) {
        enum tried tried = plan->n_distinct == 1 ? TRIED_NOT : try_numbers(planner, plan);
        plan->way = plan->n_distinct == 1 ? COLUMNAR_ONE : COLUMNAR_IDS;
        return tried == TRIED_NOMEM ? tried : TRIED;
    }
    if (plan->n_distinct > 1 && !cost_of_ids(planner, plan, &ids)) {
        return TRIED_NOMEM;
    }
    enum tried tried = try_some_form(planner, plan);
    if (tried == TRIED && (!has_room || cost_of_form(planner, plan) < ids)) {
        return TRIED;
    }
    if (tried == TRIED) { /* the form is not wanted */
        planner->numbers.count = planner->seconds.count = plan->first_number;
        planner->odd.count = plan->first_odd;
        plan->n_odd = 0;
    }
    plan->way = has_room && ids <= cost_of_text(plan)
                    ? (plan->n_distinct == 1 ? COLUMNAR_ONE : COLUMNAR_IDS)
                    : COLUMNAR_TEXT;
    return tried == TRIED_NOMEM ? TRIED_NOMEM : TRIED;
}

static enum tried choose(struct columnar_planner *planner, struct columnar_plan *plan)
{
    struct columnar_memory *memory = &planner->memory[plan->column->path];
    bool is_known = memory->age > 0 && memory->age < COLUMNAR_PLAN_AGAIN;
    if (is_known && memory->way == COLUMNAR_FORM) {
        enum tried tried = try_form(planner, plan, memory->form);
        if (tried != TRIED_NOT) {
            memory->age++;
            return tried;
        }
    }
    if (is_known && memory->way == COLUMNAR_TEXT) {
        plan->way = COLUMNAR_TEXT;
        memory->age++;
        return TRIED;
    }
    enum tried tried = count_distinct(planner, plan);
    if (tried == TRIED) {
        tried = choose_counted(planner, plan);
    } else if (tried == TRIED_NOT) {
        tried = try_some_form(planner, plan);
        plan->way = tried == TRIED_NOT ? COLUMNAR_TEXT : plan->way;
        tried = tried == TRIED_NOT ? TRIED : tried;
    }
    /* a few values say little of the next block */
    memory->age = value_count(plan) >= SAMPLE;
    memory->way = (uint8_t)plan->way;
    memory->form = plan->form;
    return tried;
}

static int by_id(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Numbers of the vocabulary for the values, ascending, and the places among them. */
static enum status number_values(struct columnar_planner *planner, struct columnar_plan *plan,
                                 struct err *err)
{
    struct dictionary *values = &planner->cut->vocabulary->values;
    size_t n = plan->n_distinct;
    size_t first = planner->ids.count;
    if (!dictionary_reserve(values, (uint32_t)n) || !vec_reserve(&planner->ids, 2 * n)) {
        return err_nomem(err, "columns");
    }
    uint64_t *ids = planner->ids.items + first;
    for (size_t i = 0; i < n; i++) {
        struct span value = planner->distinct.items[plan->first_distinct + i];
        uint32_t id =
            plan->has_found ? planner->found.items[plan->first_found + i] : DICTIONARY_NONE;
        id = id == DICTIONARY_NONE ? dictionary_add(values, plan->column->path, value) : id;
        if (id == DICTIONARY_NONE) {
            return err_nomem(err, "columns");
        }
        ids[i] = (uint64_t)id << 32 | i;
    }
    qsort(ids, n, sizeof *ids, by_id);
    uint64_t *rank = ids + n; /* by the place before */
    for (size_t i = 0; i < n; i++) {
        rank[(uint32_t)ids[i]] = i;
        ids[i] >>= 32;
    }
    uint64_t *places = planner->places.items + plan->first_place;
    for (size_t i = 0; i < value_count(plan); i++) {
        places[i] = rank[places[i]];
    }
    planner->ids.count += n;
    plan->first_distinct = first;
    return OK;
}

static int by_path(const void *left, const void *right)
{
    uint32_t a = ((const struct columnar_plan *)left)->column->path;
    uint32_t b = ((const struct columnar_plan *)right)->column->path;
    return (a > b) - (a < b);
}

enum status columnar_planner_run(struct columnar_planner *planner, bool as_text, struct err *err)
{
    const struct columnar_cut *cut = planner->cut;
    clear(planner);
    if (!vec_reserve(&planner->plans, cut->n_columns) ||
        !dictionary_hash(&cut->vocabulary->values)) { /* of parts that were read */
        return err_nomem(err, "columns");
    }
    for (size_t i = 0; i < cut->n_columns; i++) {
        planner->plans.items[i] = (struct columnar_plan){.column = &cut->columns.items[i]};
    }
    planner->plans.count = cut->n_columns;
    vec_sort(&planner->plans, by_path);
    for (size_t i = 0; i < planner->plans.count; i++) {
        struct columnar_plan *plan = &planner->plans.items[i];
        if (as_text) {
            plan->way = COLUMNAR_TEXT;
        } else if (choose(planner, plan) == TRIED_NOMEM) {
            return err_nomem(err, "columns");
        }
        if (plan->way == COLUMNAR_ONE || plan->way == COLUMNAR_IDS) {
            enum status status = number_values(planner, plan, err);
            if (status != OK) {
                return status;
            }
        }
    }
    return columnar_planner_follow(planner, err);
}
