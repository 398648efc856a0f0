/* The order inside of a block: columns of the fields that have a matching value; number columns;
 * text by the index; and last the candidates, by their bytes. Each step only looks at events that
 * are still open. An event that is marked partial is always a candidate. */
#include <stdlib.h>

#include "query/eval/predicate_eval.h"
#include "query/language/match.h"
#include "schema/block/bitmap.h"
#include "schema/event/source.h"

static bool has_value(const struct predicate_eval *eval, const uint64_t *values, uint32_t value)
{
    return value / 64 < eval->n_value_words && (values[value / 64] >> (value % 64) & 1);
}

/* What is still open: of the mask, not in the map. */
static struct bitmap open_events(const struct bitmap *mask, const struct bitmap *map)
{
    struct bitmap open = *mask;
    bitmap_without(&open, map);
    return open;
}

/* Bytes of 0 or 1 as bits: 8 bytes are read as one number (in one load, as compilers know), and a
 * product brings their bits together. */
static inline uint64_t pack_eight(const uint8_t *at)
{
    uint64_t eight = (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 |
                     (uint64_t)at[3] << 24 | (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 |
                     (uint64_t)at[6] << 48 | (uint64_t)at[7] << 56;
    return (eight * UINT64_C(0x0102040810204080)) >> 56;
}

static inline uint64_t pack_bits(const uint8_t bytes[64])
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < 8; i++) {
        bits |= pack_eight(bytes + 8 * i) << (8 * i);
    }
    return bits;
}

/* hit[e] is 1 when entry e - 1 of the column matches. */
static void add_hits(const struct column *column, const uint8_t *hit, const struct bitmap *open,
                     struct bitmap *map)
{
    for (size_t word = 0; word < BITMAP_WORDS; word++) {
        if (open->words[word]) {
            const uint16_t *index = column->index + word * 64;
            uint8_t bytes[64];
            for (size_t i = 0; i < 64; i++) {
                bytes[i] = hit[index[i]];
            }
            map->words[word] |= pack_bits(bytes) & open->words[word];
        }
    }
}

/* The same for a single entry, which needs no table. */
static void add_entry(const struct column *column, uint16_t entry, const struct bitmap *open,
                      struct bitmap *map)
{
    for (size_t word = 0; word < BITMAP_WORDS; word++) {
        if (open->words[word]) {
            const uint16_t *index = column->index + word * 64;
            uint8_t bytes[64];
            for (size_t i = 0; i < 64; i++) {
                bytes[i] = index[i] == entry;
            }
            map->words[word] |= pack_bits(bytes) & open->words[word];
        }
    }
}

/* What an address satisfies, the whole endpoint need not (predicate_eval_port.c). */
static void add_without_ports(const struct column *column, const uint8_t *hit,
                              const struct bitmap *open, struct bitmap *map)
{
    BITMAP_EACH(open, slot)
    {
        if (hit[column->index[slot]] && column->ports[slot] == 0) {
            bitmap_set(map, slot);
        }
    }
}

static bool entry_hits(const struct predicate_eval *eval, const struct column *column,
                       uint32_t entry)
{
    bool is = eval->predicate->kind == PREDICATE_EXISTS;
    for (uint32_t i = column->entry_start[entry]; !is && i < column->entry_start[entry + 1]; i++) {
        is = has_value(eval, eval->values, column->entry_values[i]);
    }
    return is;
}

/* The same of an endpoint's address, whose port changes nothing. Such columns have one value an
 * entry. */
static bool entry_hits_whole(const struct predicate_eval *eval, const struct column *column,
                             uint32_t entry)
{
    return eval->predicate->kind == PREDICATE_EXISTS ||
           has_value(eval, eval->whatever_port, column->entry_values[column->entry_start[entry]]);
}

/* A column none of whose entries matches need not be read, unless its ports may; and when all
 * match, which event has which says nothing. */
static enum column_want want_of(const void *context, const struct column *column)
{
    const struct predicate_eval *eval = context;
    if (column->has_ports && eval->any_port) {
        return COLUMN_WANT_WHOLE;
    }
    uint32_t n_hits = 0;
    uint32_t n_whole = 0;
    for (uint32_t entry = 0; entry < column->n_entries; entry++) {
        bool is = entry_hits(eval, column, entry);
        n_hits += is;
        n_whole += is && (!column->has_ports || entry_hits_whole(eval, column, entry));
    }
    return n_hits == 0                    ? COLUMN_WANT_NOTHING
           : n_whole == column->n_entries ? COLUMN_WANT_PRESENCE
                                          : COLUMN_WANT_WHOLE;
}

