/* The ledger against a directory that changes while it is listed. */
#include "daemon/ship/reconcile.h"
#include "daemon/ship/shipper.h"
#include "schema/index/indexer.h"
#include "tests/support/test.h"

#define DAY0 INT64_C(1763596800000000) /* 2025-11-20 */

enum { PAGE = 64 }; /* rows of the ledger that are read at a time */

static char home[FILE_PATH_BYTES];
static char dir[FILE_PATH_BYTES];
static struct config config;
static struct err err;

static void begin(void)
{
    test_dir_make(home);
    (void)setenv("STELE_CLOCK_US", "1772323200000000", 1); /* 2026-03-01 */
    EXPECT_OK(file_path_format(dir, &err, "%.200s/archive", home), err);
    EXPECT_OK(archive_create(dir, &err), err);
    config_init(&config);
    (void)snprintf(config.ship_target, sizeof config.ship_target, "file://%.200s/out", home);
}

static void end(void)
{
    (void)unsetenv("STELE_CLOCK_US");
    test_dir_remove(home);
}

/* An event of each day from first to last, made into blocks and shipped. */
static void add(int first, int last)
{
    struct buf body = BUF_INIT;
    for (int i = first; i <= last; i++) {
        char day[CLOCK_TEXT_BYTES];
        clock_format_day(DAY0 + i * CLOCK_DAY_US, day);
        buf_printf(&body, "{\"event\":\"t\",\"uid\":\"u-%d\",\"time\":\"%sT10:00:00Z\"}\n", i, day);
    }
    const struct inbox_item item = {.source = {.via = span_str("import")},
                                    .received_us = clock_now_us(),
                                    .body = buf_span(&body)};
    const struct indexer_options options = {.compression_level = 3};
    struct archive *archive = NULL;
    struct indexer *indexer = NULL;
    struct indexer_run *run = NULL;
    struct shipper *shipper = NULL;
    struct shipper_report report = {0};
    EXPECT_OK(archive_open(dir, ARCHIVE_WRITE, &archive, &err), err);
    EXPECT_OK(inbox_append(archive, &item, 1, &err), err);
    EXPECT_OK(indexer_open(dir, &options, &indexer, &err), err);
    EXPECT_OK(indexer_run_next(indexer, &run, &err), err);
    EXPECT_OK(indexer_run_commit(archive, run, &err), err);
    indexer_close(indexer);
    archive_close(archive);
    EXPECT_OK(shipper_open(&config, dir, &shipper, &err), err);
    EXPECT_OK(shipper_run(shipper, true, &report, &err), err);
    EXPECT_INT(report.shipped_objects, last - first + 1);
    shipper_close(shipper);
    buf_fini(&body);
}

static enum status show(void *context, const struct reconcile_finding *finding, struct err *why)
{
    (void)context;
    (void)why;
    fprintf(stderr, "found %s: %s\n", reconcile_kind_name(finding->kind), finding->key);
    return OK;
}

/* A day goes out that the list has passed already, and that the ledger's next page has. */
static void ship_between(void *context, int64_t objects)
{
    const int *day = context;
    if (objects == PAGE) {
        add(*day, *day);
    }
}

static struct reconcile_report reconcile(void (*progress)(void *, int64_t), int day)
{
    const struct reconcile_options options = {
        .config = &config, .archive_dir = dir, .each = show, .context = &day, .progress = progress};
    struct reconcile_report report = {0};
    EXPECT_OK(reconcile_run(&options, &report, &err), err);
    return report;
}

TEST(what_is_shipped_behind_the_list_is_not_missing)
{
    begin();
    add(0, PAGE - 1);
    add(PAGE + 1, PAGE + 3); /* a day is left out */
    struct reconcile_report report = reconcile(NULL, 0);
    EXPECT_INT(report.equal, PAGE + 3);
    report = reconcile(ship_between, PAGE);
    EXPECT_INT(report.equal, PAGE + 4);
    EXPECT_INT(report.missing + report.foreign + report.changed, 0);
    end();
}

TEST(what_is_shipped_before_the_list_ends)
{
    begin();
    add(0, PAGE + 2);
    struct reconcile_report report = reconcile(ship_between, PAGE + 3);
    EXPECT(report.equal == PAGE + 3 || report.equal == PAGE + 4);
    EXPECT_INT(report.missing + report.foreign + report.changed, 0);
    end();
}

TEST_MAIN(TEST_ENTRY(what_is_shipped_behind_the_list_is_not_missing),
          TEST_ENTRY(what_is_shipped_before_the_list_ends))
