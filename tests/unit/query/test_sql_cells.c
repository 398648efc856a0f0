/* Every cell of the table is what stands at its path in the event's line: in blocks of 1 to 4,096
 * events, whatever is written there, and however the block keeps it. The truth is the line itself,
 * read by path, and, where SQL means the same, SQLite's own JSON functions. */
#include "query/sql/json_path.h"
#include "query/sql/table.h"
#include "tests/support/audit_world.h"
#include "tests/support/import_body.h"
#include "tests/support/test.h"

#define DAY_US INT64_C(1763596800000000) /* 2025-11-20 */

static const char *const columns[] = {
    "number",     "text",    "odd",     "list",     "object", "object.a",  "object.b",
    "object.b.c", "flat",    "items",   "items.id", "deep",   "deep.deep", "deep.deep.deep",
    "twice",      "serial",  "session", "note",     "uid",    "user",      "k.k",
    "tags",       "tags.in", "mostly",  "address"};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

static sqlite3 *db;
static struct table_module module;
static char dir[FILE_PATH_BYTES];
static size_t n_events;

static const char *const numbers[] = {"1",
                                      "1.0",
                                      "-0",
                                      "0",
                                      "1e5",
                                      "-1.5e-3",
                                      "12345678901234567890",
                                      "-12345678901234567890",
                                      "9007199254740993",
                                      "9007199254740992.0",
                                      "9007199254740992",
                                      "123456789012345678",
                                      "9223372036854775806",
                                      "0.1",
                                      "1E+2",
                                      "-42"};
static const char *const texts[] = {"\"alice\"",
                                    "\"\"",
                                    "\"443\"",
                                    "\"-0\"",
                                    "\"true\"",
                                    "\"null\"",
                                    "\"[1]\"",
                                    "\"{\"",
                                    "\" blanks \"",
                                    "\"\\\"quoted\\\" \\\\ \\/ \\n\\t\"",
                                    "\"\\u00e4\\ud83d\\ude00\"",
                                    "\"\xc3\xa4\"",
                                    "\"007\"",
                                    "\"2026-11-02T10:00:00.5Z\"",
                                    "\"192.0.2.1\"",
                                    "\"192.0.2.1:22\"",
                                    "\"6f1c8f3e-3c0a-4a5d-93df-0123456789ab\"",
                                    "\"6F1C8F3E-3C0A-4A5D-93DF-0123456789AB\""};
static const char *const lists[] = {
    "[\"a\"]",       "[ \"a\" , \"b\" ]", "[1]",         "[1.0,-0,true,null]", "[[1,2],[\"x\"]]",
    "[{\"k\":1},2]", "[\"]\"]",           "[\n1,\n2\n]", "[\"\\u00e4\"]"};
static const char *const nothings[] = {"null",   "\"\"", "[]",           "{}",
                                       "[null]", "[{}]", "{\"a\":null}", "[\"\",{\"x\":[]}]"};
static const char *const objects[] = {"{\"a\":1,\"b\":\"x\"}",
                                      "{\"a\":null,\"b\":\"\"}",
                                      "{ \"b\" : {\"c\":[1]} , \"a\":true}",
                                      "{}",
                                      "{\"b\":{\"c\":\"\\u0041\"}}",
                                      "null",
                                      "[{\"a\":5},{\"b\":{\"c\":6}}]",
                                      "\"no object\""};
static const char *const items[] = {"[{\"id\":1},{\"id\":\"x\"}]",
                                    "{\"id\":5}",
                                    "{\"id\":[1,2]}",
                                    "[[{\"id\":7}]]",
                                    "[{\"id\":null}]",
                                    "3"};
static const char *const deeps[] = {
    "{\"deep\":{\"deep\":{\"deep\":{\"deep\":{\"deep\":{\"deep\":{\"deep\":1}}}}}}}",
    "{\"deep\":{\"deep\":2}}", "{\"deep\":3,\"other\":{\"x\":4}}", "{\"deep\":[{\"deep\":5}]}"};

