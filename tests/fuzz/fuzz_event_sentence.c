/* What is shown of one event: bounded, and harmless for a terminal. */
#include "query/render/event_sentence.h"
#include "query/render/event_summary.h"
#include "query/render/terminal_text.h"
#include "schema/base/utf8.h"
#include "tests/fuzz/fuzz_target.h"

enum { MAX = 100 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct event event = {0};
    struct buf out = BUF_INIT;
    struct buf shown = BUF_INIT;
    if (event_parse(span_of(data, size), INT64_C(1793577600000000), &arena, &event)) {
        struct event_summary summary = event_summary_of(&event);
        MUST_HOLD(summary.target.size <= size && summary.address.size <= size);
        event_sentence_add(&out, &event, MAX);
        MUST_HOLD(out.size <= MAX + strlen("\xe2\x80\xa6"));
        MUST_HOLD(utf8_valid(buf_span(&out), NULL));
        (void)terminal_text_add(&shown, buf_span(&out), SIZE_MAX);
        for (size_t i = 0; i < shown.size; i++) {
            MUST_HOLD((unsigned char)shown.data[i] >= 0x20);
        }
    }
    buf_fini(&out);
    buf_fini(&shown);
    arena_fini(&arena);
    return 0;
}
