/* The distinct values of a segment while it is written: (field, text) to a small number. One
 * thread. Seeded by chance, so that a sender cannot aim at its buckets. */
#ifndef SCHEMA_BLOCK_DICTIONARY_H
#define SCHEMA_BLOCK_DICTIONARY_H

#include "schema/base/arena.h"
#include "schema/base/err.h"
#include "schema/base/index_table.h"

/* Bounds; what is over them is kept as text. */
enum {
    DICTIONARY_VALUES_MAX = 1 << 20,
    DICTIONARY_TEXT_BYTES_MAX = 64 * 1024 * 1024,
};

#define DICTIONARY_NONE UINT32_MAX

struct dictionary_value {
    const char *text;
    uint32_t size;
    uint32_t field;
};

struct dictionary {
    struct dictionary_value *values;
    uint32_t count;
    uint32_t capacity;
    struct index_table table;
    uint32_t n_hashed; /* values from this one on are not in the table */
    uint64_t seed;
    size_t text_bytes;
    struct arena arena;
};

void dictionary_init(struct dictionary *dictionary);
void dictionary_fini(struct dictionary *dictionary);

/* Makes room so that `extra` values can be added without moving anything. */
MUST_USE bool dictionary_reserve(struct dictionary *dictionary, uint32_t extra);

/* The value's number, added when it is new; room must have been reserved. DICTIONARY_NONE when a
 * bound is reached or memory is out. */
uint32_t dictionary_add(struct dictionary *dictionary, uint32_t field, struct span text);

/* Appends values that are taken to be new; their texts must stay where they are as long as the
 * dictionary. They are not hashed before something is added, so that who only reads pays little:
 * until then dictionary_find looks through them one by one. False: a bound, or memory. */
MUST_USE bool dictionary_append(struct dictionary *dictionary,
                                const struct dictionary_value *values, uint32_t count);
/* Hashes what was appended, for many dictionary_find to come; false: memory is out. */
MUST_USE bool dictionary_hash(struct dictionary *dictionary);

/* Its number; DICTIONARY_NONE when it was never added. */
uint32_t dictionary_find(const struct dictionary *dictionary, uint32_t field, struct span text);

/* Takes back the values from `count` on, the last first. Their text memory stays. */
void dictionary_shrink(struct dictionary *dictionary, uint32_t count);

static inline bool dictionary_full(const struct dictionary *dictionary, uint32_t extra)
{
    return dictionary->count + extra > DICTIONARY_VALUES_MAX ||
           dictionary->text_bytes > DICTIONARY_TEXT_BYTES_MAX;
}

#endif
