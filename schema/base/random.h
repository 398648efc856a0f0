/* Random bytes. Any thread. */
#ifndef SCHEMA_BASE_RANDOM_H
#define SCHEMA_BASE_RANDOM_H

#include <stddef.h>

/* From the system's cryptographic generator; aborts if it has none. */
void random_fill(void *out, size_t size);

#endif
