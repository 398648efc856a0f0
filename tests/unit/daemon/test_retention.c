/* Holds, plans and deletions over a real archive, a crash at each step of a deletion included. */
#include <sqlite3.h>
#include <unistd.h>

#include "daemon/retention/retention_plan.h"
#include "daemon/ship/shipper.h"
#include "schema/block/hash_chain.h"
#include "schema/index/indexer.h"
#include "tests/support/test.h"

#define DAY0 INT64_C(1763596800000000) /* 2025-11-20 */

static char home[FILE_PATH_BYTES];
static char dir[FILE_PATH_BYTES];
static struct config config;
static struct retention_rules rules;
static char url[CONFIG_TEXT_BYTES];
static struct archive *archive;
static struct err err;

static int64_t day(int number)
{
    return DAY0 + number * CLOCK_DAY_US;
}

static void set_clock(int64_t us)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", (long long)us);
    (void)setenv("STELE_CLOCK_US", text, 1);
}

/* Events `first` and on of the day, of user u<day> and session s<day>. */
static void add(int number, int first, int count)
{
    char text[CLOCK_TEXT_BYTES];
    clock_format_day(day(number), text);
    struct buf body = BUF_INIT;
    for (int i = first; i < first + count; i++) {
        buf_printf(&body,
                   "{\"event\":\"t\",\"uid\":\"u-%d-%d\",\"time\":\"%sT10:00:00Z\","
                   "\"user\":\"u%d\",\"sid\":\"s%d\"}\n",
                   number, i, text, number, number);
    }
    const struct inbox_item item = {
        .source = {.via = span_str("import")}, .received_us = day(number), .body = buf_span(&body)};
    struct indexer *indexer = NULL;
    struct indexer_run *run = NULL;
    const struct indexer_options options = {.compression_level = 3};
    EXPECT_OK(inbox_append(archive, &item, 1, &err), err);
    EXPECT_OK(indexer_open(dir, &options, &indexer, &err), err);
    EXPECT_OK(indexer_run_next(indexer, &run, &err), err);
    EXPECT_OK(indexer_run_commit(archive, run, &err), err);
    indexer_close(indexer);
    buf_fini(&body);
}

/* Five days of ten events each, and the clock at noon of the tenth. */
static void begin(bool ships)
{
    test_dir_make(home);
    set_clock(day(10) + CLOCK_DAY_US / 2);
    EXPECT_OK(file_path_format(dir, &err, "%.200s/archive", home), err);
    EXPECT_OK(archive_create(dir, &err), err);
    EXPECT_OK(archive_open(dir, ARCHIVE_WRITE, &archive, &err), err);
    config_init(&config);
    if (ships) {
        (void)snprintf(config.ship_target, sizeof config.ship_target, "file://%.200s/out", home);
    }
    config.retention_keep = 3 * CLOCK_DAY_US;
    EXPECT_OK(retention_rules_of(&config, url, &rules, &err), err);
    for (int i = 0; i < 5; i++) {
        add(i, 0, 10);
    }
}

static void end(void)
{
    archive_close(archive);
    (void)unsetenv("STELE_CLOCK_US");
    test_dir_remove(home);
}

static int64_t ship(void)
{
    struct shipper *shipper = NULL;
    struct shipper_report report = {0};
    EXPECT_OK(shipper_open(&config, dir, &shipper, &err), err);
    EXPECT_OK(shipper_run(shipper, true, &report, &err), err);
    EXPECT_INT(report.last.status, OK);
    EXPECT_INT(report.pending_objects, 0);
    shipper_close(shipper);
    return report.shipped_events;
}

static const struct retention_order order = {.who = "tester"};

