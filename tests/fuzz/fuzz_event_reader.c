/* Any request body: pieces lie in the body, in order, without overlap; an event that came out reads
 * the same when its bytes are parsed again, as a block's line is. */
#include "schema/event/event.h"
#include "tests/fuzz/fuzz_target.h"

#define ARRIVAL_US INT64_C(1793577600000000)

static void check_fields(const struct event *event)
{
    MUST_HOLD(event->n_fields <= EVENT_FIELDS_MAX);
    for (size_t i = 0; i < event->n_fields; i++) {
        MUST_HOLD(event->fields[i].value.size > 0);
    }
}

static void check_event(const struct event *event)
{
    struct arena arena = ARENA_INIT;
    struct event again = {0};
    check_fields(event);
    MUST_HOLD(event_parse(event->raw, ARRIVAL_US, &arena, &again));
    MUST_HOLD(again.time_us == event->time_us);
    MUST_HOLD(again.n_fields == event->n_fields);
    MUST_HOLD(again.partial == event->partial);
    MUST_HOLD(event_identity_hash(event) == event_identity_hash(&again));
    MUST_HOLD(event_same(event, &again));
    arena_fini(&arena);
}

/* Read for bytes and times only, the next piece is the same. */
static void check_short_cut(struct event_reader *quick, const struct event *event,
                            enum event_fault fault)
{
    struct event same;
    enum event_fault same_fault;
    bool nomem;
    MUST_HOLD(event_reader_next(quick, &same, &same_fault, &nomem));
    MUST_HOLD(same_fault == fault);
    MUST_HOLD(same.raw.data == event->raw.data && same.raw.size == event->raw.size);
    MUST_HOLD(span_equal(same.type, event->type));
    MUST_HOLD(span_equal(same.uid, event->uid));
    MUST_HOLD(span_equal(same.code, event->code));
    MUST_HOLD(same.time_us == event->time_us);
    MUST_HOLD(same.time_is_arrival == event->time_is_arrival);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct event_reader reader;
    struct event_reader quick;
    struct event event;
    enum event_fault fault;
    bool nomem = false;
    const char *at = (const char *)data;
    MUST_HOLD(event_reader_init(&reader, span_of(data, size), ARRIVAL_US, &arena));
    MUST_HOLD(event_reader_init(&quick, span_of(data, size), ARRIVAL_US, &arena));
    quick.head_only = true;
    while (event_reader_next(&reader, &event, &fault, &nomem)) {
        MUST_HOLD(event.raw.size > 0);
        MUST_HOLD(event.raw.data >= at);
        MUST_HOLD(event.raw.data + event.raw.size <= (const char *)data + size);
        at = event.raw.data + event.raw.size;
        check_short_cut(&quick, &event, fault);
        if (fault == EVENT_FAULT_NONE) {
            check_event(&event);
        }
    }
    arena_fini(&arena);
    return 0;
}
