#include "schema/base/intern.h"

#include "schema/base/hash64.h"
#include "schema/base/random.h"

void intern_init(struct intern *intern)
{
    *intern = (struct intern){0};
    random_fill(&intern->seed, sizeof intern->seed);
}

void intern_fini(struct intern *intern)
{
    vec_fini(&intern->texts);
    index_table_fini(&intern->table);
    arena_fini(&intern->arena);
}

static uint32_t find(const struct intern *intern, struct span text, uint32_t hash)
{
    for (struct index_table_probe probe = index_table_probe(&intern->table, hash);
         index_table_next(&probe);) {
        if (span_equal(intern->texts.items[probe.number], text)) {
            return probe.number;
        }
    }
    return INTERN_NONE;
}

uint32_t intern_find(const struct intern *intern, struct span text)
{
    return find(intern, text, (uint32_t)hash64(text, intern->seed));
}

uint32_t intern_add(struct intern *intern, struct span text, uint32_t max)
{
    uint32_t hash = (uint32_t)hash64(text, intern->seed);
    uint32_t number = find(intern, text, hash);
    if (number != INTERN_NONE || intern_count(intern) >= max) {
        return number;
    }
    struct span copy = arena_copy(&intern->arena, text);
    number = intern_count(intern);
    if (!copy.data || !vec_reserve(&intern->texts, 1) ||
        !index_table_add(&intern->table, hash, number)) {
        return INTERN_NONE;
    }
    intern->texts.items[intern->texts.count++] = copy;
    return number;
}
