#include "schema/file/file_stamp.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "schema/base/clock.h"

/* A change within this time of the last look may not show in the file's time: look again. */
#define STABLE_US (2 * CLOCK_SECOND_US)

struct file_stamp file_stamp_read(const char *path)
{
    struct file_stamp stamp = {.stable = true};
    char wal[FILE_PATH_BYTES + 8];
    (void)snprintf(wal, sizeof wal, "%s-wal", path);
    const char *const paths[2] = {path, wal};
    int64_t now_us = clock_now_us();
    for (size_t i = 0; i < 2; i++) {
        struct stat st;
        if (stat(paths[i], &st) == 0 && st.st_size > 0) {
            stamp.bytes[i] = st.st_size;
            stamp.changed_us[i] =
                (int64_t)st.st_mtim.tv_sec * CLOCK_SECOND_US + st.st_mtim.tv_nsec / 1000;
            stamp.stable = stamp.stable && stamp.changed_us[i] < now_us - STABLE_US;
        }
    }
    return stamp;
}

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->stable && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0 &&
           memcmp(a->changed_us, b->changed_us, sizeof a->changed_us) == 0;
}
