/* A group's number is 4 n + the kind of its value. An integer and the same number as a real are
 * equal to SQL, but two groups, so that each row keeps its own. */
#include "query/sql/groups.h"

#include <math.h>

#include "schema/base/intern.h"

enum group_kind { GROUP_NONE, GROUP_TEXT, GROUP_INTEGER, GROUP_REAL, GROUP_KINDS };

enum { CACHE_SLOTS = 512, NUMBERS_MAX = UINT32_MAX / GROUP_KINDS - 1 };

/* Texts of the run by where they are: most come from the vocabulary, again and again. */
struct group_cache {
    const char *data;
    size_t size;
    uint32_t group;
};

struct groups {
    struct intern texts;
    struct intern integers;
    struct intern reals;
    VEC(uint16_t) slots;
    VEC(struct groups_part) parts;
    VEC(uint32_t) counts; /* by group */
    uint32_t n_runs;
    /* the run at hand */
    size_t n_rows;
    uint32_t group[GROUPS_RUN_MAX];
    uint16_t slot[GROUPS_RUN_MAX];
    struct group_cache cache[CACHE_SLOTS];
};

enum status groups_new(struct groups **out_groups, struct err *err)
{
    struct groups *groups = calloc(1, sizeof *groups);
    if (!groups) {
        return err_nomem(err, "SQL");
    }
    intern_init(&groups->texts);
    intern_init(&groups->integers);
    intern_init(&groups->reals);
    *out_groups = groups;
    return OK;
}

void groups_free(struct groups *groups)
{
    if (groups) {
        intern_fini(&groups->texts);
        intern_fini(&groups->integers);
        intern_fini(&groups->reals);
        vec_fini(&groups->slots);
        vec_fini(&groups->parts);
        vec_fini(&groups->counts);
        free(groups);
    }
}

/* UINT32_MAX: memory is out. */
static uint32_t number_in(struct intern *intern, struct span key, enum group_kind kind)
{
    uint32_t number = intern_add(intern, key, NUMBERS_MAX);
    return number == INTERN_NONE ? UINT32_MAX : number * GROUP_KINDS + kind;
}

static uint32_t group_of_text(struct groups *groups, struct span text)
{
    struct group_cache *cache = &groups->cache[((uintptr_t)text.data >> 3) % CACHE_SLOTS];
    if (cache->data != text.data || cache->size != text.size) {
        uint32_t group = number_in(&groups->texts, text, GROUP_TEXT);
        *cache = (struct group_cache){text.data, text.size, group};
    }
    return cache->group;
}

static uint32_t group_of(struct groups *groups, const struct json_path_value *value)
{
    switch (value->kind) {
    case JSON_PATH_TEXT:
    case JSON_PATH_JSON:
        return group_of_text(groups, value->text);
    case JSON_PATH_INTEGER:
    case JSON_PATH_TRUE:
    case JSON_PATH_FALSE:
        return number_in(&groups->integers, span_of(&value->integer, sizeof value->integer),
                         GROUP_INTEGER);
    case JSON_PATH_REAL:
        return number_in(&groups->reals, span_of(&value->real, sizeof value->real), GROUP_REAL);
    case JSON_PATH_NONE:
    case JSON_PATH_OPEN:
        break;
    }
    return GROUP_NONE;
}

/* Makes counts[group] be there. */
static bool count_for(struct groups *groups, uint32_t group)
{
    while (groups->counts.count <= group) {
        if (!vec_push(&groups->counts, 0)) {
            return false;
        }
    }
    return true;
}

enum status groups_add(struct groups *groups, const struct json_path_value *value, uint16_t slot,
                       struct err *err)
{
    uint32_t group = group_of(groups, value);
    if (group == UINT32_MAX || !count_for(groups, group)) {
        return err_nomem(err, "SQL");
    }
    CHECK(groups->n_rows < GROUPS_RUN_MAX);
    groups->group[groups->n_rows] = group;
    groups->slot[groups->n_rows] = slot;
    groups->n_rows++;
    return OK;
}

enum status groups_end_run(struct groups *groups, struct err *err)
{
    uint32_t *counts = groups->counts.items;
    size_t first_part = groups->parts.count;
    size_t first = groups->slots.count;
    if (!vec_reserve(&groups->slots, groups->n_rows) ||
        !vec_reserve(&groups->parts, groups->n_rows) || first + groups->n_rows > UINT32_MAX) {
        return err_nomem(err, "SQL");
    }
    for (size_t i = 0; i < groups->n_rows; i++) {
        if (counts[groups->group[i]]++ == 0) {
            groups->parts.items[groups->parts.count++] =
                (struct groups_part){.group = groups->group[i], .run = groups->n_runs};
        }
    }
    for (size_t p = first_part; p < groups->parts.count; p++) {
        struct groups_part *part = &groups->parts.items[p];
        part->first = (uint32_t)first;
        part->count = counts[part->group];
        counts[part->group] = part->first; /* where the next one goes */
        first += part->count;
    }
    for (size_t i = 0; i < groups->n_rows; i++) {
        groups->slots.items[counts[groups->group[i]]++] = groups->slot[i];
    }
    for (size_t p = first_part; p < groups->parts.count; p++) {
        counts[groups->parts.items[p].group] = 0;
    }
    groups->slots.count = first;
    groups->n_runs++;
    groups->n_rows = 0;
    memset(groups->cache, 0, sizeof groups->cache);
    return OK;
}

