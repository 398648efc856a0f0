/* Templates of keys for exported objects. What is accepted must tell objects from each other: of
 * the same day by their blocks and numbers, and of two days with the same blocks. */
#include "schema/base/clock.h"
#include "tests/fuzz/fuzz_target.h"
#include "tools/stele/export/key_template.h"

enum { TEMPLATE_BYTES_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[TEMPLATE_BYTES_MAX + 1];
    if (size > TEMPLATE_BYTES_MAX) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    struct err err;
    if (key_template_check(text, &err) != OK) {
        MUST_HOLD(err.status == ERR_USAGE);
        return 0;
    }
    const struct ledger_content holds = {.events = 9, .sha256 = {{1, 2, 3}}};
    const struct key_template_facts facts[] = {
        {"3a8f6c1e-0000-4000-8000-000000000001", 0, 1, 4, 1, holds, OBJECT_CODEC_ZSTD},
        {"3a8f6c1e-0000-4000-8000-000000000001", 0, 5, 5, 2, holds, OBJECT_CODEC_ZSTD},
        {"3a8f6c1e-0000-4000-8000-000000000001", 400 * CLOCK_DAY_US, 1, 4, 3, holds,
         OBJECT_CODEC_ZSTD},
    };
    enum { COUNT = sizeof facts / sizeof facts[0] };
    char keys[COUNT][TARGET_KEY_BYTES];
    for (size_t i = 0; i < COUNT; i++) {
        if (key_template_fill(text, &facts[i], keys[i], &err) != OK) {
            MUST_HOLD(err.status == ERR_LIMIT);
            return 0;
        }
        MUST_HOLD(keys[i][0] && keys[i][0] != '/' && strlen(keys[i]) < TARGET_KEY_BYTES);
        for (size_t k = 0; k < i; k++) {
            MUST_HOLD(strcmp(keys[k], keys[i]) != 0);
        }
    }
    return 0;
}
