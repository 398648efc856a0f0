/* The virtual table against an ordinary table that holds the same events, read by SQLite's own JSON
 * functions: whatever is pushed down, both must give the same rows. */
#include "query/language/parse.h"
#include "query/sql/table.h"
#include "tests/support/test.h"
#include "tests/support/truth.h"

static sqlite3 *db;
static struct err table_err;
static struct table_module module = {.last = &table_err};

#define COLUMNS                                                                                    \
    "time, event, code, uid, user, reviewer, \"identity.user\", \"identity.roles\", "              \
    "\"addr.remote\", server_hostname, ei, pid, ppid, score, success, command, args, raw"

static void must_exec(const char *sql)
{
    char *text = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql, text);
        exit(1);
    }
}

static void fill_plain(void)
{
    sqlite3_stmt *stmt = NULL;
    must_exec("CREATE TABLE plain(time TEXT COLLATE stele_time, event, code, uid, user, reviewer, "
              "\"identity.user\", \"identity.roles\", \"addr.remote\", server_hostname, ei, pid, "
              "ppid, score, success, command, args, raw TEXT, actor TEXT)");
    CHECK(sqlite3_prepare_v2(
              db,
              "INSERT INTO plain SELECT ?1, ?2 ->> '$.event', ?2 ->> '$.code', ?2 ->> '$.uid', "
              "?2 ->> '$.user', ?2 ->> '$.reviewer', ?2 ->> '$.identity.user', "
              "?2 -> '$.identity.roles', ?2 ->> '$.\"addr.remote\"', ?2 ->> '$.server_hostname', "
              "?2 ->> '$.ei', ?2 ->> '$.pid', ?2 ->> '$.ppid', ?2 ->> '$.score', "
              "?2 ->> '$.success', ?2 ->> '$.command', ?2 -> '$.args', ?2, "
              "coalesce(?2 ->> '$.user', ?2 ->> '$.identity.user', ?2 ->> '$.reviewer')",
              -1, &stmt, NULL) == SQLITE_OK);
    must_exec("BEGIN");
    for (size_t i = 0; i < truth.count; i++) {
        char time[CLOCK_TEXT_BYTES];
        const struct event *event = &truth.events[i];
        sqlite3_bind_text(stmt, 1, clock_format(event->time_us, time), -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(stmt, 2, event->raw.data, (int)event->raw.size, SQLITE_STATIC);
        CHECK(sqlite3_step(stmt) == SQLITE_DONE);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    must_exec("COMMIT");
}

static int64_t number_of(const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    int64_t number = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        number = sqlite3_column_int64(stmt, 0);
    }
    sqlite3_finalize(stmt);
    if (number < 0) {
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
        test_failures++;
    }
    return number;
}

/* The same number of rows, and the same rows in all columns. */
static int64_t check_where(const char *where)
{
    char sql[4096];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM plain t WHERE %s", where);
    int64_t should = number_of(sql);
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM teleport_audit_events t WHERE %s", where);
    int64_t is = number_of(sql);
    (void)snprintf(sql, sizeof sql,
                   "SELECT count(*) FROM (SELECT " COLUMNS ", actor FROM teleport_audit_events t "
                   "WHERE %s EXCEPT SELECT " COLUMNS ", actor FROM plain t WHERE %s)",
                   where, where);
    int64_t other = number_of(sql);
    if (is != should || other != 0) {
        fprintf(stderr, "WHERE %s: %lld rows, should be %lld; %lld are others\n", where,
                (long long)is, (long long)should, (long long)other);
        test_failures++;
    }
    return should;
}

TEST(setup)
{
    truth_make();
    module.path = truth.dir;
    CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
    CHECK(table_register(db, &module) == SQLITE_OK);
    fill_plain();
    EXPECT_INT(number_of("SELECT count(*) FROM plain"), truth.count);
    must_exec("CREATE TABLE list(t TEXT, n INTEGER, x)");
    must_exec("INSERT INTO list VALUES ('alice', 7, 'Bob'), ('443', 443, 443), ('0', 0, 1), "
              "('T2004I', 1000, '10.0.0.1'), (NULL, NULL, NULL), ('', -5, '')");
}

TEST(every_value_is_right)
{
    EXPECT_INT(check_where("1"), truth.count);
}

static const char *const wheres[] = {
    "user = 'alice'",
    "user = 'ALICE'",
    "user = 'ALICE' COLLATE NOCASE",
    "user = 'bob' COLLATE NOCASE",
    "user = ''",
    "user = '443'",
    "user = 443",
    "user = NULL",
    "user IS NULL",
    "user IS NOT NULL",
    "user IS 'Bob'",
    "user IS NOT 'Bob'",
    "user != 'Bob'",
    "user IN ('alice', 'Bob', NULL, 5)",
    "user NOT IN ('alice', 'Bob')",
    "user IN (SELECT t FROM list)",
    "user IN (SELECT n FROM list)",
    "user LIKE 'ali%'",
    "user LIKE 'D\xc3\xb6%'",
    "user LIKE '%o%'",
    "user GLOB 'B*'",
    "user GLOB '*o*'",
    "user > 'b' AND user < 's'",
    "user = 'alice' OR user = 'Bob'",
    "user = 'alice' OR pid = 5 OR time < '2025-11-20T01'",
    "NOT (user = 'alice' AND ei = 3)",
    "actor = 'alice'",
    "actor IN ('root', 'Bob', '443')",
    "actor IS NULL",
    "reviewer = 'alice'",
    "\"identity.user\" = 'root' AND user IS NULL",
    "\"identity.roles\" = '[\"admin\",\"access\"]'",
    "\"identity.roles\" IN ('[\"admin\",\"admin\"]', 'admin')",
    "\"identity.roles\" = 'admin'",
    "\"identity.roles\" LIKE '%editor%'",
    "EXISTS (SELECT 1 FROM json_each(\"identity.roles\") WHERE value = 'on-call')",
    "ei = 3",
    "ei = '3'",
    "ei = 3.0",
    "ei = 3.5",
    "ei IN (1, 2, '3')",
    "ei < 2",
    "ei > 2",
    "ei BETWEEN 1 AND 2",
    "pid BETWEEN 100 AND 200",
    "pid < 0",
    "pid >= 4800",
    "pid = -5",
    "pid = 'odd 1'",
    "pid IS NULL",
    "pid > 'o'",
    "pid < 100 AND pid > -50 AND pid <= 60",
    "ppid = 1999 OR ppid = 3",
    "score = 1",
    "score < 1.1",
    "score = 0.25",
    "score = '0.25'",
    "success",
    "success = 1",
    "success = 0",
    "success = '1'",
    "success = true",
    "success < 1",
    "success BETWEEN 0 AND 5",
    "success IS NULL",
    "success IN (0)",
    "success IN (SELECT n FROM list)",
    "command = 'nothing'",
    "command IS NULL",
    "command LIKE 'sudo%'",
    "command LIKE '%evil%'",
    "command LIKE '\xc3\x84%'",
    "command GLOB 'C:*'",
    "args = 5",
    "args LIKE '[5,%'",
    "args IS NOT NULL AND event = 'cert.create'",
    "uid IS NULL",
    "uid = 'x'",
    "uid = (SELECT uid FROM plain WHERE uid IS NOT NULL LIMIT 1)",
    "uid IN (SELECT uid FROM plain LIMIT 20 OFFSET 100)",
    "time = '2025-11-21'",
    "time >= '2025-11-21' AND time < '2025-11-22'",
    "time BETWEEN '2025-11-20T06:00:00Z' AND '2025-11-20T06:59:59.999999Z'",
    "time BETWEEN '2025-11-20 06' AND '2025-11-20 07:30'",
    "time > '2025-11-21T12:00:00+02:00'",
    "time <= (SELECT time FROM plain WHERE event = 'cert.create' LIMIT 1)",
    "time = (SELECT time FROM plain LIMIT 1)",
    "time IN (SELECT time FROM plain LIMIT 5)",
    "time < 'zzz'",
    "time > 'zzz'",
    "time >= 5",
    "time < NULL",
    "time > '2025-11-21' COLLATE BINARY",
    "time >= datetime('2025-11-22 12:00:00', '-1 day')",
    "time LIKE '2025-11-21T1%'",
    "raw LIKE '%hidden1%'",
    "event = 'session.command' AND code IN ('T1000I', 'T1S') AND user = 'root'",
    "server_hostname = 'web-1.example.com' AND \"addr.remote\" LIKE '10.0.%'",
    "\"addr.remote\" = (SELECT \"addr.remote\" FROM plain LIMIT 1)",
    "user IN ('alice', 'Bob') AND time < '2025-11-21' AND ei < 3 AND success IS NULL",
};

TEST(conditions)
{
    int64_t some = 0;
    for (size_t i = 0; i < sizeof wheres / sizeof wheres[0]; i++) {
        some += check_where(wheres[i]) > 0;
    }
    EXPECT(some > 70);
}

static void random_condition(struct dice *dice, char *out, size_t size)
{
    static const char *const columns[] = {"user",    "event",
                                          "code",    "pid",
                                          "ppid",    "ei",
                                          "score",   "success",
                                          "time",    "\"addr.remote\"",
                                          "args",    "actor",
                                          "command", "server_hostname"};
    static const char *const compares[] = {"=", "<", "<=", ">", ">=", "!=", "IS", "IS NOT", "LIKE"};
    static const char *const others[] = {
        "NULL", "1",      "0",     "'1'",          "''",
        "5",    "'true'", "'[5]'", "'2025-11-21'", "'2025-11-20T12:00'",
        "2.5",  "'root'"};
    const char *column = DICE_PICK(dice, columns);
    const char *compare = DICE_PICK(dice, compares);
    if (dice_one_in(dice, 3)) {
        (void)snprintf(out, size, "%s %s %s", column, compare, DICE_PICK(dice, others));
        return;
    }
    (void)snprintf(out, size, "%s %s (SELECT %s FROM plain LIMIT 1 OFFSET %u)", column, compare,
                   dice_one_in(dice, 6) ? DICE_PICK(dice, columns) : column,
                   dice_roll(dice, (uint32_t)truth.count));
}

TEST(random_conditions)
{
    struct dice dice = {.state = test_seed(77)};
    int rounds = test_rounds(150);
    for (int i = 0; i < rounds; i++) {
        char first[256];
        char second[256];
        char where[600];
        random_condition(&dice, first, sizeof first);
        random_condition(&dice, second, sizeof second);
        (void)snprintf(where, sizeof where, "%s %s %s", first, dice_one_in(&dice, 3) ? "OR" : "AND",
                       second);
        (void)check_where(where);
    }
}

TEST(joins)
{
    static const char *const joins[] = {
        "list l CROSS JOIN %s t ON t.user = l.t",
        "list l CROSS JOIN %s t ON t.user = l.x",
        "list l CROSS JOIN %s t ON t.success = l.x",
        "list l CROSS JOIN %s t ON t.pid = l.n",
        "list l CROSS JOIN %s t ON t.ppid = l.x",
        "list l CROSS JOIN %s t ON t.code = l.t AND t.time > '2025-11-21'",
        "list l LEFT JOIN %s t ON t.user = l.x AND t.ei < 2",
        "%s t JOIN list l ON t.\"identity.user\" = l.x",
        "plain p JOIN %s t ON t.uid = p.uid WHERE p.ei = 1 AND p.pid < 300",
        "plain p JOIN %s t ON t.time = p.time AND t.uid = p.uid WHERE p.pid < 0",
    };
    for (size_t i = 0; i < sizeof joins / sizeof joins[0]; i++) {
        int64_t count[2];
        for (int virtual = 0; virtual < 2; virtual ++) {
            char from[512];
            char sql[600];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            (void)snprintf(from, sizeof from, joins[i],
                           virtual ? "teleport_audit_events" : "plain");
#pragma GCC diagnostic pop
            (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", from);
            count[virtual] = number_of(sql);
        }
        if (count[0] != count[1] || count[0] == 0) {
            fprintf(stderr, "%s: %lld, should be %lld\n", joins[i], (long long)count[1],
                    (long long)count[0]);
            test_failures++;
        }
    }
}

/* MATCH against the truth of the query language. */
TEST(match)
{
    static const char *const texts[] = {"user:alice OR curl",
                                        "ip:10.0.0.0/16 -severity:warn",
                                        "time:2025-11-21 command:*evil*",
                                        "\"quoted\"",
                                        "*",
                                        "it's nothing"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct err err;
        struct query *query = NULL;
        EXPECT_OK(parse_query(span_str(texts[i]), TRUTH_ARRIVAL_US, &query, NULL, &err), err);
        struct day_iterator_options search = truth_search(query);
        int64_t should = (int64_t)truth_mark(&search);
        static const char *const forms[] = {
            "SELECT count(*) FROM teleport_audit_events WHERE teleport_audit_events MATCH %Q",
            "SELECT count(*) FROM teleport_audit_events WHERE query MATCH %Q",
            "SELECT count(*) FROM teleport_audit_events(%Q)",
            "SELECT count(*) FROM (SELECT 1 FROM teleport_audit_events(%Q) ORDER BY time)"};
        for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            char *sql = sqlite3_mprintf(forms[f], texts[i]);
#pragma GCC diagnostic pop
            EXPECT_INT(number_of(sql), should);
            sqlite3_free(sql);
        }
        parse_query_free(query);
    }
}

/* The rows in order of time, limits and offsets as SQL has them. */
TEST(order_and_limit)
{
    static const char *const tails[] = {
        "ORDER BY time DESC",
        "ORDER BY time",
        "WHERE time > '2025-11-21T12' ORDER BY time DESC LIMIT 7",
        "WHERE time > '2025-11-21T12' ORDER BY time LIMIT 100 OFFSET 50",
        "ORDER BY time DESC LIMIT 30 OFFSET 2000",
        "WHERE user = 'alice' ORDER BY time LIMIT 20 OFFSET 3",
        "WHERE user IN ('alice', 'root') ORDER BY time DESC LIMIT 20",
        "ORDER BY time LIMIT 0",
        "ORDER BY time LIMIT -1 OFFSET 5",
        "ORDER BY time LIMIT 9223372036854775807 OFFSET 9223372036854775807",
    };
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        sqlite3_stmt *stmts[2];
        for (int virtual = 0; virtual < 2; virtual ++) {
            char sql[512];
            (void)snprintf(sql, sizeof sql, "SELECT time FROM %s t %s",
                           virtual ? "teleport_audit_events" : "plain", tails[i]);
            CHECK(sqlite3_prepare_v2(db, sql, -1, &stmts[virtual], NULL) == SQLITE_OK);
        }
        for (int row = 0, a = SQLITE_ROW; a == SQLITE_ROW; row++) {
            a = sqlite3_step(stmts[0]);
            EXPECT_INT(sqlite3_step(stmts[1]), a);
            const char *should = (const char *)sqlite3_column_text(stmts[0], 0);
            const char *is = (const char *)sqlite3_column_text(stmts[1], 0);
            if (a == SQLITE_ROW && (!is || strcmp(is, should) != 0)) {
                fprintf(stderr, "%s: row %d is %s, should be %s\n", tails[i], row, is ? is : "-",
                        should);
                test_failures++;
                break;
            }
        }
        sqlite3_finalize(stmts[0]);
        sqlite3_finalize(stmts[1]);
    }
}

