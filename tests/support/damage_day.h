/* A day of three blocks that has something in every table, for tests that damage its file. */
#ifndef TESTS_SUPPORT_DAMAGE_DAY_H
#define TESTS_SUPPORT_DAMAGE_DAY_H

#include "schema/archive/archive.h"
#include "tests/support/import_body.h"
#include "tests/support/test.h"

enum { DAMAGE_BLOCKS = 3, DAMAGE_EVENTS = 300 };
#define DAMAGE_DAY_US INT64_C(1795392000000000) /* 2026-11-23 */

struct damage_day {
    char dir[FILE_PATH_BYTES];
    char path[FILE_PATH_BYTES]; /* of the day's file */
    struct buf clean;
};

/* Event i of a block: repeated values, numbers, UUIDs, addresses, text, an array, a newline; the
 * field `once` in one event that is kept whole, `late` in the last block alone. */
static inline void damage_event(int block, int i, struct buf *out)
{
    int n = block * 1000 + i;
    buf_printf(
        out,
        "{\"event\":\"e%d\",\"uid\":\"%08x-1111-4000-8000-%012x\","
        "\"time\":\"2026-11-23T%02d:%02d:%02d.%03dZ\",%s\"user\":\"user%d\",\"pid\":%d,"
        "\"addr.remote\":\"10.%d.%d.%d:%d\",\"command\":\"cat /srv/file%d host%d.example.com\","
        "\"roles\":[\"r%d\",%d]",
        i % 5, (unsigned)n * 2654435761u, n, 8 + block, i / 60, i % 60, i % 1000,
        i % 50 == 7 ? "\n" : "", i % 9, n * 31, block, i % 200, n % 256, 1024 + n, n, n, i % 4,
        i % 3);
    if (block == 2) {
        buf_printf(out, ",\"late\":\"v%d\"", i % 6);
    }
    buf_add_str(out, block == 1 && i == 42 ? ",\"once\":\"seen\"}\n" : "}\n");
}

static inline void damage_day_make(struct damage_day *day)
{
    static const struct source source = {.via = {"import", 6}, .peer = {"a.log", 5}};
    const struct indexer_options options = {.compression_level = 3};
    struct err err;
    struct buf body = BUF_INIT;
    test_dir_make(day->dir);
    EXPECT_OK(archive_create(day->dir, &err), err);
    for (int block = 0; block < DAMAGE_BLOCKS; block++) {
        struct archive *archive = NULL;
        struct indexer *indexer = NULL;
        struct indexer_run *run = NULL;
        buf_clear(&body);
        for (int i = 0; i < DAMAGE_EVENTS; i++) {
            damage_event(block, i, &body);
        }
        EXPECT_OK(indexer_open(day->dir, &options, &indexer, &err), err);
        EXPECT_OK(
            import_body(indexer, &source, DAMAGE_DAY_US + CLOCK_DAY_US, 1, buf_span(&body), &err),
            err);
        EXPECT_OK(indexer_import_end(indexer, &run, &err), err);
        EXPECT_OK(archive_open(day->dir, ARCHIVE_WRITE, &archive, &err), err);
        EXPECT_OK(indexer_run_commit(archive, run, &err), err);
        archive_close(archive);
        indexer_close(indexer);
    }
    EXPECT_OK(archive_segment_path(day->dir, DAMAGE_DAY_US, day->path, &err), err);
    EXPECT_OK(file_read(day->path, 1u << 30, &day->clean, &err), err);
    buf_fini(&body);
}

/* The file as it was. */
static inline void damage_day_heal(const struct damage_day *day)
{
    struct err err;
    char log[FILE_PATH_BYTES + 8];
    (void)snprintf(log, sizeof log, "%s-wal", day->path);
    (void)remove(log);
    (void)snprintf(log, sizeof log, "%s-shm", day->path);
    (void)remove(log);
    EXPECT_OK(file_write(day->path, buf_span(&day->clean), 0600, &err), err);
}

static inline void damage_day_remove(struct damage_day *day)
{
    test_dir_remove(day->dir);
    buf_fini(&day->clean);
}

#endif
