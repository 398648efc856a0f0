#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/archive/inbox.h"
#include "schema/archive/ledger.h"
#include "schema/archive/quarantine_table.h"
#include "schema/event/source.h"
#include "tests/support/raw_sqlite.h"
#include "tests/support/test.h"

static char dir[FILE_PATH_BYTES];
static struct err err;

static struct archive *fresh_archive(void)
{
    struct archive *archive = NULL;
    test_dir_make(dir);
    EXPECT_OK(archive_create(dir, &err), err);
    EXPECT_OK(archive_open(dir, ARCHIVE_WRITE, &archive, &err), err);
    return archive;
}

static void done(struct archive *archive)
{
    archive_close(archive);
    test_dir_remove(dir);
}

TEST(an_archive_is_made_once)
{
    struct archive *archive = fresh_archive();
    EXPECT_INT(strlen(archive_id(archive)), 36);
    EXPECT_INT(archive_create(dir, &err), ERR_EXISTS);
    EXPECT_INT(archive_open("/nonexistent", ARCHIVE_READ, &archive, &err), ERR_NOT_FOUND);
    done(archive);
}

static void sql(const char *text)
{
    char path[FILE_PATH_BYTES];
    EXPECT_OK(file_path_format(path, &err, "%.300s/archive.db", dir), err);
    EXPECT(raw_sqlite_exec(path, text));
}

TEST(files_of_other_versions_and_programs_are_refused)
{
    struct archive *archive = fresh_archive();
    archive_close(archive);
    archive = NULL;
    static const char *const others[] = {"PRAGMA user_version=2", "PRAGMA user_version=99"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        sql(others[i]);
        EXPECT_INT(archive_open(dir, ARCHIVE_WRITE, &archive, &err), ERR_VERSION);
        EXPECT(strstr(err.text, "another version of Stele (archive format ") != NULL);
        EXPECT_INT(archive_open(dir, ARCHIVE_READ, &archive, &err), ERR_VERSION);
    }
    sql("PRAGMA user_version=1; PRAGMA application_id=7");
    EXPECT_INT(archive_open(dir, ARCHIVE_READ, &archive, &err), ERR_CORRUPT);
    done(NULL);
}

TEST(what_is_no_archive_is_told_apart)
{
    struct archive *archive = NULL;
    char path[FILE_PATH_BYTES];
    test_dir_make(dir);
    EXPECT_OK(file_path_format(path, &err, "%.300s/archive.db", dir), err);
    EXPECT_INT(archive_open(dir, ARCHIVE_READ, &archive, &err), ERR_NOT_FOUND);
    EXPECT(strstr(err.text, "stele init") != NULL);
    EXPECT_OK(file_write(path, span_str(""), 0600, &err), err);
    EXPECT_INT(archive_open(dir, ARCHIVE_READ, &archive, &err), ERR_CORRUPT);
    EXPECT_INT(archive_open(dir, ARCHIVE_WRITE, &archive, &err), ERR_CORRUPT);
    EXPECT(strstr(err.text, "is not a Stele archive") != NULL);
    EXPECT_INT(archive_open(path, ARCHIVE_READ, &archive, &err), ERR_NOT_FOUND);
    EXPECT(strstr(err.text, "is a file") != NULL);
    test_dir_remove(dir);
}

