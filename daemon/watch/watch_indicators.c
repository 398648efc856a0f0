/* Lists out of watch.db into sets that a hunt can ask. Memory only; on the thread of matching, and
 * in stele watch. */
#include "daemon/watch/watch_indicators.h"

#include <stdlib.h>

#include "query/list/list.h"

/* What could not be read was told when the list was given. */
static enum status read_set(struct span bytes, uint32_t number, int64_t now_us,
                            struct indicator_set **out_set, struct err *err)
{
    struct list_report report;
    const struct list_options options = {.now_us = now_us};
    struct indicator_set *set = indicator_set_new();
    enum status status = set ? OK : err_nomem(err, "watch");
    status = THEN(status, list_read(set, number, bytes, &options, &report, err));
    if (status != OK) {
        indicator_set_free(set);
        return status;
    }
    *out_set = set;
    return OK;
}

static enum status add_set(struct watch_indicators *out, struct indicator_set *set, struct err *err)
{
    return set && vec_push(&out->sets, set) ? OK : err_nomem(err, "watch");
}

static enum status list_index(struct watch_indicators *out, const struct indicator *indicator,
                              struct err *err)
{
    bool is_new = false;
    enum status status = OK;
    for (size_t i = 0; status == OK && !is_new; i++) {
        if (i == out->sets.count) {
            struct indicator_set *set = indicator_set_new();
            status = add_set(out, set, err);
            if (status != OK) {
                indicator_set_free(set);
                return status;
            }
        }
        status = indicator_set_add(out->sets.items[i], indicator, &is_new, err);
    }
    return status;
}

static bool has_patterns(const struct indicator_set *set)
{
    return indicator_set_composites(set)->items.count > 0;
}

/* Lists with patterns stay as they are; those that are taken are NULL after that. */
static enum status take_patterns(struct watch_indicators *out, struct indicator_set **each,
                                 struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < out->lists.count; i++) {
        if (has_patterns(each[i])) {
            status = add_set(out, each[i], err);
            if (status == OK) {
                out->indicators +=
                    (int64_t)(indicator_set_count(each[i]) - indicator_set_parts(each[i]));
                each[i] = NULL;
            }
        }
    }
    return status;
}

/* An exact domain that comes second leaves the one that is there as it is; the other way round it
 * would not (indicator_set_add): so those come last. */
static enum status place_all(struct watch_indicators *out, struct indicator_set *const *each,
                             struct err *err)
{
    enum status status = OK;
    for (int exact = 0; exact < 2; exact++) {
        for (size_t i = 0; i < out->lists.count; i++) {
            size_t count = has_patterns(each[i]) ? 0 : indicator_set_count(each[i]);
            for (size_t k = 0; status == OK && k < count; k++) {
                const struct indicator *indicator = indicator_set_get(each[i], k);
                if (indicator->exact == (exact != 0)) {
                    status = list_index(out, indicator, err);
                    out->indicators++;
                }
            }
        }
    }
    return status;
}

static enum status note_list(void *context, const struct watch_list *list, struct err *err)
{
    struct watch_indicators *fresh = context;
    const struct watch_indicators_list noted = {
        .id = list->id, .is_behind = list->is_behind, .caught_us = list->caught_us};
    return vec_push(&fresh->lists, noted) ? OK : err_nomem(err, "watch");
}

/* A list that has gone meanwhile is an empty one: the generation says soon that all is to be read
 * again. */
static enum status read_list(struct watch_db *db, int64_t id, uint32_t number, int64_t now_us,
                             struct indicator_set **out_set, struct err *err)
{
    struct buf bytes = BUF_INIT;
    enum status status = watch_list_bytes(db, id, &bytes, NULL, NULL, err);
    if (status == OK || status == ERR_NOT_FOUND) {
        status = read_set(buf_span(&bytes), number, now_us, out_set, err);
    }
    buf_fini(&bytes);
    return status;
}

enum status watch_indicators_read(struct watch_db *db, int64_t now_us, struct watch_indicators *out,
                                  struct err *err)
{
    struct watch_indicators fresh = {0};
    enum status status = watch_generation(db, &fresh.generation, err);
    status = THEN(status, watch_lists(db, false, note_list, &fresh, err));
    struct indicator_set **each = calloc(fresh.lists.count + 1, sizeof(*each));
    if (status == OK && !each) {
        status = err_nomem(err, "watch");
    }
    for (size_t i = 0; status == OK && i < fresh.lists.count; i++) {
        status = read_list(db, fresh.lists.items[i].id, (uint32_t)i, now_us, &each[i], err);
    }
    status = THEN(status, place_all(&fresh, each, err));
    status = THEN(status, take_patterns(&fresh, each, err));
    for (size_t i = 0; each && i < fresh.lists.count; i++) {
        indicator_set_free(each[i]);
    }
    free(each);
    if (status != OK) {
        watch_indicators_fini(&fresh);
        return status;
    }
    *out = fresh;
    return OK;
}

