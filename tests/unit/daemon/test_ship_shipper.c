/* Objects, plans and passes over a real archive and a directory as the target. */
#include <unistd.h>

#include "daemon/ship/object_build.h"
#include "daemon/ship/object_unpack.h"
#include "daemon/ship/planner.h"
#include "daemon/ship/ship_status.h"
#include "daemon/ship/shipper.h"
#include "daemon/ship/target_open.h"
#include "schema/index/indexer.h"
#include "tests/support/test.h"

#define DAY  INT64_C(1763596800000000) /* 2025-11-20 */
#define NEXT (DAY + CLOCK_DAY_US)

static char home[FILE_PATH_BYTES];
static char dir[FILE_PATH_BYTES];
static char out_dir[FILE_PATH_BYTES];
static struct config config;
static struct err err;

static void begin(void)
{
    test_dir_make(home);
    (void)setenv("STELE_CLOCK_US", "1763683200000000", 1); /* a day after DAY */
    EXPECT_OK(file_path_format(dir, &err, "%.200s/archive", home), err);
    EXPECT_OK(file_path_format(out_dir, &err, "%.200s/out", home), err);
    EXPECT_OK(archive_create(dir, &err), err);
    config_init(&config);
    (void)snprintf(config.ship_target, sizeof config.ship_target, "file://%.200s", out_dir);
}

static void end(void)
{
    (void)unsetenv("STELE_CLOCK_US");
    test_dir_remove(home);
}

static void set_clock(int64_t us)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", (long long)us);
    (void)setenv("STELE_CLOCK_US", text, 1);
}

/* `count` events of the day, received at received_us, made into blocks. */
static void add(int64_t day_us, int first, int count, int64_t received_us)
{
    char day[CLOCK_TEXT_BYTES];
    clock_format_day(day_us, day);
    struct buf body = BUF_INIT;
    for (int i = first; i < first + count; i++) {
        buf_printf(&body, "{\"event\":\"t\",\"uid\":\"u-%s-%d\",\"time\":\"%sT10:00:00Z\"}\n", day,
                   i, day);
    }
    const struct inbox_item item = {
        .source = {.via = span_str("import")}, .received_us = received_us, .body = buf_span(&body)};
    struct archive *archive = NULL;
    struct indexer *indexer = NULL;
    struct indexer_run *run = NULL;
    const struct indexer_options options = {.compression_level = 3};
    EXPECT_OK(archive_open(dir, ARCHIVE_WRITE, &archive, &err), err);
    EXPECT_OK(inbox_append(archive, &item, 1, &err), err);
    EXPECT_OK(indexer_open(dir, &options, &indexer, &err), err);
    EXPECT_OK(indexer_run_next(indexer, &run, &err), err);
    EXPECT_OK(indexer_run_commit(archive, run, &err), err);
    indexer_close(indexer);
    archive_close(archive);
    buf_fini(&body);
}

static struct shipper_report ship(bool all_now)
{
    struct shipper *shipper = NULL;
    struct shipper_report report = {0};
    EXPECT_OK(shipper_open(&config, dir, &shipper, &err), err);
    EXPECT_OK(shipper_run(shipper, all_now, &report, &err), err);
    shipper_close(shipper);
    return report;
}

static struct segment *open_day(int64_t day_us)
{
    char path[FILE_PATH_BYTES];
    struct segment *segment = NULL;
    EXPECT_OK(archive_segment_path(dir, day_us, path, &err), err);
    EXPECT_OK(segment_open(path, &segment, &err), err);
    return segment;
}

TEST(the_same_run_gives_the_same_bytes)
{
    begin();
    for (int i = 0; i < 3; i++) {
        add(DAY, i * 100, 100, DAY);
    }
    for (int codec = 0; codec < 2; codec++) {
        const struct object_range range = {.codec = codec ? LEDGER_GZIP : LEDGER_ZSTD,
                                           .first_block = 0,
                                           .last_block = 100,
                                           .bytes_max = 1 << 20};
        struct object one = {0};
        struct object two = {0};
        struct segment *segment = open_day(DAY);
        EXPECT_OK(object_build(segment, &range, &one, &err), err);
        EXPECT_OK(object_build(segment, &range, &two, &err), err);
        segment_close(segment);
        EXPECT_INT(one.content.events, 300);
        EXPECT(one.first_block > 0 && one.last_block == one.first_block + 2);
        EXPECT(span_equal(buf_span(&one.packed), buf_span(&two.packed)));
        char key[256];
        char expected[256];
        char hex[DIGEST_HEX_BYTES];
        EXPECT_OK(object_key("3f9c1a2b-0000-4000-8000-000000000000", DAY, range.codec, &one, key,
                             sizeof key, &err),
                  err);
        (void)snprintf(expected, sizeof expected,
                       "dt=2025-11-20/3f9c1a2b-20251120-%06d-%06d-300-%.16s.ndjson.%s",
                       (int)one.first_block, (int)one.last_block,
                       digest_hex(&one.content.sha256, hex), codec ? "gz" : "zst");
        EXPECT_STR(key, expected);
        object_fini(&one);
        object_fini(&two);
    }
    end();
}

