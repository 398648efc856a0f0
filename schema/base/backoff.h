/* How long to wait before something that failed is tried again. Any thread. */
#ifndef SCHEMA_BASE_BACKOFF_H
#define SCHEMA_BASE_BACKOFF_H

#include <stdint.h>

#include "schema/base/err.h"

/* Full jitter: anywhere from nothing to a bound that doubles from 1 s with each of the tries made
 * before, up to most_us. What somebody has to correct first (not status_retryable) is tried again
 * too, after most_us. */
int64_t backoff_us(int64_t tries, enum status status, int64_t most_us);

/* Without jitter: 1 s, then twice the wait before, up to most_us. 0: there was none before. */
int64_t backoff_double_us(int64_t before_us, int64_t most_us);

#endif