TEST(inbox_keeps_what_came_in_order)
{
    struct archive *archive = fresh_archive();
    struct inbox_item items[3] = {
        {.source = {.via = span_str("mtls"),
                    .peer = span_str("127.0.0.1"),
                    .certificate = span_str("ab"),
                    .tag = span_str("events.log")},
         .received_us = 1,
         .body = span_str("{\"a\":1}")},
        {.source = {.via = span_str("mtls"),
                    .tag = span_str("session.log"),
                    .session_stream = true},
         .received_us = 2,
         .body = span_str("{\"b\":2}")},
        {.source = {.via = span_str("http")},
         .received_us = 3,
         .body = span_str("\x1f\x8b"),
         .fault = EVENT_FAULT_BAD_ENCODING},
    };
    EXPECT_OK(inbox_append(archive, items, 3, &err), err);
    struct inbox_state state;
    EXPECT_OK(inbox_state(archive, &state, &err), err);
    EXPECT_INT(state.count, 2);
    EXPECT_INT(state.oldest_received_us, 1);
    struct archive_cursor *cursor = NULL;
    struct inbox_row row;
    bool end = false;
    EXPECT_OK(inbox_cursor_open(archive, 0, &cursor, &err), err);
    EXPECT_OK(inbox_cursor_next(cursor, &row, &end, &err), err);
    EXPECT_SPAN(row.body, "{\"a\":1}");
    struct buf text = BUF_INIT;
    source_text(&row.source, &text);
    EXPECT_SPAN(buf_span(&text), "mtls 127.0.0.1 cert=ab tag=events.log");
    EXPECT_OK(inbox_cursor_next(cursor, &row, &end, &err), err);
    EXPECT(row.source.session_stream);
    EXPECT_OK(inbox_cursor_next(cursor, &row, &end, &err), err);
    EXPECT(end);
    archive_cursor_close(cursor);
    buf_fini(&text);

    struct archive_cursor *quarantine = NULL;
    struct quarantine_row piece;
    EXPECT_OK(quarantine_cursor_open(archive, &quarantine, &err), err);
    EXPECT_OK(quarantine_cursor_next(quarantine, &piece, &end, &err), err);
    EXPECT(!end);
    EXPECT_SPAN(piece.body, "\x1f\x8b");
    EXPECT_SPAN(piece.fault, "Content-Encoding does not unpack");
    archive_cursor_close(quarantine);

    EXPECT_OK(archive_begin(archive, &err), err);
    EXPECT_OK(inbox_delete(archive, 2, &err), err);
    EXPECT_OK(archive_commit(archive, &err), err);
    EXPECT_OK(inbox_append(archive, items, 1, &err), err);
    EXPECT_OK(inbox_state(archive, &state, &err), err);
    EXPECT_INT(state.newest_id, 3); /* ids are never given out twice */
    done(archive);
}

static void append_many(struct archive *archive, size_t count)
{
    struct inbox_item *items = calloc(count, sizeof *items);
    CHECK(items);
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct inbox_item){.source = {.via = span_str("http")},
                                       .received_us = (int64_t)i + 1,
                                       .body = span_str("{\"a\":1}")};
    }
    EXPECT_OK(inbox_append(archive, items, count, &err), err);
    free(items);
}

/* Many rows leave the file in slices, and are gone for readers before. */
TEST(deleted_rows_are_gone_before_they_are_swept)
{
    struct archive *archive = fresh_archive();
    append_many(archive, 2000);
    EXPECT_OK(archive_begin(archive, &err), err);
    EXPECT_OK(inbox_delete(archive, 1500, &err), err);
    EXPECT_OK(archive_commit(archive, &err), err);
    bool left = false;
    int sweeps = 0;
    do {
        struct archive *reader = NULL;
        struct inbox_state state = {0};
        struct archive_cursor *cursor = NULL;
        struct inbox_row row = {0};
        bool end = true;
        EXPECT_OK(archive_open(dir, ARCHIVE_READ, &reader, &err), err);
        EXPECT_OK(inbox_state(reader, &state, &err), err);
        EXPECT_INT(state.count, 500);
        EXPECT_INT(state.oldest_received_us, 1501);
        EXPECT_OK(inbox_cursor_open(reader, 0, &cursor, &err), err);
        EXPECT_OK(inbox_cursor_next(cursor, &row, &end, &err), err);
        EXPECT_INT(row.id, 1501);
        archive_cursor_close(cursor);
        archive_close(reader);
        EXPECT_OK(inbox_purge(archive, &left, &err), err);
        sweeps++;
    } while (left);
    EXPECT(sweeps > 1);
    EXPECT_OK(archive_begin(archive, &err), err);
    EXPECT_OK(inbox_delete(archive, 2000, &err), err);
    EXPECT_OK(archive_commit(archive, &err), err);
    append_many(archive, 1);
    struct inbox_state state = {0};
    EXPECT_OK(inbox_state(archive, &state, &err), err);
    EXPECT_INT(state.count, 1);
    EXPECT_INT(state.newest_id, 2001);
    done(archive);
}

