#include "query/eval/value_match.h"

#include <stdlib.h>

#include "query/language/match.h"

/* Any field but the archive's own, which are asked for by name alone. */
static enum segment_path_role role_in_any(const struct segment *segment, uint32_t path)
{
    if (path == SEGMENT_PATH_LINE) {
        return SEGMENT_PATH_MAY_HAVE_IT;
    }
    return match_is_reserved(segment_path_field(segment, path)) ? SEGMENT_PATH_OTHER
                                                                : SEGMENT_PATH_IS_FIELD;
}

enum status value_match_init(struct value_match *match, const struct predicate *predicate,
                             struct segment *segment, struct err *err)
{
    *match = (struct value_match){.predicate = predicate,
                                  .segment = segment,
                                  .field = match_field(predicate),
                                  .needle = needle_of(predicate)};
    enum status status = segment_vocabulary(segment, &match->vocabulary, err);
    if (status != OK) {
        return status;
    }
    match->n_roles = intern_count(&match->vocabulary->paths);
    match->n_known = match->vocabulary->values.count;
    match->roles = malloc(match->n_roles + 1);
    match->known = calloc(match->n_known + 1, 1);
    if (!match->roles || !match->known) {
        return err_nomem(err, "search");
    }
    for (uint32_t path = 0; path < match->n_roles; path++) {
        match->roles[path] =
            (uint8_t)(match->field.size > 0 ? segment_path_role(segment, path, match->field)
                                            : role_in_any(segment, path));
    }
    return OK;
}

void value_match_fini(struct value_match *match)
{
    event_value_reader_fini(&match->reader);
    arena_fini(&match->arena);
    free(match->roles);
    free(match->known);
    *match = (struct value_match){0};
}

/* An event that was not cut: the archive's own fields are in the lines of arrivals, which are asked
 * in the same way. */
static bool match_line(struct value_match *match, struct span line)
{
    struct event event;
    arena_reset(&match->arena);
    if (!event_parse(line, 0, &match->arena, &event)) {
        match->failed = true;
        return false;
    }
    return match_predicate(match->predicate, &event);
}

struct field_match {
    struct value_match *match;
    bool found;
};

static bool match_field_of(void *context, const struct event_field *field)
{
    struct field_match *matching = context;
    matching->found = match_event_field(matching->match->predicate, field);
    return !matching->found;
}

bool value_match_spelling(struct value_match *match, uint32_t path, struct columnar_value value)
{
    if (!needle_may_match(&match->needle, value.text, value.is_string)) {
        return false;
    }
    if (path == SEGMENT_PATH_LINE) {
        return match_line(match, value.text);
    }
    struct field_match matching = {.match = match};
    bool ok = event_value_fields(&match->reader, segment_path_field(match->segment, path),
                                 value.text, value.is_string, match_field_of, &matching);
    match->failed |= !ok;
    return matching.found;
}

bool value_match_id(struct value_match *match, uint64_t id)
{
    CHECK(id < match->vocabulary->values.count);
    if (id < match->n_known && match->known[id] != 0) {
        return match->known[id] == 2;
    }
    uint32_t path = match->vocabulary->values.values[id].field;
    bool is =
        value_match_role(match, path) != SEGMENT_PATH_OTHER &&
        value_match_spelling(match, path,
                             columnar_value_of(vocabulary_value(match->vocabulary, (uint32_t)id)));
    if (id < match->n_known) {
        match->known[id] = is ? 2 : 1;
    }
    return is;
}