static void add_entries(const struct predicate_eval *eval, const struct column *column,
                        const struct bitmap *open, struct bitmap *map)
{
    uint8_t hit[BLOCK_EVENTS_MAX + 1] = {0};  /* slots behind the last event have any entry */
    uint8_t part[BLOCK_EVENTS_MAX + 1] = {0}; /* hits only without a port */
    uint32_t n_hits = 0;
    uint32_t n_parts = 0;
    uint16_t last = 0;
    for (uint32_t entry = 0; entry < column->n_entries; entry++) {
        bool is = entry_hits(eval, column, entry);
        bool is_part = is && column->has_ports && !entry_hits_whole(eval, column, entry);
        part[entry + 1] = is_part;
        n_parts += is_part;
        hit[entry + 1] = is && !is_part;
        n_hits += is && !is_part;
        last = is && !is_part ? (uint16_t)(entry + 1) : last;
    }
    if (n_parts > 0) {
        add_without_ports(column, part, open, map);
    }
    if (n_hits == 1) {
        add_entry(column, last, open, map);
    } else if (n_hits > 1) {
        add_hits(column, hit, open, map);
    }
}

static void add_numbers(const struct predicate_eval *eval, const struct column *column,
                        const struct bitmap *open, struct bitmap *map)
{
    struct bitmap present = column->present;
    bitmap_and(&present, open);
    BITMAP_EACH(&present, slot)
    {
        if (match_integer(eval->predicate, column->numbers[slot])) {
            bitmap_set(map, slot);
        }
    }
}

static enum status add_column(const struct predicate_eval *eval, struct block_view *view,
                              size_t field, const struct bitmap *mask, struct bitmap *map,
                              struct err *err)
{
    const struct column *column;
    struct bitmap open = open_events(mask, map);
    if (bitmap_is_empty(&open)) {
        return OK;
    }
    struct column_filter filter = {.want = want_of, .context = eval};
    enum status status = block_view_column_filtered(view, field, &filter, &column, err);
    if (status != OK) {
        return status;
    }
    if (column->store == COLUMN_STORE_COLUMN) {
        add_entries(eval, column, &open, map);
        if (column->has_ports && eval->any_port) {
            open = open_events(&open, map);
            status = predicate_eval_add_ports(eval, column, &open, map, err);
        }
    } else if (column->store == COLUMN_STORE_NUMBER && eval->any_integer) {
        add_numbers(eval, column, &open, map);
    }
    return status;
}

/* A word without a field that may be an integer: the number columns of all fields. */
static enum status add_number_columns(struct predicate_eval *eval, struct block_view *view,
                                      const struct bitmap *mask, struct bitmap *map,
                                      struct err *err)
{
    enum status status = OK;
    for (size_t field = 0; status == OK && field < segment_field_count(eval->segment); field++) {
        const struct column *column;
        struct bitmap open = open_events(mask, map);
        if (eval->has_field[field] || bitmap_is_empty(&open) ||
            !segment_field_has_numbers(eval->segment, field)) {
            continue;
        }
        status = block_view_column(view, field, &column, err);
        if (status == OK && column->store == COLUMN_STORE_NUMBER && eval->any_integer) {
            add_numbers(eval, column, &open, map);
        } else if (status == OK && column->store == COLUMN_STORE_COLUMN && column->has_ports &&
                   eval->any_port) {
            status = predicate_eval_add_ports(eval, column, &open, map, err);
        }
    }
    return status;
}

static enum status add_columns(struct predicate_eval *eval, struct block_view *view,
                               const struct bitmap *mask, struct bitmap *map, struct err *err)
{
    if (eval->field >= 0) {
        bool ask = eval->any_integer || eval->any_port || eval->n_fields > 0;
        return ask ? add_column(eval, view, (size_t)eval->field, mask, map, err) : OK;
    }
    enum status status = OK;
    for (size_t i = 0; status == OK && i < eval->n_fields; i++) {
        status = add_column(eval, view, eval->fields[i], mask, map, err);
    }
    if (status == OK && (eval->any_integer || eval->any_port)) {
        status = add_number_columns(eval, view, mask, map, err);
    }
    return status;
}

/* What the text index has for the probe in the view's block: one question for all the blocks that
 * are known to be asked next. */
static enum status probe_text(const struct predicate_eval *eval, struct predicate_eval_probe *probe,
                              const struct block_view *view, const struct bitmap **out_found,
                              struct err *err)
{
    int64_t block = view->info->id;
    if (block < probe->first_block || block >= probe->first_block + (int64_t)probe->n_blocks) {
        bool ahead =
            block >= eval->first_ahead && block < eval->first_ahead + (int64_t)eval->n_ahead;
        int64_t first = ahead ? eval->first_ahead : block;
        size_t count = ahead ? eval->n_ahead : 1;
        probe->n_blocks = 0;
        if (count > probe->maps_capacity) {
            struct bitmap *maps = realloc(probe->maps, count * sizeof *maps);
            if (!maps) {
                return err_nomem(err, "search");
            }
            probe->maps = maps;
            probe->maps_capacity = count;
        }
        enum status status =
            segment_text_events(eval->segment, first, count, &probe->question, probe->maps, err);
        if (status != OK) {
            return status;
        }
        probe->first_block = first;
        probe->n_blocks = count;
    }
    *out_found = &probe->maps[block - probe->first_block];
    return OK;
}

