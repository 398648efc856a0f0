/* Does a value, as a segment has it, satisfy a predicate? The values of the vocabulary are asked
 * once, when the predicate is made ready; from then on it does not change, and threads share it. */
#ifndef QUERY_EVAL_VALUE_MATCH_H
#define QUERY_EVAL_VALUE_MATCH_H

#include "query/eval/form_parts.h"
#include "query/eval/needle.h"
#include "schema/event/event_value.h"
#include "schema/segment/segment.h"

/* What a thread needs to read values with. Zeroed to begin with, but for the segment. */
struct value_match_reader {
    const struct segment *segment; /* the thread's handle */
    struct event_value_reader events;
    struct arena arena; /* of the line parsed last */
    bool failed;        /* memory was out: no answer can be believed */
};
void value_match_reader_fini(struct value_match_reader *reader);

/* By path: what it has to do with the predicate, and whether a value of the vocabulary that stands
 * there satisfies it. */
struct value_match_path {
    enum segment_path_role role;
    bool has_hits;
};

struct value_match {
    const struct predicate *predicate;
    struct span field; /* that is asked for; empty: any */
    struct needle needle;
    struct form_parts parts; /* of a SUBSTRING's text */
    const struct vocabulary *vocabulary;
    struct value_match_path *paths;
    size_t n_paths;
    uint8_t *hits; /* by value of the vocabulary: it satisfies the predicate */
    bool any_hits;
};

/* ERR_NOMEM; ERR_CORRUPT of the vocabulary, which must outlive it. value_match_fini after OK or
 * failure. */
MUST_USE enum status value_match_init(struct value_match *match, const struct predicate *predicate,
                                      struct segment *segment, struct err *err);
void value_match_fini(struct value_match *match);

/* OTHER: none of the path's values satisfies it. */
static inline enum segment_path_role value_match_role(const struct value_match *match,
                                                      uint32_t path)
{
    return path < match->n_paths ? match->paths[path].role : SEGMENT_PATH_OTHER;
}

/* A value of that path. */
bool value_match_spelling(const struct value_match *match, struct value_match_reader *reader,
                          uint32_t path, struct columnar_value value);
/* A value of the vocabulary. */
static inline bool value_match_id(const struct value_match *match, uint64_t id)
{
    CHECK(id < match->vocabulary->values.count);
    return match->hits[id] != 0;
}

#endif