TEST(an_object_ends_at_its_bound_but_holds_one_block)
{
    begin();
    for (int i = 0; i < 3; i++) {
        add(DAY, i * 100, 100, DAY);
    }
    struct segment *segment = open_day(DAY);
    struct object object = {0};
    struct object_range range = {
        .codec = LEDGER_ZSTD, .first_block = 0, .last_block = 100, .bytes_max = 1};
    EXPECT_OK(object_build(segment, &range, &object, &err), err);
    EXPECT_INT(object.content.events, 100);
    range.last_block = 2;
    range.bytes_max = INT64_MAX;
    EXPECT_OK(object_build(segment, &range, &object, &err), err);
    range.last_block = 100;
    range.bytes_max = (int64_t)object.packed.size;
    EXPECT_OK(object_build(segment, &range, &object, &err), err);
    EXPECT_INT(object.content.events, 200);
    EXPECT_INT(object.packed.size, range.bytes_max);
    range.bytes_max--;
    EXPECT_OK(object_build(segment, &range, &object, &err), err);
    EXPECT_INT(object.content.events, 100);
    range.codec = LEDGER_GZIP;
    range.bytes_max = 1;
    EXPECT_OK(object_build(segment, &range, &object, &err), err);
    EXPECT_INT(object.content.events, 100);
    range.first_block = range.last_block = 99;
    EXPECT_INT(object_build(segment, &range, &object, &err), ERR_NOT_FOUND);
    object_fini(&object);
    segment_close(segment);
    end();
}

/* Blocks of all sizes, more than are packed at a time. */
TEST(two_threads_give_the_bytes_of_one)
{
    enum { BLOCKS = 23 };
    begin();
    for (int i = 0, from = 0; i < BLOCKS; i++) {
        int count = i % 3 == 0 ? 2000 : 1 + i * 7;
        add(DAY, from, count, DAY);
        from += count;
    }
    struct segment *segment = open_day(DAY);
    for (int at = 0; at < 2; at++) {
        enum ledger_codec codec = at ? LEDGER_GZIP : LEDGER_ZSTD;
        const struct object_range range = {
            .codec = codec, .first_block = 1, .last_block = BLOCKS, .bytes_max = INT64_MAX};
        struct object object = {0};
        struct object_codec_stream *stream = NULL;
        struct block_lines lines = BLOCK_LINES_INIT;
        struct buf packed = BUF_INIT;
        struct buf raw = BUF_INIT;
        EXPECT_OK(object_codec_stream_new(object_codec_of(codec), &stream, &err), err);
        for (int i = 1; i <= BLOCKS; i++) {
            struct span ndjson = {0};
            EXPECT_OK(segment_ndjson(segment, i, &lines, &ndjson, &err), err);
            EXPECT_OK(object_codec_stream_add(stream, ndjson, &packed, &err), err);
            buf_add_span(&raw, ndjson);
        }
        struct digest sha256 = digest_sha256(buf_span(&raw));
        EXPECT_OK(object_build(segment, &range, &object, &err), err);
        EXPECT(span_equal(buf_span(&object.packed), buf_span(&packed)));
        EXPECT_INT(object.content.bytes, raw.size);
        EXPECT(digest_equal(&object.content.sha256, &sha256));
        object_codec_stream_free(stream);
        block_lines_fini(&lines);
        buf_fini(&packed);
        buf_fini(&raw);
        object_fini(&object);
    }
    segment_close(segment);
    end();
}