/* A process that dies leaves the reserve behind what is valid. */
TEST(the_reserve_of_the_wal_is_no_data)
{
    struct archive *archive = fresh_archive();
    append_many(archive, 3);
    EXPECT_OK(archive_wal_reserve(archive, &err), err);
    append_many(archive, 4);
    char path[FILE_PATH_BYTES];
    char command[FILE_PATH_BYTES];
    struct stat st = {0};
    EXPECT_OK(file_path_format(path, &err, "%s/archive.db-wal", dir), err);
    EXPECT_INT(stat(path, &st), 0);
    EXPECT(st.st_size > INT64_C(4096) * ARCHIVE_WAL_PAGES);
    (void)snprintf(command, sizeof command, "cd '%.3000s' && mkdir copy && cp archive.db* copy",
                   dir);
    EXPECT_INT(system(command), 0);
    struct archive *copy = NULL;
    struct inbox_state state = {0};
    EXPECT_OK(file_path_format(path, &err, "%s/copy", dir), err);
    EXPECT_OK(archive_open(path, ARCHIVE_WRITE, &copy, &err), err);
    append_many(copy, 5);
    EXPECT_OK(archive_checkpoint(copy, &err), err);
    EXPECT_OK(inbox_state(copy, &state, &err), err);
    EXPECT_INT(state.count, 12);
    archive_close(copy);
    done(archive);
}

