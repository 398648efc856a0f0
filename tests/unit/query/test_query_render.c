#include "query/render/event_rows.h"
#include "query/render/json_pretty.h"
#include "query/render/local_time.h"
#include "query/render/terminal_text.h"
#include "tests/support/test.h"

static void expect_terminal_text(const char *text, size_t columns, const char *should, size_t used)
{
    struct buf out = BUF_INIT;
    EXPECT_INT(terminal_text_add(&out, span_str(text), columns), used);
    EXPECT_SPAN(buf_span(&out), should);
    buf_fini(&out);
}

TEST(text_cannot_paint)
{
    expect_terminal_text("plain", SIZE_MAX, "plain", 5);
    expect_terminal_text("\x1b[2J", SIZE_MAX, "\\x1b[2J", 7);
    expect_terminal_text("a\nb\rc\td", SIZE_MAX, "a\\x0ab\\x0dc\\x09d", 16);
    expect_terminal_text("\xe2\x80\xaegpj.exe", SIZE_MAX, "\\u{202e}gpj.exe", 15);
    expect_terminal_text("\xc2\x9b"
                         "31m",
                         SIZE_MAX, "\\u{9b}31m", 9);
    expect_terminal_text("\xff"
                         "a",
                         SIZE_MAX, "\\xffa", 5);
    expect_terminal_text("\xe2\x80\x8b", SIZE_MAX, "\\u{200b}", 8);
}

TEST(text_is_cut_at_columns)
{
    expect_terminal_text("abcdef", 6, "abcdef", 6);
    expect_terminal_text("abcdef", 5, "abcd\xe2\x80\xa6", 5);
    expect_terminal_text("\xc3\xa4\xc3\xb6\xc3\xbc", 2, "\xc3\xa4\xe2\x80\xa6", 2);
    expect_terminal_text("\xe6\x97\xa5\xe6\x9c\xac", 3, "\xe6\x97\xa5\xe2\x80\xa6", 3);
    expect_terminal_text("abc", 0, "", 0);
    expect_terminal_text("ab\x1b", 4, "ab\xe2\x80\xa6", 3);
}

/* What is written of the events on a terminal of so many columns; SIZE_MAX: none. */
static char *render(enum listing_form form, size_t columns, const char *choice,
                    const char *const *lines, size_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct event_rows events;
    struct err err;
    EXPECT_OK(event_rows_begin(&events, form, choice, out, &err), err);
    events.rows.columns_max = columns;
    if (columns != SIZE_MAX && !choice) { /* chosen again, as on a terminal */
        listing_fini(&events.rows);
        EXPECT_OK(listing_begin(&events.rows, form, events.columns, events.n_columns,
                                "time,severity,event,actor,address,target,what", out, &err),
                  err);
        events.rows.columns_max = columns;
        events.rows.chosen = false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct event_rows_item item = {.time_us = INT64_C(1763634600123456),
                                             .received_us = INT64_C(1763634601000000),
                                             .raw = span_str(lines[i])};
        EXPECT_OK(event_rows_add(&events, &item, &err), err);
    }
    EXPECT_OK(event_rows_end(&events, &err), err);
    event_rows_fini(&events);
    (void)fclose(out);
    return text;
}

static void expect_render(enum listing_form form, const char *choice, const char *const *lines,
                          size_t count, const char *should)
{
    char *text = render(form, SIZE_MAX, choice, lines, count);
    EXPECT_STR(text, should);
    free(text);
}

static const char *const two_lines[] = {
    "{\"event\":\"user.login\",\"code\":\"T1000W\",\"user\":\"al,\\\"ice\",\n"
    "\"addr.remote\":\"10.0.0.1:22\",\"uid\":\"u1\",\"time\":\"2025-11-20T10:30:00Z\"}",
    "{\"b\":[2,3],\"c\":true,\"d\":-1.5}",
};