/* A letter for each day: the first of its verdict (u: unshipped, x: unreadable). */
static void expect_plan(const char *should)
{
    struct retention_plan plan = {0};
    char is[32] = "";
    EXPECT_OK(retention_plan_make(archive, &rules, &plan, &err), err);
    for (size_t i = 0; i < plan.count && i < sizeof is - 1; i++) {
        is[i] = plan.days[i].verdict == RETENTION_UNREADABLE
                    ? 'x'
                    : retention_verdict_name(plan.days[i].verdict)[0];
    }
    EXPECT_STR(is, should);
    retention_plan_fini(&plan);
}

static struct retention_plan run(void)
{
    struct retention_plan plan = {0};
    EXPECT_OK(retention_run(archive, &rules, &order, &plan, &err), err);
    return plan;
}

static void expect_days(const char *should)
{
    char is[32] = "";
    for (int i = 0; i < 12; i++) {
        char path[FILE_PATH_BYTES];
        EXPECT_OK(archive_segment_path(dir, day(i), path, &err), err);
        if (file_exists(path)) {
            (void)snprintf(is + strlen(is), 3, "%d", i);
        }
    }
    EXPECT_STR(is, should);
}

static struct legal_hold hold_of(enum legal_hold_kind kind, const char *subject)
{
    struct legal_hold hold = {.kind = kind, .from_us = INT64_MIN, .to_us = INT64_MAX, .made_us = 1};
    (void)snprintf(hold.subject, sizeof hold.subject, "%s", subject);
    (void)snprintf(hold.why, sizeof hold.why, "a case");
    (void)snprintf(hold.who, sizeof hold.who, "tester");
    return hold;
}

TEST(by_age)
{
    begin(false);
    rules.keep_us = 8 * CLOCK_DAY_US;
    expect_plan("ggsss"); /* day 2 ended seven and a half days ago */
    rules.keep_us = 7 * CLOCK_DAY_US + CLOCK_DAY_US / 2;
    expect_plan("gggss"); /* to the moment */
    rules.keep_us++;
    expect_plan("ggsss");
    rules.keep_us = 0;
    expect_plan("sssss");
    end();
}

TEST(by_size)
{
    begin(false);
    add(10, 0, 10); /* today */
    struct retention_plan plan = {0};
    rules.keep_us = 0;
    EXPECT_OK(retention_plan_make(archive, &rules, &plan, &err), err);
    EXPECT(plan.bytes > 0 && plan.left_bytes == plan.bytes);
    rules.size_max = plan.bytes;
    retention_plan_fini(&plan);
    expect_plan("ssssss");
    rules.size_max--;
    expect_plan("gsssss");
    rules.size_max = 1;
    expect_plan("gggggs"); /* never the day that is not over */
    struct legal_hold hold = hold_of(LEGAL_HOLD_USER, "u0");
    EXPECT_OK(legal_hold_add(archive, &hold, &err), err);
    expect_plan("hggggs");
    rules.keep_us = 3 * CLOCK_DAY_US;
    plan = run();
    EXPECT_STR(plan.days[1].row.why, "age");
    retention_plan_fini(&plan);
    expect_days("010");
    end();
}

TEST(nothing_that_is_not_shipped)
{
    begin(true);
    expect_plan("uuuuu");
    EXPECT_INT(ship(), 50);
    add(1, 10, 5);
    expect_plan("guggg");
    rules.target = NULL; /* nothing has to be anywhere */
    expect_plan("ggggg");
    rules.target = "file:///elsewhere";
    expect_plan("uuuuu");
    rules.target = url;
    rules.force = true;
    struct retention_plan plan = run();
    EXPECT(!plan.days[0].row.forced && plan.days[1].row.forced);
    EXPECT_INT(plan.days[1].row.unshipped, 5);
    EXPECT_INT(plan.days[1].row.events, 15);
    retention_plan_fini(&plan);
    expect_days("");
    end();
}

