#include "schema/block/column.h"
#include "schema/block/dictionary.h"
#include "tests/support/test.h"

static struct err err;

/* Partners of fields 1 and 2, for the decoder. */
static struct column_predictor predictors[2];

static enum status find_partner(void *context, uint32_t field, struct column_predictor *out_partner,
                                struct err *out_err)
{
    (void)context;
    if (field < 1 || field > 2) {
        return err_set(out_err, ERR_CORRUPT, "no such partner");
    }
    *out_partner = predictors[field - 1];
    return OK;
}

static void expect_entry(const struct column_source *source, const struct column *column,
                         size_t slot)
{
    uint16_t entry = source->index[slot];
    EXPECT_INT(column->index[slot], entry);
    if (entry == 0 || source->numbers) {
        return;
    }
    uint32_t first = source->entry_start ? source->entry_start[entry - 1] : entry - 1u;
    uint32_t n = source->entry_start ? source->entry_start[entry] - first : 1;
    uint32_t start = column->entry_start[entry - 1];
    EXPECT_INT(column->entry_start[entry] - start, n);
    for (uint32_t v = 0; v < n; v++) {
        EXPECT_INT(column->entry_values[start + v], source->entry_values[first + v]);
    }
}

static enum column_want want_as_told(const void *context, const struct column *column)
{
    (void)column;
    return *(const enum column_want *)context;
}

/* What a filter leaves of a column of value ids. */
static void expect_filtered(struct codec *codec, const struct column_source *source,
                            struct span blob, struct column *column)
{
    enum column_want want = COLUMN_WANT_NOTHING;
    struct column_filter filter = {.want = want_as_told, .context = &want};
    EXPECT_OK(
        column_decode(codec, blob, source->n_events, find_partner, NULL, &filter, column, &err),
        err);
    EXPECT_INT(filter.answer, want);
    EXPECT_INT(column->store, COLUMN_STORE_ABSENT);
    want = COLUMN_WANT_PRESENCE;
    EXPECT_OK(
        column_decode(codec, blob, source->n_events, find_partner, NULL, &filter, column, &err),
        err);
    EXPECT_INT(filter.answer, want);
    EXPECT_INT(column->store, COLUMN_STORE_COLUMN);
    for (size_t slot = 0; slot < source->n_events; slot++) {
        EXPECT_INT(column->index[slot], source->index[slot] != 0);
    }
}

static void expect_back(const struct column_source *source, bool presence, bool values)
{
    struct codec *codec = codec_new();
    struct buf blob = BUF_INIT;
    struct column *column = calloc(1, sizeof *column);
    EXPECT_OK(column_encode(codec, source, presence ? &predictors[0] : NULL,
                            values ? &predictors[1] : NULL, &blob, &err),
              err);
    EXPECT_OK(column_decode(codec, buf_span(&blob), source->n_events, find_partner, NULL, NULL,
                            column, &err),
              err);
    EXPECT_INT(column->store, source->numbers ? COLUMN_STORE_NUMBER : COLUMN_STORE_COLUMN);
    EXPECT_INT(column->has_ports, source->ports != NULL);
    for (size_t slot = 0; slot < source->n_events; slot++) {
        if (source->n_entries > 0) {
            expect_entry(source, column, slot);
        }
        bool has = source->index[slot] != 0;
        if (source->numbers) {
            size_t at = source->n_entries ? source->index[slot] - 1u : slot;
            EXPECT_INT(bitmap_get(&column->present, slot), has);
            EXPECT(!has || column->numbers[slot] == source->numbers[at]);
        }
        EXPECT(!source->ports || column->ports[slot] == (has ? source->ports[slot] : 0));
    }
    if (!source->numbers) {
        expect_filtered(codec, source, buf_span(&blob), column);
    }
    column_fini(column);
    free(column);
    buf_fini(&blob);
    codec_free(codec);
}

static uint32_t chance(uint32_t below)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

struct made {
    uint16_t index[BLOCK_EVENTS_MAX];
    uint16_t of_partner[2][BLOCK_EVENTS_MAX];
    uint16_t ports[BLOCK_EVENTS_MAX];
    uint32_t start[BLOCK_EVENTS_MAX + 1];
    uint32_t values[BLOCK_EVENTS_MAX * 3];
    int64_t numbers[BLOCK_EVENTS_MAX];
};

/* A column whose presence and entries follow its partners', but for one event in `noise`. */
static void make_column(struct made *made, size_t n_events, uint32_t n_entries, uint32_t noise)
{
    for (size_t i = 0; i < 2; i++) {
        uint32_t n = 1 + chance(n_events > 400 ? 400 : (uint32_t)n_events);
        for (size_t slot = 0; slot < n_events; slot++) {
            made->of_partner[i][slot] = (uint16_t)chance(n + 1);
        }
        predictors[i] = (struct column_predictor){(uint32_t)i + 1, n, made->of_partner[i], NULL};
    }
    for (size_t slot = 0; slot < n_events; slot++) {
        bool odd = chance(noise) == 0;
        bool has = odd ? chance(2) != 0 : made->of_partner[0][slot] % 3 != 1;
        uint32_t entry = odd ? chance(n_entries) : made->of_partner[1][slot] * 7u % n_entries;
        made->index[slot] = has ? (uint16_t)(entry + 1) : 0;
        made->ports[slot] = (uint16_t)chance(65536);
    }
    uint32_t before = 0;
    for (uint32_t i = 0; i < n_entries; i++) {
        made->numbers[i] = (int64_t)(before += chance(100000)) - 5000;
    }
}

