/* Any configuration file: read or refused with one line of text. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/config/config.h"
#include "tests/fuzz/fuzz_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config config;
    struct err err = {0};
    char path[64];
    int fd = memfd_create("stele.conf", 0);
    MUST_HOLD(fd >= 0);
    MUST_HOLD(write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    config_init(&config);
    if (config_read(&config, path, &err) == OK) {
        (void)!config_validate(&config, &err);
    } else {
        MUST_HOLD(err.text[0] != '\0' && !strchr(err.text, '\n'));
    }
    (void)close(fd);
    return 0;
}
