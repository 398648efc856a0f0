/* The look at an event's end and time: certain of what is common, and never of anything that the
 * parser reads otherwise. */
#include "schema/event/event_scan.h"

#include "schema/event/event.h"
#include "tests/support/test.h"

static const int64_t arrival = INT64_C(1795392000000000); /* 2026-11-23 */

static const char login[] =
    "{\"ei\":0,\"event\":\"user.login\",\"uid\":\"19ab6e7c-1b5d-4d5e-8d6f-1f0a6f3b9f10\","
    "\"code\":\"T1000I\",\"time\":\"2026-11-02T10:00:00.123Z\",\"cluster_name\":\"example.com\","
    "\"user\":\"j\\u00fcrgen \\\"x\\\"\",\"success\":true,\"message\":null,"
    "\"user_agent\":\"Mozilla/5.0 (X11; Linux x86_64) \xc3\xbc\",\"addr.remote\":\"10.0.0.1:4\","
    "\"attributes\":{\"roles\":[\"a\",\"b\"],\"n\":-1.5e+3,\"empty\":{},\"none\":[]},"
    "\"identity\":{\"time\":\"2001-01-01T00:00:00Z\",\"traits\":[{\"logins\":[\"root\",0]}]}}";

/* Reads the body with and without the short cut: the same pieces, faults and times. */
static void expect_same(struct span body)
{
    struct arena arena = ARENA_INIT;
    struct event_reader full;
    struct event_reader quick;
    bool nomem;
    EXPECT(event_reader_init(&full, body, arrival, &arena));
    EXPECT(event_reader_init(&quick, body, arrival, &arena));
    quick.head_only = true;
    for (bool more = true; more;) {
        struct event a;
        struct event b;
        enum event_fault fault_a = EVENT_FAULT_NONE;
        enum event_fault fault_b = EVENT_FAULT_NONE;
        more = event_reader_next(&full, &a, &fault_a, &nomem);
        bool same = event_reader_next(&quick, &b, &fault_b, &nomem) == more;
        if (same && more) {
            same = fault_a == fault_b && a.raw.data == b.raw.data && a.raw.size == b.raw.size &&
                   a.time_us == b.time_us && a.time_is_arrival == b.time_is_arrival &&
                   span_equal(a.type, b.type) && span_equal(a.uid, b.uid) &&
                   span_equal(a.code, b.code);
        }
        EXPECT(same);
        if (!same) {
            fprintf(stderr, "  for %.*s\n", SPAN_FMT(body));
            break;
        }
    }
    arena_fini(&arena);
}

static bool certain(const char *text)
{
    struct event_scan_head head;
    return event_scan(span_str(text), &head);
}

TEST(common_events_are_certain)
{
    struct event_scan_head head;
    struct buf body = BUF_INIT;
    buf_add_str(&body, login);
    buf_add_str(&body, "\n{\"next\":1}");
    EXPECT(event_scan(buf_span(&body), &head));
    EXPECT_SPAN(head.type, "user.login");
    EXPECT_SPAN(head.raw, login);
    EXPECT_SPAN(head.time, "2026-11-02T10:00:00.123Z");
    buf_fini(&body);
    static const char *const texts[] = {
        "{\"event\":\"x\"}",
        "{\"event\":\"x\"}\n{",
        "{ \"event\" : \"x\" }",
        "{\"a\":1,\"event\":\"x\"}",
        "{\"a\" : [ 1 , {\"b\":[]} ] , \"event\":\"x\"}\n",
        "{\"time\":\"\",\"event\":\"x\"}",
        "{\"a\":0,\"b\":-0.5,\"c\":1E9,\"d\":10,\"event\":\"x\"}",
        "{\"event\":\"x\",\"a\":{\"time\":1,\"event\":2,\"_raw\":3}}",
        "{\"event\":\"x\",\"a\":{\"\":1}}",
        "{\"event\":\"x\",\"uid\":\"u\",\"code\":\"T1000I\"}",
        "{\"event\":\"x\",\"uid\":\"\",\"code\":\"\"}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        EXPECT(certain(texts[i]));
        expect_same(span_str(texts[i]));
    }
}

