/* One object's bytes, as a block's line gives them. */
#include "schema/event/event.h"
#include "tests/fuzz/fuzz_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct event event = {0};
    if (event_parse(span_of(data, size), INT64_C(1793577600000000), &arena, &event)) {
        MUST_HOLD(event_same(&event, &event));
        MUST_HOLD(event_identity_hash(&event) == event_identity_hash(&event));
        struct span actor = event_actor(&event);
        MUST_HOLD(actor.size <= size);
        (void)event_code_severity(event.code);
        MUST_HOLD(event.time_is_arrival || event.time_us >= EVENT_TIME_MIN_US);
        MUST_HOLD(event.n_fields <= EVENT_FIELDS_MAX);
    }
    arena_fini(&arena);
    return 0;
}
