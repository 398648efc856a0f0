/* Events of a block parsed once more, and each vector and column compared with them. Reads only, on
 * one thread. */
#include "schema/verify/verify_index.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/archive/inbox.h"
#include "schema/block/batch.h"
#include "schema/event/source.h"
#include "schema/segment/segment.h"
#include "schema/verify/verify_words.h"

struct verify_index {
    const struct verify_segment *verify;
    struct segment *segment;
    struct verify_words *words;
    struct path_table paths;
    struct batch *batch; /* the block's events, read again */
    struct arena arena;  /* of one event */
    struct block_lines lines;
    struct column column;
    struct batch_cell *cells; /* by path, then slot */
    size_t cells_capacity;
    uint32_t *start; /* of each path in cells, and one more */
    size_t start_capacity;
    struct bitmap partial;
    struct {
        int64_t times[BLOCK_EVENTS_MAX];
        int64_t arrivals[BLOCK_EVENTS_MAX];
        uint32_t hashes[BLOCK_EVENTS_MAX];
    } kept;
    uint32_t
        entry_cell[BLOCK_EVENTS_MAX + 1]; /* value of the batch that an entry stands for, + 1 */
};

enum status verify_index_new(const struct verify_segment *verify, struct segment *segment,
                             struct verify_index **out_index, struct err *err)
{
    struct verify_index *index = calloc(1, sizeof *index);
    if (!index) {
        return err_nomem(err, "verify");
    }
    index->verify = verify;
    index->segment = segment;
    index->lines = (struct block_lines)BLOCK_LINES_INIT;
    path_table_init(&index->paths);
    index->batch = batch_new(segment_day_us(segment), 1);
    enum status status = index->batch ? verify_words_new(verify, segment, &index->words, err)
                                      : err_nomem(err, "verify");
    if (status != OK) {
        verify_index_free(index);
        return status;
    }
    *out_index = index;
    return OK;
}

void verify_index_free(struct verify_index *index)
{
    if (index) {
        verify_words_free(index->words);
        batch_free(index->batch);
        path_table_fini(&index->paths);
        arena_fini(&index->arena);
        block_lines_fini(&index->lines);
        column_fini(&index->column);
        free(index->cells);
        free(index->start);
        free(index);
    }
}

/* A fault in one line of the block. */
static void say_line(struct verify_index *index, int64_t block, size_t slot, const char *what)
{
    const struct verify_finding fault = {
        .where = index->verify->where,
        .block = block,
        .line = (uint32_t)slot + 1,
        .last_line = (uint32_t)slot + 1,
        .byte = index->lines.start[slot],
        .what = what,
    };
    verify_tell(index->verify->report, &fault);
}

static enum status read_kept(struct verify_index *index, const struct block_info *info,
                             struct err *err)
{
    struct segment *segment = index->segment;
    enum status status = segment_lines(segment, info->id, &index->lines, err);
    status = THEN(status, segment_times(segment, info->id, index->kept.times, err));
    status = THEN(status, segment_arrivals(segment, info->id, index->kept.arrivals, err));
    status = THEN(status, segment_identities(segment, info->id, index->kept.hashes, err));
    return THEN(status, segment_partial(segment, info->id, &index->partial, err));
}

/* One event into the batch, and against the vectors. False: nothing more to be said of it. */
static enum status read_event(struct verify_index *index, const struct block_info *info,
                              size_t slot, bool *out_read, struct err *err)
{
    static const struct source unknown = {.via = {"", 0}};
    const struct batch_arrival arrival = {.source = &unknown,
                                          .received_us = index->kept.arrivals[slot]};
    struct event event;
    *out_read = false;
    arena_reset(&index->arena);
    if (!event_parse(block_line(&index->lines, slot), arrival.received_us, &index->arena, &event)) {
        say_line(index, info->id, slot, "this line is not an event");
        return OK;
    }
    if (event.time_us != index->kept.times[slot]) {
        say_line(index, info->id, slot, "its time is not the one that the index has");
    }
    if (event_identity_hash(&event) != index->kept.hashes[slot]) {
        say_line(index, info->id, slot, "its uid is not the one that the index has");
    }
    enum batch_added added =
        batch_add(index->batch, &index->paths, &event, &arrival, EVENT_COUNTER_stored);
    if (added == BATCH_NOMEM) {
        return err_nomem(err, "verify");
    }
    if (added == BATCH_DUPLICATE) {
        say_line(index, info->id, slot, "this event is in the block twice");
    }
    *out_read = added == BATCH_ADDED;
    return OK;
}

