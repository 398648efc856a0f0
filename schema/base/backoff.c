#include "schema/base/backoff.h"

#include "schema/base/clock.h"
#include "schema/base/random.h"

enum { DOUBLINGS_MAX = 20 };

int64_t backoff_us(int64_t tries, enum status status, int64_t most_us)
{
    if (!status_retryable(status)) {
        return most_us;
    }
    int64_t bound = CLOCK_SECOND_US << (tries < DOUBLINGS_MAX ? tries : DOUBLINGS_MAX);
    bound = bound < most_us ? bound : most_us;
    uint64_t random;
    random_fill(&random, sizeof random);
    return bound > 0 ? (int64_t)(random % (uint64_t)bound) : 0;
}

int64_t backoff_double_us(int64_t before_us, int64_t most_us)
{
    int64_t longer_us = before_us > 0 ? before_us * 2 : CLOCK_SECOND_US;
    return longer_us < most_us ? longer_us : most_us;
}
