/* Does a value, as a segment has it, satisfy a predicate? Values of the vocabulary are asked once.
 * One thread. */
#ifndef QUERY_EVAL_VALUE_MATCH_H
#define QUERY_EVAL_VALUE_MATCH_H

#include "query/eval/needle.h"
#include "schema/event/event_value.h"
#include "schema/segment/segment.h"

struct value_match {
    const struct predicate *predicate;
    struct segment *segment;
    const struct vocabulary *vocabulary;
    struct span field; /* that is asked for; empty: any */
    struct needle needle;
    uint8_t *roles; /* by path: enum segment_path_role */
    size_t n_roles;
    uint8_t *known; /* by value of the vocabulary: 0 not asked yet, 1 no, 2 yes */
    size_t n_known;
    struct event_value_reader reader;
    struct arena arena; /* of the line parsed last */
    bool failed;        /* memory was out: no answer can be believed */
};

/* ERR_NOMEM; ERR_CORRUPT of the vocabulary. value_match_fini after OK or failure. */
MUST_USE enum status value_match_init(struct value_match *match, const struct predicate *predicate,
                                      struct segment *segment, struct err *err);
void value_match_fini(struct value_match *match);

/* What the path has to do with the predicate; OTHER: none of its values satisfies it. */
static inline enum segment_path_role value_match_role(const struct value_match *match,
                                                      uint32_t path)
{
    return path < match->n_roles ? (enum segment_path_role)match->roles[path] : SEGMENT_PATH_OTHER;
}

/* A value of that path. */
bool value_match_spelling(struct value_match *match, uint32_t path, struct columnar_value value);
/* A value of the vocabulary. */
bool value_match_id(struct value_match *match, uint64_t id);

#endif
