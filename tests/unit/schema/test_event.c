#include "schema/event/event.h"
#include "tests/support/test.h"

static const int64_t arrival = INT64_C(1795392000000000); /* 2026-11-23 */

/* What a body is cut into: "E:bytes" for events, "fault:bytes" for the rest, joined by '|'. */
static void expect_pieces(struct span body, const char *should)
{
    struct arena arena = ARENA_INIT;
    struct buf is = BUF_INIT;
    struct event_reader reader;
    struct event event;
    enum event_fault fault;
    bool nomem;
    EXPECT(event_reader_init(&reader, body, arrival, &arena));
    while (event_reader_next(&reader, &event, &fault, &nomem)) {
        buf_printf(&is, "%s%s:%.*s", is.size ? "|" : "",
                   fault == EVENT_FAULT_NONE ? "E" : event_fault_text(fault), SPAN_FMT(event.raw));
    }
    EXPECT(!nomem);
    EXPECT_SPAN(buf_span(&is), should);
    buf_fini(&is);
    arena_fini(&arena);
}

TEST(bodies_are_cut_into_events)
{
    static const struct {
        const char *body;
        const char *should;
    } cases[] = {
        {"{}", "E:{}"},
        {" {\"a\":1} \n", "E:{\"a\":1}"},
        {"{\"a\":1}{\"b\":2}", "E:{\"a\":1}|E:{\"b\":2}"},
        {"{\"a\":1}\n{\"b\":2}\n", "E:{\"a\":1}|E:{\"b\":2}"},
        {"{\"a\":1}\r\n{\"b\":2}", "E:{\"a\":1}|E:{\"b\":2}"},
        {"[{\"a\":1},{\"b\":2}]", "E:{\"a\":1}|E:{\"b\":2}"},
        {"[]", ""},
        {"", ""},
        {"\xef\xbb\xbf{}", "E:{}"},
        {"{\n \"a\": 1\n}", "E:{\n \"a\": 1\n}"},
        {"[1,{\"a\":1}]", "JSON, but not an object:1|E:{\"a\":1}"},
        {"42", "JSON, but not an object:42"},
        {"null", "JSON, but not an object:null"},
        {"hello", "not JSON:hello"},
        {"{\"a\":1}\nbroken {\n{\"b\":2}", "E:{\"a\":1}|not JSON:broken {|E:{\"b\":2}"},
        {"{\"a\":", "not JSON:{\"a\":"},
        {"[{\"a\":1},oops,{\"b\":2}]", "E:{\"a\":1}|not JSON:oops,{\"b\":2}]"},
        {"{\"a\":\"\xff\"}", "not UTF-8:{\"a\":\"\xff\"}"},
        {"{\"a\":\"\xff", "not UTF-8:{\"a\":\"\xff"},
        {"{\"a\":\"x\ny\"}", "not JSON:{\"a\":\"x\ny\"}"},
        {"{\"a\":\"\\ud800\"}", "E:{\"a\":\"\\ud800\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_pieces(span_str(cases[i].body), cases[i].should);
    }
    expect_pieces(span_of("{}\0\0{}", 6), "E:{}|not JSON:|E:{}");
    expect_pieces(span_of("{}\0\n{\"a\":1}\n\1\2{\"b\":2}", 21),
                  "E:{}|not JSON:|E:{\"a\":1}|not JSON:\1\2|E:{\"b\":2}");
}

static void expect_fields(const char *raw, const char *should)
{
    struct arena arena = ARENA_INIT;
    struct event event;
    struct buf is = BUF_INIT;
    EXPECT(event_parse(span_str(raw), arrival, &arena, &event));
    for (size_t i = 0; i < event.n_fields; i++) {
        static const char kinds[] = {'s', 'n', 'b'};
        buf_printf(&is, "%s%.*s=%c%.*s", i ? " " : "", SPAN_FMT(event.fields[i].path),
                   kinds[event.fields[i].kind], SPAN_FMT(event.fields[i].value));
    }
    EXPECT_SPAN(buf_span(&is), should);
    buf_fini(&is);
    arena_fini(&arena);
}

TEST(values_come_with_their_paths)
{
    expect_fields("{\"a\":\"x\",\"b\":{\"c\":1,\"d\":{\"e\":true}},\"f\":2}",
                  "a=sx b.c=n1 b.d.e=btrue f=n2");
    expect_fields("{\"addr.remote\":\"1.2.3.4:5\",\"n\":null,\"e\":\"\"}",
                  "addr.remote=s1.2.3.4:5");
    expect_fields("{\"r\":[\"a\",\"b\",[\"c\"]],\"o\":[{\"x\":1},{\"x\":2}]}",
                  "r=sa r=sb r=sc o.x=n1 o.x=n2");
    expect_fields("{\"n\":[0,-7,4294968064,1.5,1e21,9007199254740993]}",
                  "n=n0 n=n-7 n=n4294968064 n=n1.5 n=n1e+21 n=n9007199254740992");
    expect_fields("{\"a\":\"\\u00e4\\u0000x\",\"b\":\"\\\\u0000\",\"c\":\"\\ud83d\\ude00\"}",
                  "a=s\xc3\xa4\xef\xbf\xbdx b=s\\u0000 c=s\xf0\x9f\x98\x80");
}

TEST(deep_nesting_is_walked_and_has_an_end)
{
    struct buf raw = BUF_INIT;
    struct arena arena = ARENA_INIT;
    struct event event;
    for (size_t depth = 900; depth <= 1100; depth += 200) {
        buf_clear(&raw);
        buf_add_str(&raw, "{\"k\":");
        for (size_t i = 0; i < depth; i++) {
            buf_add_char(&raw, '[');
        }
        buf_add_char(&raw, '7');
        for (size_t i = 0; i < depth; i++) {
            buf_add_char(&raw, ']');
        }
        buf_add_char(&raw, '}');
        EXPECT_INT(event_parse(buf_span(&raw), arrival, &arena, &event), depth < 1000);
    }
    buf_fini(&raw);
    arena_fini(&arena);
}

TEST(unbelievable_times_give_way_to_arrival)
{
    static const struct {
        const char *raw;
        bool stands_in;
    } cases[] = {
        {"{\"time\":\"2026-11-22T01:02:03.004Z\"}", false},
        {"{\"time\":\"2026-11-23T23:59:59Z\"}", false},
        {"{\"time\":\"2026-11-24T00:00:01Z\"}", true},
        {"{\"time\":\"2014-12-31T23:59:59Z\"}", true},
        {"{\"time\":\"0001-01-01T00:00:00Z\"}", true},
        {"{\"time\":\"2023-09-18 00:00:00\"}", false},
        {"{\"time\":\"2023-09-18\"}", true},
        {"{\"time\":1695000000}", false},
        {"{\"time\":1795500000}", true},
        {"{\"a\":{\"time\":\"2026-11-22T01:02:03Z\"}}", true},
        {"{}", true},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct event event;
        EXPECT(event_parse(span_str(cases[i].raw), arrival, &arena, &event));
        EXPECT_INT(event.time_is_arrival, cases[i].stands_in);
        EXPECT(!cases[i].stands_in || event.time_us == arrival);
    }
    arena_fini(&arena);
}

TEST(the_same_event_is_known_again)
{
    static const struct {
        const char *a;
        const char *b;
        bool same;
    } cases[] = {
        {"{\"uid\":\"u\",\"event\":\"e\"}", "{\"event\":\"e\", \"uid\":\"u\"}", true},
        {"{\"uid\":\"u\",\"code\":\"T1\"}", "{\"uid\":\"u\",\"code\":\"T2\"}", false},
        {"{\"uid\":\"u\",\"time\":\"2026-01-01T00:00:00Z\"}",
         "{\"uid\":\"u\",\"time\":\"2026-01-01T00:00:01Z\"}", false},
        {"{\"a\":1}", "{\"a\":1}", true},
        {"{\"a\":1}", "{\"a\": 1}", false},
        {"{\"uid\":\"u\"}", "{\"a\":1}", false},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct event a;
        struct event b;
        EXPECT(event_parse(span_str(cases[i].a), arrival, &arena, &a));
        EXPECT(event_parse(span_str(cases[i].b), arrival, &arena, &b));
        EXPECT_INT(event_same(&a, &b), cases[i].same);
        EXPECT(!cases[i].same || event_identity_hash(&a) == event_identity_hash(&b));
    }
    arena_fini(&arena);
}

TEST(actor_and_severity)
{
    struct arena arena = ARENA_INIT;
    struct event event;
    EXPECT(event_parse(span_str("{\"identity\":{\"user\":\"bob\"},\"updated_by\":\"eve\"}"),
                       arrival, &arena, &event));
    EXPECT_SPAN(event_actor(&event), "bob");
    EXPECT_INT(event_code_severity(span_str("T1000W")), EVENT_SEVERITY_WARN);
    EXPECT_INT(event_code_severity(span_str("t2000i")), EVENT_SEVERITY_INFO);
    EXPECT_INT(event_code_severity(span_str("")), EVENT_SEVERITY_NONE);
    arena_fini(&arena);
}

TEST_MAIN(TEST_ENTRY(bodies_are_cut_into_events), TEST_ENTRY(values_come_with_their_paths),
          TEST_ENTRY(deep_nesting_is_walked_and_has_an_end),
          TEST_ENTRY(unbelievable_times_give_way_to_arrival),
          TEST_ENTRY(the_same_event_is_known_again), TEST_ENTRY(actor_and_severity))