/* Rows that come by value, of many blocks and of the inbox, are those of the ordinary table. */
TEST(groups)
{
    static const char *const columns[] = {"user", "event", "ei", "score", "args", "success"};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        char sql[512];
        const char *name = columns[i];
        (void)snprintf(sql, sizeof sql,
                       "SELECT count(*) FROM (SELECT %s, count(*) FROM teleport_audit_events GROUP "
                       "BY %s EXCEPT SELECT %s, count(*) FROM plain GROUP BY %s)",
                       name, name, name, name);
        EXPECT_INT(number_of(sql), 0);
    }
}

static void expect_plan(const char *tail, const char *should)
{
    char sql[1024];
    sqlite3_stmt *stmt = NULL;
    (void)snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN SELECT * FROM teleport_audit_events %s",
                   tail);
    CHECK(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK);
    CHECK(sqlite3_step(stmt) == SQLITE_ROW);
    const char *is = strstr((const char *)sqlite3_column_text(stmt, 3), "INDEX ");
    EXPECT_STR(is ? is + 6 : "no index", should);
    sqlite3_finalize(stmt);
}

TEST(plans_tell_what_is_pushed)
{
    expect_plan("", "0:");
    expect_plan("WHERE event = 'x'", "1:event=?");
    expect_plan("WHERE \"addr.remote\" = 'x'", "1:addr.remote=?");
    expect_plan("WHERE time >= '2025-11-20' AND time < '2025-11-21' AND event = 'x' AND "
                "teleport_audit_events MATCH 'rm'",
                "4:time>=? time<? event=? MATCH");
    expect_plan("WHERE user IN ('a', 'b') AND sid IS NULL", "1:user=any(?) sid=null");
    expect_plan("WHERE pid BETWEEN 1 AND 2", "2:pid>=? pid<=?");
    expect_plan("WHERE uid = 'x'", "1:uid=?");
    expect_plan("WHERE actor = 'x' ORDER BY time DESC", "1:actor=? newest-first");
    expect_plan("WHERE time > '2025' ORDER BY time LIMIT 5", "2:time>? oldest-first limit=?");
    expect_plan("WHERE time > '2025' LIMIT 5 OFFSET 3", "3:time>? limit=? offset=?");
    /* A value that is not known yet, or no text: SQLite asks again, and so keeps the limit. */
    expect_plan("WHERE time > ?1 LIMIT 5", "1:time>?");
    expect_plan("WHERE time > 5 LIMIT 5", "0:");
    expect_plan("WHERE user = 'x' LIMIT 5", "1:user=?");
    expect_plan("WHERE user = 'x' COLLATE RTRIM", "0:");
    expect_plan("WHERE time > '2025' COLLATE BINARY", "0:");
    expect_plan("WHERE length(user) = 3", "0:");
    expect_plan("ORDER BY time, user", "0:");
}