static void add_odd(struct dice *dice, struct buf *out)
{
    static const char *const bare[] = {"true", "false", "null", "9223372036854775807"};
    uint32_t kind = dice_roll(dice, 6);
    buf_add_str(out, kind == 0   ? DICE_PICK(dice, numbers)
                     : kind == 1 ? DICE_PICK(dice, texts)
                     : kind == 2 ? DICE_PICK(dice, lists)
                     : kind == 3 ? DICE_PICK(dice, nothings)
                     : kind == 4 ? DICE_PICK(dice, objects)
                                 : DICE_PICK(dice, bare));
}

/* Keys that come twice, are spelled otherwise, or have a dot. */
static void add_keys(struct dice *dice, struct buf *out)
{
    uint32_t kind = dice_roll(dice, 8);
    if (kind == 0) {
        buf_add_str(out, ",\"twice\":");
        add_odd(dice, out);
        buf_add_str(out, ",\"twice\":");
        add_odd(dice, out);
    } else if (kind == 1) {
        buf_add_str(out, ",\"tw\\u0069ce\":\"spelled\",\"twice\":null");
    } else if (kind == 2) {
        buf_printf(out, ",\"k.k\":%s,\"k\":{\"k\":%s}", DICE_PICK(dice, numbers),
                   DICE_PICK(dice, texts));
    } else if (kind == 3) {
        buf_printf(out, ",\"k\":{\"k\":%s},\"items.id\":%s", DICE_PICK(dice, texts),
                   DICE_PICK(dice, numbers));
    } else {
        buf_printf(out, ",\"twice\":%s", DICE_PICK(dice, texts));
    }
}

static void add_event(struct dice *dice, struct buf *out)
{
    static const char *const users[] = {"alice", "bob", "carol", "d\\u00f6rte"};
    bool is_plain = dice_one_in(dice, 2);
    buf_printf(out, "{\"event\":\"x\",\"serial\":%zu,\"user\":\"%s\"", n_events,
               DICE_PICK(dice, users));
    buf_printf(out, ",\"session\":\"%08x-%04x-4a5d-93df-%06x%06x\",\"note\":\"n %u \\u00e4 %zu\"",
               dice_roll(dice, 1u << 30), dice_roll(dice, 65536), dice_roll(dice, 1 << 24),
               dice_roll(dice, 1 << 24), dice_roll(dice, 1 << 20), n_events);
    buf_printf(out, ",\"number\":%s,\"text\":%s,%s\"list\":%s", DICE_PICK(dice, numbers),
               DICE_PICK(dice, texts), dice_one_in(dice, 50) ? "\n " : "", DICE_PICK(dice, lists));
    /* nearly all are of one form */
    buf_printf(out, ",\"mostly\":%s%u,\"address\":\"10.0.%u.%u%s\"",
               dice_one_in(dice, 50) ? "1." : "", dice_roll(dice, 1u << 30), dice_roll(dice, 256),
               dice_roll(dice, 256), dice_one_in(dice, 60) ? "\\u0020" : "");
    buf_printf(out,
               ",\"flat\":%s,\"odd\":", dice_one_in(dice, 2) ? "true" : DICE_PICK(dice, nothings));
    add_odd(dice, out);
    if (!is_plain) {
        buf_printf(out, ",\"object\":%s,\"items\":%s,\"deep\":%s", DICE_PICK(dice, objects),
                   DICE_PICK(dice, items), DICE_PICK(dice, deeps));
        add_keys(dice, out);
    }
    if (dice_one_in(dice, 12)) { /* a shape of its own: such a line is not cut */
        buf_printf(out, ",\"own%zu\":1", n_events);
    } else {
        buf_add_str(out, ",\"tags\":[{\"in\":1}]");
    }
    buf_add_str(out, "}\n");
    n_events++;
}

