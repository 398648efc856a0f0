/* Values by path out of an event's bytes, and times as text. */
#include "query/sql/json_path.h"
#include "query/sql/time_text.h"
#include "tests/support/test.h"

/* The value as "kind:text"; NULL as "none". */
static void expect_value(const char *json, const char *path, const char *should)
{
    struct err err;
    struct json_path_reader *reader = json_path_new();
    struct arena arena = ARENA_INIT;
    struct json_path_value value;
    struct buf text = BUF_INIT;
    size_t number;
    EXPECT(reader != NULL);
    EXPECT_OK(json_path_add(reader, span_str(path), &number, &err), err);
    EXPECT_OK(json_path_run(reader, span_str(json), &arena, &value, &err), err);
    switch (value.kind) {
    case JSON_PATH_NONE:
        buf_add_str(&text, "none");
        break;
    case JSON_PATH_TEXT:
    case JSON_PATH_JSON:
        buf_add_str(&text, value.kind == JSON_PATH_TEXT ? "text:" : "json:");
        buf_add_span(&text, value.text);
        break;
    case JSON_PATH_INTEGER:
        buf_printf(&text, "integer:%lld", (long long)value.integer);
        break;
    case JSON_PATH_REAL:
        buf_printf(&text, "real:%g", value.real);
        break;
    case JSON_PATH_OPEN:
        buf_add_str(&text, "open");
        break;
    case JSON_PATH_TRUE:
    case JSON_PATH_FALSE:
        buf_add_str(&text, value.kind == JSON_PATH_TRUE ? "true" : "false");
        break;
    }
    buf_add_char(&text, '\0');
    if (strcmp(text.data, should) != 0) {
        fprintf(stderr, "%s of %s: %s, should be %s\n", path, json, text.data, should);
        test_failures++;
    }
    buf_fini(&text);
    arena_fini(&arena);
    json_path_free(reader);
}

TEST(values_of_every_kind)
{
    static const struct {
        const char *json;
        const char *path;
        const char *should;
    } cases[] = {
        {"{\"a\":\"x\"}", "a", "text:x"},
        {"{\"a\":\"x\"}", "b", "none"},
        {"{\"a\":\"x\"}", "a.b", "none"},
        {" {\n \"b\" : 1 , \"a\" : 2 } ", "a", "integer:2"},
        {"{\"a\":-7}", "a", "integer:-7"},
        {"{\"a\":5.0}", "a", "integer:5"},
        {"{\"a\":1e3}", "a", "integer:1000"},
        {"{\"a\":1.5}", "a", "real:1.5"},
        {"{\"a\":9007199254740993}", "a", "integer:9007199254740993"},
        {"{\"a\":9223372036854775808}", "a", "real:9.22337e+18"},
        {"{\"a\":true,\"b\":false}", "b", "false"},
        {"{\"a\":true}", "a", "true"},
        {"{\"a\":null}", "a", "none"},
        {"{\"a\":\"\"}", "a", "none"},
        {"{\"a\":[],\"b\":{}}", "a", "none"},
        {"{\"a\":[null,\"\",{\"x\":[]}]}", "a", "none"},
        {"{\"a\":[null,0]}", "a", "json:[null,0]"},
        {"{\"a\":[\"x\", \"y\"]}", "a", "json:[\"x\", \"y\"]"},
        {"{\"a\":{\"b\":\"}\"}}", "a", "json:{\"b\":\"}\"}"},
        {"{\"a\":{\"b\":\"}\"}}", "a.b", "text:}"},
        {"{\"a.b\":\"x\"}", "a.b", "text:x"},
        {"{\"a.b\":{\"c.d\":3}}", "a.b.c.d", "integer:3"},
        {"{\"a\":\"x\",\"a\":\"y\"}", "a", "text:x"},
        {"{\"a\":null,\"a\":\"y\"}", "a", "text:y"},
        {"{\"a\":\"\\u00e4\\n\\\"\\\\\\/\"}", "a", "text:\xc3\xa4\n\"\\/"},
        {"{\"a\":\"\\ud83d\\ude00\"}", "a", "text:\xf0\x9f\x98\x80"},
        {"{\"a\":\"\\ud83dx\\u0000\"}", "a", "text:\xef\xbf\xbdx\xef\xbf\xbd"},
        {"{\"\\u0061\":1}", "a", "integer:1"},
        {"{\"a\":[{\"b\":1},{\"b\":\"x\"},{\"c\":2}]}", "a.b", "json:[1,\"x\"]"},
        {"{\"a\":[[{\"b\":[1]}]],\"a.b\":3}", "a.b", "json:[[1]]"},
        {"{\"a\":[{\"b\":null}],\"a.b\":3}", "a.b", "integer:3"},
        {"{\"\":{\"b\":1}}", "b", "integer:1"},
        {"{\"x\":\"a\\\\\",\"a\":1}", "a", "integer:1"},
        {"{\"a", "a", "none"},
        {"{\"a\":", "a", "none"},
        {"{\"a\":\"x", "a", "text:x"},
        {"{\"a\":\"\\", "a", "text:\\"},
        {"[1]", "a", "none"},
        {"", "a", "none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_value(cases[i].json, cases[i].path, cases[i].should);
    }
}

/* Bytes cut off anywhere are read to their end and no further. */
TEST(bytes_cut_short)
{
    static const char json[] = "{\"k\":[{\"a\":\"\\u00e4\\ud83d\\ude00\"},[1,{\"a\":[true]}],null],"
                               "\"a\":{\"b\":-1.5e3},\"c\":\"x\\\\\"}";
    static const char *const paths[] = {"a", "a.b", "k", "k.a", "c"};
    struct err err;
    struct arena arena = ARENA_INIT;
    struct json_path_reader *reader = json_path_new();
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        size_t number;
        EXPECT_OK(json_path_add(reader, span_str(paths[i]), &number, &err), err);
        EXPECT_INT(number, i);
    }
    for (size_t size = 0; size < sizeof json; size++) {
        struct json_path_value value[5];
        char *copy = malloc(size + 1);
        memcpy(copy, json, size);
        arena_reset(&arena);
        EXPECT_OK(json_path_run(reader, span_of(copy, size), &arena, value, &err), err);
        free(copy);
    }
    arena_fini(&arena);
    json_path_free(reader);
}

