/* Any cells into a column and back: what comes out is what went in. Each pair of bytes is a cell:
 * how far to the next slot, and the value. */
#include <stdlib.h>

#include "schema/column.h"
#include "tests/fuzz/fuzz_target.h"

enum { CELLS_MAX = 8192 };

static void check_same(const struct column *column, const struct column_cell *cells, size_t n_cells)
{
    size_t found = 0;
    for (size_t i = 0; i < n_cells; i++) {
        uint16_t entry = column->index[cells[i].slot];
        MUST_HOLD(entry > 0 && entry <= column->n_entries);
        bool here = false;
        for (uint32_t v = column->entry_start[entry - 1]; v < column->entry_start[entry]; v++) {
            here = here || column->entry_values[v] == cells[i].value;
        }
        found += here;
    }
    MUST_HOLD(found == n_cells);
}

static void round_trip(struct codec *codec, const struct column_cell *cells, size_t n_cells,
                       size_t n_events)
{
    struct buf blob = BUF_INIT;
    struct column *column = calloc(1, sizeof *column);
    MUST_HOLD(column);
    MUST_HOLD(column_encode(codec, cells, n_cells, n_events, &blob, NULL) == OK);
    MUST_HOLD(column_decode(codec, buf_span(&blob), n_events, column, NULL) == OK);
    MUST_HOLD(column->store == FIELD_COLUMN);
    check_same(column, cells, n_cells);
    size_t at = 0;
    for (size_t slot = 0; slot < n_events; slot++) {
        bool wanted = at < n_cells && cells[at].slot == slot;
        MUST_HOLD((column->index[slot] != 0) == wanted);
        while (at < n_cells && cells[at].slot == slot) {
            at++;
        }
    }
    column_fini(column);
    free(column);
    buf_fini(&blob);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct column_cell cells[CELLS_MAX];
    size_t n_cells = 0;
    size_t slot = 0;
    for (size_t i = 0; i + 1 < size && n_cells < CELLS_MAX; i += 2) {
        slot += data[i] % 8;
        if (slot >= BLOCK_EVENTS_MAX) {
            break;
        }
        cells[n_cells++] = (struct column_cell){
            .slot = (uint16_t)slot, .value = (uint32_t)data[i + 1] << (data[i] / 8 % 25)};
    }
    if (n_cells == 0) {
        return 0;
    }
    struct codec *codec = codec_new();
    MUST_HOLD(codec);
    round_trip(codec, cells, n_cells, cells[n_cells - 1].slot + 1u);
    codec_free(codec);
    return 0;
}