static void import_block(struct dice *dice, size_t size)
{
    static const struct source source = {.via = {"import", 6}, .peer = {"x", 1}, .tag = {"", 0}};
    struct err err = {0};
    struct buf body = BUF_INIT;
    struct indexer *indexer = NULL;
    struct indexer_run *run = NULL;
    struct archive *archive = NULL;
    struct indexer_options options = {.compression_level = 1};
    for (size_t i = 0; i < size; i++) {
        add_event(dice, &body);
    }
    EXPECT_OK(indexer_open(dir, &options, &indexer, &err), err);
    EXPECT_OK(import_body(indexer, &source, DAY_US, 1, buf_span(&body), &err), err);
    EXPECT_OK(indexer_import_end(indexer, &run, &err), err);
    EXPECT_OK(archive_open(dir, ARCHIVE_WRITE, &archive, &err), err);
    EXPECT_OK(indexer_run_commit(archive, run, &err), err);
    archive_close(archive);
    indexer_close(indexer);
    buf_fini(&body);
}

TEST(setup)
{
    static const size_t sizes[] = {1, 2, 7, 100, 4096, 1000, 4095};
    struct err err = {0};
    struct dice dice = {.state = test_seed(4096)};
    test_dir_make(dir);
    EXPECT_OK(archive_create(dir, &err), err);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        import_block(&dice, sizes[i]);
    }
    module.path = dir;
    CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
    CHECK(table_register(db, &module) == SQLITE_OK);
}

/* The value as text that tells its type. */
static void show_cell(sqlite3_stmt *stmt, int i, struct buf *out)
{
    int type = sqlite3_column_type(stmt, i);
    buf_printf(out, "%d", type);
    if (type == SQLITE_FLOAT) {
        buf_printf(out, ":%.17g", sqlite3_column_double(stmt, i));
    } else if (type != SQLITE_NULL) {
        buf_printf(out, ":%s", (const char *)sqlite3_column_text(stmt, i));
    }
    buf_add_char(out, '\n');
}

static void show_value(const struct json_path_value *value, struct buf *out)
{
    switch (value->kind) {
    case JSON_PATH_TEXT:
    case JSON_PATH_JSON:
        buf_printf(out, "%d:%.*s\n", SQLITE_TEXT, SPAN_FMT(value->text));
        break;
    case JSON_PATH_INTEGER:
    case JSON_PATH_TRUE:
    case JSON_PATH_FALSE:
        buf_printf(out, "%d:%lld\n", SQLITE_INTEGER, (long long)value->integer);
        break;
    case JSON_PATH_REAL:
        buf_printf(out, "%d:%.17g\n", SQLITE_FLOAT, value->real);
        break;
    case JSON_PATH_NONE:
        buf_printf(out, "%d\n", SQLITE_NULL);
        break;
    case JSON_PATH_OPEN:
        buf_add_str(out, "open\n");
        break;
    }
}

static sqlite3_stmt *ask(const char *what, const char *tail)
{
    struct buf sql = BUF_INIT;
    sqlite3_stmt *stmt = NULL;
    buf_add_str(&sql, "SELECT ");
    for (size_t i = 0; i < COLUMNS; i++) {
        buf_printf(&sql, "\"%s\", ", columns[i]);
    }
    buf_printf(&sql, "%s FROM teleport_audit_events %s%c", what, tail, '\0');
    if (sqlite3_prepare_v2(db, sql.data, -1, &stmt, NULL) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql.data, sqlite3_errmsg(db));
        exit(1);
    }
    buf_fini(&sql);
    return stmt;
}

/* All cells that the line in column COLUMNS should have. */
static void show_line(struct json_path_reader *reader, struct arena *arena, sqlite3_stmt *stmt,
                      struct buf *out)
{
    struct err err = {0};
    struct json_path_value values[COLUMNS];
    struct span raw = {(const char *)sqlite3_column_text(stmt, COLUMNS),
                       (size_t)sqlite3_column_bytes(stmt, COLUMNS)};
    char *line = arena_alloc(arena, raw.size);
    for (size_t i = 0; i < raw.size; i++) {
        line[i] = raw.data[i] == '\n' ? ' ' : raw.data[i];
    }
    EXPECT_OK(json_path_run(reader, span_of(line, raw.size), arena, values, &err), err);
    for (size_t i = 0; i < COLUMNS; i++) {
        show_value(&values[i], out);
    }
}

