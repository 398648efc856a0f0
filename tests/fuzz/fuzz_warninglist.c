/* Any bytes as a suppressor: it says what it holds, and can be asked about anything. */
#include "query/hunt/warninglist.h"
#include "tests/fuzz/fuzz_target.h"

static void refuse(void *context, struct span text, const char *why)
{
    size_t *count = context;
    MUST_HOLD((text.size == 0 || text.data) && why && !strchr(why, '\n'));
    ++*count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const texts[] = {"10.0.0.1", "a.example.com", "http://a.example.com/x",
                                        "bob@example.com", "x"};
    struct suppress *suppress = suppress_new();
    struct err err = {0};
    size_t told = 0;
    MUST_HOLD(suppress);
    enum status status = suppress_read(suppress, span_of(data, size), "file", refuse, &told, &err);
    for (size_t i = 0; status == OK && i < suppress_count(suppress); i++) {
        const struct suppressor *suppressor = suppress_get(suppress, i);
        MUST_HOLD(suppressor->entries >= 0 && (suppressor->refused == 0 || told > 0));
    }
    for (int kind = 0; kind < OBSERVABLE_KINDS; kind++) {
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            uint32_t by =
                suppress_observed(suppress, (enum observable_kind)kind, span_str(texts[i]));
            MUST_HOLD(by <= suppress_count(suppress));
        }
    }
    suppress_free(suppress);
    return 0;
}