TEST(deep_nesting_ends)
{
    struct buf json = BUF_INIT;
    buf_add_str(&json, "{\"a\":");
    for (int i = 0; i < 100000; i++) {
        buf_add_char(&json, '[');
    }
    buf_add_char(&json, '\0');
    expect_value(json.data, "a.b", "none");
    buf_fini(&json);
}

TEST(moments)
{
    static const struct {
        const char *text;
        int64_t should; /* in seconds; -1: none */
    } cases[] = {
        {"2026-11-23", 1795392000},
        {"2026", 1767225600},
        {"2026-11", 1793491200},
        {"2026-11-23T10", 1795428000},
        {"2026-11-23 10:30", 1795429800},
        {"2026-11-23T10:30:00", 1795429800},
        {"2026-11-23T10:30:00.000Z", 1795429800},
        {"2026-11-23T10:30:00+01:00", 1795426200},
        {"2026-11-23T10:30-01:00", 1795433400},
        {"2026-11-23T10:3", -1},
        {"2026-11-23T25", -1},
        {"2026-11-2", -1},
        {"2026Z", -1},
        {"yesterday", -1},
        {"", -1},
        {"2026-11-23T10:30:00.0000000000000000000000000000000000000Z", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t time_us = -CLOCK_SECOND_US;
        bool is = time_text_read(span_str(cases[i].text), &time_us);
        if (is != (cases[i].should >= 0) || time_us != cases[i].should * CLOCK_SECOND_US) {
            fprintf(stderr, "%s: %lld\n", cases[i].text, (long long)time_us);
            test_failures++;
        }
    }
}

static int collate(const char *a, const char *b)
{
    return time_text_collate(NULL, (int)strlen(a), a, (int)strlen(b), b);
}

TEST(times_in_order)
{
    EXPECT_INT(collate("2026-11-23T10:00:00Z", "2026-11-23 10:00:00.000"), 0);
    EXPECT(collate("2026-11-23T10:00:00Z", "2026-11-23T10:00:00.5Z") < 0);
    EXPECT(collate("2026-11-23T10:00:00+02:00", "2026-11-23T09:00:00Z") < 0);
    EXPECT(collate("zebra", "2026") > 0);
    EXPECT(collate("2026", "") < 0);
    EXPECT(collate("abc", "abd") < 0);
    EXPECT_INT(collate("abc", "abc"), 0);
    EXPECT(collate("ab", "abc") < 0);
}

TEST_MAIN(TEST_ENTRY(values_of_every_kind), TEST_ENTRY(bytes_cut_short),
          TEST_ENTRY(deep_nesting_ends), TEST_ENTRY(moments), TEST_ENTRY(times_in_order))
