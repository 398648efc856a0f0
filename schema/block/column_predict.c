/* A full comparison looks at a sample of the events for every candidate, and then at all events for
 * the best of them. It is done for a field's first block and then now and then; between, the
 * partner of the block before is only checked to be still worth it. All costs are rough bits. */
#include "schema/block/column_predict.h"

enum {
    ASK_AGAIN = 24, /* blocks */
    SAMPLE = 128,
    MARGIN_BITS = 256, /* what reading one more column must save */
};

static unsigned log2_of(size_t n)
{
    unsigned bits = 0;
    for (; n > 1; n = (n + 1) / 2) {
        bits++;
    }
    return bits;
}

/* What it takes to write the column (its presence, or its index) given the partner's: bits for the
 * partner's entries that mean one thing, and for each event of those that do not. */
static size_t cost_with(const struct column_source *source,
                        const struct column_predictor *predictor, bool presence, size_t step,
                        size_t event_bits)
{
    uint16_t meaning[BLOCK_EVENTS_MAX + 1]; /* + 1; 0: unseen */
    uint16_t count[BLOCK_EVENTS_MAX + 1];
    bool mixed[BLOCK_EVENTS_MAX + 1];
    size_t n = (size_t)predictor->n_entries + 1;
    memset(meaning, 0, n * sizeof *meaning);
    memset(count, 0, n * sizeof *count);
    memset(mixed, 0, n * sizeof *mixed);
    size_t open = 0;
    size_t seen = 0;
    for (size_t slot = 0; slot < source->n_events; slot += step) {
        uint16_t entry = source->index[slot];
        if (presence) {
            entry = entry ? 2 : 1;
        } else if (entry == 0) {
            continue;
        }
        uint16_t theirs = predictor->index[slot];
        if (mixed[theirs]) {
            open++;
        } else if (meaning[theirs] == 0) {
            meaning[theirs] = entry;
            seen++;
            count[theirs] = 1;
        } else if (meaning[theirs] == entry) {
            count[theirs]++;
        } else {
            mixed[theirs] = true;
            open += count[theirs] + 1u;
        }
    }
    /* In a sample, most of what was seen once would turn out to be open. */
    return open * event_bits + seen * (step > 1 ? event_bits : (event_bits + 1) / 2);
}

static size_t cost_without(const struct column_source *source, bool presence, size_t event_bits)
{
    size_t present = 0;
    for (size_t slot = 0; slot < source->n_events; slot++) {
        present += source->index[slot] != 0;
    }
    if (!presence) {
        return present * event_bits;
    }
    size_t absent = source->n_events - present;
    size_t few = present < absent ? present : absent;
    size_t bits = few * 4;
    return bits < source->n_events ? bits : source->n_events;
}

static const struct column_predict_candidate *
find(const struct column_predict_candidates *candidates, uint32_t field)
{
    for (size_t i = 0; i < candidates->count; i++) {
        if (candidates->items[i].predictor.field == field) {
            return &candidates->items[i];
        }
    }
    return NULL;
}

static const struct column_predict_candidate *
best_of(const struct column_predict_candidates *candidates, const struct column_source *source,
        bool presence, size_t event_bits)
{
    const struct column_predict_candidate *best = NULL;
    size_t best_cost = SIZE_MAX;
    size_t step = source->n_events > SAMPLE * 2 ? source->n_events / SAMPLE : 1;
    for (size_t i = 0; i < candidates->count; i++) {
        const struct column_predict_candidate *candidate = &candidates->items[i];
        if (candidate->depth + 1 >= COLUMN_PREDICT_DEPTH_MAX ||
            (!presence && candidate->predictor.n_entries < 2)) {
            continue;
        }
        size_t cost = cost_with(source, &candidate->predictor, presence, step, event_bits);
        if (cost < best_cost) {
            best = candidate;
            best_cost = cost;
        }
    }
    return best;
}

static const struct column_predict_candidate *
pick(const struct column_predict_candidates *candidates, const struct column_source *source,
     bool presence, bool ask_all, uint32_t *remembered)
{
    size_t event_bits = presence ? 1 : log2_of(source->n_entries);
    size_t alone = cost_without(source, presence, event_bits);
    if (alone < MARGIN_BITS) {
        return NULL;
    }
    const struct column_predict_candidate *candidate = NULL;
    if (ask_all) {
        candidate = best_of(candidates, source, presence, event_bits);
    } else if (*remembered > 0) {
        candidate = find(candidates, *remembered - 1);
    }
    if (candidate &&
        (candidate->depth + 1 >= COLUMN_PREDICT_DEPTH_MAX ||
         cost_with(source, &candidate->predictor, presence, 1, event_bits) + MARGIN_BITS >
             alone - alone / 8)) {
        candidate = NULL;
    }
    if (ask_all) {
        *remembered = candidate ? candidate->predictor.field + 1 : 0;
    }
    return candidate;
}

void column_predict(const struct column_predict_candidates *candidates,
                    const struct column_source *source, struct column_predict_memory *relation,
                    const struct column_predict_candidate **out_presence,
                    const struct column_predict_candidate **out_values)
{
    bool ask_all = relation->asked++ % ASK_AGAIN == 0;
    *out_presence = pick(candidates, source, true, ask_all, &relation->presence);
    *out_values =
        source->n_entries > 1 ? pick(candidates, source, false, ask_all, &relation->values) : NULL;
}
