/* One predicate against one segment. A value is asked once a segment when it is one of the
 * vocabulary, as a number where its form tells it, and else as it is spelled, where it has the
 * bytes that it must have (query/eval/needle.h). Lines are not made. Once made ready it does not
 * change, and threads share it; what each needs to ask with is its own. */
#ifndef QUERY_EVAL_PREDICATE_EVAL_H
#define QUERY_EVAL_PREDICATE_EVAL_H

#include "query/eval/needle.h"
#include "query/eval/observable_lookup.h"
#include "query/eval/value_match.h"
#include "query/language/ast.h"

struct predicate_eval {
    const struct predicate *predicate;
    struct value_match match;
    enum segment_data data; /* whose columns have the field */
    bool knows_field;       /* the segment is known to have it, or it asks for none */
    bool asks_text_index;
    struct segment_block_set with_words; /* blocks whose text has the words that it takes */
    bool asks_forms;                     /* a value of some form may satisfy it */
    unsigned cost;                       /* rank: cheap leaves go first */
};

/* Of one thread. */
struct predicate_eval_work {
    struct value_match_reader reader;
    struct observable_lookup lookup; /* OBSERVABLE */
};

/* Looks the predicate up in the segment. predicate_eval_fini after OK or failure. */
MUST_USE enum status predicate_eval_init(struct predicate_eval *eval,
                                         const struct predicate *predicate, struct segment *segment,
                                         struct err *err);
void predicate_eval_fini(struct predicate_eval *eval);

/* `segment` is the thread's handle of the file that the predicate was looked up in. */
struct predicate_eval_work predicate_eval_work(const struct predicate_eval *eval,
                                               const struct segment *segment);
void predicate_eval_work_fini(struct predicate_eval_work *work);

/* What it asks of kept observables. (predicate_eval_observable.c) */
struct observable_lookup_ops predicate_eval_observable_ops(const struct predicate *predicate);

/* The events of the view's block, among those of `mask`, that satisfy the predicate. */
MUST_USE enum status predicate_eval_block(const struct predicate_eval *eval,
                                          struct predicate_eval_work *work, struct block_view *view,
                                          const struct bitmap *mask, struct bitmap *out_map,
                                          struct err *err);

#endif