TEST(tags_as_fluentd_makes_them)
{
    static const struct {
        const char *path;
        const char *tag;
        bool session;
    } cases[] = {
        {"/test.log", "test.log", false},
        {"/a/b.log", "a.b.log", false},
        {"/", "", false},
        {"", "", false},
        {"/session.6b2c5c52-4d11-4ad3-8c8a-0123456789ab.log", "session.log", true},
        {"/.6b2c5c52-4d11-4ad3-8c8a-0123456789ab.log", "log", true},
        {"/x/session.0.log", "x.session.log", true},
        {"/in?x=1", "in", false},
        {"/in?x=1.6b2c5c52.log", "in.log", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        struct source source = {0};
        source_from_path(span_str(cases[i].path), text, sizeof text, &source);
        EXPECT_SPAN(source.tag, cases[i].tag);
        EXPECT_INT(source.session_stream, cases[i].session);
    }
}

static void expect_final(struct archive *archive)
{
    static const char *const wrong[] = {
        "UPDATE object SET state = 0",          "UPDATE object SET events = 8",
        "UPDATE object SET bytes = 8",          "UPDATE object SET sha256 = zeroblob(32)",
        "UPDATE object SET sent_bytes = 8",     "UPDATE object SET sent_sha256 = zeroblob(32)",
        "UPDATE object SET sent_by = 'zstd 9'", "DELETE FROM object",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        EXPECT_INT(sqlite3_exec(archive_db(archive), wrong[i], NULL, NULL, NULL),
                   SQLITE_CONSTRAINT_TRIGGER);
    }
}

TEST(ledger_moves_one_way)
{
    struct archive *archive = fresh_archive();
    struct ledger_object object = {.target = "file:///t",
                                   .day_us = 0,
                                   .first_block = 1,
                                   .last_block = 3,
                                   .codec = LEDGER_GZIP,
                                   .key = "k",
                                   .content = {.events = 9, .bytes = 90}};
    struct ledger_sent sent = {.bytes = 30, .library = "libdeflate 1.14"};
    object.content.sha256.bytes[0] = 1;
    sent.sha256.bytes[0] = 2;
    int64_t last = 0;
    EXPECT_OK(ledger_last_block(archive, "file:///t", 0, &last, &err), err);
    EXPECT_INT(last, -1);
    EXPECT_OK(ledger_plan(archive, &object, &err), err);
    EXPECT_OK(ledger_last_block(archive, "file:///t", 0, &last, &err), err);
    EXPECT_INT(last, 3);
    struct ledger_object twice = object;
    EXPECT(ledger_plan(archive, &twice, &err) != OK);
    EXPECT_OK(ledger_mark_failed(archive, object.id, 77, "no route", &err), err);
    struct archive_cursor *cursor = NULL;
    struct ledger_object found;
    bool end = false;
    EXPECT_OK(ledger_cursor_open(archive, NULL, true, &cursor, &err), err);
    EXPECT_OK(ledger_cursor_next(cursor, &found, &end, &err), err);
    EXPECT(!end);
    EXPECT_STR(found.last_error, "no route");
    EXPECT_INT(found.next_try_us, 77);
    EXPECT_INT(found.codec, LEDGER_GZIP);
    EXPECT(ledger_content_equal(&found.content, &object.content));
    EXPECT_INT(found.sent.bytes, 0);
    EXPECT_STR(found.sent.library, "");
    archive_cursor_close(cursor);
    EXPECT_OK(ledger_mark_shipped(archive, object.id, &sent, 5, &err), err);
    EXPECT_OK(ledger_cursor_open(archive, "file:///t", true, &cursor, &err), err);
    EXPECT_OK(ledger_cursor_next(cursor, &found, &end, &err), err);
    EXPECT(end);
    archive_cursor_close(cursor);
    EXPECT_OK(ledger_cursor_open_block(archive, 0, 2, &cursor, &err), err);
    EXPECT_OK(ledger_cursor_next(cursor, &found, &end, &err), err);
    EXPECT_INT(found.state, LEDGER_SHIPPED);
    EXPECT(ledger_content_equal(&found.content, &object.content));
    EXPECT_INT(found.sent.bytes, 30);
    EXPECT(digest_equal(&found.sent.sha256, &sent.sha256));
    EXPECT_STR(found.sent.library, sent.library);
    archive_cursor_close(cursor);
    expect_final(archive);
    done(archive);
}

TEST(the_lock_names_its_holder)
{
    struct archive *archive = fresh_archive();
    struct archive_lock *lock = NULL;
    struct archive_lock *second = NULL;
    char who[64];
    EXPECT_INT(archive_lock_holder(dir, who), 0);
    EXPECT_OK(archive_lock_take(dir, "steled", &lock, &err), err);
    EXPECT_INT(archive_lock_take(dir, "import", &second, &err), ERR_BUSY);
    EXPECT(strstr(err.text, "steled") != NULL);
    EXPECT_INT(archive_lock_holder(dir, who), getpid());
    EXPECT_STR(who, "steled");
    archive_lock_release(lock);
    EXPECT_OK(archive_lock_take(dir, "import", &second, &err), err);
    archive_lock_release(second);
    done(archive);
}

TEST(counters_add_up)
{
    struct archive *archive = fresh_archive();
    int64_t totals[EVENT_COUNTER_COUNT];
    EXPECT_OK(archive_begin(archive, &err), err);
    EXPECT_OK(archive_counter_add(archive, EVENT_COUNTER_stored, 2, &err), err);
    EXPECT_OK(archive_counter_add(archive, EVENT_COUNTER_stored, 3, &err), err);
    EXPECT_OK(archive_commit(archive, &err), err);
    EXPECT_OK(archive_counters(archive, totals, &err), err);
    EXPECT_INT(totals[EVENT_COUNTER_stored], 5);
    EXPECT_INT(totals[EVENT_COUNTER_received], 0);
    done(archive);
}

TEST_MAIN(TEST_ENTRY(an_archive_is_made_once),
          TEST_ENTRY(files_of_other_versions_and_programs_are_refused),
          TEST_ENTRY(what_is_no_archive_is_told_apart), TEST_ENTRY(inbox_keeps_what_came_in_order),
          TEST_ENTRY(deleted_rows_are_gone_before_they_are_swept),
          TEST_ENTRY(the_reserve_of_the_wal_is_no_data), TEST_ENTRY(tags_as_fluentd_makes_them),
          TEST_ENTRY(ledger_moves_one_way), TEST_ENTRY(the_lock_names_its_holder),
          TEST_ENTRY(counters_add_up))
