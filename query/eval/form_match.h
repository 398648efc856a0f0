/* Does a value in its form (schema/columnar/value_form.h) satisfy a predicate, by its numbers and
 * without being spelled? Pure; any thread. */
#ifndef QUERY_EVAL_FORM_MATCH_H
#define QUERY_EVAL_FORM_MATCH_H

#include "query/eval/form_parts.h"
#include "query/eval/needle.h"
#include "schema/columnar/value_form.h"

/* How values of a form are asked. */
enum form_match_way {
    FORM_MATCH_NONE,    /* none of them satisfies it */
    FORM_MATCH_ALL,     /* all of them do */
    FORM_MATCH_NUMBERS, /* by form_match_numbers */
    FORM_MATCH_SPELLED, /* each as it is spelled */
};

enum form_match_way form_match_way(const struct predicate *predicate, const struct needle *needle,
                                   enum value_form_kind form);
/* Whether values of any form may satisfy it. */
bool form_match_any(const struct predicate *predicate, const struct needle *needle);
/* Of values whose way is NUMBERS: out_hits[i] 1 or 0. `parts` is of a SUBSTRING's text; `seconds`
 * as the form has them. */
void form_match_numbers(const struct predicate *predicate, const struct form_parts *parts,
                        struct value_form form, const uint64_t *numbers, const uint64_t *seconds,
                        size_t count, uint8_t *out_hits);

#endif
