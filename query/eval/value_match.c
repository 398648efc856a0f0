/* Where only values with certain bytes can satisfy the predicate, they are looked for in many
 * values at once: those of one part of the vocabulary stand one behind the other. */
#include "query/eval/value_match.h"

#include <stdlib.h>

#include "query/language/match.h"

void value_match_reader_fini(struct value_match_reader *reader)
{
    event_value_reader_fini(&reader->events);
    arena_fini(&reader->arena);
}

/* Any field but the archive's own, which are asked for by name alone. */
static enum segment_path_role role_in_any(const struct segment *segment, uint32_t path)
{
    if (path == SEGMENT_PATH_LINE) {
        return SEGMENT_PATH_MAY_HAVE_IT;
    }
    return match_is_reserved(segment_path_field(segment, path)) ? SEGMENT_PATH_OTHER
                                                                : SEGMENT_PATH_IS_FIELD;
}

static void ask_value(struct value_match *match, struct value_match_reader *reader, uint32_t id)
{
    uint32_t path = match->vocabulary->values.values[id].field;
    if (value_match_role(match, path) != SEGMENT_PATH_OTHER &&
        value_match_spelling(match, reader, path,
                             columnar_value_of(vocabulary_value(match->vocabulary, id)))) {
        match->hits[id] = 1;
        match->paths[path].has_hits = true;
        match->any_hits = true;
    }
}

/* The first value from `id` on that does not stand right behind the one before it. */
static uint32_t run_end(const struct dictionary *values, uint32_t id)
{
    const struct dictionary_value *at = &values->values[id];
    while (id + 1 < values->count && at[1].text == at->text + at->size + 1) {
        at++;
        id++;
    }
    return id + 1;
}

/* Asks those of the values from `id` to `end`, one behind the other, that have the literal. */
static void ask_run(struct value_match *match, struct value_match_reader *reader, uint32_t id,
                    uint32_t end)
{
    const struct dictionary_value *values = match->vocabulary->values.values;
    const char *begin = values[id].text;
    struct span run = span_of(begin, (size_t)(values[end - 1].text - begin) + values[end - 1].size);
    for (size_t at = 0; (at = needle_next(&match->needle, run, at)) < run.size;) {
        uint32_t high = end;
        while (high - id > 1) {
            uint32_t middle = id + (high - id) / 2;
            *((size_t)(values[middle].text - begin) <= at ? &id : &high) = middle;
        }
        ask_value(match, reader, id);
        at = (size_t)(values[id].text - begin) + values[id].size + 1;
    }
}

static void ask_vocabulary(struct value_match *match, struct value_match_reader *reader)
{
    const struct dictionary *values = &match->vocabulary->values;
    bool by_runs = match->field.size == 0 && needle_is_certain(&match->needle);
    for (uint32_t id = 0; id < values->count;) {
        uint32_t end = by_runs ? run_end(values, id) : id + 1;
        if (by_runs) {
            ask_run(match, reader, id, end);
        } else {
            ask_value(match, reader, id);
        }
        id = end;
    }
}

enum status value_match_init(struct value_match *match, const struct predicate *predicate,
                             struct segment *segment, struct err *err)
{
    *match = (struct value_match){
        .predicate = predicate, .field = match_field(predicate), .needle = needle_of(predicate)};
    if (predicate->kind == PREDICATE_SUBSTRING) {
        form_parts_init(&match->parts, predicate->text);
    }
    enum status status = segment_vocabulary(segment, &match->vocabulary, err);
    if (status != OK) {
        return status;
    }
    match->n_paths = intern_count(&match->vocabulary->paths);
    match->paths = calloc(match->n_paths + 1, sizeof *match->paths);
    match->hits = calloc((size_t)match->vocabulary->values.count + 1, 1);
    if (!match->paths || !match->hits) {
        return err_nomem(err, "search");
    }
    for (uint32_t path = 0; path < match->n_paths; path++) {
        match->paths[path].role = match->field.size > 0
                                      ? segment_path_role(segment, path, match->field)
                                      : role_in_any(segment, path);
    }
    struct value_match_reader reader = {.segment = segment};
    ask_vocabulary(match, &reader);
    value_match_reader_fini(&reader);
    return reader.failed ? err_nomem(err, "search") : OK;
}

void value_match_fini(struct value_match *match)
{
    free(match->paths);
    free(match->hits);
    *match = (struct value_match){0};
}

/* An event that was not cut: the archive's own fields are in the lines of arrivals, which are asked
 * in the same way. */
static bool match_line(const struct value_match *match, struct value_match_reader *reader,
                       struct span line)
{
    struct event event;
    arena_reset(&reader->arena);
    if (!event_parse(line, 0, &reader->arena, &event)) {
        reader->failed = true;
        return false;
    }
    return match_predicate(match->predicate, &event);
}

struct field_match {
    const struct predicate *predicate;
    bool found;
};

static bool match_field_of(void *context, const struct event_field *field)
{
    struct field_match *matching = context;
    matching->found = match_event_field(matching->predicate, field);
    return !matching->found;
}

bool value_match_spelling(const struct value_match *match, struct value_match_reader *reader,
                          uint32_t path, struct columnar_value value)
{
    if (!needle_may_match(&match->needle, value.text, value.is_string)) {
        return false;
    }
    if (path == SEGMENT_PATH_LINE) {
        return match_line(match, reader, value.text);
    }
    struct field_match matching = {.predicate = match->predicate};
    bool ok = event_value_fields(&reader->events, segment_path_field(reader->segment, path),
                                 value.text, value.is_string, match_field_of, &matching);
    reader->failed |= !ok;
    return matching.found;
}