void watch_indicators_fini(struct watch_indicators *sets)
{
    for (size_t i = 0; i < sets->sets.count; i++) {
        indicator_set_free(sets->sets.items[i]);
    }
    vec_fini(&sets->sets);
    vec_fini(&sets->lists);
    *sets = (struct watch_indicators){0};
}

struct range_cover {
    const struct indicator_set *set;
    struct span normal;
    bool found;
};

static void find_same(void *context, size_t number)
{
    struct range_cover *cover = context;
    const struct indicator *there = indicator_set_get(cover->set, number);
    cover->found = cover->found || (!there->is_part && span_equal(there->normal, cover->normal));
}

/* Does the set have the domain? For one that stands for all below it the same is asked of a name
 * below: an exact one does not have that. */
static enum status has_domain(const struct indicator_set *set, const struct indicator *domain,
                              bool *out_has, struct err *err)
{
    struct buf name = BUF_INIT;
    struct range_cover cover = {.set = set, .normal = domain->normal};
    buf_add_str(&name, domain->exact ? "" : "x.");
    buf_add_span(&name, domain->normal);
    enum status status = buf_status(&name, "watch", err);
    if (status == OK) {
        indicator_set_match(set, OBSERVABLE_DOMAIN, buf_span(&name), find_same, &cover);
        *out_has = cover.found;
    }
    buf_fini(&name);
    return status;
}

/* Is the indicator in the old set? What is added to that does no harm: each comes once. */
static enum status is_old(struct indicator_set *old, const struct indicator *indicator,
                          bool *out_is, struct err *err)
{
    bool added = false;
    if (indicator->kind == OBSERVABLE_DOMAIN) {
        return has_domain(old, indicator, out_is, err);
    }
    enum status status = indicator_set_add(old, indicator, &added, err);
    *out_is = !added;
    return status;
}

/* Puts what is new of `set` into `fresh`. *out_pattern: there is a pattern among it. */
static enum status sift(const struct indicator_set *set, struct indicator_set *old,
                        struct indicator_set *fresh, int64_t *out_count, bool *out_pattern,
                        struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < indicator_set_count(set); i++) {
        const struct indicator *indicator = indicator_set_get(set, i);
        bool has = false;
        bool added = false;
        if (indicator->is_part) {
            continue;
        }
        status = is_old(old, indicator, &has, err);
        if (status != OK || has) {
            continue;
        }
        ++*out_count;
        *out_pattern = *out_pattern || indicator->kind == OBSERVABLE_KINDS;
        status = indicator_set_add(fresh, indicator, &added, err);
    }
    return status;
}

enum status watch_indicators_new_in(struct span bytes, const struct span *before, int64_t now_us,
                                    struct indicator_set **out_set, int64_t *out_count,
                                    struct err *err)
{
    struct indicator_set *set = NULL;
    struct indicator_set *old = NULL;
    struct indicator_set *fresh = NULL;
    bool whole = !before;
    int64_t count = 0;
    enum status status = read_set(bytes, 0, now_us, &set, err);
    if (status == OK && !before) {
        count = (int64_t)(indicator_set_count(set) - indicator_set_parts(set));
    } else if (status == OK) {
        fresh = indicator_set_new();
        status = fresh ? read_set(*before, 0, now_us, &old, err) : err_nomem(err, "watch");
        status = THEN(status, sift(set, old, fresh, &count, &whole, err));
    }
    indicator_set_free(old);
    if (status != OK) {
        indicator_set_free(set);
        indicator_set_free(fresh);
        return status;
    }
    indicator_set_free(whole ? fresh : set);
    *out_set = whole ? set : fresh;
    *out_count = count;
    return OK;
}

enum status watch_indicators_pending(struct watch_db *db, int64_t id, int64_t now_us,
                                     struct indicator_set **out_set, struct err *err)
{
    struct buf bytes = BUF_INIT;
    struct buf base = BUF_INIT;
    bool has_base = false;
    int64_t count = 0;
    enum status status = watch_list_bytes(db, id, &bytes, &base, &has_base, err);
    if (status == OK) {
        const struct span before = buf_span(&base);
        status = watch_indicators_new_in(buf_span(&bytes), has_base ? &before : NULL, now_us,
                                         out_set, &count, err);
    }
    buf_fini(&bytes);
    buf_fini(&base);
    return status;
}