/* Pieces of any size, and what is wrong with them. */
static enum status unpack(enum object_codec codec, struct span packed, size_t piece,
                          int64_t bytes_max, struct ledger_content *out)
{
    struct object_unpack *reader = NULL;
    enum status status = object_unpack_new(codec, bytes_max, &reader, &err);
    while (status == OK && packed.size > 0) {
        size_t size = packed.size < piece ? packed.size : piece;
        status = object_unpack_add(reader, span_of(packed.data, size), &err);
        packed = span_from(packed, size);
    }
    enum status finished = object_unpack_finish(reader, out, &err);
    EXPECT(status == OK || finished == status);
    object_unpack_free(reader);
    return finished;
}

TEST(what_a_packed_object_holds)
{
    struct buf raw = BUF_INIT;
    for (int i = 0; i < 90000; i++) {
        buf_printf(&raw, "{\"n\":%d}\n", i);
    }
    struct span all = buf_span(&raw);
    struct digest sha256 = digest_sha256(all);
    for (int codec = OBJECT_CODEC_ZSTD; codec <= OBJECT_CODEC_NONE; codec++) {
        struct buf packed = BUF_INIT;
        struct object_codec_stream *stream = NULL;
        struct ledger_content content;
        EXPECT_OK(object_codec_stream_new((enum object_codec)codec, &stream, &err), err);
        /* also an empty piece, and one of exactly what is unpacked at a time */
        static const size_t sizes[] = {10, 0, 128 * 1024, 256 * 1024, 1, SIZE_MAX};
        struct span rest = all;
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            size_t size = sizes[i] < rest.size ? sizes[i] : rest.size;
            EXPECT_OK(object_codec_stream_add(stream, span_of(rest.data, size), &packed, &err),
                      err);
            rest = span_from(rest, size);
        }
        object_codec_stream_free(stream);
        struct span whole = buf_span(&packed);
        static const size_t pieces[] = {1, 7, 4096, SIZE_MAX};
        for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
            EXPECT_OK(
                unpack((enum object_codec)codec, whole, pieces[i], (int64_t)all.size, &content),
                err);
            EXPECT_INT(content.events, 90000);
            EXPECT_INT(content.bytes, all.size);
            EXPECT(digest_equal(&content.sha256, &sha256));
            EXPECT_INT(
                unpack((enum object_codec)codec, whole, pieces[i], (int64_t)all.size - 1, &content),
                ERR_CORRUPT);
        }
        if (codec != OBJECT_CODEC_NONE) {
            struct span cut = span_of(whole.data, whole.size - 1);
            EXPECT_INT(unpack((enum object_codec)codec, cut, 999, (int64_t)all.size, &content),
                       ERR_CORRUPT);
            buf_add_str(&packed, "more");
            EXPECT_INT(unpack((enum object_codec)codec, buf_span(&packed), 999, (int64_t)all.size,
                              &content),
                       ERR_CORRUPT);
            packed.data[packed.size / 2] ^= 1;
            EXPECT_INT(unpack((enum object_codec)codec, span_of(packed.data, packed.size - 4), 999,
                              (int64_t)all.size, &content),
                       ERR_CORRUPT);
        }
        buf_fini(&packed);
    }
    buf_fini(&raw);
}

TEST(what_is_due)
{
    begin();
    config.ship_interval = 300 * CLOCK_SECOND_US;
    set_clock(DAY + 1000 * CLOCK_SECOND_US);
    add(DAY, 0, 10, DAY + 900 * CLOCK_SECOND_US);
    struct shipper_report report = ship(false);
    EXPECT_INT(report.shipped_objects, 0);
    EXPECT_INT(report.inbox_scan_events, 10);
    EXPECT_INT(report.oldest_us, DAY + 900 * CLOCK_SECOND_US);
    EXPECT_INT(report.next_us, DAY + 1200 * CLOCK_SECOND_US);
    set_clock(DAY + 1200 * CLOCK_SECOND_US);
    report = ship(false);
    EXPECT_INT(report.shipped_events, 10);
    EXPECT_INT(report.inbox_scan_events, 0);
    EXPECT_INT(report.oldest_us, 0);
    EXPECT(report.next_us == INT64_MAX);
    /* enough for an object: no wait */
    config.ship_object_bytes_max = 1;
    add(DAY, 10, 10, DAY + 1200 * CLOCK_SECOND_US);
    EXPECT_INT(ship(false).shipped_events, 10);
    end();
}