TEST(what_is_held)
{
    begin(false);
    struct legal_hold holds[] = {hold_of(LEGAL_HOLD_RANGE, ""), hold_of(LEGAL_HOLD_SESSION, "s1"),
                                 hold_of(LEGAL_HOLD_USER, "u2"), hold_of(LEGAL_HOLD_USER, "u3")};
    holds[0].from_us = day(0) + CLOCK_DAY_US - 1;
    holds[0].to_us = day(1);
    holds[3].to_us = day(3) + CLOCK_DAY_US / 4; /* its events are later that day */
    for (size_t i = 0; i < 4; i++) {
        EXPECT_OK(legal_hold_add(archive, &holds[i], &err), err);
        EXPECT_INT(holds[i].id, (int)i + 1);
    }
    expect_plan("hhhgg");
    rules.force = true; /* a hold is stronger */
    expect_plan("hhhgg");
    struct retention_plan plan = run();
    EXPECT_INT(plan.days[0].hold, 1);
    EXPECT_INT(plan.days[1].hold, 2);
    EXPECT_INT(plan.days[2].hold, 3);
    retention_plan_fini(&plan);
    expect_days("012");
    EXPECT_INT(legal_hold_release(archive, 2, "tester", "", 5, &err), ERR_USAGE);
    EXPECT_OK(legal_hold_release(archive, 2, "tester", "over", 5, &err), err);
    EXPECT_INT(legal_hold_release(archive, 2, "tester", "over", 6, &err), ERR_EXISTS);
    EXPECT_INT(legal_hold_release(archive, 9, "tester", "over", 6, &err), ERR_NOT_FOUND);
    expect_plan("hgh");
    struct legal_hold *list = NULL;
    size_t count = 0;
    EXPECT_OK(legal_hold_list(archive, false, &list, &count, &err), err);
    EXPECT_INT(count, 3);
    free(list);
    EXPECT_OK(legal_hold_list(archive, true, &list, &count, &err), err);
    EXPECT_INT(count, 4);
    EXPECT_INT(list[1].released_us, 5);
    EXPECT_STR(list[1].released_why, "over");
    EXPECT(list[0].from_us == holds[0].from_us && list[0].to_us == day(1));
    EXPECT(list[1].from_us == INT64_MIN && list[1].to_us == INT64_MAX);
    free(list);
    end();
}

TEST(a_hold_that_comes_between_plan_and_deletion)
{
    begin(false);
    struct retention_plan plan = {0};
    struct legal_hold hold = hold_of(LEGAL_HOLD_SESSION, "s0");
    bool again = false;
    EXPECT_OK(retention_plan_make(archive, &rules, &plan, &err), err);
    EXPECT_INT(plan.goes, 5);
    EXPECT_OK(legal_hold_add(archive, &hold, &err), err);
    EXPECT_OK(retention_carry_out(archive, &plan, &order, &again, &err), err);
    EXPECT(again);
    retention_plan_fini(&plan);
    expect_days("01234");
    plan = run();
    retention_plan_fini(&plan);
    expect_days("0");
    end();
}

static struct deletion *deletions(size_t *out_count)
{
    struct deletion *rows = NULL;
    EXPECT_OK(deletion_list(archive, 0, &rows, out_count, &err), err);
    return rows;
}

