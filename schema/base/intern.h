/* Distinct texts as small numbers, from 0 in the order they came. One thread; a text stays where it
 * is until intern_fini, so that another thread may read those it was handed. Seeded by chance, so
 * that a sender cannot aim at its slots. */
#ifndef SCHEMA_BASE_INTERN_H
#define SCHEMA_BASE_INTERN_H

#include "schema/base/arena.h"
#include "schema/base/index_table.h"
#include "schema/base/vec.h"

#define INTERN_NONE UINT32_MAX

struct intern {
    VEC(struct span) texts; /* by number */
    struct index_table table;
    struct arena arena;
    uint64_t seed;
};

void intern_init(struct intern *intern);
void intern_fini(struct intern *intern);

/* The text's number, which it gets when it is new; each text in the arena has a NUL behind it.
 * INTERN_NONE: it is new and `max` texts are there already, or memory is out. */
uint32_t intern_add(struct intern *intern, struct span text, uint32_t max);
/* Its number; INTERN_NONE when it was never added. */
uint32_t intern_find(const struct intern *intern, struct span text);

static inline uint32_t intern_count(const struct intern *intern)
{
    return (uint32_t)intern->texts.count;
}

static inline struct span intern_text(const struct intern *intern, uint32_t number)
{
    return *vec_at(&intern->texts, number);
}

#endif
