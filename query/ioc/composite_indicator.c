#include "query/ioc/composite_indicator.h"

void composite_indicators_fini(struct composite_indicators *composites)
{
    vec_fini(&composites->items);
    vec_fini(&composites->parts);
    vec_fini(&composites->anchors);
}

/* Room for one more composite of these parts; each part gets an anchor. */
static bool reserve(struct composite_indicators *composites, const uint32_t *parts, size_t count)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        most = parts[i] > most ? parts[i] : most;
    }
    while (composites->anchors.count <= most) {
        if (!vec_push(&composites->anchors, (struct composite_indicator_anchor){.first = 0})) {
            return false;
        }
    }
    return vec_reserve(&composites->items, 1) && vec_reserve(&composites->parts, count);
}

enum status composite_indicators_add(struct composite_indicators *composites, uint32_t pattern,
                                     const uint32_t *parts, size_t count, struct err *err)
{
    CHECK(count > 0 && count <= COMPOSITE_INDICATOR_PARTS_MAX);
    if (composites->items.count == COMPOSITE_INDICATORS_MAX) {
        return err_set(err, ERR_LIMIT, "patterns with over %d combinations of AND",
                       COMPOSITE_INDICATORS_MAX);
    }
    if (!reserve(composites, parts, count)) {
        return err_nomem(err, "patterns");
    }
    uint32_t on = parts[0];
    for (size_t i = 1; i < count; i++) {
        if (composites->anchors.items[parts[i]].count < composites->anchors.items[on].count) {
            on = parts[i];
        }
    }
    struct composite_indicator_anchor *anchor = &composites->anchors.items[on];
    composites->items.items[composites->items.count++] =
        (struct composite_indicator){.pattern = pattern,
                                     .next = anchor->first,
                                     .first = (uint32_t)composites->parts.count,
                                     .count = (uint32_t)count};
    anchor->first = (uint32_t)composites->items.count;
    anchor->count++;
    return vec_push_all(&composites->parts, parts, count) ? OK : err_nomem(err, "patterns");
}
