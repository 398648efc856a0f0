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
    struct warninglist_set *warninglists = warninglist_new();
    struct err err = {0};
    size_t told = 0;
    MUST_HOLD(warninglists);
    enum status status =
        warninglist_read(warninglists, span_of(data, size), "file", refuse, &told, &err);
    for (size_t i = 0; status == OK && i < warninglist_count(warninglists); i++) {
        const struct warninglist *warninglist = warninglist_get(warninglists, i);
        MUST_HOLD(warninglist->entries >= 0 && (warninglist->refused == 0 || told > 0));
    }
    for (int kind = 0; kind < OBSERVABLE_KINDS; kind++) {
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            uint32_t by = warninglist_of_observable(warninglists, (enum observable_kind)kind,
                                                    span_str(texts[i]));
            MUST_HOLD(by <= warninglist_count(warninglists));
        }
    }
    warninglist_free(warninglists);
    return 0;
}