static void expect_failure(const char *sql, int code, const char *words)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(stmt);
    }
    if (rc != code || !strstr(sqlite3_errmsg(db), words)) {
        fprintf(stderr, "%s: %d %s, should be %d %s\n", sql, rc, sqlite3_errmsg(db), code, words);
        test_failures++;
    }
    sqlite3_finalize(stmt);
}

TEST(failures_have_words)
{
    expect_failure("SELECT * FROM teleport_audit_events('ip:xx')", SQLITE_ERROR,
                   "query, character 4: ip: needs");
    expect_failure("SELECT * FROM teleport_audit_events(char(40, 0, 41))", SQLITE_ERROR, "query");
    expect_failure("INSERT INTO teleport_audit_events(user) VALUES ('x')", SQLITE_ERROR,
                   "may not be modified");
    expect_failure("CREATE VIRTUAL TABLE none USING stele('/nowhere')", SQLITE_CANTOPEN,
                   "/nowhere");
    expect_failure("CREATE VIRTUAL TABLE two USING stele('a', 'b')", SQLITE_ERROR, "one argument");
    EXPECT_INT(number_of("SELECT count(*) FROM teleport_audit_events WHERE user = 'a' || char(0)"),
               0);
    EXPECT_INT(number_of("SELECT count(*) FROM teleport_audit_events(NULL)"), 0);
}

