/* Any bytes as a list of indicators: each one read is found again as what it is, and the normal
 * form of a normal form is itself. */
#include "query/list/list.h"
#include "tests/fuzz/fuzz_target.h"

struct search {
    size_t number;
    bool found;
};

/* What was refused is said in whole, and what was read is in the set. */
static void check_report(const struct list_report *report, const struct indicator_set *set)
{
    int64_t refused = 0;
    int64_t kinds = 0;
    for (size_t i = 0; i < report->n_reasons; i++) {
        const struct list_reason *reason = &report->reasons[i];
        MUST_HOLD(reason->count > 0 && !strchr(reason->why, '\n'));
        refused += reason->count;
        for (size_t k = 0; k < LIST_EXAMPLES_MAX && (int64_t)k < reason->count; k++) {
            MUST_HOLD(reason->examples[k].line >= 0);
        }
    }
    for (int i = 0; i <= OBSERVABLE_KINDS; i++) {
        kinds += report->kinds[i];
    }
    MUST_HOLD(report->refused == refused && report->read == kinds && report->shape);
    MUST_HOLD(report->n_columns <= LIST_COLUMNS_MAX && report->n_reasons <= LIST_REASONS_MAX);
    MUST_HOLD(report->read + (int64_t)indicator_set_parts(set) ==
              (int64_t)indicator_set_count(set));
}

static void see(void *context, size_t number)
{
    struct search *search = context;
    search->found |= number == search->number;
}

static void check_normal(const struct indicator *indicator)
{
    bool (*const forms[OBSERVABLE_KINDS])(struct span text, struct buf * out) = {
        [OBSERVABLE_IP] = observable_ip,         [OBSERVABLE_DOMAIN] = observable_domain,
        [OBSERVABLE_EMAIL] = observable_email,   [OBSERVABLE_HASH] = observable_hash,
        [OBSERVABLE_SERIAL] = observable_serial, [OBSERVABLE_FILE] = observable_file,
    };
    struct buf again = BUF_INIT;
    if (forms[indicator->kind] && !indicator->is_range) {
        MUST_HOLD(forms[indicator->kind](indicator->normal, &again));
        MUST_HOLD(span_equal(buf_span(&again), indicator->normal));
    }
    buf_fini(&again);
}

/* A pattern is whole, its parts are none, and each hangs on one of its parts. */
static void check_composites(const struct indicator_set *set)
{
    const struct composite_indicators *all = indicator_set_composites(set);
    size_t hanging = 0;
    for (size_t i = 0; i < all->items.count; i++) {
        const struct composite_indicator *composite = &all->items.items[i];
        MUST_HOLD(indicator_set_get(set, composite->pattern)->kind == OBSERVABLE_KINDS);
        for (size_t p = 0; p < composite->count; p++) {
            uint32_t part = all->parts.items[composite->first + p];
            MUST_HOLD(indicator_set_get(set, part)->kind != OBSERVABLE_KINDS);
        }
    }
    for (size_t i = 0; i < indicator_set_count(set); i++) {
        for (uint32_t at = composite_indicators_on(all, i); at > 0;
             at = all->items.items[at - 1].next) {
            hanging++;
        }
    }
    MUST_HOLD(hanging == all->items.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct indicator_set *set = indicator_set_new();
    struct list_report report;
    struct err err = {0};
    const struct list_options options = {.expired = size > 0 ? data[size - 1] % 3 : 0};
    MUST_HOLD(set);
    enum status status = list_read(set, 0, span_of(data, size), &options, &report, &err);
    check_report(&report, set);
    if (status == OK || status == ERR_FORMAT) {
        check_composites(set);
        for (size_t i = 0; i < indicator_set_count(set); i++) {
            const struct indicator *indicator = indicator_set_get(set, i);
            struct search search = {.number = i};
            if (indicator->kind == OBSERVABLE_KINDS) {
                continue;
            }
            check_normal(indicator);
            if (!indicator->is_range) {
                indicator_set_match(set, indicator->kind, indicator->normal, see, &search);
                MUST_HOLD(search.found);
            }
        }
    }
    indicator_set_free(set);
    return 0;
}
