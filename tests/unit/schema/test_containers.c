/* Vectors, tables of numbers, interned texts, classes of bytes. */
#include "schema/base/hash64.h"
#include "schema/base/intern.h"
#include "schema/text/ascii.h"
#include "tests/support/test.h"

struct pair {
    int a;
    int b;
};

static int by_a(const void *x, const void *y)
{
    return ((const struct pair *)x)->a - ((const struct pair *)y)->a;
}

TEST(vectors_grow_and_keep_their_items)
{
    VEC(struct pair) pairs = {0};
    vec_sort(&pairs, by_a); /* empty */
    EXPECT(vec_push_all(&pairs, NULL, pairs.count));
    EXPECT(!pairs.items);
    for (int i = 999; i >= 0; i--) {
        EXPECT(vec_push(&pairs, (struct pair){.a = i, .b = 2 * i}));
    }
    EXPECT_INT(pairs.count, 1000);
    vec_sort(&pairs, by_a);
    for (size_t i = 0; i < pairs.count; i++) {
        EXPECT_INT(vec_at(&pairs, i)->a, i);
        EXPECT_INT(pairs.items[i].b, 2 * i);
    }
    struct pair *added = vec_add(&pairs);
    EXPECT(added == vec_last(&pairs));
    *added = (struct pair){7, 8};
    const struct pair more[] = {{1, 2}, {3, 4}};
    EXPECT(vec_push_all(&pairs, more, 2));
    EXPECT_INT(vec_last(&pairs)->b, 4);
    EXPECT_INT(vec_at(&pairs, 1000)->a, 7);
    size_t capacity = pairs.capacity;
    vec_clear(&pairs);
    EXPECT_INT(pairs.count, 0);
    EXPECT(pairs.capacity == capacity);
    vec_fini(&pairs);
    EXPECT(!pairs.items && pairs.capacity == 0);
}

TEST(vectors_say_when_memory_is_out_and_stay_whole)
{
    VEC(struct pair) pairs = {0};
    EXPECT(vec_push(&pairs, (struct pair){1, 2}));
    EXPECT(!vec_reserve(&pairs, SIZE_MAX));
    EXPECT(!vec_reserve(&pairs, SIZE_MAX / sizeof(struct pair)));
    EXPECT(!vec_reserve(&pairs, SIZE_MAX / 2 / sizeof(struct pair)));
    EXPECT_INT(pairs.count, 1);
    EXPECT_INT(pairs.items[0].b, 2);
    EXPECT(vec_reserve(&pairs, 100));
    EXPECT(pairs.capacity >= 101);
    EXPECT_INT(pairs.items[0].b, 2);
    struct pair *given = vec_take(&pairs);
    EXPECT(!pairs.items && pairs.count == 0 && pairs.capacity == 0);
    EXPECT_INT(given->a, 1);
    struct pair *few = malloc(sizeof *few);
    EXPECT(few != NULL);
    if (few) {
        *few = *given;
        vec_adopt(&pairs, few, 1);
        for (int i = 0; i < 100; i++) {
            EXPECT(vec_push(&pairs, (struct pair){i, i}));
        }
        EXPECT(pairs.count == 101 && pairs.items[0].b == 2 && pairs.items[100].a == 99);
    }
    vec_fini(&pairs);
    free(given);
}

/* True when the number is found under the hash, once. */
static bool has(const struct index_table *table, uint32_t hash, uint32_t number)
{
    int times = 0;
    for (struct index_table_probe probe = index_table_probe(table, hash);
         index_table_next(&probe);) {
        times += probe.number == number;
    }
    EXPECT(times <= 1);
    return times == 1;
}

TEST(a_table_finds_each_number_by_its_hash)
{
    enum { NUMBERS = 5000 };
    struct index_table table = {0};
    EXPECT(!has(&table, 0, 0)); /* never allocated */
    for (uint32_t i = 0; i < NUMBERS; i++) {
        EXPECT(index_table_add(&table, i / 3, i)); /* three to a hash, hashes side by side */
    }
    EXPECT_INT(table.count, NUMBERS);
    for (uint32_t i = 0; i < NUMBERS; i++) {
        EXPECT(has(&table, i / 3, i));
        EXPECT(!has(&table, i / 3 + 1, i));
    }
    index_table_clear(&table);
    EXPECT(!has(&table, 0, 0));
    EXPECT(index_table_add(&table, UINT32_MAX, 5));
    EXPECT(has(&table, UINT32_MAX, 5));
    index_table_fini(&table);
    EXPECT(!has(&table, UINT32_MAX, 5));
}