TEST(the_record_stays_and_tells_what_went)
{
    begin(false);
    struct segment *segment = NULL;
    char path[FILE_PATH_BYTES];
    size_t count = 0;
    add(0, 10, 7); /* a second block */
    EXPECT_OK(archive_segment_path(dir, day(0), path, &err), err);
    EXPECT_OK(segment_open(path, &segment, &err), err);
    const struct block_info *blocks = segment_blocks(segment, &count);
    EXPECT_INT(count, 2);
    struct digest chain = hash_chain_start(day(0));
    chain = hash_chain_add(&chain, &blocks[0]);
    chain = hash_chain_add(&chain, &blocks[1]);
    segment_close(segment);
    struct retention_plan plan = run();
    retention_plan_fini(&plan);
    struct deletion *rows = deletions(&count);
    EXPECT_INT(count, 5);
    EXPECT(rows[0].day_us == day(0) && rows[0].done && rows[0].has_chain && !rows[0].forced);
    EXPECT_INT(rows[0].events, 17);
    EXPECT_INT(rows[0].blocks, 2);
    EXPECT_INT(rows[0].last_block, 2);
    EXPECT_INT(rows[0].deleted_us, clock_now_us());
    EXPECT(memcmp(&rows[0].chain, &chain, sizeof chain) == 0);
    EXPECT_STR(rows[0].who, "tester");
    EXPECT_STR(rows[0].why, "age");
    free(rows);
    EXPECT(sqlite3_exec(archive_db(archive), "DELETE FROM deletion", NULL, NULL, NULL) != 0);
    EXPECT(sqlite3_exec(archive_db(archive), "UPDATE deletion SET events = 0", NULL, NULL, NULL) !=
           0);
    EXPECT(sqlite3_exec(archive_db(archive), "DELETE FROM hold", NULL, NULL, NULL) == 0); /* none */
    end();
}

TEST(late_events_of_a_deleted_day_are_shipped_once)
{
    begin(true);
    EXPECT_INT(ship(), 50);
    for (int round = 0; round < 3; round++) {
        struct retention_plan plan = run();
        retention_plan_fini(&plan);
        expect_days("");
        EXPECT_INT(ship(), 0);
        add(2, 100 + round * 10, 10);
        EXPECT_INT(ship(), 10);
        EXPECT_INT(ship(), 0);
        add(2, 200 + round * 10, 10);
        EXPECT_INT(ship(), 10);
    }
    /* a file that was taken away by hand, without a record */
    char path[FILE_PATH_BYTES];
    EXPECT_OK(archive_segment_path(dir, day(2), path, &err), err);
    EXPECT_INT(unlink(path), 0);
    add(2, 300, 10);
    EXPECT_INT(ship(), 10);
    end();
}

/* Planned objects whose blocks went by force are tried no more. */
TEST(a_plan_of_deleted_blocks_is_given_up)
{
    begin(true);
    char out[FILE_PATH_BYTES];
    EXPECT_OK(file_path_format(out, &err, "%.200s/out", home), err);
    EXPECT_OK(file_write(out, span_str("in the way"), 0600, &err), err);
    struct shipper *shipper = NULL;
    struct shipper_report report = {0};
    EXPECT_OK(shipper_open(&config, dir, &shipper, &err), err);
    EXPECT_OK(shipper_run(shipper, true, &report, &err), err);
    EXPECT_INT(report.pending_objects, 1);
    rules.force = true;
    struct retention_plan plan = run();
    retention_plan_fini(&plan);
    EXPECT_INT(unlink(out), 0);
    EXPECT_OK(shipper_run(shipper, true, &report, &err), err);
    EXPECT_INT(report.pending_objects + report.failed_objects + report.inbox_scan_events, 0);
    add(0, 50, 5);
    EXPECT_OK(shipper_run(shipper, true, &report, &err), err);
    EXPECT_INT(report.shipped_events, 5);
    shipper_close(shipper);
    end();
}

static int64_t stored_of_day(int number)
{
    char path[FILE_PATH_BYTES];
    struct segment *segment = NULL;
    int64_t events = 0;
    EXPECT_OK(archive_segment_path(dir, day(number), path, &err), err);
    if (segment_open(path, &segment, &err) == OK) {
        size_t count;
        const struct block_info *blocks = segment_blocks(segment, &count);
        for (size_t i = 0; i < count; i++) {
            events += blocks[i].n_events;
        }
        segment_close(segment);
    }
    return events;
}

/* What a crash leaves: the row alone; the row and a part of the files. What comes for the day then
 * must not go with it. */