TEST(each_block_once_over_many_passes)
{
    begin();
    struct shipper *shipper = NULL;
    struct shipper_report report;
    EXPECT_OK(shipper_open(&config, dir, &shipper, &err), err);
    int64_t shipped = 0;
    for (int i = 0; i < 5; i++) {
        add(i % 2 ? NEXT : DAY, i * 10, 10, i % 2 ? NEXT : DAY);
        EXPECT_OK(shipper_run(shipper, true, &report, &err), err);
        EXPECT_INT(report.shipped_objects, 1);
        shipped += report.shipped_events;
        EXPECT_OK(shipper_run(shipper, true, &report, &err), err);
        EXPECT_INT(report.shipped_objects, 0);
    }
    EXPECT_INT(shipped, 50);
    shipper_close(shipper);
    struct ship_status status;
    char url[TARGET_URL_BYTES];
    EXPECT_OK(target_url(&config, url, &err), err);
    EXPECT_OK(ship_status_read(dir, url, &status, &err), err);
    EXPECT_INT(status.count, 1);
    EXPECT_INT(status.targets[0].shipped_events, 50);
    EXPECT_INT(status.targets[0].inbox_scan_events, 0);
    EXPECT_INT(ship_status_oldest(&status, &status.targets[0]), 0);
    ship_status_fini(&status);
    end();
}

TEST(a_failing_target_waits_and_is_tried_again)
{
    begin();
    EXPECT_OK(file_write(out_dir, span_str("in the way"), 0600, &err), err);
    add(DAY, 0, 10, DAY);
    add(NEXT, 0, 10, NEXT);
    struct shipper *shipper = NULL;
    struct shipper_report report;
    EXPECT_OK(shipper_open(&config, dir, &shipper, &err), err);
    EXPECT_OK(shipper_run(shipper, false, &report, &err), err);
    EXPECT_INT(report.failed_objects, 1); /* one object told enough */
    EXPECT_INT(report.pending_objects, 1);
    EXPECT_INT(report.inbox_scan_events, 10);
    EXPECT_INT(report.oldest_us, DAY);
    EXPECT(report.last.status != OK && strstr(report.last.text, "not a directory"));
    EXPECT(report.next_us <= clock_now_us() + config.ship_retry_max_wait);
    /* a new target begins anew, and the old plan stays with the old one */
    char old[CONFIG_TEXT_BYTES];
    (void)snprintf(old, sizeof old, "%s", config.ship_target);
    (void)snprintf(config.ship_target, sizeof config.ship_target, "file://%.200s2", out_dir);
    EXPECT_INT(ship(true).shipped_events, 20);
    (void)snprintf(config.ship_target, sizeof config.ship_target, "%s", old);
    EXPECT_INT(unlink(out_dir), 0);
    set_clock(clock_now_us() + config.ship_retry_max_wait);
    EXPECT_OK(shipper_run(shipper, false, &report, &err), err);
    EXPECT_INT(report.shipped_events, 20);
    EXPECT_INT(report.pending_objects, 0);
    shipper_close(shipper);
    end();
}

TEST(a_stopped_shipper_leaves_plans_as_they_are)
{
    begin();
    add(DAY, 0, 10, DAY);
    struct shipper *shipper = NULL;
    struct shipper_report report;
    EXPECT_OK(shipper_open(&config, dir, &shipper, &err), err);
    shipper_stop(shipper);
    EXPECT_OK(shipper_run(shipper, true, &report, &err), err);
    EXPECT_INT(report.shipped_objects + report.failed_objects, 0);
    EXPECT_INT(report.inbox_scan_events, 10);
    shipper_close(shipper);
    EXPECT_INT(ship(true).shipped_events, 10);
    end();
}

/* What came before the clock was set back has an arrival time that is still to come. */
TEST(a_clock_set_back_holds_nothing_up)
{
    begin();
    add(DAY, 0, 10, NEXT);
    set_clock(NEXT - CLOCK_DAY_US / 2);
    EXPECT_INT(ship(false).shipped_events, 10);
    end();
}

TEST_MAIN(TEST_ENTRY(a_clock_set_back_holds_nothing_up),
          TEST_ENTRY(the_same_run_gives_the_same_bytes),
          TEST_ENTRY(an_object_ends_at_its_bound_but_holds_one_block),
          TEST_ENTRY(two_threads_give_the_bytes_of_one), TEST_ENTRY(what_a_packed_object_holds),
          TEST_ENTRY(what_is_due), TEST_ENTRY(each_block_once_over_many_passes),
          TEST_ENTRY(a_failing_target_waits_and_is_tried_again),
          TEST_ENTRY(a_stopped_shipper_leaves_plans_as_they_are))
