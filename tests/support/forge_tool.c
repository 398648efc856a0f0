/* Changes to a segment's file for scripts (tests/support/forge.h):
 *     forge_tool lines FILE BLOCK events|arrivals        prints them
 *     forge_tool put FILE BLOCK events|arrivals [fit] <LINES
 *     forge_tool fit FILE BLOCK
 *     forge_tool sums FILE                               checksums of pages, for what they hold
 *     forge_tool sql FILE STATEMENTS                     beside others that write to the file
 * On failure a line on stderr and exit code 1. */
#include <stdio.h>
#include <stdlib.h>

#include "schema/file/file.h"
#include "tests/support/forge.h"
#include "tests/support/raw_sqlite.h"

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

/* Another program wrote pages, and no sums: each is written once more. */
static enum status sums(const char *path, struct err *err)
{
    struct buf bytes = BUF_INIT;
    CHECK(db_pages_register());
    sqlite3_vfs *vfs = sqlite3_vfs_find(DB_PAGES_VFS);
    const char *name = sqlite3_create_filename(path, "", "", 0, NULL);
    sqlite3_file *file = calloc(1, (size_t)vfs->szOsFile);
    CHECK(name && file);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MAIN_DB;
    enum status status = file_read(path, 1u << 30, &bytes, err);
    bool fine = status == OK && vfs->xOpen(vfs, name, file, flags, &flags) == SQLITE_OK;
    for (size_t at = 0; fine && at < bytes.size; at += DB_PAGE_BYTES) {
        fine = file->pMethods->xWrite(file, bytes.data + at, DB_PAGE_BYTES, (sqlite3_int64)at) ==
               SQLITE_OK;
    }
    if (file->pMethods) {
        (void)file->pMethods->xClose(file);
    }
    free(file);
    sqlite3_free_filename((char *)(uintptr_t)name);
    buf_fini(&bytes);
    return status == OK && !fine ? err_set(err, ERR_IO, "%s", path) : status;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    if (argc == 3 && strcmp(argv[1], "sums") == 0) {
        if (sums(argv[2], &err) != OK) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
        return 0;
    }
    if (argc < 4) {
        fputs("forge_tool lines|put|fit FILE BLOCK [events|arrivals] [fit]\n", stderr);
        return 2;
    }
    if (strcmp(argv[1], "sql") == 0) {
        return !forge_sql(argv[2], argv[3]);
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
