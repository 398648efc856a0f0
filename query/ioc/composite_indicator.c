#include "query/ioc/composite_indicator.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MIN = 64 };

void composite_indicators_fini(struct composite_indicators *composites)
{
    free(composites->items);
    free(composites->parts);
    free(composites->anchors);
    *composites = (struct composite_indicators){0};
}

/* Room for `wanted` items of `size` bytes in *at, of which *capacity are there; new ones are zero.
 */
static bool make_room(void **at, size_t *capacity, size_t wanted, size_t size)
{
    size_t room = *capacity ? *capacity : CAPACITY_MIN;
    while (room < wanted) {
        room *= 2;
    }
    if (room == *capacity) {
        return true;
    }
    char *data = realloc(*at, room * size);
    if (!data) {
        return false;
    }
    memset(data + *capacity * size, 0, (room - *capacity) * size);
    *at = data;
    *capacity = room;
    return true;
}

static bool grow(struct composite_indicators *composites, const uint32_t *parts, size_t count)
{
    void *items = composites->items;
    bool ok =
        make_room(&items, &composites->capacity, composites->count + 1, sizeof *composites->items);
    composites->items = items;
    void *all = composites->parts;
    ok = ok && make_room(&all, &composites->parts_capacity, composites->n_parts + count,
                         sizeof *composites->parts);
    composites->parts = all;
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        most = parts[i] > most ? parts[i] : most;
    }
    void *anchors = composites->anchors;
    ok = ok && make_room(&anchors, &composites->n_anchors, most + 1, sizeof *composites->anchors);
    composites->anchors = anchors;
    return ok;
}

enum status composite_indicators_add(struct composite_indicators *composites, uint32_t pattern,
                                     const uint32_t *parts, size_t count, struct err *err)
{
    CHECK(count > 0 && count <= COMPOSITE_INDICATOR_PARTS_MAX);
    if (composites->count == COMPOSITE_INDICATORS_MAX) {
        return err_set(err, ERR_LIMIT, "patterns with over %d combinations of AND",
                       COMPOSITE_INDICATORS_MAX);
    }
    if (!grow(composites, parts, count)) {
        return err_nomem(err, "patterns");
    }
    uint32_t on = parts[0];
    for (size_t i = 1; i < count; i++) {
        if (composites->anchors[parts[i]].count < composites->anchors[on].count) {
            on = parts[i];
        }
    }
    struct composite_indicator_anchor *anchor = &composites->anchors[on];
    composites->items[composites->count] =
        (struct composite_indicator){.pattern = pattern,
                                     .next = anchor->first,
                                     .first = (uint32_t)composites->n_parts,
                                     .count = (uint32_t)count};
    memcpy(composites->parts + composites->n_parts, parts, count * sizeof *parts);
    composites->n_parts += count;
    anchor->first = (uint32_t)++composites->count;
    anchor->count++;
    return OK;
}