TEST(a_crash_at_each_step)
{
    for (int step = 0; step < 4; step++) {
        begin(false);
        struct retention_plan plan = {0};
        char path[FILE_PATH_BYTES];
        char log[FILE_PATH_BYTES];
        EXPECT_OK(archive_segment_path(dir, day(0), path, &err), err);
        EXPECT_OK(file_path_format(log, &err, "%s-wal", path), err);
        EXPECT_OK(file_write(log, span_str("left over"), 0600, &err), err);
        EXPECT_INT(unlink(log), 0);
        EXPECT_OK(retention_plan_make(archive, &rules, &plan, &err), err);
        struct deletion row = plan.days[0].row;
        retention_plan_fini(&plan);
        (void)snprintf(row.who, sizeof row.who, "tester");
        EXPECT_OK(archive_begin(archive, &err), err);
        EXPECT_OK(deletion_add(archive, &row, &err), err);
        EXPECT_OK(archive_commit(archive, &err), err);
        if (step >= 1) {
            EXPECT_INT(unlink(path), 0);
        }
        if (step == 2) { /* its log outlived it */
            EXPECT_OK(file_write(log, span_str("left over"), 0600, &err), err);
        }
        if (step == 3) { /* and a reader's, of no size */
            EXPECT_OK(file_write(log, span_str(""), 0600, &err), err);
        }
        add(0, 20, 6); /* another event of the day comes first */
        EXPECT_INT(stored_of_day(0), 6);
        size_t count = 0;
        struct deletion *rows = deletions(&count);
        EXPECT_INT(count, 1);
        EXPECT(rows[0].done);
        free(rows);
        EXPECT_OK(deletion_finish(archive, &err), err);
        EXPECT_INT(stored_of_day(0), 6);
        end();
    }
}

/* A catalogue put back from a copy that was made in the middle of a deletion. */
TEST(a_new_file_of_the_day_is_not_taken_for_the_old_one)
{
    begin(false);
    struct retention_plan plan = run();
    retention_plan_fini(&plan);
    add(0, 20, 6);
    EXPECT(sqlite3_exec(archive_db(archive), "UPDATE deletion SET done = 0 WHERE id = 1", NULL,
                        NULL, NULL) == 0);
    EXPECT_OK(deletion_finish(archive, &err), err);
    EXPECT_INT(stored_of_day(0), 6);
    end();
}

TEST(a_damaged_day)
{
    begin(true);
    EXPECT_INT(ship(), 50);
    char path[FILE_PATH_BYTES];
    EXPECT_OK(archive_segment_path(dir, day(1), path, &err), err);
    EXPECT_OK(file_write(path, span_str("this was a day once"), 0600, &err), err);
    expect_plan("gxggg");
    struct legal_hold hold = hold_of(LEGAL_HOLD_USER, "u0");
    EXPECT_OK(legal_hold_add(archive, &hold, &err), err);
    expect_plan("hhggg"); /* who knows what is in it */
    EXPECT_OK(legal_hold_release(archive, hold.id, "tester", "over", 5, &err), err);
    rules.force = true;
    struct retention_plan plan = run();
    EXPECT(plan.days[1].row.forced && !plan.days[1].row.has_chain && plan.days[1].wrong[0]);
    EXPECT_INT(plan.days[1].row.last_block, 1); /* the ledger's */
    retention_plan_fini(&plan);
    expect_days("");
    add(1, 50, 5);
    EXPECT_INT(ship(), 5);
    end();
}

TEST_MAIN(TEST_ENTRY(by_age), TEST_ENTRY(by_size), TEST_ENTRY(nothing_that_is_not_shipped),
          TEST_ENTRY(what_is_held), TEST_ENTRY(a_hold_that_comes_between_plan_and_deletion),
          TEST_ENTRY(the_record_stays_and_tells_what_went),
          TEST_ENTRY(late_events_of_a_deleted_day_are_shipped_once),
          TEST_ENTRY(a_plan_of_deleted_blocks_is_given_up), TEST_ENTRY(a_crash_at_each_step),
          TEST_ENTRY(a_new_file_of_the_day_is_not_taken_for_the_old_one), TEST_ENTRY(a_damaged_day))