/* What is left to the parser. */
static const char *const rare[] = {
    "",
    "1",
    "[]",
    " {}",
    "{",
    "{\"a\":1",
    "{\"a\":1,}",
    "{,}",
    "{\"a\":[1,]}",
    "{\"a\":[}",
    "{\"a\":{]}",
    "{\"a\"}",
    "{\"a\":}",
    "{a:1}",
    "{\"a\":01}",
    "{\"a\":1.}",
    "{\"a\":.5}",
    "{\"a\":+1}",
    "{\"a\":1e}",
    "{\"a\":-}",
    "{\"a\":tru}",
    "{\"a\":True}",
    "{\"a\":1 2}",
    "{\"a\":\"x\ny\"}",
    "{\"a\":\"\\x\"}",
    "{\"a\":\"\\u12g4\"}",
    "{\"a\":\"\\u0000\"}",
    "{\"a\":\"\\ud800\\udc00\"}",
    "{\"a\":\"\xff\"}",
    "{\"a\":\"\xc0\x80\"}",
    "{\"a\":\"\\",
    /* without a type, or with what may be around another event */
    "{\"event\":\"\"}",
    "{\"event\":1}",
    "{\"event\":{\"event\":\"x\"}}",
    "{\"event\":\"{}\"}",
    "{\"event\":\"x\",\"event\":\"y\"}",
    "{\"event\":\"\\u0078\"}",
    "{\"event\":\"x\",\"_raw\":\"{}\"}",
    /* whose uid or code is another than it seems */
    "{\"event\":\"x\",\"uid\":1}",
    "{\"event\":\"x\",\"uid\":[\"u\"]}",
    "{\"event\":\"x\",\"uid\":\"\",\"uid\":\"u\"}",
    "{\"event\":\"x\",\"uid\":\"\\u0075\"}",
    "{\"event\":\"x\",\"code\":null}",
    "{\"event\":\"x\",\"code\":\"a\",\"code\":\"b\"}",
    /* whose time is another than it seems */
    "{\"time\":1,\"time\":\"2026-11-02T10:00:00Z\"}",
    "{\"time\":[\"2026-11-02T10:00:00Z\"]}",
    "{\"time\":\"\",\"time\":\"2026-11-02T10:00:00Z\"}",
    "{\"time\":null,\"time\":\"2026-11-02T10:00:00Z\"}",
    "{\"time\":\"2026-11-02T10:00:00Z\",\"time\":\"2026-11-03T10:00:00Z\"}",
    "{\"\":{\"time\":\"2026-11-02T10:00:00Z\"}}",
    "{\"t\\u0069me\":\"2026-11-02T10:00:00Z\"}",
    "{\"time\":\"2026-11-02T10:00:00\\u005a\"}",
};

/* The same object with a type in front, so that its absence is not what makes it uncertain. */
static void typed(const char *text, char out[256])
{
    bool object = text[0] == '{' && !strstr(text, "\"event\"");
    bool more = object && text[1] != '}' && text[1] != '\0';
    (void)snprintf(out, 256, "%s%s%s", object ? "{\"event\":\"x\"" : text, more ? "," : "",
                   object ? text + 1 : "");
}

TEST(what_is_rare_is_left_to_the_parser)
{
    char text[256];
    for (size_t i = 0; i < sizeof rare / sizeof rare[0]; i++) {
        EXPECT(!certain(rare[i]));
        expect_same(span_str(rare[i]));
        typed(rare[i], text);
        EXPECT(!certain(text));
        expect_same(span_str(text));
    }
    EXPECT(!certain("{}") && !certain("{\"a\":1}"));
    expect_same(span_str("{}{\"a\":1}"));
    expect_same(span_str("\xef\xbb\xbf{\"a\":1}\xef\xbb\xbf{\"b\":\xef\xbb\xbf 2}[{},{}]x\n{}"));
}

TEST(bounds)
{
    struct buf text = BUF_INIT;
    for (unsigned depth = EVENT_SCAN_DEPTH_MAX - 1; depth <= EVENT_SCAN_DEPTH_MAX; depth++) {
        buf_clear(&text);
        for (unsigned i = 0; i < depth; i++) {
            buf_add_str(&text, "{\"a\":");
        }
        buf_add_str(&text, "{}");
        for (unsigned i = 0; i < depth; i++) {
            buf_add_str(&text, i + 1 < depth ? "}" : ",\"event\":\"x\"}");
        }
        buf_add_char(&text, '\0');
        EXPECT(certain(text.data) == (depth < EVENT_SCAN_DEPTH_MAX));
        expect_same(span_str(text.data));
    }
    /* A time behind more values than are read is none. */
    buf_clear(&text);
    buf_add_str(&text, "{\"a\":[1");
    for (int i = 1; i < EVENT_FIELDS_MAX; i++) {
        buf_add_str(&text, ",1");
    }
    buf_add_str(&text, "],\"event\":\"x\",\"time\":\"2026-11-02T10:00:00Z\"}");
    buf_add_char(&text, '\0');
    EXPECT(!certain(text.data));
    expect_same(span_str(text.data));
    buf_fini(&text);
}

/* Every byte replaced, left out, or with another before it. */
TEST(damaged_events_are_read_as_the_parser_reads_them)
{
    static const char bytes[] = "\"\\{}[],:0-.eu t\n\x01\x7f\x80\xc3\xff";
    const size_t size = sizeof login - 1;
    char text[sizeof login + 1];
    for (size_t at = 0; at < size; at++) {
        for (size_t b = 0; b < sizeof bytes; b++) { /* the last is NUL */
            memcpy(text, login, size);
            text[at] = bytes[b];
            expect_same(span_of(text, size));
            memcpy(text + at + 1, login + at, size - at);
            expect_same(span_of(text, size + 1));
        }
        memcpy(text, login, size);
        memmove(text + at, login + at + 1, size - at - 1);
        expect_same(span_of(text, size - 1));
        expect_same(span_of(login, at));
    }
}

TEST_MAIN(TEST_ENTRY(common_events_are_certain), TEST_ENTRY(what_is_rare_is_left_to_the_parser),
          TEST_ENTRY(bounds), TEST_ENTRY(damaged_events_are_read_as_the_parser_reads_them))