/* Against a plain list, with hashes that collide and wrap around the end of the table. */
TEST(removing_loses_no_other_number)
{
    enum { NUMBERS = 400, ROUNDS = 20000 };
    struct index_table table = {0};
    bool there[NUMBERS] = {0};
    uint32_t hashes[NUMBERS];
    uint64_t seed = 1;
    for (uint32_t i = 0; i < NUMBERS; i++) {
        hashes[i] = UINT32_MAX - index_table_mix(i) % 40;
    }
    for (int round = 0; round < ROUNDS; round++) {
        seed = hash64(span_of(&seed, sizeof seed), 3);
        uint32_t i = (uint32_t)(seed % NUMBERS);
        if (there[i]) {
            index_table_remove(&table, hashes[i], i);
        } else {
            EXPECT(index_table_add(&table, hashes[i], i));
        }
        there[i] = !there[i];
        uint32_t other = (uint32_t)(seed >> 32) % NUMBERS;
        EXPECT(has(&table, hashes[other], other) == there[other]);
    }
    size_t count = 0;
    for (uint32_t i = 0; i < NUMBERS; i++) {
        count += there[i];
        EXPECT(has(&table, hashes[i], i) == there[i]);
    }
    EXPECT_INT(table.count, count);
    index_table_fini(&table);
}

TEST(a_table_has_a_bound)
{
    struct index_table table = {0};
    EXPECT(!index_table_reserve(&table, SIZE_MAX));
    EXPECT(!index_table_reserve(&table, (size_t)INDEX_TABLE_MAX + 1));
    EXPECT(!index_table_add(&table, 1, INDEX_TABLE_MAX));
    EXPECT(!index_table_add(&table, 1, UINT32_MAX));
    EXPECT(index_table_reserve(&table, 1000));
    uint64_t *slots = table.slots;
    for (uint32_t i = 0; i < 1000; i++) {
        EXPECT(index_table_add(&table, index_table_mix(i), i));
    }
    EXPECT(table.slots == slots);
    index_table_fini(&table);
}

TEST(texts_get_one_number_each)
{
    enum { TEXTS = 3000 };
    struct intern intern;
    intern_init(&intern);
    char text[16];
    for (uint32_t i = 0; i < 2 * TEXTS; i++) {
        (void)snprintf(text, sizeof text, "text %u", i % TEXTS);
        EXPECT_INT(intern_add(&intern, span_str(text), TEXTS), i % TEXTS);
    }
    EXPECT_INT(intern_count(&intern), TEXTS);
    EXPECT_SPAN(intern_text(&intern, 17), "text 17");
    EXPECT_STR(intern_text(&intern, 17).data, "text 17");
    EXPECT_INT(intern_add(&intern, span_str("one too many"), TEXTS), INTERN_NONE);
    EXPECT_INT(intern_find(&intern, span_str("one too many")), INTERN_NONE);
    EXPECT_INT(intern_add(&intern, span_str(""), TEXTS + 1), TEXTS);
    EXPECT_INT(intern_find(&intern, span_of(NULL, 0)), TEXTS);
    EXPECT_INT(intern_find(&intern, span_str("text 2999")), 2999);
    intern_fini(&intern);
    EXPECT_INT(intern_count(&intern), 0);
    EXPECT_INT(intern_find(&intern, span_str("text 1")), INTERN_NONE);
}

TEST(classes_of_bytes)
{
    int digits = 0;
    int letters = 0;
    int spaces = 0;
    int hex = 0;
    for (int i = 0; i < 256; i++) {
        char c = (char)i;
        digits += ascii_is_digit(c);
        letters += ascii_is_letter(c);
        spaces += ascii_is_space(c);
        hex += ascii_hex_digit(c) >= 0;
        EXPECT(ascii_lower(c) == c || (c >= 'A' && c <= 'Z' && ascii_lower(c) == c + 32));
    }
    EXPECT_INT(digits, 10);
    EXPECT_INT(letters, 52);
    EXPECT_INT(spaces, 4);
    EXPECT_INT(hex, 22);
    EXPECT_INT(ascii_hex_digit('9'), 9);
    EXPECT_INT(ascii_hex_digit('f'), 15);
    EXPECT_INT(ascii_hex_digit('A'), 10);
    EXPECT(ascii_all_digits(span_str("0129")));
    EXPECT(!ascii_all_digits(span_str("")));
    EXPECT(!ascii_all_digits(span_str("12a")));
    EXPECT_SPAN(ascii_trim(span_str(" \ta b\t "), " \t"), "a b");
    EXPECT_SPAN(ascii_trim(span_str(" \n "), " \n"), "");
    EXPECT_SPAN(ascii_trim(span_str(" a\n"), " "), "a\n");
    EXPECT_INT(ascii_trim(span_of("\0a\0", 3), " ").size, 3);
    EXPECT_INT(ascii_trim(span_of(NULL, 0), " ").size, 0);
}

TEST_MAIN(TEST_ENTRY(vectors_grow_and_keep_their_items),
          TEST_ENTRY(vectors_say_when_memory_is_out_and_stay_whole),
          TEST_ENTRY(a_table_finds_each_number_by_its_hash),
          TEST_ENTRY(removing_loses_no_other_number), TEST_ENTRY(a_table_has_a_bound),
          TEST_ENTRY(texts_get_one_number_each), TEST_ENTRY(classes_of_bytes))
