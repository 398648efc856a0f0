/* Any file of events, read as one chunk and in two: it comes to an end, what comes out of the chunk
 * lies in it in order, lines count up, and an event's bytes alone are that event again. The two
 * bytes in front say where the chunk is cut and whether it is one of objects over lines. */
#include "tests/fuzz/fuzz_target.h"
#include "tools/stele/import/records.h"

#define NOW_US INT64_C(1793577600000000)

static void check_event(const struct record *record)
{
    struct arena arena = ARENA_INIT;
    struct event again = {0};
    const struct event *event = &record->event;
    MUST_HOLD(event_parse(event->raw, NOW_US, &arena, &again));
    MUST_HOLD(again.raw.size == event->raw.size);
    MUST_HOLD(again.n_fields == event->n_fields);
    MUST_HOLD(again.time_is_arrival == event->time_is_arrival);
    MUST_HOLD(event->time_is_arrival || record->received_us == NOW_US);
    MUST_HOLD(record->received_us >= EVENT_TIME_MIN_US);
    MUST_HOLD(event_identity_hash(event) == event_identity_hash(&again));
    arena_fini(&arena);
}

/* Returns the line behind the chunk. */
static int64_t check_chunk(struct records *records, struct span bytes, int64_t line, bool spans)
{
    const struct chunk chunk = {.bytes = bytes, .first_line = line, .spans = spans};
    int64_t after = line + chunk_count_lines(bytes);
    const char *at = bytes.data;
    struct record record;
    MUST_HOLD(records_chunk(records, &chunk, NOW_US));
    while (records_next(records, &record)) {
        struct span raw = record.event.raw;
        int64_t now_line = records_line(records);
        MUST_HOLD(now_line >= line && now_line <= after);
        line = now_line;
        MUST_HOLD(raw.size > 0);
        if (record.in_chunk) {
            MUST_HOLD(raw.data >= at && raw.data + raw.size <= bytes.data + bytes.size);
            at = raw.data + raw.size;
        }
        if (record.fault == EVENT_FAULT_NONE) {
            check_event(&record);
        }
    }
    MUST_HOLD(!records->nomem);
    return after;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct span bytes = span_of(data + 2, size - 2);
    bool spans = data[0] & 1;
    size_t cut = bytes.size * data[1] / 256;
    struct records whole = {0};
    struct records halves = {0};
    (void)check_chunk(&whole, bytes, 1, spans);
    int64_t line = check_chunk(&halves, span_of(bytes.data, cut), 1, spans);
    (void)check_chunk(&halves, span_from(bytes, cut), line, spans);
    records_fini(&whole);
    records_fini(&halves);
    return 0;
}