TEST(own_bytes)
{
    expect_render(
        LISTING_RAW, NULL, two_lines, 2,
        "{\"event\":\"user.login\",\"code\":\"T1000W\",\"user\":\"al,\\\"ice\",\n"
        "\"addr.remote\":\"10.0.0.1:22\",\"uid\":\"u1\",\"time\":\"2025-11-20T10:30:00Z\"}"
        "\n{\"b\":[2,3],\"c\":true,\"d\":-1.5}\n");
    expect_render(
        LISTING_NDJSON, NULL, two_lines, 1,
        "{\"event\":\"user.login\",\"code\":\"T1000W\",\"user\":\"al,\\\"ice\", "
        "\"addr.remote\":\"10.0.0.1:22\",\"uid\":\"u1\",\"time\":\"2025-11-20T10:30:00Z\"}"
        "\n");
    expect_render(LISTING_JSON, NULL, two_lines + 1, 1,
                  "[\n{\"b\":[2,3],\"c\":true,\"d\":-1.5}\n]\n");
    expect_render(LISTING_JSON, NULL, NULL, 0, "[]\n");
}

TEST(events_as_rows)
{
    expect_render(LISTING_CSV, NULL, two_lines, 2,
                  "time,severity,event,code,actor,address,target,uid,what,mark,received\r\n"
                  "2025-11-20T10:30:00.123456Z,warn,user.login,T1000W,\"al,\"\"ice\",10.0.0.1,,u1,"
                  "Login failed,,2025-11-20T10:30:01Z\r\n"
                  "2025-11-20T10:30:00.123456Z,,,,,,,,,arrival-time,2025-11-20T10:30:01Z\r\n");
    expect_render(LISTING_CSV, NULL, NULL, 0,
                  "time,severity,event,code,actor,address,target,uid,what,mark,received\r\n");
    expect_render(LISTING_TABLE, NULL, two_lines, 2,
                  "time                   severity  event       actor    address   target  uid  "
                  "what\n"
                  "2025-11-20T10:30:00Z   warn      user.login  al,\"ice  10.0.0.1          u1   "
                  "Login failed\n"
                  "2025-11-20T10:30:00Z*\n");
    expect_render(LISTING_TABLE, NULL, NULL, 0, "");
}

TEST(columns_and_fields_are_chosen)
{
    expect_render(LISTING_TABLE, "uid,user,b", two_lines, 2,
                  "uid  user     b\n"
                  "u1   al,\"ice\n"
                  "              2, 3\n");
    expect_render(LISTING_NDJSON, "uid,user,b,c,d,time", two_lines, 2,
                  "{\"uid\":\"u1\",\"user\":\"al,\\\"ice\",\"b\":null,\"c\":null,\"d\":null,"
                  "\"time\":\"2025-11-20T10:30:00.123456Z\"}\n"
                  "{\"uid\":null,\"user\":null,\"b\":[\"2\",\"3\"],\"c\":true,\"d\":-1.5,"
                  "\"time\":\"2025-11-20T10:30:00.123456Z\"}\n");
    expect_render(LISTING_CSV, "d,user,mark", two_lines, 2,
                  "d,user,mark\r\n,\"al,\"\"ice\",\r\n-1.5,,arrival-time\r\n");
    struct event_rows events;
    struct err err;
    static const char *const wrong[] = {"", "a,", ",a", "a,,b"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        EXPECT_INT(event_rows_begin(&events, LISTING_CSV, wrong[i], stdout, &err), ERR_USAGE);
        event_rows_fini(&events);
    }
    EXPECT_INT(event_rows_begin(&events, LISTING_RAW, "uid", stdout, &err), ERR_USAGE);
    event_rows_fini(&events);
}

static const char *const wide_line[] = {
    "{\"event\":\"db.session.postgres.statements.parse\",\"code\":\"TPG00I\","
    "\"user\":\"somebody-with-a-name@example.org\",\"addr.remote\":\"[2001:db8:1111::7:8:9]:22\","
    "\"db_service\":\"a-database-of-many-words\",\"time\":\"2025-11-20T10:30:00Z\","
    "\"query\":\"SELECT\\n1\"}"};

static size_t longest_line(const char *text)
{
    size_t longest = 0;
    for (; *text; text += strcspn(text, "\n") + 1) {
        size_t columns = 0;
        for (size_t i = 0; i < strcspn(text, "\n"); i++) {
            columns += ((unsigned char)text[i] & 0xc0) != 0x80;
        }
        longest = columns > longest ? columns : longest;
    }
    return longest;
}

