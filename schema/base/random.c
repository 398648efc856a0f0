#include "schema/base/random.h"

#include <openssl/rand.h>

#include "schema/base/err.h"

void random_fill(void *out, size_t size)
{
    int rc = RAND_bytes(out, (int)size);
    CHECK(rc == 1);
}