/* Text by the index: into map what is certain, into candidates what the bytes must say. */
static enum status add_text(struct predicate_eval *eval, struct block_view *view,
                            const struct bitmap *mask, struct bitmap *map,
                            struct bitmap *candidates, struct err *err)
{
    struct bitmap open = open_events(mask, map);
    bool is_text = view->info->has_text && !bitmap_is_empty(&open);
    enum status status = OK;
    if (is_text && eval->field >= 0) {
        status = block_view_is_text(view, (size_t)eval->field, &is_text, err);
    }
    bool sources = false; /* the archive's own field is text: hits may be only there */
    long source = segment_field_find(eval->segment, span_str(SOURCE_FIELD));
    if (status == OK && is_text && eval->field < 0 && source >= 0) {
        status = block_view_is_text(view, (size_t)source, &sources, err);
    }
    if (status != OK || !is_text) {
        return status;
    }
    if (eval->n_probes == 0) {
        bitmap_or(candidates, &open);
        return OK;
    }
    for (size_t i = 0; status == OK && i < eval->n_probes; i++) {
        struct predicate_eval_probe *probe = &eval->probes[i];
        const struct bitmap *all = NULL;
        status = probe_text(eval, probe, view, &all, err);
        if (status == OK) {
            struct bitmap found = *all;
            bitmap_and(&found, &open);
            bool certain = eval->is_reserved || (probe->is_answer && eval->field < 0 && !sources);
            bitmap_or(certain ? map : candidates, &found);
        }
    }
    return status;
}

static enum status add_uids(const struct predicate_eval *eval, const struct block_view *view,
                            struct bitmap *candidates, struct err *err)
{
    return segment_identity_find(eval->segment, view->info->id, eval->uid_hashes,
                                 eval->n_uid_hashes, candidates, err);
}

static enum status eval_time(const struct predicate *predicate, struct block_view *view,
                             const struct bitmap *mask, struct bitmap *map, struct err *err)
{
    const struct block_info *info = view->info;
    if (info->time_max_us < predicate->time_low_us ||
        info->time_min_us >= predicate->time_high_us) {
        return OK;
    }
    if (info->time_min_us >= predicate->time_low_us &&
        info->time_max_us < predicate->time_high_us) {
        *map = *mask;
        return OK;
    }
    const int64_t *times_us;
    enum status status = block_view_times(view, &times_us, err);
    if (status == OK) {
        BITMAP_EACH(mask, slot)
        {
            if (times_us[slot] >= predicate->time_low_us &&
                times_us[slot] < predicate->time_high_us) {
                bitmap_set(map, slot);
            }
        }
    }
    return status;
}

/* Partial events, and the fields that no index has. */
static enum status add_candidates(const struct predicate_eval *eval, struct block_view *view,
                                  const struct bitmap *mask, struct bitmap *candidates,
                                  struct err *err)
{
    if (eval->scan_all) {
        bitmap_or(candidates, mask);
        return OK;
    }
    const struct bitmap *partial;
    enum status status = OK;
    if (view->info->has_partial && !eval->is_reserved &&
        (status = block_view_partial(view, &partial, err)) == OK) {
        bitmap_or(candidates, partial);
    }
    return status;
}

enum status predicate_eval_block(struct predicate_eval *eval, struct block_view *view,
                                 const struct bitmap *mask, struct bitmap *out_map, struct err *err)
{
    struct bitmap map = {0};
    struct bitmap candidates = {0};
    enum predicate_kind kind = eval->predicate->kind;
    enum status status = OK;
    if (kind == PREDICATE_ALL) {
        map = *mask;
    } else if (kind == PREDICATE_TIME) {
        status = eval_time(eval->predicate, view, mask, &map, err);
    } else if (kind == PREDICATE_OBSERVABLE) {
        status = observable_lookup_block(&eval->lookup, view, &map, &candidates, err);
        bitmap_and(&map, mask);
    } else if (kind == PREDICATE_UID) {
        status = add_uids(eval, view, &candidates, err);
    } else {
        if (eval->field != PREDICATE_EVAL_NO_FIELD) {
            status = add_columns(eval, view, mask, &map, err);
            status = THEN(status, add_text(eval, view, mask, &map, &candidates, err));
        }
        if (status == OK && eval->n_uid_hashes > 0) {
            status = add_uids(eval, view, &candidates, err);
        }
        status = THEN(status, add_candidates(eval, view, mask, &candidates, err));
    }
    bitmap_and(&candidates, mask);
    bitmap_without(&candidates, &map);
    status = THEN(status, recheck_candidates(eval->predicate, &eval->prefilter, view, &candidates,
                                             &map, err));
    if (status == OK) {
        *out_map = map;
    }
    return status;
}
