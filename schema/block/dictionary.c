#include "schema/block/dictionary.h"

#include <stdlib.h>

#include "schema/base/hash64.h"
#include "schema/base/random.h"

void dictionary_init(struct dictionary *dictionary)
{
    *dictionary = (struct dictionary){0};
    random_fill(&dictionary->seed, sizeof dictionary->seed);
}

void dictionary_fini(struct dictionary *dictionary)
{
    free(dictionary->values);
    index_table_fini(&dictionary->table);
    arena_fini(&dictionary->arena);
    *dictionary = (struct dictionary){0};
}

static uint32_t hash_of(const struct dictionary *dictionary, uint32_t field, struct span text)
{
    return (uint32_t)hash64(text, dictionary->seed ^ field * UINT64_C(0x9e3779b97f4a7c15));
}

static struct span text_of(const struct dictionary_value *value)
{
    return span_of(value->text, value->size);
}

static bool reserve_values(struct dictionary *dictionary, uint32_t extra)
{
    uint32_t wanted = dictionary->count + extra;
    if (wanted > dictionary->capacity) {
        uint32_t capacity = wanted + wanted / 2 + 1024;
        struct dictionary_value *values =
            realloc(dictionary->values, capacity * sizeof *dictionary->values);
        if (!values) {
            return false;
        }
        dictionary->values = values;
        dictionary->capacity = capacity;
    }
    return true;
}

bool dictionary_reserve(struct dictionary *dictionary, uint32_t extra)
{
    return dictionary_hash(dictionary) && reserve_values(dictionary, extra) &&
           index_table_reserve(&dictionary->table, extra);
}

bool dictionary_append(struct dictionary *dictionary, const struct dictionary_value *values,
                       uint32_t count)
{
    if (count == 0) {
        return true;
    }
    if (dictionary_full(dictionary, count) || !reserve_values(dictionary, count)) {
        return false;
    }
    memcpy(dictionary->values + dictionary->count, values, count * sizeof *values);
    for (uint32_t i = 0; i < count; i++) {
        dictionary->text_bytes += values[i].size;
    }
    dictionary->count += count;
    return true;
}

bool dictionary_hash(struct dictionary *dictionary)
{
    uint32_t extra = dictionary->count - dictionary->n_hashed;
    if (extra > 0 && !index_table_reserve(&dictionary->table, extra)) {
        return false;
    }
    for (; dictionary->n_hashed < dictionary->count; dictionary->n_hashed++) {
        const struct dictionary_value *value = &dictionary->values[dictionary->n_hashed];
        uint32_t hash = hash_of(dictionary, value->field, text_of(value));
        if (!index_table_add(&dictionary->table, hash, dictionary->n_hashed)) {
            return false;
        }
    }
    return true;
}

static bool is_value(const struct dictionary *dictionary, uint32_t id, uint32_t field,
                     struct span text)
{
    const struct dictionary_value *value = &dictionary->values[id];
    return value->field == field && span_equal(text_of(value), text);
}

static uint32_t find(const struct dictionary *dictionary, uint32_t field, struct span text,
                     uint32_t hash)
{
    for (struct index_table_probe probe = index_table_probe(&dictionary->table, hash);
         index_table_next(&probe);) {
        if (is_value(dictionary, probe.number, field, text)) {
            return probe.number;
        }
    }
    for (uint32_t id = dictionary->n_hashed; id < dictionary->count; id++) {
        if (is_value(dictionary, id, field, text)) {
            return id;
        }
    }
    return DICTIONARY_NONE;
}

uint32_t dictionary_find(const struct dictionary *dictionary, uint32_t field, struct span text)
{
    return find(dictionary, field, text, hash_of(dictionary, field, text));
}

uint32_t dictionary_add(struct dictionary *dictionary, uint32_t field, struct span text)
{
    CHECK(dictionary->count < dictionary->capacity && text.size <= UINT32_MAX);
    CHECK(dictionary->n_hashed == dictionary->count);
    uint32_t hash = hash_of(dictionary, field, text);
    uint32_t known = find(dictionary, field, text, hash);
    if (known != DICTIONARY_NONE) {
        return known;
    }
    if (dictionary_full(dictionary, 1)) {
        return DICTIONARY_NONE;
    }
    struct span copy = arena_copy(&dictionary->arena, text);
    uint32_t id = dictionary->count;
    if (!copy.data || !index_table_add(&dictionary->table, hash, id)) {
        return DICTIONARY_NONE;
    }
    dictionary->count++;
    dictionary->n_hashed++;
    dictionary->values[id] = (struct dictionary_value){copy.data, (uint32_t)copy.size, field};
    dictionary->text_bytes += copy.size;
    return id;
}

void dictionary_shrink(struct dictionary *dictionary, uint32_t count)
{
    while (dictionary->count > count) {
        uint32_t id = --dictionary->count;
        const struct dictionary_value *value = &dictionary->values[id];
        if (id < dictionary->n_hashed) {
            uint32_t hash = hash_of(dictionary, value->field, text_of(value));
            index_table_remove(&dictionary->table, hash, id);
            dictionary->n_hashed = id;
        }
        dictionary->text_bytes -= value->size;
    }
}
