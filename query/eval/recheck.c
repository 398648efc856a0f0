/* Many candidates of a substring are a scan: the whole block is looked through as one text, and cut
 * into lines only when something is found in it. */
#include "query/eval/recheck.h"

#include "query/language/match.h"
#include "schema/block/bitmap.h"

enum { SCAN_CANDIDATES = 16 }; /* fewer are looked at one by one */

/* Of the candidates, those whose lines may hold what the prefilter wants. */
static enum status scan_lines(const struct prefilter *prefilter, struct block_view *view,
                              struct bitmap *candidates, struct err *err)
{
    struct span text;
    struct bitmap hits = {0};
    enum status status = block_view_ndjson(view, &text, err);
    for (size_t at = 0; status == OK && (at = prefilter_next(prefilter, text, at)) < text.size;) {
        size_t slot;
        status = block_view_slot_at(view, at, &slot, &at, err);
        if (status == OK) {
            bitmap_set(&hits, slot);
        }
    }
    bitmap_and(candidates, &hits);
    return status;
}

enum status recheck_candidates(const struct predicate *predicate, const struct prefilter *prefilter,
                               struct block_view *view, const struct bitmap *candidates,
                               struct bitmap *map, struct err *err)
{
    struct bitmap open = *candidates;
    enum status status = OK;
    if (prefilter->value.size > 0 && bitmap_count(&open) >= SCAN_CANDIDATES) {
        status = scan_lines(prefilter, view, &open, err);
        if (status != OK) {
            return status;
        }
    }
    BITMAP_EACH(&open, slot)
    {
        struct span line;
        struct event event;
        status = block_view_line(view, slot, &line, err);
        if (status == OK && !prefilter_can_match(prefilter, line)) {
            continue;
        }
        status = THEN(status, block_view_event(view, slot, &event, err));
        if (status != OK) {
            return status;
        }
        if (match_predicate(predicate, &event)) {
            bitmap_set(map, slot);
        }
    }
    return status;
}
