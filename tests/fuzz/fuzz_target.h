/* What every fuzz target is made of: libFuzzer's entry and a check that names what does not hold.
 * A target looks at more than crashes: each states what must be true of any answer. */
#ifndef TESTS_FUZZ_FUZZ_TARGET_H
#define TESTS_FUZZ_FUZZ_TARGET_H

#include "schema/base/err.h"
#include "schema/base/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST_HOLD(cond) CHECK(cond)

#endif