/* Counting sort of the batch's cells by path; within a path they stay by slot. */
static enum status sort_cells(struct verify_index *index, struct err *err)
{
    size_t count;
    const struct batch_cell *cells = batch_cells(index->batch, &count);
    size_t n_paths = batch_path_count(index->batch);
    if (count > index->cells_capacity || n_paths + 2 > index->start_capacity) {
        free(index->cells);
        free(index->start);
        index->cells = malloc((count + 1) * sizeof *index->cells);
        index->start = malloc((n_paths + 2) * sizeof *index->start);
        index->cells_capacity = index->cells ? count : 0;
        index->start_capacity = index->start ? n_paths + 2 : 0;
    }
    if (!index->cells || !index->start) {
        return err_nomem(err, "verify");
    }
    memset(index->start, 0, (n_paths + 2) * sizeof *index->start);
    for (size_t i = 0; i < count; i++) {
        index->start[batch_value(index->batch, cells[i].value)->path + 2]++;
    }
    for (size_t path = 2; path < n_paths + 2; path++) {
        index->start[path] += index->start[path - 1];
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t path = batch_value(index->batch, cells[i].value)->path;
        index->cells[index->start[path + 1]++] = cells[i];
    }
    return OK;
}

/* Does the entry hold exactly these cells' values, in their order? */
static enum status entry_fits(struct verify_index *index, uint32_t entry,
                              const struct batch_cell *cells, size_t count, bool *out_fits,
                              struct err *err)
{
    const struct column *column = &index->column;
    uint32_t first = column->entry_start[entry];
    *out_fits = column->entry_start[entry + 1] - first == count;
    for (size_t i = 0; *out_fits && i < count; i++) {
        uint32_t field;
        struct span text;
        enum status status =
            segment_value(index->segment, column->entry_values[first + i], &field, &text, err);
        if (status != OK) {
            return status;
        }
        const struct batch_value *value = batch_value(index->batch, cells[i].value);
        *out_fits = value->size == text.size && memcmp(value->text, text.data, text.size) == 0;
    }
    return OK;
}

/* The cells of one event in one field against its entry. An entry of one value is looked up once.
 */
static enum status check_entry(struct verify_index *index, const struct batch_cell *cells,
                               size_t count, bool *out_fits, struct err *err)
{
    const struct column *column = &index->column;
    size_t slot = cells[0].slot;
    *out_fits = column->index[slot] > 0;
    if (!*out_fits) {
        return OK;
    }
    if (column->has_ports && column->ports[slot] != cells[0].port) {
        *out_fits = false;
        return OK;
    }
    uint32_t entry = column->index[slot] - 1u;
    if (count == 1 && index->entry_cell[entry] > 0) {
        *out_fits = index->entry_cell[entry] == cells[0].value + 1;
        if (*out_fits) {
            return OK;
        }
    }
    enum status status = entry_fits(index, entry, cells, count, out_fits, err);
    if (status == OK && *out_fits && count == 1) {
        index->entry_cell[entry] = cells[0].value + 1;
    }
    return status;
}

static bool number_fits(const struct verify_index *index, const struct batch_cell *cell)
{
    const struct batch_value *value = batch_value(index->batch, cell->value);
    char text[24];
    int n = snprintf(text, sizeof text, "%" PRId64, index->column.numbers[cell->slot]);
    return bitmap_get(&index->column.present, cell->slot) && (size_t)n == value->size &&
           memcmp(text, value->text, value->size) == 0;
}

static size_t count_present(const struct column *column, size_t n_events,
                            const struct bitmap *partial)
{
    size_t count = 0;
    for (size_t slot = 0; slot < n_events; slot++) {
        bool has = column->store == COLUMN_STORE_NUMBER ? bitmap_get(&column->present, slot)
                                                        : column->index[slot] > 0;
        count += has && !bitmap_get(partial, slot);
    }
    return count;
}

static void say_field(struct verify_index *index, int64_t block, size_t slot, const char *field)
{
    char what[PATH_TABLE_BYTES_MAX + 64];
    (void)snprintf(what, sizeof what, "its %.200s is not what the index has", field);
    say_line(index, block, slot, what);
}