/* A day's file alone, the rows of the inbox, and what is hidden. */
TEST(other_forms)
{
    char sql[FILE_PATH_BYTES + 128];
    (void)snprintf(sql, sizeof sql,
                   "CREATE VIRTUAL TABLE day USING stele('%s/segments/2025/2025-11-21.db')",
                   truth.dir);
    must_exec(sql);
    EXPECT_INT(
        number_of("SELECT count(*) FROM day"),
        number_of("SELECT count(*) FROM teleport_audit_events WHERE segment = '2025-11-21'"));
    EXPECT(number_of("SELECT count(*) FROM day") > 100);
    EXPECT(number_of("SELECT count(*) FROM teleport_audit_events WHERE segment IS NULL") > 20);
    EXPECT_INT(number_of("SELECT count(DISTINCT rowid) FROM teleport_audit_events"), truth.count);
    EXPECT_INT(number_of("SELECT count(*) FROM teleport_audit_events WHERE received = "
                         "'2025-11-22T23:59:59Z'"),
               truth.count);
    EXPECT_INT(number_of("SELECT count(DISTINCT time) = (SELECT count(DISTINCT time) FROM plain) "
                         "FROM teleport_audit_events"),
               1);
    must_exec("DROP TABLE day");
}

/* The last test: the archive is damaged by it. */
TEST(a_damaged_segment_is_named)
{
    char path[FILE_PATH_BYTES + 64];
    (void)snprintf(path, sizeof path, "%s/segments/2025/2025-11-20.db", truth.dir);
    FILE *file = fopen(path, "r+b");
    EXPECT(file != NULL);
    for (int i = 0; file && i < 4096; i++) {
        (void)fputs("no database", file);
    }
    EXPECT(file && fclose(file) == 0);
    expect_failure("SELECT count(user) FROM teleport_audit_events", SQLITE_CORRUPT,
                   "2025-11-20.db");
    EXPECT_INT(table_err.status, ERR_CORRUPT);
    EXPECT(number_of("SELECT count(*) FROM teleport_audit_events WHERE time > '2025-11-22'") > 0);
}

TEST(cleanup)
{
    EXPECT_INT(sqlite3_close(db), SQLITE_OK);
    truth_remove();
}

TEST_MAIN(TEST_ENTRY(setup), TEST_ENTRY(every_value_is_right), TEST_ENTRY(conditions),
          TEST_ENTRY(random_conditions), TEST_ENTRY(joins), TEST_ENTRY(match),
          TEST_ENTRY(order_and_limit), TEST_ENTRY(groups), TEST_ENTRY(plans_tell_what_is_pushed),
          TEST_ENTRY(failures_have_words), TEST_ENTRY(other_forms),
          TEST_ENTRY(a_damaged_segment_is_named), TEST_ENTRY(cleanup))
