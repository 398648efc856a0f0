/* Any bytes as a list of indicators: each one read is found again as what it is, and the normal
 * form of a normal form is itself. */
#include "query/ioc/list.h"
#include "tests/fuzz/fuzz_target.h"

struct search {
    size_t number;
    bool found;
};

static void refuse(void *context, int64_t line, struct span text, const char *why)
{
    int64_t *count = context;
    MUST_HOLD(line >= 1 && (text.size == 0 || text.data) && why && !strchr(why, '\n'));
    ++*count;
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
        [OBSERVABLE_SERIAL] = observable_serial,
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
    int64_t refused = 0;
    MUST_HOLD(set);
    struct list_source source = {span_of(data, size), 0, 0, refuse, &refused};
    if (list_read(set, &source, &report, &err) == OK) {
        MUST_HOLD(report.refused == refused);
        MUST_HOLD(report.read + (int64_t)indicator_set_parts(set) ==
                  (int64_t)indicator_set_count(set));
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
