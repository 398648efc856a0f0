#include "schema/base/random.h"

#include <errno.h>
#include <sys/random.h>

#include "schema/base/err.h"

void random_fill(void *out, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t n = getrandom((char *)out + at, size - at, 0);
        CHECK(n > 0 || errno == EINTR);
        at += n > 0 ? (size_t)n : 0;
    }
}
