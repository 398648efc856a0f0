#include "schema/column.h"
#include "schema/dictionary.h"
#include "tests/support/test.h"

static struct err err;

static void expect_column(const struct column_cell *cells, size_t n_cells, size_t n_events)
{
    struct codec *codec = codec_new();
    struct buf blob = BUF_INIT;
    struct column *column = calloc(1, sizeof *column);
    EXPECT_OK(column_encode(codec, cells, n_cells, n_events, &blob, &err), err);
    EXPECT_OK(column_decode(codec, buf_span(&blob), n_events, column, &err), err);
    EXPECT_INT(column->store, FIELD_COLUMN);
    size_t seen = 0;
    for (size_t slot = 0; slot < n_events; slot++) {
        size_t from = seen;
        while (seen < n_cells && cells[seen].slot == slot) {
            seen++;
        }
        EXPECT_INT(column->index[slot] != 0, seen > from);
        if (column->index[slot] == 0) {
            continue;
        }
        size_t entry = column->index[slot] - 1u;
        uint32_t start = column->entry_start[entry];
        EXPECT_INT(column->entry_start[entry + 1] - start, seen - from);
        for (size_t i = from; i < seen; i++) {
            EXPECT_INT(column->entry_values[start + i - from], cells[i].value);
        }
    }
    column_fini(column);
    free(column);
    buf_fini(&blob);
    codec_free(codec);
}

TEST(columns_come_back)
{
    static struct column_cell cells[3 * BLOCK_EVENTS_MAX];
    expect_column((struct column_cell[]){{0, 7}}, 1, 1);
    expect_column((struct column_cell[]){{0, 7}, {1, 7}, {2, 7}}, 3, 3);
    expect_column((struct column_cell[]){{1, 9}, {2, 3}}, 2, 4);
    expect_column((struct column_cell[]){{0, 9}, {0, 3}, {1, 3}, {3, 9}, {3, 3}}, 5, 5);
    for (uint32_t i = 0; i < BLOCK_EVENTS_MAX; i++) {
        cells[i] = (struct column_cell){(uint16_t)i, (i * 2654435761u) >> 4};
    }
    expect_column(cells, BLOCK_EVENTS_MAX, BLOCK_EVENTS_MAX);
    for (uint32_t i = 0; i < BLOCK_EVENTS_MAX; i++) {
        cells[i].value = i % 300;
    }
    expect_column(cells, BLOCK_EVENTS_MAX, BLOCK_EVENTS_MAX);
    for (uint32_t i = 0; i < 3 * BLOCK_EVENTS_MAX; i++) {
        cells[i] = (struct column_cell){(uint16_t)(i / 3), i % 37 + i % 3};
    }
    expect_column(cells, 3 * BLOCK_EVENTS_MAX, BLOCK_EVENTS_MAX);
}

TEST(numbers_come_back)
{
    static const int64_t cases[][4] = {{0, 0, 0, 0},
                                       {1, 2, 3, 4},
                                       {-5, 70000, 3, 0},
                                       {INT64_MIN, INT64_MAX, 0, 1},
                                       {1LL << 40, 0, 0, 0}};
    struct codec *codec = codec_new();
    struct column *column = calloc(1, sizeof *column);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct number_cell cells[4];
        for (uint16_t n = 0; n < 4; n++) {
            cells[n] = (struct number_cell){(uint16_t)(n * 3), cases[i][n]};
        }
        struct buf blob = BUF_INIT;
        EXPECT_OK(numbers_encode(codec, cells, 4, 100, &blob, &err), err);
        EXPECT_OK(column_decode(codec, buf_span(&blob), 100, column, &err), err);
        EXPECT_INT(column->store, FIELD_NUMBER);
        for (size_t slot = 0; slot < 100; slot++) {
            bool has = slot % 3 == 0 && slot < 12;
            EXPECT_INT(bitmap_get(&column->present, slot), has);
            EXPECT(!has || column->numbers[slot] == cases[i][slot / 3]);
        }
        buf_fini(&blob);
    }
    column_fini(column);
    free(column);
    codec_free(codec);
}

TEST(times_come_back)
{
    int64_t times[500];
    int64_t back[500];
    struct codec *codec = codec_new();
    for (int fine = 0; fine < 2; fine++) {
        for (int64_t i = 0; i < 500; i++) {
            times[i] = INT64_C(1795392000000000) + (i * 7919 % 1000) * 1000 + (fine ? i : 0);
        }
        struct buf blob = BUF_INIT;
        EXPECT_OK(times_encode(codec, times, 500, &blob, &err), err);
        EXPECT_OK(times_decode(codec, buf_span(&blob), 500, back, &err), err);
        EXPECT_INT(memcmp(times, back, sizeof times), 0);
        EXPECT_INT(times_decode(codec, span_of(blob.data, blob.size / 2), 500, back, &err),
                   ERR_CORRUPT);
        buf_fini(&blob);
    }
    codec_free(codec);
}

/* Every byte of a column changed, and every length cut: never more than an error. */
TEST(damaged_columns_are_refused_or_read_and_nothing_else)
{
    struct codec *codec = codec_new();
    struct column *column = calloc(1, sizeof *column);
    static const struct column_cell cells[] = {{0, 9}, {0, 3}, {1, 3}, {3, 9}, {3, 3}};
    struct buf blob = BUF_INIT;
    EXPECT_OK(column_encode(codec, cells, 5, 5, &blob, &err), err);
    for (size_t i = 0; i < blob.size; i++) {
        for (int value = 0; value < 256; value++) {
            char old = blob.data[i];
            blob.data[i] = (char)value;
            enum status status = column_decode(codec, buf_span(&blob), 5, column, &err);
            EXPECT(status == OK || status == ERR_CORRUPT);
            blob.data[i] = old;
        }
        EXPECT_INT(column_decode(codec, span_of(blob.data, i), 5, column, &err), ERR_CORRUPT);
    }
    buf_fini(&blob);
    column_fini(column);
    free(column);
    codec_free(codec);
}

TEST(dictionary_takes_back_what_was_added_last)
{
    struct dictionary dictionary;
    dictionary_init(&dictionary);
    char text[16];
    for (uint32_t i = 0; i < 5000; i++) {
        (void)snprintf(text, sizeof text, "v%u", i);
        EXPECT(dictionary_reserve(&dictionary, 1));
        EXPECT_INT(dictionary_add(&dictionary, i % 3, span_str(text)), i);
    }
    dictionary_shrink(&dictionary, 2500);
    EXPECT_INT(dictionary_add(&dictionary, 2499 % 3, span_str("v2499")), 2499);
    EXPECT_INT(dictionary_add(&dictionary, 1, span_str("v2499")), 2500); /* another field */
    EXPECT_INT(dictionary_add(&dictionary, 1, span_str("v4999")), 2501);
    dictionary_fini(&dictionary);
}

TEST_MAIN(TEST_ENTRY(columns_come_back), TEST_ENTRY(numbers_come_back), TEST_ENTRY(times_come_back),
          TEST_ENTRY(damaged_columns_are_refused_or_read_and_nothing_else),
          TEST_ENTRY(dictionary_takes_back_what_was_added_last))
