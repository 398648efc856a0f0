/* The set of warninglists itself, below those who fill it: warninglist.c, warninglist_json.c,
 * warninglist_pattern.c. */
#include <stdlib.h>

#include "query/hunt/warninglist_internal.h"

struct warninglist_set *warninglist_new(void)
{
    struct warninglist_set *set = calloc(1, sizeof *set);
    if (!set) {
        return NULL;
    }
    set->values = indicator_set_new();
    set->lists = calloc(WARNINGLISTS_MAX, sizeof *set->lists);
    if (!set->values || !set->lists) {
        warninglist_free(set);
        return NULL;
    }
    return set;
}

void warninglist_free(struct warninglist_set *set)
{
    if (!set) {
        return;
    }
    for (size_t i = 0; i < set->regexes.count; i++) {
        regfree(&set->patterns.items[set->regexes.items[i]].regex);
    }
    indicator_set_free(set->values);
    arena_fini(&set->arena);
    free(set->lists);
    vec_fini(&set->patterns);
    vec_fini(&set->regexes);
    free(set->begins);
    free(set->of_indicator);
    free(set);
}

size_t warninglist_count(const struct warninglist_set *set)
{
    return set ? set->count : 0;
}

const struct warninglist *warninglist_get(const struct warninglist_set *set, size_t at)
{
    CHECK(at < set->count);
    return &set->lists[at];
}

enum status warninglist_begin(struct warninglist_set *set, struct span name, unsigned kinds,
                              uint32_t *out_number, struct err *err)
{
    if (set->count == WARNINGLISTS_MAX) {
        return err_set(err, ERR_LIMIT, "more than %d warninglists", WARNINGLISTS_MAX);
    }
    struct span copy = arena_keep(&set->arena, name);
    if (!copy.data) {
        return err_nomem(err, "warninglists");
    }
    *out_number = (uint32_t)set->count;
    set->lists[set->count++] = (struct warninglist){.name = copy, .kinds = kinds};
    return OK;
}

enum status warninglist_add_value(struct warninglist_set *set, uint32_t warninglist,
                                  struct indicator *value, struct err *err)
{
    bool is_new;
    value->list = warninglist;
    value->line = 1;
    value->text = value->normal;
    return indicator_set_add(set->values, value, &is_new, err);
}

enum status warninglist_add_host(struct warninglist_set *set, uint32_t warninglist,
                                 struct span domain, struct err *err)
{
    struct indicator value = {.kind = OBSERVABLE_URL, .normal = domain};
    return warninglist_add_value(set, warninglist, &value, err);
}