/* The terminal is used and not overrun; what fits is not cut, and what is cut is shared out. */
TEST(table_keeps_to_the_terminal)
{
    for (size_t columns = 80; columns <= 240; columns++) {
        char *text = render(LISTING_TABLE, columns, NULL, wide_line, 1);
        size_t longest = longest_line(text);
        EXPECT(longest <= columns);
        EXPECT(longest + 4 > columns || columns > 190); /* \x0a is not cut */
        EXPECT(strstr(text, "\xe2\x80\xa6") || columns > 190);
        free(text);
    }
    char *narrow = render(LISTING_TABLE, 80, NULL, wide_line, 1);
    EXPECT(!strstr(narrow, "target"));
    free(narrow);
    char *whole = render(LISTING_TABLE, 240, NULL, wide_line, 1);
    EXPECT(!strstr(whole, "\xe2\x80\xa6") && strstr(whole, "2001:db8:1111::7:8:9  a-database"));
    free(whole);
    char *short_one = render(LISTING_TABLE, 90, NULL, two_lines, 1);
    EXPECT(!strstr(short_one, "\xe2\x80\xa6") && strstr(short_one, "target"));
    free(short_one);
}

/* Where columns find no room at all, a row is lines of name and value. */
TEST(rows_become_records)
{
    char *text = render(LISTING_TABLE, 40, NULL, two_lines, 2);
    EXPECT_STR(text, "time     2025-11-20T10:30:00Z\n"
                     "event    user.login\n"
                     "actor    al,\"ice\n"
                     "address  10.0.0.1\n"
                     "what     Login failed\n"
                     "\n"
                     "time     2025-11-20T10:30:00Z*\n");
    free(text);
}

/* Into a pipe nothing is cut: what is looked for there must be found. */
TEST(table_in_a_pipe_is_not_cut)
{
    expect_render(LISTING_TABLE, "event,actor,address,target,what", wide_line, 1,
                  "event                                 actor                             "
                  "address               target                    what\n"
                  "db.session.postgres.statements.parse  somebody-with-a-name@example.org  "
                  "2001:db8:1111::7:8:9  a-database-of-many-words  "
                  "Prepared on a-database-of-many-words: SELECT\\x0a1\n");
}

static char *cells(enum listing_form form, const char *const *texts, size_t count)
{
    static const struct listing_column columns[] = {{LISTING_NAME("a"), 0},
                                                    {LISTING_NAME("n"), LISTING_RIGHT}};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct listing rows;
    struct err err;
    EXPECT_OK(listing_begin(&rows, form, columns, 2, NULL, out, &err), err);
    for (size_t i = 0; i < count; i++) {
        listing_str(&rows, texts[i]);
        listing_int(&rows, -(int64_t)i);
        EXPECT_OK(listing_next(&rows, &err), err);
    }
    EXPECT_OK(listing_end(&rows, &err), err);
    listing_fini(&rows);
    (void)fclose(out);
    return text;
}

TEST(csv_is_safe_when_asked_for)
{
    static const char *const texts[] = {"=1+1",          "+a",  "-a",  "@a", "\ta",     "\ra",
                                        "\xef\xbc\x9dx", "a=1", " =1", "'a", "=\"x\",1"};
    enum { COUNT = sizeof texts / sizeof texts[0] };
    char *plain = cells(LISTING_CSV, texts, COUNT);
    EXPECT_STR(plain, "a,n\r\n=1+1,0\r\n+a,-1\r\n-a,-2\r\n@a,-3\r\n\ta,-4\r\n\"\ra\",-5\r\n"
                      "\xef\xbc\x9dx,-6\r\na=1,-7\r\n =1,-8\r\n'a,-9\r\n\"=\"\"x\"\",1\",-10\r\n");
    free(plain);
    char *safe = cells(LISTING_CSV_SAFE, texts, COUNT);
    EXPECT_STR(safe, "a,n\r\n'=1+1,0\r\n'+a,-1\r\n'-a,-2\r\n'@a,-3\r\n'\ta,-4\r\n\"'\ra\",-5\r\n"
                     "'\xef\xbc\x9dx,-6\r\na=1,-7\r\n =1,-8\r\n'a,-9\r\n"
                     "\"'=\"\"x\"\",1\",-10\r\n");
    free(safe);
}

