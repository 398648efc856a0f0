/* Hostile bytes where a block's vectors should be. The first two bytes say how many events, the
 * third what is decoded. What is taken must be well formed. */
#include <stdlib.h>

#include "schema/block/column.h"
#include "tests/fuzz/fuzz_target.h"

enum { UNPACK_BYTES_MAX = 1 << 20 };

/* A column to be told by: three entries, in turn. */
static enum status find_partner(void *context, uint32_t field, struct column_predictor *out_partner,
                                struct err *err)
{
    (void)err;
    static uint16_t index[BLOCK_EVENTS_MAX];
    size_t n_events = *(const size_t *)context;
    for (size_t slot = 0; slot < n_events; slot++) {
        index[slot] = (uint16_t)(slot % 4);
    }
    *out_partner = (struct column_predictor){field, 3, index, NULL};
    return OK;
}

static void check_column(const struct column *column, size_t n_events)
{
    MUST_HOLD(column->store == COLUMN_STORE_COLUMN || column->store == COLUMN_STORE_NUMBER);
    for (size_t slot = 0; column->n_entries > 0 && slot < n_events; slot++) {
        MUST_HOLD(column->index[slot] <= column->n_entries);
    }
    if (column->store == COLUMN_STORE_NUMBER) {
        return;
    }
    MUST_HOLD(column->n_entries <= BLOCK_EVENTS_MAX);
    MUST_HOLD(column->entry_start[column->n_entries] <= column->entry_values_capacity);
    for (uint32_t e = 0; e < column->n_entries; e++) {
        MUST_HOLD(column->entry_start[e] <= column->entry_start[e + 1]);
    }
}

static void decode(struct codec *codec, uint8_t what, struct span blob, size_t n_events)
{
    static int64_t times_us[BLOCK_EVENTS_MAX];
    struct buf out = BUF_INIT;
    if (what % 4 == 0) {
        struct column *column = calloc(1, sizeof *column);
        MUST_HOLD(column);
        if (column_decode(codec, blob, n_events, find_partner, &n_events, NULL, column, NULL) ==
            OK) {
            check_column(column, n_events);
        }
        column_fini(column);
        free(column);
    } else if (what % 4 == 1) {
        (void)!column_times_decode(codec, blob, n_events, times_us, NULL);
    } else if (what % 4 == 2) {
        (void)!column_vector_unpack(codec, blob, UNPACK_BYTES_MAX, &out, NULL);
        MUST_HOLD(out.size <= UNPACK_BYTES_MAX);
    } else {
        (void)!codec_unpack(codec, blob, UNPACK_BYTES_MAX, &out, NULL);
        MUST_HOLD(out.size <= UNPACK_BYTES_MAX);
    }
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3) {
        return 0;
    }
    struct codec *codec = codec_new();
    MUST_HOLD(codec);
    size_t n_events = 1 + ((size_t)data[0] << 8 | data[1]) % BLOCK_EVENTS_MAX;
    decode(codec, data[2], span_of(data + 3, size - 3), n_events);
    codec_free(codec);
    return 0;
}
