#include <sqlite3.h>

#include "schema/watch/watch_db.h"
#include "tests/support/raw_sqlite.h"
#include "tests/support/test.h"

static char dir[FILE_PATH_BYTES];
static struct err err;

static struct watch_db *fresh(void)
{
    struct watch_db *db = NULL;
    test_dir_make(dir);
    EXPECT_OK(watch_open(dir, WATCH_CREATE, &db, &err), err);
    return db;
}

static void done(struct watch_db *db)
{
    watch_close(db);
    test_dir_remove(dir);
}

static void add_list(struct watch_db *db, const char *name, const char *bytes)
{
    const struct watch_list_input given = {.name = span_str(name),
                                           .source = span_str("file"),
                                           .bytes = span_str(bytes),
                                           .indicators = 1};
    const struct watch_day days[] = {{.day_us = 0, .block = 7, .newest_us = 5}};
    EXPECT_OK(watch_list_add(db, &given, days, 1, &err), err);
}

static int64_t id_of(struct watch_db *db, const char *name)
{
    int64_t id = 0;
    EXPECT_OK(watch_list_find(db, span_str(name), true, &id, &err), err);
    return id;
}

static int64_t generation_of(struct watch_db *db)
{
    int64_t generation = 0;
    EXPECT_OK(watch_generation(db, &generation, &err), err);
    return generation;
}

static struct event event_of(const char *uid, int64_t time_us)
{
    return (struct event){.raw = span_str("{\"a\":1}"),
                          .time_us = time_us,
                          .uid = span_str(uid),
                          .type = span_str("t"),
                          .code = span_str("c")};
}

static bool add_hit(struct watch_db *db, int64_t list, const char *text, const struct event *event)
{
    const struct watch_match found = {.list = list,
                                      .kind = span_str("ip"),
                                      .bits = -1,
                                      .normal = span_str(text),
                                      .text = span_str(text),
                                      .field = span_str("addr"),
                                      .value = span_str("v"),
                                      .event = event};
    bool is_new = false;
    EXPECT_OK(watch_hit_add(db, &found, 1u << WATCH_WEBHOOK, 1000, &is_new, &err), err);
    return is_new;
}

static void begin(struct watch_db *db)
{
    bool begun = false;
    EXPECT_OK(watch_step_begin(db, generation_of(db), &begun, &err), err);
    EXPECT(begun);
}