/* More rows than are held back, the widest last: whole, and one header. */
TEST(many_rows)
{
    enum { COUNT = 450 };
    static const char *texts[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        texts[i] = i + 1 < COUNT ? "x" : "a-long-one-that-comes-late";
    }
    char *text = cells(LISTING_TABLE, texts, COUNT);
    EXPECT(strncmp(text, "a     n\nx     0\nx    -1\n", 21) == 0);
    EXPECT(strstr(text, "\na-long-one-that-comes-late  -449\n"));
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++) {
        lines++;
    }
    EXPECT_INT(lines, COUNT + 1);
    free(text);
}

static void expect_local(const char *text, const char *should)
{
    int64_t us = 0;
    struct err err;
    char out[LOCAL_TIME_BYTES];
    EXPECT_OK(local_time_parse(span_str(text), INT64_C(1767222000000000), &us, &err), err);
    EXPECT_STR(local_time_format(us, out), should);
}

/* Summer and winter, given and shown. */
TEST(times_of_a_zone)
{
    struct err err;
    char out[LOCAL_TIME_BYTES];
    EXPECT_INT(local_time_set_zone("Europe/Nowhere", &err), ERR_USAGE);
    EXPECT_INT(local_time_set_zone("../../etc/passwd", &err), ERR_USAGE);
    EXPECT_INT(local_time_set_zone("", &err), ERR_USAGE);
    expect_local("2026-07-01", "2026-07-01T00:00:00Z");
    EXPECT_OK(local_time_set_zone("Europe/Berlin", &err), err);
    expect_local("2026-07-01", "2026-07-01T00:00:00+02:00");
    expect_local("2026-01-01 08:30", "2026-01-01T08:30:00+01:00");
    expect_local("2026-01-01T08:30:00.25", "2026-01-01T08:30:00.25+01:00");
    expect_local("2026-01-01T08:30:00Z", "2026-01-01T09:30:00+01:00");
    expect_local("2026-01-01T08:30:00-05:00", "2026-01-01T14:30:00+01:00");
    expect_local("today", "2026-01-01T00:00:00+01:00"); /* it is 23:00 of the day before in UTC */
    expect_local("yesterday", "2025-12-31T00:00:00+01:00");
    expect_local("-1h", "2025-12-31T23:00:00+01:00");
    EXPECT_STR(local_time_format(-1, out), "1970-01-01T00:59:59.999999+01:00");
    EXPECT_STR(local_time_seconds(-1, out), "1970-01-01T00:59:59+01:00");
    EXPECT_OK(local_time_set_zone("America/St_Johns", &err), err);
    expect_local("2026-01-01", "2026-01-01T00:00:00-03:30");
    EXPECT_OK(local_time_set_zone("UTC", &err), err);
    expect_local("2026-07-01", "2026-07-01T00:00:00Z");
}

TEST(pretty)
{
    struct buf out = BUF_INIT;
    json_pretty_add(span_str("{\"a\":{\"b\":[1,2],\"c\":[],\"d\":{ }}, \"e\" : \"x,\\\"{\"}"),
                    &out);
    EXPECT_SPAN(buf_span(&out),
                "{\n  \"a\": {\n    \"b\": [\n      1,\n      2\n    ],\n    \"c\": "
                "[],\n    \"d\": {}\n  },\n  \"e\": \"x,\\\"{\"\n}");
    buf_fini(&out);
}

TEST_MAIN(TEST_ENTRY(text_cannot_paint), TEST_ENTRY(text_is_cut_at_columns), TEST_ENTRY(own_bytes),
          TEST_ENTRY(events_as_rows), TEST_ENTRY(columns_and_fields_are_chosen),
          TEST_ENTRY(table_keeps_to_the_terminal), TEST_ENTRY(rows_become_records),
          TEST_ENTRY(table_in_a_pipe_is_not_cut), TEST_ENTRY(csv_is_safe_when_asked_for),
          TEST_ENTRY(many_rows), TEST_ENTRY(times_of_a_zone), TEST_ENTRY(pretty))