static void compare(const char *tail, size_t n_should)
{
    struct err err = {0};
    struct arena arena = ARENA_INIT;
    struct buf is = BUF_INIT;
    struct buf should = BUF_INIT;
    struct json_path_reader *reader = json_path_new();
    for (size_t i = 0; i < COLUMNS; i++) {
        size_t number;
        EXPECT_OK(json_path_add(reader, span_str(columns[i]), &number, &err), err);
    }
    /* The cells from one statement, the lines from another one. */
    sqlite3_stmt *cells = ask("1", tail);
    sqlite3_stmt *lines = ask("raw", tail);
    size_t rows = 0;
    for (; sqlite3_step(cells) == SQLITE_ROW && sqlite3_step(lines) == SQLITE_ROW; rows++) {
        buf_clear(&is);
        buf_clear(&should);
        arena_reset(&arena);
        for (int i = 0; i < COLUMNS; i++) {
            show_cell(cells, i, &is);
        }
        show_line(reader, &arena, lines, &should);
        if (!span_equal(buf_span(&is), buf_span(&should)) && test_failures++ < 5) {
            fprintf(stderr, "%s: %s\nis\n%.*sshould be\n%.*s", tail,
                    (const char *)sqlite3_column_text(lines, COLUMNS), SPAN_FMT(buf_span(&is)),
                    SPAN_FMT(buf_span(&should)));
        }
    }
    EXPECT_INT(rows, n_should);
    EXPECT_INT(sqlite3_finalize(cells), SQLITE_OK);
    EXPECT_INT(sqlite3_finalize(lines), SQLITE_OK);
    json_path_free(reader);
    arena_fini(&arena);
    buf_fini(&is);
    buf_fini(&should);
}

TEST(cells_are_what_the_lines_say)
{
    compare("", n_events);
    compare("ORDER BY time", n_events);
    compare("WHERE user = 'bob' AND serial < 300 ORDER BY time DESC LIMIT 7", 7);
}

static int64_t number_of(const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    int64_t number = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        number = sqlite3_column_int64(stmt, 0);
    }
    if (number < 0) {
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
    }
    sqlite3_finalize(stmt);
    return number;
}

/* SQLite's own reading: the same but for "", which is nothing here, and blanks between tokens. */
TEST(cells_are_what_sqlite_reads)
{
    static const char *const scalars[] = {"number", "text", "serial", "session", "note", "user"};
    for (size_t i = 0; i < sizeof scalars / sizeof scalars[0]; i++) {
        char sql[512];
        (void)snprintf(sql, sizeof sql,
                       "SELECT count(*) FROM teleport_audit_events WHERE \"%s\" IS "
                       "nullif(raw ->> '$.%s', '')",
                       scalars[i], scalars[i]);
        EXPECT_INT(number_of(sql), n_events);
    }
    EXPECT_INT(number_of("SELECT count(*) FROM teleport_audit_events WHERE json(list) = "
                         "raw -> '$.list'"),
               n_events);
    EXPECT(number_of("SELECT count(*) FROM teleport_audit_events WHERE list = '[\"a\"]'") > 100);
    EXPECT_INT(number_of("SELECT count(*) FROM teleport_audit_events WHERE typeof(session) = "
                         "'text' AND typeof(serial) = 'integer'"),
               n_events);
}

/* A table's columns: fields of whole lines and of what stands within arrays are among them. */
TEST(columns_are_the_fields)
{
    EXPECT_INT(
        number_of("SELECT count(*) FROM pragma_table_xinfo('teleport_audit_events') WHERE "
                  "name IN ('object.b.c', 'items', 'items.id', 'deep.deep.deep', 'tags.in')"),
        5);
    EXPECT_INT(number_of("SELECT count(*) FROM pragma_table_xinfo('teleport_audit_events') WHERE "
                         "name LIKE 'stele.%'"),
               0);
    EXPECT(number_of("SELECT count(*) FROM pragma_table_xinfo('teleport_audit_events') WHERE "
                     "name LIKE 'own%'") > 100);
}

/* All rows of an answer, as text. Of numbers that are equal SQL may give any: 2^53 is shown
 * as an integer. */
