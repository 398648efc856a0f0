/* Any event: every observable has a kind, a normal form that is its own, and a field. */
#include "schema/event/observable.h"
#include "tests/fuzz/fuzz_target.h"

static void see(void *context, const struct observable *observable)
{
    struct buf again = BUF_INIT;
    (void)context;
    MUST_HOLD(observable->kind < OBSERVABLE_KINDS && observable->field.size > 0);
    if (observable->kind == OBSERVABLE_DOMAIN) {
        MUST_HOLD(observable_domain(observable->normal, &again));
        MUST_HOLD(span_equal(buf_span(&again), observable->normal));
    } else if (observable->kind == OBSERVABLE_IP) {
        MUST_HOLD(observable_ip(observable->normal, &again));
        MUST_HOLD(span_equal(buf_span(&again), observable->normal));
    } else if (observable->kind == OBSERVABLE_URL) {
        MUST_HOLD(observable_url_bare(observable->normal).size < observable->normal.size);
    }
    buf_fini(&again);
}

/* The bytes stand for the value of a field, so that shapes are reached at once. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"a", "user", "sid", "serial_number"};
    struct observable_scanner observer = OBSERVABLE_SCANNER_INIT;
    struct event_field field = {.kind = EVENT_STRING};
    struct event event = {.fields = &field, .n_fields = 1};
    field.path = span_str(names[size > 0 ? data[0] % 4 : 0]);
    field.value = size > 0 ? span_of(data + 1, size - 1) : span_of("", 0);
    MUST_HOLD(observable_scan_event(&observer, &event, see, NULL));
    observable_scanner_fini(&observer);
    return 0;
}
