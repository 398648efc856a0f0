#include "schema/base/vec.h"

enum { FIRST_ITEMS = 16 };

bool vec_grow(void *items, size_t item_bytes, size_t count, size_t extra, size_t *capacity)
{
    CHECK(count <= *capacity);
    if (extra <= *capacity - count) {
        return true;
    }
    size_t most = SIZE_MAX / 2 / item_bytes;
    if (extra > most || count > most - extra) {
        return false;
    }
    size_t wanted = *capacity ? *capacity : FIRST_ITEMS;
    while (wanted < count + extra) {
        wanted = wanted > most / 2 ? most : wanted * 2;
    }
    void *old; /* a pointer to items of another type is read and written as bytes */
    memcpy(&old, items, sizeof old);
    void *grown = realloc(old, wanted * item_bytes);
    if (!grown) {
        return false;
    }
    memcpy(items, &grown, sizeof grown);
    *capacity = wanted;
    return true;
}

void *vec_give(void *items, size_t *count, size_t *capacity)
{
    static void *const none;
    void *given;
    memcpy(&given, items, sizeof given);
    memcpy(items, &none, sizeof none);
    *count = *capacity = 0;
    return given;
}
