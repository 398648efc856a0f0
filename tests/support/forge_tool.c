/* Changes to a segment's file for scripts (tests/support/forge.h):
 *     forge_tool lines FILE BLOCK events|arrivals        prints them
 *     forge_tool put FILE BLOCK events|arrivals [fit] <LINES
 *     forge_tool fit FILE BLOCK
 * On failure a line on stderr and exit code 1. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/forge.h"

static enum status put(struct forge *forge, struct err *err)
{
    struct buf lines = BUF_INIT;
    char bytes[65536];
    for (size_t size; (size = fread(bytes, 1, sizeof bytes, stdin)) > 0;) {
        buf_add(&lines, bytes, size);
    }
    enum status status = buf_status(&lines, "forge", err);
    status = THEN(status, forge_put(forge, buf_span(&lines), err));
    buf_fini(&lines);
    return status;
}

static enum status print(const struct forge *forge, struct err *err)
{
    struct buf lines = BUF_INIT;
    enum status status = forge_lines(forge, &lines, err);
    if (status == OK && fwrite(lines.data, 1, lines.size, stdout) != lines.size) {
        status = err_set(err, ERR_IO, "cannot write");
    }
    buf_fini(&lines);
    return status;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    if (argc < 4) {
        fputs("forge_tool lines|put|fit FILE BLOCK [events|arrivals] [fit]\n", stderr);
        return 2;
    }
    struct forge forge = {.path = argv[2],
                          .block = strtoll(argv[3], NULL, 10),
                          .which = argc > 4 && strcmp(argv[4], "arrivals") == 0
                                       ? SEGMENT_DATA_ARRIVALS
                                       : SEGMENT_DATA_EVENTS,
                          .fits = argc > 5 && strcmp(argv[5], "fit") == 0};
    enum status status = strcmp(argv[1], "lines") == 0 ? print(&forge, &err)
                         : strcmp(argv[1], "put") == 0 ? put(&forge, &err)
                                                       : forge_fit(forge.path, forge.block, &err);
    if (status != OK) {
        fprintf(stderr, "%s\n", err.text);
    }
    return status != OK;
}
