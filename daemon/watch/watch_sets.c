#include "daemon/watch/watch_sets.h"

#include <stdlib.h>

#include "query/hunt/list.h"

static enum status nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "watch: out of memory");
}

/* What could not be read was told when the list was given. */
static void pass_over(void *context, int64_t line, struct span text, const char *why)
{
    (void)context, (void)line, (void)text, (void)why;
}

static enum status read_set(struct span bytes, uint32_t number, int64_t now_us,
                            struct indicator_set **out_set, struct err *err)
{
    struct list_report report;
    struct indicator_set *set = indicator_set_new();
    enum status status = set ? OK : nomem(err);
    if (status == OK) {
        status = list_read(set, number, bytes, now_us, pass_over, NULL, &report, err);
    }
    if (status != OK) {
        indicator_set_free(set);
        return status;
    }
    *out_set = set;
    return OK;
}

static enum status place(struct watch_sets *out, const struct indicator *indicator, struct err *err)
{
    bool is_new = false;
    enum status status = OK;
    for (size_t i = 0; status == OK && !is_new; i++) {
        if (i == out->n_sets) {
            struct indicator_set **sets = realloc(out->sets, (i + 1) * sizeof *sets);
            out->sets = sets ? sets : out->sets;
            struct indicator_set *set = sets ? indicator_set_new() : NULL;
            if (!set) {
                return nomem(err);
            }
            sets[out->n_sets++] = set;
        }
        status = indicator_set_add(out->sets[i], indicator, &is_new, err);
    }
    return status;
}

/* An exact domain that comes second leaves the one that is there as it is; the other way round it
 * would not (indicator_set_add): so those come last. */
static enum status place_all(struct watch_sets *out, struct indicator_set *const *each,
                             struct err *err)
{
    enum status status = OK;
    for (int exact = 0; exact < 2; exact++) {
        for (size_t i = 0; i < out->n_lists; i++) {
            size_t count = indicator_set_count(each[i]);
            for (size_t k = 0; status == OK && k < count; k++) {
                const struct indicator *indicator = indicator_set_get(each[i], k);
                if (indicator->exact == (exact != 0)) {
                    status = place(out, indicator, err);
                    out->indicators++;
                }
            }
        }
    }
    return status;
}

struct reading {
    struct watch_one *lists;
    size_t count;
    bool failed;
};

static enum status note_list(void *context, const struct watch_list *list, struct err *err)
{
    struct reading *reading = context;
    struct watch_one *lists = realloc(reading->lists, (reading->count + 1) * sizeof *lists);
    if (!lists) {
        return nomem(err);
    }
    reading->lists = lists;
    lists[reading->count++] = (struct watch_one){
        .id = list->id, .is_behind = list->is_behind, .caught_us = list->caught_us};
    return OK;
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

enum status watch_sets_read(struct watch_db *db, int64_t now_us, struct watch_sets *out,
                            struct err *err)
{
    struct watch_sets fresh = {0};
    struct reading reading = {0};
    enum status status = watch_generation(db, &fresh.generation, err);
    if (status == OK) {
        status = watch_lists(db, false, note_list, &reading, err);
    }
    fresh.lists = reading.lists;
    fresh.n_lists = reading.count;
    struct indicator_set **each = calloc(fresh.n_lists + 1, sizeof(*each));
    if (status == OK && !each) {
        status = nomem(err);
    }
    for (size_t i = 0; status == OK && i < fresh.n_lists; i++) {
        status = read_list(db, fresh.lists[i].id, (uint32_t)i, now_us, &each[i], err);
    }
    if (status == OK) {
        status = place_all(&fresh, each, err);
    }
    for (size_t i = 0; each && i < fresh.n_lists; i++) {
        indicator_set_free(each[i]);
    }
    free(each);
    if (status != OK) {
        watch_sets_fini(&fresh);
        return status;
    }
    *out = fresh;
    return OK;
}

void watch_sets_fini(struct watch_sets *sets)
{
    for (size_t i = 0; i < sets->n_sets; i++) {
        indicator_set_free(sets->sets[i]);
    }
    free(sets->sets);
    free(sets->lists);
    *sets = (struct watch_sets){0};
}

struct cover {
    const struct indicator_set *set;
    struct span normal;
    bool found;
};

static void find_same(void *context, size_t number)
{
    struct cover *cover = context;
    cover->found =
        cover->found || span_equal(indicator_set_get(cover->set, number)->normal, cover->normal);
}

/* Does the set have the domain? For one that stands for all below it the same is asked of a name
 * below: an exact one does not have that. */
static enum status has_domain(const struct indicator_set *set, const struct indicator *domain,
                              bool *out_has, struct err *err)
{
    struct buf name = BUF_INIT;
    struct cover cover = {.set = set, .normal = domain->normal};
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

enum status watch_sets_new_in(struct span bytes, const struct span *before, int64_t now_us,
                              struct indicator_set **out_set, struct err *err)
{
    struct indicator_set *set = NULL;
    struct indicator_set *old = NULL;
    struct indicator_set *fresh = NULL;
    enum status status = read_set(bytes, 0, now_us, &set, err);
    if (status == OK && !before) {
        *out_set = set;
        return OK;
    }
    if (status == OK) {
        status = read_set(*before, 0, now_us, &old, err);
    }
    if (status == OK) {
        fresh = indicator_set_new();
        status = fresh ? OK : nomem(err);
    }
    for (size_t i = 0; status == OK && i < indicator_set_count(set); i++) {
        const struct indicator *indicator = indicator_set_get(set, i);
        bool has = false;
        bool added = false;
        if (indicator->kind == OBSERVABLE_DOMAIN) {
            status = has_domain(old, indicator, &has, err);
        } else { /* what is added to the old one does no harm: each comes once */
            status = indicator_set_add(old, indicator, &added, err);
            has = !added;
        }
        if (status == OK && !has) {
            status = indicator_set_add(fresh, indicator, &added, err);
        }
    }
    indicator_set_free(set);
    indicator_set_free(old);
    if (status != OK) {
        indicator_set_free(fresh);
        return status;
    }
    *out_set = fresh;
    return OK;
}

enum status watch_sets_pending(struct watch_db *db, int64_t id, int64_t now_us,
                               struct indicator_set **out_set, struct err *err)
{
    struct buf bytes = BUF_INIT;
    struct buf base = BUF_INIT;
    bool has_base = false;
    enum status status = watch_list_bytes(db, id, &bytes, &base, &has_base, err);
    if (status == OK) {
        const struct span before = buf_span(&base);
        status =
            watch_sets_new_in(buf_span(&bytes), has_base ? &before : NULL, now_us, out_set, err);
    }
    buf_fini(&bytes);
    buf_fini(&base);
    return status;
}