TEST(names)
{
    static const char *const good[] = {"a", "feed-1.txt", "A_b", "..a"};
    static const char *const bad[] = {"", ".", "..", "-a", "a b", "a/b", "a\n", "caf\xc3\xa9"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        EXPECT(watch_name_is_valid(span_str(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        EXPECT(!watch_name_is_valid(span_str(bad[i])));
    }
}

TEST(nothing_there)
{
    struct watch_db *db = NULL;
    test_dir_make(dir);
    EXPECT(!watch_exists(dir));
    EXPECT_INT(watch_open(dir, WATCH_READ, &db, &err), ERR_NOT_FOUND);
    EXPECT_INT(watch_open(dir, WATCH_WRITE, &db, &err), ERR_NOT_FOUND);
    EXPECT(strstr(err.text, "stele watch add") != NULL);
    done(NULL);
}

static enum status take_list(void *context, const struct watch_list *list, struct err *unused)
{
    (void)unused;
    *(struct watch_list *)context = *list;
    return OK;
}

static struct watch_list only_list(struct watch_db *db)
{
    struct watch_list list = {0};
    EXPECT_OK(watch_lists(db, false, take_list, &list, &err), err);
    return list;
}

TEST(a_list_and_the_one_before_it)
{
    struct watch_db *db = fresh();
    struct buf bytes = BUF_INIT;
    struct buf base = BUF_INIT;
    bool has_base = true;
    int64_t generation = generation_of(db);
    add_list(db, "feed", "one");
    EXPECT(generation_of(db) > generation);
    struct watch_list list = only_list(db);
    EXPECT_STR(list.name, "feed");
    EXPECT(list.is_behind && list.caught_us == INT64_MAX);
    EXPECT_OK(watch_list_bytes(db, list.id, &bytes, &base, &has_base, &err), err);
    EXPECT_SPAN(buf_span(&bytes), "one");
    EXPECT(!has_base);

    /* An update before the old events are hunted: all of the list is new to them still. */
    struct watch_list_input given = {.name = span_str("feed"), .bytes = span_str("two")};
    EXPECT_OK(watch_list_update(db, list.id, &given, &err), err);
    EXPECT_OK(watch_list_bytes(db, list.id, NULL, &base, &has_base, &err), err);
    EXPECT(!has_base);

    begin(db);
    EXPECT_OK(watch_step_caught(db, list.id, 99, false, &err), err);
    EXPECT_OK(watch_step_commit(db, &err), err);
    EXPECT_INT(only_list(db).caught_us, 99);
    begin(db);
    EXPECT_OK(watch_step_caught(db, list.id, 0, true, &err), err);
    EXPECT_OK(watch_step_commit(db, &err), err);
    EXPECT(!only_list(db).is_behind);

    /* And one after that: only what "two" has not. */
    given.bytes = span_str("three");
    EXPECT_OK(watch_list_update(db, list.id, &given, &err), err);
    given.bytes = span_str("four");
    EXPECT_OK(watch_list_update(db, list.id, &given, &err), err);
    buf_clear(&bytes);
    EXPECT_OK(watch_list_bytes(db, list.id, &bytes, &base, &has_base, &err), err);
    EXPECT_SPAN(buf_span(&bytes), "four");
    EXPECT(has_base);
    EXPECT_SPAN(buf_span(&base), "two");
    EXPECT(only_list(db).is_behind);
    EXPECT_INT(watch_list_update(db, list.id + 1, &given, &err), ERR_NOT_FOUND);
    buf_fini(&bytes);
    buf_fini(&base);
    done(db);
}

TEST(the_first_list_begins_where_the_archive_stands)
{
    struct watch_db *db = fresh();
    struct watch_day *days = NULL;
    size_t count = 0;
    add_list(db, "feed", "one");
    EXPECT_OK(watch_days(db, &days, &count, &err), err);
    EXPECT_INT(count, 1);
    EXPECT_INT(days[0].block, 7);
    free(days);
    begin(db);
    const struct watch_day later = {.day_us = 0, .block = 9};
    EXPECT_OK(watch_step_day(db, &later, &err), err);
    EXPECT_OK(watch_step_commit(db, &err), err);
    add_list(db, "more", "one"); /* the second one changes nothing there */
    EXPECT_OK(watch_days(db, &days, &count, &err), err);
    EXPECT_INT(days[0].block, 9);
    free(days);
    const struct watch_list_input again = {.name = span_str("feed"), .bytes = span_str("x")};
    EXPECT_INT(watch_list_add(db, &again, NULL, 0, &err), ERR_EXISTS);
    done(db);
}

TEST(a_step_of_other_lists_is_none)
{
    struct watch_db *db = fresh();
    add_list(db, "feed", "one");
    int64_t generation = generation_of(db);
    add_list(db, "more", "two");
    bool begun = true;
    EXPECT_OK(watch_step_begin(db, generation, &begun, &err), err);
    EXPECT(!begun);
    begin(db); /* nothing was left open */
    watch_step_rollback(db);
    done(db);
}

static enum status count_hit(void *context, const struct watch_hit *hit, struct err *unused)
{
    (void)unused;
    EXPECT_SPAN(hit->event, "{\"a\":1}");
    EXPECT_SPAN(hit->field, "addr");
    ++*(int *)context;
    return OK;
}

static int hits_of(struct watch_db *db, const char *name)
{
    const struct watch_hit_filter filter = {
        .list = span_str(name), .from_us = INT64_MIN, .to_us = INT64_MAX};
    int count = 0;
    EXPECT_OK(watch_hits(db, &filter, count_hit, &count, &err), err);
    return count;
}

TEST(a_hit_is_there_once)
{
    struct watch_db *db = fresh();
    add_list(db, "feed", "one");
    add_list(db, "more", "one");
    int64_t feed = id_of(db, "feed");
    struct event event = event_of("u1", 10);
    struct event later = event_of("u1", 30);
    struct event other_type = event;
    struct event bare = event_of("", 10);
    struct event other_bytes = bare;
    other_type.type = span_str("t2");
    other_bytes.raw = span_str("{\"a\":1}");
    begin(db);
    EXPECT(add_hit(db, feed, "1.1.1.1", &event));
    EXPECT(!add_hit(db, feed, "1.1.1.1", &event));
    EXPECT(add_hit(db, feed, "2.2.2.2", &event));
    EXPECT(add_hit(db, id_of(db, "more"), "1.1.1.1", &event));
    EXPECT(add_hit(db, feed, "1.1.1.1", &later));
    EXPECT(add_hit(db, feed, "1.1.1.1", &other_type));
    EXPECT(add_hit(db, feed, "1.1.1.1", &bare));
    EXPECT(!add_hit(db, feed, "1.1.1.1", &other_bytes));
    EXPECT_OK(watch_step_commit(db, &err), err);
    begin(db);
    EXPECT(!add_hit(db, feed, "1.1.1.1", &event));
    EXPECT_OK(watch_step_commit(db, &err), err);
    EXPECT_INT(hits_of(db, "feed"), 5);
    EXPECT_INT(hits_of(db, "more"), 1);
    EXPECT_INT(hits_of(db, ""), 6);
    EXPECT_OK(watch_list_remove(db, id_of(db, "more"), true, &err), err);
    struct watch_list list = only_list(db);
    EXPECT_STR(list.name, "feed");
    EXPECT_INT(list.hits, 5);
    EXPECT_INT(list.sighted, 2);
    EXPECT_INT(list.last_us, 30);
    EXPECT_INT(list.waiting, 5);
    EXPECT_INT(hits_of(db, "more"), 1);
    EXPECT_OK(watch_list_remove(db, id_of(db, "more"), false, &err), err);
    EXPECT_OK(watch_list_remove(db, feed, false, &err), err);
    EXPECT_INT(hits_of(db, ""), 0);
    done(db);
}

struct ids {
    int64_t items[8];
    int64_t tries;
    size_t count;
};

static enum status note_id(void *context, const struct watch_hit *hit, struct err *unused)
{
    struct ids *ids = context;
    (void)unused;
    ids->tries = hit->tries;
    ids->items[ids->count++] = hit->id;
    return OK;
}

static struct ids due(struct watch_db *db, int64_t now_us)
{
    struct ids ids = {0};
    EXPECT_OK(watch_due(db, WATCH_WEBHOOK, now_us, 0, 8, note_id, &ids, &err), err);
    return ids;
}

TEST(a_delivery_waits_until_it_is_done)
{
    struct watch_db *db = fresh();
    add_list(db, "feed", "one");
    struct event events[3] = {event_of("u1", 10), event_of("u2", 10), event_of("u3", 10)};
    begin(db);
    for (size_t i = 0; i < 3; i++) {
        EXPECT(add_hit(db, id_of(db, "feed"), "1.1.1.1", &events[i]));
    }
    EXPECT_OK(watch_step_commit(db, &err), err);
    struct ids ids = due(db, 100);
    EXPECT_INT(ids.count, 3);
    EXPECT(ids.items[0] < ids.items[1] && ids.items[1] < ids.items[2]);
    EXPECT_OK(watch_delivered(db, WATCH_WEBHOOK, ids.items[1], &err), err);
    EXPECT_OK(watch_undelivered(db, WATCH_WEBHOOK, ids.items[0], 500, false, "no", &err), err);
    EXPECT_OK(watch_undelivered(db, WATCH_WEBHOOK, ids.items[2], 600, true, "no", &err), err);
    EXPECT_INT(due(db, 100).count, 0);
    int64_t next_us = 0;
    int64_t count = 0;
    EXPECT_OK(watch_pending(db, WATCH_WEBHOOK, &next_us, &count, &err), err);
    EXPECT_INT(next_us, 500);
    EXPECT_INT(count, 1);
    struct ids left = due(db, 500);
    EXPECT_INT(left.count, 1);
    EXPECT_INT(left.items[0], ids.items[0]);
    EXPECT_INT(left.tries, 1);
    EXPECT_INT(only_list(db).given_up, 1);
    EXPECT_OK(watch_delivered(db, WATCH_WEBHOOK, ids.items[0], &err), err);
    EXPECT_OK(watch_pending(db, WATCH_WEBHOOK, &next_us, &count, &err), err);
    EXPECT(next_us == INT64_MAX && count == 0);
    EXPECT_INT(due(db, INT64_MAX).count, 0);
    done(db);
}

TEST(files_of_others_are_refused)
{
    struct watch_db *db = fresh();
    char path[FILE_PATH_BYTES];
    watch_close(db);
    EXPECT_OK(file_path_format(path, &err, "%.300s/watch.db", dir), err);
    sqlite3 *raw = raw_sqlite_open(path);
    EXPECT(raw != NULL);
    EXPECT_INT(sqlite3_exec(raw, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
    EXPECT_INT(watch_open(dir, WATCH_WRITE, &db, &err), ERR_VERSION);
    EXPECT_INT(
        sqlite3_exec(raw, "PRAGMA user_version=1; PRAGMA application_id=7", NULL, NULL, NULL),
        SQLITE_OK);
    EXPECT_INT(watch_open(dir, WATCH_READ, &db, &err), ERR_CORRUPT);
    EXPECT_INT(sqlite3_close(raw), SQLITE_OK);
    done(NULL);
}

TEST_MAIN(TEST_ENTRY(names), TEST_ENTRY(nothing_there), TEST_ENTRY(a_list_and_the_one_before_it),
          TEST_ENTRY(the_first_list_begins_where_the_archive_stands),
          TEST_ENTRY(a_step_of_other_lists_is_none), TEST_ENTRY(a_hit_is_there_once),
          TEST_ENTRY(a_delivery_waits_until_it_is_done), TEST_ENTRY(files_of_others_are_refused))
