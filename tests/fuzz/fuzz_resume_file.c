/* The file of a replay that goes on. What is accepted is written whole at once: read again, it says
 * the same. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "schema/file/file.h"
#include "tests/fuzz/fuzz_target.h"
#include "tools/stele/replay/resume_file.h"

static char dir[] = "/tmp/stele-fuzz-XXXXXX";
static char path[64];

static void clean_up(void)
{
    (void)unlink(path);
    (void)rmdir(dir);
}

static void make_dir(void)
{
    if (path[0] == '\0') {
        MUST_HOLD(mkdtemp(dir) != NULL);
        (void)snprintf(path, sizeof path, "%s/resume", dir);
        (void)atexit(clean_up);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct resume_file_options options = {
        .dest = "https://h/x", .as = "ndjson", .query = "*", .from = "", .to = ""};
    struct err err;
    make_dir();
    MUST_HOLD(file_write(path, span_of((const char *)data, size), 0600, &err) == OK);
    int64_t range[2][2] = {{1, 2}, {1, 2}};
    int64_t counts[2][3];
    for (int i = 0; i < 2; i++) {
        struct resume_file *file = NULL;
        enum status status =
            resume_file_open(path, &options, &range[i][0], &range[i][1], &file, &err);
        if (status != OK) {
            MUST_HOLD(i == 0 && range[0][0] == 1 && range[0][1] == 2);
            return 0;
        }
        counts[i][0] = file->now.settled;
        counts[i][1] = file->now.refused;
        counts[i][2] = file->now.position_us;
        resume_file_close(file);
    }
    MUST_HOLD(memcmp(range[0], range[1], sizeof range[0]) == 0);
    MUST_HOLD(memcmp(counts[0], counts[1], sizeof counts[0]) == 0);
    return 0;
}