struct json_path_value groups_value(const struct groups *groups, uint32_t group)
{
    uint32_t number = group / GROUP_KINDS;
    struct json_path_value value = {.kind = JSON_PATH_NONE};
    switch ((enum group_kind)(group % GROUP_KINDS)) {
    case GROUP_TEXT:
        value.kind = JSON_PATH_TEXT;
        value.text = intern_text(&groups->texts, number);
        break;
    case GROUP_INTEGER:
        value.kind = JSON_PATH_INTEGER;
        memcpy(&value.integer, intern_text(&groups->integers, number).data, sizeof value.integer);
        break;
    case GROUP_REAL:
        value.kind = JSON_PATH_REAL;
        memcpy(&value.real, intern_text(&groups->reals, number).data, sizeof value.real);
        break;
    case GROUP_NONE:
    case GROUP_KINDS:
        break;
    }
    return value;
}

/* A group while they are put in order. */
struct group_rank {
    uint32_t group;
    struct json_path_value value;
};

static int compare_numbers(const struct json_path_value *a, const struct json_path_value *b)
{
    bool a_is_real = a->kind == JSON_PATH_REAL;
    if (a_is_real && b->kind == JSON_PATH_REAL) {
        return (a->real > b->real) - (a->real < b->real);
    }
    if (!a_is_real && b->kind != JSON_PATH_REAL) {
        return (a->integer > b->integer) - (a->integer < b->integer);
    }
    double real = a_is_real ? a->real : b->real;
    int64_t integer = a_is_real ? b->integer : a->integer;
    int order = 0; /* of the real */
    if (fabs(real) >= 0x1p63) {
        order = real > 0 ? 1 : -1;
    } else {
        int64_t below = (int64_t)floor(real);
        order = below != integer ? (below > integer) - (below < integer) : real > floor(real);
    }
    return a_is_real ? order : -order;
}

static int by_value(const void *first, const void *second)
{
    const struct group_rank *a = first;
    const struct group_rank *b = second;
    bool a_is_text = a->value.kind == JSON_PATH_TEXT;
    bool b_is_text = b->value.kind == JSON_PATH_TEXT;
    if (a->value.kind == JSON_PATH_NONE || b->value.kind == JSON_PATH_NONE) {
        return (b->value.kind == JSON_PATH_NONE) - (a->value.kind == JSON_PATH_NONE);
    }
    if (a_is_text || b_is_text) {
        return a_is_text && b_is_text ? span_compare(a->value.text, b->value.text)
                                      : a_is_text - b_is_text;
    }
    return compare_numbers(&a->value, &b->value);
}

/* The groups that there are, in order; malloc'ed. */
static struct group_rank *rank(const struct groups *groups, size_t *out_count)
{
    const uint32_t *counts = groups->counts.items;
    size_t n = 0;
    struct group_rank *ranks = malloc((groups->counts.count + 1) * sizeof *ranks);
    for (uint32_t group = 0; ranks && group < groups->counts.count; group++) {
        if (counts[group] > 0) {
            ranks[n++] = (struct group_rank){group, groups_value(groups, group)};
        }
    }
    if (n > 0) {
        qsort(ranks, n, sizeof *ranks, by_value);
    }
    *out_count = n;
    return ranks;
}

enum status groups_sort(struct groups *groups, bool descending, struct err *err)
{
    size_t n_ranks = 0;
    size_t n_parts = groups->parts.count;
    uint32_t *counts = groups->counts.items;
    for (size_t p = 0; p < n_parts; p++) {
        counts[groups->parts.items[p].group]++;
    }
    struct groups_part *sorted = malloc((n_parts + 1) * sizeof *sorted);
    struct group_rank *ranks = rank(groups, &n_ranks);
    if (!sorted || !ranks) {
        free(sorted);
        free(ranks);
        return err_nomem(err, "SQL");
    }
    uint32_t at = 0;
    for (size_t i = 0; i < n_ranks; i++) {
        uint32_t group = ranks[descending ? n_ranks - 1 - i : i].group;
        uint32_t count = counts[group];
        counts[group] = at;
        at += count;
    }
    for (size_t p = 0; p < n_parts; p++) {
        sorted[counts[groups->parts.items[p].group]++] = groups->parts.items[p];
    }
    free(ranks);
    vec_fini(&groups->parts);
    vec_adopt(&groups->parts, sorted, n_parts);
    return OK;
}

size_t groups_part_count(const struct groups *groups)
{
    return groups->parts.count;
}

const struct groups_part *groups_part(const struct groups *groups, size_t i)
{
    return vec_at(&groups->parts, i);
}

uint16_t groups_slot(const struct groups *groups, size_t at)
{
    return *vec_at(&groups->slots, at);
}