TEST(columns_come_back)
{
    static struct made made;
    for (int round = 0; round < 400; round++) {
        size_t n_events = round % 8 == 0 ? BLOCK_EVENTS_MAX : 1 + chance(600);
        uint32_t n_entries = 1 + chance(round % 16 == 0 ? 4096 : round % 3 ? 20 : 600);
        n_entries = n_entries > n_events ? (uint32_t)n_events : n_entries;
        make_column(&made, n_events, n_entries, 1 + chance(40));
        struct column_source source = {
            .n_events = n_events, .index = made.index, .n_entries = n_entries};
        bool presence = round & 1;
        bool values = round & 2;
        if (round % 5 == 0) {
            source.numbers = made.numbers;
        } else if (round % 5 == 1) {
            source.entry_start = made.start;
            source.entry_values = made.values;
            for (uint32_t i = 0; i < n_entries; i++) {
                made.start[i + 1] = made.start[i] + 1 + chance(3);
            }
            for (uint32_t i = 0; i < made.start[n_entries]; i++) {
                made.values[i] = chance(1u << 20);
            }
        } else {
            source.entry_values = made.values;
            source.ports = round % 5 == 2 ? made.ports : NULL;
            for (uint32_t i = 0; i < n_entries; i++) {
                made.values[i] = (i ? made.values[i - 1] : 0) + chance(200);
            }
        }
        expect_back(&source, presence, values);
    }
}

TEST(numbers_come_back)
{
    static const int64_t cases[][4] = {{0, 0, 0, 0},
                                       {1, 2, 3, 4},
                                       {-5, 70000, 3, 0},
                                       {INT64_MIN, INT64_MAX, 0, 1},
                                       {1LL << 40, 0, 0, 0}};
    static struct made made;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_column(&made, 100, 1, 10);
        for (size_t slot = 0; slot < 100; slot++) {
            made.index[slot] = slot % 3 == 0 && slot < 12;
            made.numbers[slot] = slot < 12 ? cases[i][slot / 3] : 0;
        }
        struct column_source source = {
            .n_events = 100, .index = made.index, .numbers = made.numbers};
        expect_back(&source, false, false);
        expect_back(&source, true, false);
    }
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
        EXPECT_OK(column_times_encode(codec, times, 500, &blob, &err), err);
        EXPECT_OK(column_times_decode(codec, buf_span(&blob), 500, back, &err), err);
        EXPECT_INT(memcmp(times, back, sizeof times), 0);
        EXPECT_INT(column_times_decode(codec, span_of(blob.data, blob.size / 2), 500, back, &err),
                   ERR_CORRUPT);
        buf_fini(&blob);
    }
    codec_free(codec);
}

/* Every byte of a column changed, and every length cut: never more than an error. */
static void damage(const struct column_source *source, bool presence, bool values)
{
    struct codec *codec = codec_new();
    struct column *column = calloc(1, sizeof *column);
    struct buf blob = BUF_INIT;
    size_t n = source->n_events;
    EXPECT_OK(column_encode(codec, source, presence ? &predictors[0] : NULL,
                            values ? &predictors[1] : NULL, &blob, &err),
              err);
    for (size_t i = 0; i < blob.size; i++) {
        for (int value = 0; value < 256; value++) {
            char old = blob.data[i];
            blob.data[i] = (char)value;
            enum status status =
                column_decode(codec, buf_span(&blob), n, find_partner, NULL, NULL, column, &err);
            EXPECT(status == OK || status == ERR_CORRUPT);
            for (size_t slot = 0; status == OK && column->n_entries > 0 && slot < n; slot++) {
                EXPECT(column->index[slot] <= column->n_entries);
            }
            blob.data[i] = old;
        }
        EXPECT_INT(
            column_decode(codec, span_of(blob.data, i), n, find_partner, NULL, NULL, column, &err),
            ERR_CORRUPT);
    }
    buf_fini(&blob);
    column_fini(column);
    free(column);
    codec_free(codec);
}

TEST(damaged_columns_are_refused_or_read_and_nothing_else)
{
    static struct made made;
    for (int round = 0; round < 8; round++) {
        make_column(&made, 12, 3, 4);
        for (uint32_t i = 0; i < 3; i++) {
            made.values[i] = i * 5;
        }
        struct column_source source = {.n_events = 12, .index = made.index, .n_entries = 3};
        source.numbers = round & 4 ? made.numbers : NULL;
        source.entry_values = round & 4 ? NULL : made.values;
        source.ports = round == 3 ? made.ports : NULL;
        damage(&source, round & 1, round & 2);
    }
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