static void show_answer(const char *sql, struct buf *out)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
        exit(1);
    }
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            double real = sqlite3_column_double(stmt, i);
            if (sqlite3_column_type(stmt, i) == SQLITE_FLOAT && real == 9007199254740992.0) {
                buf_printf(out, "%d:%lld\n", SQLITE_INTEGER, (long long)real);
            } else {
                show_cell(stmt, i, out);
            }
        }
    }
    EXPECT_INT(sqlite3_finalize(stmt), SQLITE_OK);
}

static bool is_grouped(const char *sql)
{
    struct buf plan = BUF_INIT;
    struct buf text = BUF_INIT;
    buf_printf(&text, "EXPLAIN QUERY PLAN %s%c", sql, '\0');
    show_answer(text.data, &plan);
    buf_add_char(&plan, '\0');
    bool is = strstr(plan.data, "cending") && !strstr(plan.data, "TEMP B-TREE");
    buf_fini(&plan);
    buf_fini(&text);
    return is;
}

/* `pattern` has the column as %s, twice: once with the order of the table, once, as +column, with
 * that of SQLite's sorter. */
static void check_groups(const char *pattern, const char *column)
{
    struct buf is = BUF_INIT;
    struct buf should = BUF_INIT;
    char plain[512];
    char sorted[512];
    char hidden[64];
    (void)snprintf(hidden, sizeof hidden, "+%s", column);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(plain, sizeof plain, pattern, column, column);
    (void)snprintf(sorted, sizeof sorted, pattern, hidden, hidden);
#pragma GCC diagnostic pop
    if (!is_grouped(plain) || is_grouped(sorted)) {
        fprintf(stderr, "%s: the wrong plan\n", plain);
        test_failures++;
    }
    show_answer(plain, &is);
    show_answer(sorted, &should);
    if (!span_equal(buf_span(&is), buf_span(&should))) {
        fprintf(stderr, "%s: is\n%.*sshould be\n%.*s", plain, SPAN_FMT(buf_span(&is)),
                SPAN_FMT(buf_span(&should)));
        test_failures++;
    }
    buf_fini(&is);
    buf_fini(&should);
}

TEST(rows_come_by_value)
{
    static const char *const groups[] = {"user", "number", "odd", "list", "flat"};
    static const char *const patterns[] = {
        "SELECT %s, count(*) FROM teleport_audit_events GROUP BY %s",
        "SELECT %s, count(*) n FROM teleport_audit_events GROUP BY 1 HAVING n > 1 AND %s",
        "SELECT DISTINCT %s FROM teleport_audit_events ORDER BY %s",
        "SELECT %s, count(*) FROM teleport_audit_events GROUP BY 1 ORDER BY %s DESC",
        "SELECT %s FROM teleport_audit_events ORDER BY %s LIMIT 3000 OFFSET 10",
        "SELECT %s, min(rowid), sum(rowid %% 99) FROM teleport_audit_events GROUP BY %s",
    };
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        for (size_t p = 0; p < sizeof patterns / sizeof patterns[0]; p++) {
            check_groups(patterns[p], groups[i]);
        }
    }
    EXPECT(!is_grouped("SELECT user, max(pid) FROM (SELECT user, serial AS pid FROM "
                       "teleport_audit_events) GROUP BY user"));
    /* a column behind those that SQLite tells apart, and one of many values */
    EXPECT(!is_grouped("SELECT text, count(*) FROM teleport_audit_events GROUP BY text"));
    EXPECT(!is_grouped("SELECT session, count(*) FROM teleport_audit_events GROUP BY session"));
}

TEST(cleanup)
{
    EXPECT_INT(sqlite3_close(db), SQLITE_OK);
    test_dir_remove(dir);
}

TEST_MAIN(TEST_ENTRY(setup), TEST_ENTRY(cells_are_what_the_lines_say),
          TEST_ENTRY(cells_are_what_sqlite_reads), TEST_ENTRY(columns_are_the_fields),
          TEST_ENTRY(rows_come_by_value), TEST_ENTRY(cleanup))
