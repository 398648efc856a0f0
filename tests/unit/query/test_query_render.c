#include "query/render/json_pretty.h"
#include "query/render/render.h"
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

static void expect_render(enum render_form form, const char *const *lines, size_t count,
                          const char *should)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct render render;
    struct err err;
    render_init(&render, form, out);
    for (size_t i = 0; i < count; i++) {
        struct search_hit hit = {.time_us = INT64_C(1763634600123456), .raw = span_str(lines[i])};
        EXPECT_OK(render_hit(&render, &hit, &err), err);
    }
    EXPECT_OK(render_end(&render, &err), err);
    render_fini(&render);
    (void)fclose(out);
    EXPECT_STR(text, should);
    free(text);
}

TEST(forms)
{
    static const char *const lines[] = {
        "{\"event\":\"user.login\",\"code\":\"T1000W\",\"user\":\"al,\\\"ice\",\n"
        "\"addr.remote\":\"10.0.0.1:22\",\"uid\":\"u1\"}",
        "{\"b\":2}",
    };
    expect_render(RENDER_RAW, lines, 2,
                  "{\"event\":\"user.login\",\"code\":\"T1000W\",\"user\":\"al,\\\"ice\",\n"
                  "\"addr.remote\":\"10.0.0.1:22\",\"uid\":\"u1\"}\n{\"b\":2}\n");
    expect_render(RENDER_NDJSON, lines, 2,
                  "{\"event\":\"user.login\",\"code\":\"T1000W\",\"user\":\"al,\\\"ice\", "
                  "\"addr.remote\":\"10.0.0.1:22\",\"uid\":\"u1\"}\n{\"b\":2}\n");
    expect_render(RENDER_JSON, lines + 1, 1, "[\n{\"b\":2}\n]\n");
    expect_render(RENDER_JSON, NULL, 0, "[\n]\n");
    expect_render(RENDER_CSV, lines, 2,
                  "time,severity,event,code,actor,address,target,uid\r\n"
                  "2025-11-20T10:30:00.123456Z,warn,user.login,T1000W,\"al,\"\"ice\",10.0.0.1,,u1"
                  "\r\n2025-11-20T10:30:00.123456Z,,,,,,,\r\n");
    expect_render(RENDER_TABLE, lines, 1,
                  "2025-11-20T10:30:00Z  warn   user.login                  al,\"ice"
                  "                   10.0.0.1                               Login failed\n");
}

static const char *const wide_line[] = {
    "{\"event\":\"db.session.postgres.statements.parse\",\"code\":\"TPG00I\","
    "\"user\":\"somebody-with-a-name@example.org\",\"addr.remote\":\"[2001:db8:1111::7:8:9]:22\","
    "\"db_service\":\"a-database-of-many-words\",\"query\":\"SELECT\\n1\"}"};

static void expect_table(const char *columns, const char *should)
{
    EXPECT(setenv("COLUMNS", columns, 1) == 0);
    expect_render(RENDER_TABLE, wide_line, 1, should);
    EXPECT(unsetenv("COLUMNS") == 0);
}

TEST(table_is_cut_to_the_terminal)
{
    expect_table("36", "2025-11-20T10:30:00Z  info   db.ses\xe2\x80\xa6\n");
    expect_table(
        "100", "2025-11-20T10:30:00Z  info   db.session.post\xe2\x80\xa6  somebody-wi\xe2\x80\xa6  "
               "2001:db8:1111:\xe2\x80\xa6  Prepared on a-databas\xe2\x80\xa6\n");
    expect_table("120",
                 "2025-11-20T10:30:00Z  info   db.session.postgres\xe2\x80\xa6  "
                 "somebody-with-a\xe2\x80\xa6  "
                 "2001:db8:1111:\xe2\x80\xa6  Prepared on a-database-of-many-wo\xe2\x80\xa6\n");
    expect_table("180", "2025-11-20T10:30:00Z  info   db.session.postgres.state\xe2\x80\xa6  "
                        "somebody-with-a-name@ex\xe2\x80\xa6  2001:db8:1111:\xe2\x80\xa6  "
                        "a-database-of-many-\xe2\x80\xa6  Prepared on a-database-of-many-words: "
                        "SELECT\\x0a1\n");
}

/* Into a pipe nothing is cut: what is looked for there must be found. */
TEST(table_in_a_pipe_is_not_cut)
{
    expect_render(RENDER_TABLE, wide_line, 1,
                  "2025-11-20T10:30:00Z  info   db.session.postgres.statements.parse  "
                  "somebody-with-a-name@example.org  2001:db8:1111::7:8:9  "
                  "a-database-of-many-words  Prepared on a-database-of-many-words: "
                  "SELECT\\x0a1\n");
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

TEST_MAIN(TEST_ENTRY(text_cannot_paint), TEST_ENTRY(text_is_cut_at_columns), TEST_ENTRY(forms),
          TEST_ENTRY(table_is_cut_to_the_terminal), TEST_ENTRY(table_in_a_pipe_is_not_cut),
          TEST_ENTRY(pretty))
