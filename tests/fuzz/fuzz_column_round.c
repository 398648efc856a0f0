/* Any column into bytes and back: what comes out is what went in. Three bytes are an event: its
 * entry, and those of the two columns that tell of it. */
#include <stdlib.h>

#include "schema/block/column.h"
#include "tests/fuzz/fuzz_target.h"

enum { ENTRIES = 32, PARTNER_ENTRIES = 16 };

struct world {
    size_t n_events;
    uint16_t index[BLOCK_EVENTS_MAX];
    uint16_t told_by[2][BLOCK_EVENTS_MAX];
    struct column_predictor predictors[2];
    uint32_t values[ENTRIES];
    int64_t numbers[ENTRIES];
};

static enum status find_partner(void *context, uint32_t field, struct column_predictor *out_partner,
                                struct err *err)
{
    (void)err;
    const struct world *world = context;
    MUST_HOLD(field < 2);
    *out_partner = world->predictors[field];
    return OK;
}

static void check_same(const struct column_source *source, const struct column *column)
{
    for (size_t slot = 0; slot < source->n_events; slot++) {
        uint16_t entry = source->index[slot];
        MUST_HOLD(column->index[slot] == entry);
        MUST_HOLD(entry == 0 || source->numbers ||
                  column->entry_values[column->entry_start[entry - 1]] ==
                      source->entry_values[entry - 1]);
        MUST_HOLD(entry == 0 || !source->numbers ||
                  column->numbers[slot] == source->numbers[entry - 1]);
    }
}

static void round_trip(struct codec *codec, struct world *world, unsigned how)
{
    struct column_source source = {
        .n_events = world->n_events, .index = world->index, .n_entries = ENTRIES};
    source.numbers = how & 1 ? world->numbers : NULL;
    source.entry_values = how & 1 ? NULL : world->values;
    struct buf blob = BUF_INIT;
    struct column *column = calloc(1, sizeof *column);
    MUST_HOLD(column);
    MUST_HOLD(column_encode(codec, &source, how & 2 ? &world->predictors[0] : NULL,
                            how & 4 ? &world->predictors[1] : NULL, &blob, NULL) == OK);
    MUST_HOLD(column_decode(codec, buf_span(&blob), world->n_events, find_partner, world, NULL,
                            column, NULL) == OK);
    check_same(&source, column);
    column_fini(column);
    free(column);
    buf_fini(&blob);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world world;
    size_t n = (size - (size > 0)) / 3;
    if (n < ENTRIES) {
        return 0;
    }
    world.n_events = n < BLOCK_EVENTS_MAX ? n : BLOCK_EVENTS_MAX;
    for (size_t i = 0; i < world.n_events; i++) {
        world.index[i] = data[1 + i * 3] % (ENTRIES + 1);
        for (size_t p = 0; p < 2; p++) {
            world.told_by[p][i] = data[2 + i * 3 + p] % (PARTNER_ENTRIES + 1);
            world.predictors[p] =
                (struct column_predictor){(uint32_t)p, PARTNER_ENTRIES, world.told_by[p], NULL};
        }
    }
    for (uint32_t i = 0; i < ENTRIES; i++) {
        world.values[i] = i * (data[0] + 1u);
        world.numbers[i] = (int64_t)i * data[0] - 1000;
    }
    struct codec *codec = codec_new();
    MUST_HOLD(codec);
    round_trip(codec, &world, data[0]);
    codec_free(codec);
    return 0;
}
