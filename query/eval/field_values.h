/* The values of one field of all events of a block, as event.h reads them, of what the archive adds
 * to events (schema/event/source.h). One thread. */
#ifndef QUERY_EVAL_FIELD_VALUES_H
#define QUERY_EVAL_FIELD_VALUES_H

#include "query/eval/block_view.h"
#include "schema/event/event_value.h"

/* Of one event: so many texts, from `first` on. */
struct field_values_run {
    uint32_t first;
    uint32_t count;
};

/* Zeroed to begin with, and used again for block after block. */
struct field_values {
    struct field_values_run slots[BLOCK_EVENTS_MAX];
    VEC(struct span) texts;
    struct arena arena;
    struct event_value_reader reader;
};

void field_values_fini(struct field_values *values);

/* Reads those of the view's block. */
MUST_USE enum status field_values_read(struct field_values *values, struct block_view *view,
                                       enum segment_data which, struct span field, struct err *err);

/* The texts of the event, *out_count of them; they live until the next block is read. */
static inline const struct span *field_values_at(const struct field_values *values, size_t slot,
                                                 size_t *out_count)
{
    *out_count = values->slots[slot].count;
    return *out_count > 0 ? values->texts.items + values->slots[slot].first : NULL;
}

#endif