/* A field that is kept as a column; said once a field. */
static enum status check_column(struct verify_index *index, const struct block_info *info,
                                size_t field, const struct batch_cell *cells, size_t count,
                                struct err *err)
{
    struct column *column = &index->column;
    const char *name = segment_field_name(index->segment, field);
    size_t events = 0;
    enum status status = segment_column(index->segment, field, info->id, column, err);
    memset(index->entry_cell, 0, sizeof index->entry_cell);
    for (size_t i = 0; status == OK && i < count;) {
        size_t end = i + 1;
        while (end < count && cells[end].slot == cells[i].slot) {
            end++;
        }
        bool fits = true;
        if (!bitmap_get(&index->partial, cells[i].slot)) {
            events++;
            if (column->store == COLUMN_STORE_NUMBER) {
                fits = end == i + 1 && number_fits(index, &cells[i]);
            } else if (column->store == COLUMN_STORE_COLUMN) {
                status = check_entry(index, &cells[i], end - i, &fits, err);
            } else {
                fits = false;
            }
        }
        if (status == OK && !fits) {
            say_field(index, info->id, cells[i].slot, name);
            return OK;
        }
        i = end;
    }
    if (status == OK && column->store != COLUMN_STORE_ABSENT &&
        count_present(column, info->n_events, &index->partial) != events) {
        verify_say(index->verify->report, index->verify->where, info->id,
                   "the index has %.200s for events that do not have it", name);
    }
    return status;
}

static bool has_field(const uint32_t *fields, size_t count, uint32_t field)
{
    for (size_t i = 0; i < count; i++) {
        if (fields[i] == field) {
            return true;
        }
    }
    return false;
}

/* Each field of the block, as columns or as words. */
static enum status check_fields(struct verify_index *index, const struct block_info *info,
                                struct err *err)
{
    const uint32_t *texts;
    size_t n_texts;
    enum status status = segment_text_fields(index->segment, info->id, &texts, &n_texts, err);
    for (uint32_t path = 0; status == OK && path < batch_path_count(index->batch); path++) {
        struct span name = batch_path(index->batch, path)->name;
        const struct batch_cell *cells = index->cells + index->start[path];
        size_t count = index->start[path + 1] - index->start[path];
        long field = segment_field_find(index->segment, name);
        if (count == 0) {
            continue;
        }
        bool is_mark = span_is(name, SOURCE_MARK_FIELD) || span_is(name, SOURCE_FIELD);
        if (field < 0) {
            for (size_t i = 0; i < count; i++) {
                if (!bitmap_get(&index->partial, cells[i].slot)) {
                    say_line(index, info->id, cells[i].slot, "a field of it is in no index");
                    break;
                }
            }
        } else if (has_field(texts, n_texts, (uint32_t)field)) {
            status = verify_words_add(index->words, index->batch, cells, count, err);
        } else if (!is_mark) {
            status = check_column(index, info, (size_t)field, cells, count, err);
        }
    }
    return status;
}

/* Sources and marks that are kept as text are in the words, too, and cannot be derived from
 * the events: the words of such a block are passed over. */
static enum status words_can_be_told(struct verify_index *index, const struct block_info *info,
                                     bool *out_can, struct err *err)
{
    static const char *const names[] = {SOURCE_MARK_FIELD, SOURCE_FIELD};
    const uint32_t *texts;
    size_t n_texts;
    enum status status = segment_text_fields(index->segment, info->id, &texts, &n_texts, err);
    *out_can = !info->has_partial;
    for (size_t i = 0; status == OK && i < 2; i++) {
        long field = segment_field_find(index->segment, span_str(names[i]));
        *out_can = *out_can && !(field >= 0 && has_field(texts, n_texts, (uint32_t)field));
    }
    return status;
}

/* All events of the block are in the batch. */
static enum status check_batch(struct verify_index *index, const struct block_info *info,
                               struct err *err)
{
    bool words = false;
    enum status status = words_can_be_told(index, info, &words, err);
    if (status != OK) {
        return status;
    }
    verify_words_begin(index->words, info, words);
    status = sort_cells(index, err);
    status = THEN(status, check_fields(index, info, err));
    return THEN(status, verify_words_end(index->words, err));
}

enum status verify_index_block(struct verify_index *index, const struct block_info *info,
                               struct err *err)
{
    struct err why = {.status = OK};
    bool all = true;
    batch_clear(index->batch);
    enum status status = read_kept(index, info, &why);
    for (size_t slot = 0; status == OK && slot < info->n_events; slot++) {
        bool read = false;
        status = read_event(index, info, slot, &read, &why);
        all = all && read;
    }
    if (status == OK && all) {
        status = check_batch(index, info, &why);
    }
    return verify_outcome(index->verify->report, index->verify->where, info->id, NULL, status, &why,
                          err);
}

enum status verify_index_words(struct verify_index *index, struct err *err)
{
    return verify_words_compare(index->words, err);
}
