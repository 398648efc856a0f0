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
    free(dictionary->table);
    arena_fini(&dictionary->arena);
    *dictionary = (struct dictionary){0};
}

static uint32_t bucket_of(const struct dictionary *dictionary, uint32_t field, struct span text)
{
    return (uint32_t)hash64(text, dictionary->seed ^ field * UINT64_C(0x9e3779b97f4a7c15)) &
           dictionary->mask;
}

static struct span text_of(const struct dictionary_value *value)
{
    return span_of(value->text, value->size);
}

static bool table_grow(struct dictionary *dictionary, uint32_t wanted)
{
    uint32_t size = dictionary->table ? dictionary->mask + 1 : 1024;
    while (size < wanted * 2) {
        size *= 2;
    }
    if (dictionary->table && size == dictionary->mask + 1) {
        return true;
    }
    uint32_t *table = calloc(size, sizeof *table);
    if (!table) {
        return false;
    }
    free(dictionary->table);
    dictionary->table = table;
    dictionary->mask = size - 1;
    for (uint32_t id = 0; id < dictionary->count; id++) {
        const struct dictionary_value *value = &dictionary->values[id];
        uint32_t at = bucket_of(dictionary, value->field, text_of(value));
        while (table[at] != 0) {
            at = (at + 1) & dictionary->mask;
        }
        table[at] = id + 1;
    }
    return true;
}

bool dictionary_reserve(struct dictionary *dictionary, uint32_t extra)
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
    return table_grow(dictionary, wanted);
}

uint32_t dictionary_add(struct dictionary *dictionary, uint32_t field, struct span text)
{
    CHECK(dictionary->count < dictionary->capacity && text.size <= UINT32_MAX);
    uint32_t at = bucket_of(dictionary, field, text);
    for (; dictionary->table[at] != 0; at = (at + 1) & dictionary->mask) {
        const struct dictionary_value *value = &dictionary->values[dictionary->table[at] - 1];
        if (value->field == field && span_equal(text_of(value), text)) {
            return dictionary->table[at] - 1;
        }
    }
    if (dictionary_full(dictionary, 1)) {
        return DICTIONARY_NONE;
    }
    struct span copy = arena_copy(&dictionary->arena, text);
    if (!copy.data) {
        return DICTIONARY_NONE;
    }
    uint32_t id = dictionary->count++;
    dictionary->values[id] = (struct dictionary_value){copy.data, (uint32_t)copy.size, field};
    dictionary->table[at] = id + 1;
    dictionary->text_bytes += copy.size;
    return id;
}

/* Linear probing: the value added last stands on no other's way, so its slot can just be freed. */
void dictionary_shrink(struct dictionary *dictionary, uint32_t count)
{
    while (dictionary->count > count) {
        uint32_t id = --dictionary->count;
        const struct dictionary_value *value = &dictionary->values[id];
        uint32_t at = bucket_of(dictionary, value->field, text_of(value));
        while (dictionary->table[at] != id + 1) {
            at = (at + 1) & dictionary->mask;
        }
        dictionary->table[at] = 0;
        dictionary->text_bytes -= value->size;
    }
}
