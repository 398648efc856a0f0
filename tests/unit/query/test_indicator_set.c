/* Lists in, and what of them an observable is. */
#include <pthread.h>

#include "query/ioc/indicator_parse.h"
#include "query/list/list.h"
#include "tests/support/test.h"

#define NOW_US INT64_C(1764000000000000) /* 2025-11-24T16:00:00Z */

static const struct list_options reading = {.now_us = NOW_US};

/* What was refused, by reason, a line for each example. */
static void tell(const struct list_report *report, struct buf *told)
{
    for (size_t i = 0; i < report->n_reasons; i++) {
        const struct list_reason *reason = &report->reasons[i];
        for (size_t k = 0; k < LIST_EXAMPLES_MAX && (int64_t)k < reason->count; k++) {
            buf_printf(told, "%lld %.*s: %s\n", (long long)reason->examples[k].line,
                       SPAN_FMT(list_text_span(&reason->examples[k].text)), reason->why);
        }
    }
}

static struct indicator_set *read_set(struct span bytes, struct list_report *report,
                                      struct buf *told)
{
    struct err err = {.text = ""};
    struct indicator_set *set = indicator_set_new();
    CHECK(set);
    EXPECT_OK(list_read(set, 0, bytes, &reading, report, &err), err);
    tell(report, told);
    return set;
}

static void count_one(void *context, size_t number)
{
    (void)number;
    ++*(size_t *)context;
}

/* Does a list of this one line match the observable, given in its normal form? */
static bool hits(const char *line, enum observable_kind kind, const char *normal)
{
    struct list_report report;
    struct buf told = BUF_INIT;
    size_t count = 0;
    struct indicator_set *set = read_set(span_str(line), &report, &told);
    indicator_set_match(set, kind, span_str(normal), count_one, &count);
    indicator_set_free(set);
    buf_fini(&told);
    return count > 0;
}

static const struct line_case {
    const char *line;
    enum observable_kind kind;
    const char *normal;
    bool is;
} cases[] = {
    {"203.0.113.9", OBSERVABLE_IP, "203.0.113.9", true},
    {"203[.]0[.]113[.]9", OBSERVABLE_IP, "203.0.113.9", true},
    {"203.0.113.9:8080", OBSERVABLE_IP, "203.0.113.9", true},
    {"::ffff:203.0.113.9", OBSERVABLE_IP, "203.0.113.9", true},
    {"3.180.71.3", OBSERVABLE_IP, "93.180.71.3", false},
    {"203.0.113.0/24", OBSERVABLE_IP, "203.0.113.255", true},
    {"203.0.113.77/24", OBSERVABLE_IP, "203.0.113.1", true},
    {"203.0.113.0/24", OBSERVABLE_IP, "203.0.114.0", false},
    {"203.0.113.9/32", OBSERVABLE_IP, "203.0.113.9", true},
    {"0.0.0.0/0", OBSERVABLE_IP, "203.0.113.9", false},
    {"2001:db8::/33", OBSERVABLE_IP, "2001:0db8:7fff:0000:0000:0000:0000:0001", true},
    {"2001:db8::/33", OBSERVABLE_IP, "2001:0db8:8000:0000:0000:0000:0000:0001", false},
    {"evil.com", OBSERVABLE_DOMAIN, "evil.com", true},
    {"evil[.]com", OBSERVABLE_DOMAIN, "a.b.evil.com", true},
    {"evil (dot) com", OBSERVABLE_DOMAIN, "evil.com", true},
    {"*.evil.com", OBSERVABLE_DOMAIN, "evil.com", true},
    {"EVIL.com.", OBSERVABLE_DOMAIN, "evil.com", true},
    {"evil.com", OBSERVABLE_DOMAIN, "notevil.com", false},
    {"evil.com", OBSERVABLE_DOMAIN, "evil.com.au", false},
    {"=evil.com", OBSERVABLE_DOMAIN, "evil.com", true},
    {"=evil.com", OBSERVABLE_DOMAIN, "x.evil.com", false},
    {"co.uk", OBSERVABLE_DOMAIN, "x.co.uk", false},
    {"com", OBSERVABLE_DOMAIN, "evil.com", false},
    {"build.internal", OBSERVABLE_DOMAIN, "build.internal", true},
    {"hxxps://Evil[.]com/a", OBSERVABLE_URL, "https://evil.com/a", true},
    {"hxxps[:]//evil.com/a", OBSERVABLE_URL, "https://evil.com/a", true},
    {"http://evil.com/a", OBSERVABLE_URL, "https://evil.com/a", false},
    {"evil.com/a", OBSERVABLE_URL, "https://evil.com/a", true},
    {"evil.com/a", OBSERVABLE_URL, "https://evil.com/ab", false},
    {"Bob[@]evil.com", OBSERVABLE_EMAIL, "bob@evil.com", true},
    {"bob@evil.com", OBSERVABLE_EMAIL, "bobby@evil.com", false},
    {"bob@evil.com", OBSERVABLE_DOMAIN, "evil.com", false},
    {"D41D8CD98F00B204E9800998ECF8427E", OBSERVABLE_HASH, "d41d8cd98f00b204e9800998ecf8427e", true},
    {"user:alice", OBSERVABLE_USER, "alice", true},
    {"user:alice", OBSERVABLE_USER, "Alice", false},
    {"user:bob@evil.com", OBSERVABLE_USER, "bob@evil.com", true},
    {"/etc/shadow", OBSERVABLE_FILE, "/etc/shadow", true},
    {"/etc/shadow", OBSERVABLE_FILE, "/mnt/etc/shadow", false},
    {"mimikatz.exe", OBSERVABLE_FILE, "C:\\x\\mimikatz.exe", true},
    {"file:x.sh", OBSERVABLE_FILE, "/tmp/x.sh", true},
    {"file:x.sh", OBSERVABLE_FILE, "/tmp/xx.sh", false},
    {"d1:e5:fc:bf", OBSERVABLE_SERIAL, "d1e5fcbf", true},
    {"AA0E4567-0000-4000-8000-000000000001", OBSERVABLE_SESSION,
     "aa0e4567-0000-4000-8000-000000000001", true},
    {"hxxp://a.example/b_c", OBSERVABLE_URL, "http://a.example/b_c", true},
    {"evil_dot_com", OBSERVABLE_DOMAIN, "evil.com", true},
    {"FXP://a.example/b", OBSERVABLE_URL, "ftp://a.example/b", true},
    {"fe80::1%eth0", OBSERVABLE_IP, "fe80:0000:0000:0000:0000:0000:0000:0001", true},
    {"a@[.]example.org", OBSERVABLE_EMAIL, "a@.example.org", false},
    {"agent:curl/8.0 (x)", OBSERVABLE_AGENT, "curl/8.0 (x)", true},
    {"agent:curl/8.0", OBSERVABLE_AGENT, "curl/8.0 (x)", false},
    {"agent:*evil*", OBSERVABLE_AGENT, "an evil one", true},
    {"agent:*evil*", OBSERVABLE_AGENT, "an Evil one", false},
    {"agent:evil*", OBSERVABLE_AGENT, "evil one", true},
    {"agent:evil*", OBSERVABLE_AGENT, "an evil one", false},
    {"agent:*evil", OBSERVABLE_AGENT, "an evil", true},
    {"agent:*evil", OBSERVABLE_AGENT, "an evil one", false},
    {"file:Evil.EXE", OBSERVABLE_FILE, "c:\\x\\evil.exe", true},
    {"shop.co.za", OBSERVABLE_DOMAIN, "www.shop.co.za", true},
    {"co.za", OBSERVABLE_DOMAIN, "shop.co.za", false},
    {"x.za", OBSERVABLE_DOMAIN, "x.za", true},
    {"c2.bazar", OBSERVABLE_DOMAIN, "c2.bazar", true},
    {"c2.bit", OBSERVABLE_DOMAIN, "a.c2.bit", true},
    {"x.lib", OBSERVABLE_FILE, "x.lib", false},
    {"domain:x.lib", OBSERVABLE_DOMAIN, "x.lib", true},
    {"tool.exe", OBSERVABLE_DOMAIN, "tool.exe", false},
    {"ec2-203-0-113-7.compute-1.amazonaws.com", OBSERVABLE_DOMAIN,
     "ec2-203-0-113-7.compute-1.amazonaws.com", true},
    {"github.io", OBSERVABLE_DOMAIN, "a.github.io", false},
    {"evil.com:8443", OBSERVABLE_DOMAIN, "evil.com", true},
    {"203.0.113.0/255.255.255.0", OBSERVABLE_IP, "203.0.113.9", true},
    {"203.0.113.0/255.255.255.0", OBSERVABLE_IP, "203.0.114.9", false},
    {"203.0.113.0/255.0.255.0", OBSERVABLE_IP, "203.0.113.9", false},
    {"203.0.113.4-203.0.113.9", OBSERVABLE_IP, "203.0.113.9", true},
    {"203.0.113.4 - 203.0.113.9", OBSERVABLE_IP, "203.0.113.4", true},
    {"203.0.113.4-203.0.113.9", OBSERVABLE_IP, "203.0.113.10", false},
    {"203.0.113.4-203.0.113.9", OBSERVABLE_IP, "203.0.113.3", false},
    {"203.0.113.9-203.0.113.4", OBSERVABLE_IP, "203.0.113.5", false},
    {"203.0.113.0/33", OBSERVABLE_URL, "http://203.0.113.0/33", false},
    {"203.0.113.7/tcp", OBSERVABLE_URL, "http://203.0.113.7/tcp", false},
    {"203.0.113.7:8080/a", OBSERVABLE_URL, "http://203.0.113.7:8080/a", true},
    {"11/3/2024", OBSERVABLE_URL, "http://11/3/2024", false},
    {"N/A", OBSERVABLE_URL, "http://n/A", false},
    {"evil.com/?u=a@b.com", OBSERVABLE_URL, "http://evil.com/?u=a@b.com", true},
    {"evil.com/?u=a@b.com", OBSERVABLE_EMAIL, "evil.com/?u=a@b.com", false},
};

TEST(one_line_each)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (hits(cases[i].line, cases[i].kind, cases[i].normal) != cases[i].is) {
            fprintf(stderr, "%s should%s match %s\n", cases[i].line, cases[i].is ? "" : " not",
                    cases[i].normal);
            test_failures++;
        }
    }
}

static void expect_list(struct span bytes, enum list_form form, int64_t read, int64_t duplicates,
                        const char *refused)
{
    struct list_report report;
    struct buf told = BUF_INIT;
    struct indicator_set *set = read_set(bytes, &report, &told);
    EXPECT(report.form == form);
    EXPECT(report.read == read);
    EXPECT(report.duplicates == duplicates);
    if (!span_is(buf_span(&told), refused)) {
        fprintf(stderr, "refused: %.*sand not: %s\n", SPAN_FMT(buf_span(&told)), refused);
        test_failures++;
    }
    indicator_set_free(set);
    buf_fini(&told);
}

TEST(whole_lists)
{
    expect_list(span_str("# feed\r\n\r\nevil.com # seen\n1.2.3.4\nEVIL.com\nco.uk\nnonsense\n"),
                LIST_LINES, 2, 1,
                "6 co.uk: a public suffix, not a host name; =NAME is exactly that host\n"
                "7 nonsense: its kind is not clear: write user:NAME, file:NAME or agent:TEXT\n");
    expect_list(span_str("\xef\xbb\xbf"
                         "when,Indicator,TYPE\n2024,evil.com,domain\n2025,bob,user\n"),
                LIST_TABLE, 2, 0, "");
    expect_list(span_str("# id,dateadded,url,reference\n\"1\",\"2024\",\"http://evil.com/a,b\","
                         "\"https://feed.example/1\"\n"),
                LIST_TABLE, 1, 0, "");
    expect_list(span_str("note;address\n\"two\nlines; \"\"x\"\"\";1.2.3.4\nnothing;here\n"),
                LIST_TABLE, 1, 0, "4 here: not an address\n");
    expect_list(span_of("\xff\xfe"
                        "1\0.\0002\0.\0003\0.\0004\0\n\0",
                        18),
                LIST_LINES, 1, 0, "");
    expect_list(span_str(""), LIST_LINES, 0, 0, "");
}

static void expect_json(const char *text, int64_t read, const char *refused)
{
    expect_list(span_str(text), LIST_JSON, read, 0, refused);
}

#define STIX(pattern) "{\"type\":\"indicator\",\"pattern\":\"" pattern "\"}"

TEST(lists_in_json)
{
    expect_json("{\"type\":\"bundle\",\"objects\":["
                "{\"type\":\"relationship\",\"source_ref\":\"x\"}," STIX(
                    "[ipv4-addr:value = "
                    "'1.2.3.4' OR "
                    "domain-name:value='evil."
                    "com']") "," STIX("[ipv4-addr:value ISSUBSET '10.0.0.0/8'] OR "
                                      "[file:hashes.'SHA-256' IN "
                                      "('d41d8cd98f00b204e9800998ecf8427e', 'zz')]") "]}",
                4, "1 zz: not an MD5, SHA-1, SHA-256 or SHA-512\n");
    expect_json(STIX("[process:pid = 5]"), 0,
                "1 [process:pid = 5]: a pattern over something that no event has\n");
    expect_json(STIX("[user-account:user_id = 'o\\\\'neil']"), 1, "");
    expect_json(STIX("[domain-name:value = 'evil"), 0,
                "1 [domain-name:value = 'evil: a pattern that is broken\n");
    expect_json("[{\"type\":\"indicator\",\"revoked\":true,\"pattern\":\"[x]\"},"
                "{\"type\":\"indicator\",\"valid_until\":\"2024-01-01T00:00:00Z\",\"pattern\":"
                "\"[x]\"},"
                "{\"type\":\"indicator\",\"valid_from\":\"2025-12-24T00:00:00Z\",\"pattern\":"
                "\"[x]\"}]",
                0,
                "1 [x]: revoked\n1 [x]: a pattern over something that no event has\n"
                "1 [x]: not valid yet (valid_from)\n");
    expect_json("{\"Event\":{\"Attribute\":["
                "{\"type\":\"ip-dst|port\",\"to_ids\":true,\"value\":\"1.2.3.4|80\"},"
                "{\"type\":\"domain|ip\",\"to_ids\":true,\"value\":\"evil.com|1.2.3.5\"},"
                "{\"type\":\"url\",\"to_ids\":false,\"value\":\"http://a.example\"}],"
                "\"Object\":[{\"Attribute\":[{\"type\":\"filename|md5\",\"to_ids\":true,"
                "\"value\":\"x|d41d8cd98f00b204e9800998ecf8427e\"}]}]}}",
                4, "1 http://a.example: not meant for detection (to_ids): see --to-ids\n");
    expect_json("{\"7\":[{\"ioc_value\":\"1.2.3.4:80\",\"ioc_type\":\"ip:port\"}]}", 1, "");
    expect_json("{\"7\":[{\"url\":\"http://evil.com/a\",\"threat\":\"malware\"}]}", 1, "");
}

#define BOTH  STIX("[ipv4-addr:value = '1.2.3.4' AND user-account:user_id = 'eve']")
#define ONE   STIX("[user-account:user_id = 'eve']")
#define WRONG STIX("[ipv4-addr:value = '1.2.3.4' AND file:hashes.MD5 = 'zz']")

TEST(patterns_in_a_set)
{
    struct list_report report;
    struct buf told = BUF_INIT;
    const char *text = "[" BOTH "," ONE "," BOTH "," WRONG "]";
    struct indicator_set *set = read_set(span_str(text), &report, &told);
    EXPECT(report.read == 2 && report.duplicates == 1 && report.refused == 1);
    EXPECT(indicator_set_count(set) == 3 && indicator_set_parts(set) == 1);
    EXPECT(indicator_set_composites(set)->items.count == 1);
    EXPECT_STR(indicator_kind_name(indicator_set_get(set, 0)), "pattern");
    EXPECT(span_is(buf_span(&told),
                   "1 [ipv4-addr:value = '1.2.3.4' AND file:hashes.MD5 = 'zz']: not an MD5, SHA-1, "
                   "SHA-256 or SHA-512\n"));
    indicator_set_free(set);
    buf_fini(&told);
}

static void expect_note(const char *text, int demanded, int confidence, const char *about)
{
    struct list_report report;
    struct buf told = BUF_INIT;
    struct err err = {.text = ""};
    struct indicator_set *set = indicator_set_new();
    indicator_set_demand(set, demanded);
    EXPECT_OK(list_read(set, 0, span_str(text), &reading, &report, &err), err);
    if (demanded > confidence) {
        EXPECT(report.unsure == 1 && report.read == 0 && indicator_set_count(set) == 0);
    } else {
        const struct indicator_note *note = indicator_set_get(set, 0)->note;
        EXPECT(report.unsure == 0 && report.read == 1 && note);
        EXPECT(note && note->confidence == confidence && span_is(note->about, about));
    }
    indicator_set_free(set);
    buf_fini(&told);
}

TEST(what_lists_say_of_indicators)
{
    static const char *const said[] = {
        "{\"type\":\"indicator\",\"confidence\":75,\"name\":\"X\","
        "\"pattern\":\"[domain-name:value = 'd.example']\"}",
        "{\"1\":[{\"ioc_value\":\"d.example\",\"ioc_type\":\"domain\","
        "\"malware_printable\":\"X\",\"confidence_level\":75}]}",
        "{\"ioc\":\"d.example\",\"ioc_type\":\"domain\",\"malware\":\"X\","
        "\"confidence_level\":\"75\"}",
        "# \"ioc_value\",\"ioc_type\",\"malware_printable\",\"confidence_level\"\n"
        "\"d.example\", \"domain\", \"X\", \"75\"\n"};
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        expect_note(said[i], 0, 75, "X");
        expect_note(said[i], 75, 75, "X");
        expect_note(said[i], 76, 75, "X");
    }
}

/* The table grows several times; each is found again, and nothing else. */
TEST(many_are_found_again)
{
    enum { MANY = 20000 };
    struct buf text = BUF_INIT;
    struct buf told = BUF_INIT;
    struct list_report report;
    for (int i = 0; i < MANY; i++) {
        buf_printf(&text, "user:u%d\nn%d.example.org\n", i, i);
    }
    struct indicator_set *set = read_set(buf_span(&text), &report, &told);
    EXPECT(report.read == MANY * 2);
    size_t found = 0;
    for (int i = 0; i < MANY * 2; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "u%d", i);
        size_t count = 0;
        indicator_set_match(set, OBSERVABLE_USER, span_str(name), count_one, &count);
        EXPECT(count == (i < MANY));
        found += count;
    }
    EXPECT(found == MANY);
    indicator_set_free(set);
    buf_fini(&text);
    buf_fini(&told);
}

/* A daemon reads events in one thread and lists in another, or in the same one later. */
static void *read_a_list(void *unused)
{
    expect_json("{\"7\":[{\"ioc_value\":\"1.2.3.4:80\",\"ioc_type\":\"ip:port\"}]}", 1, "");
    return unused;
}

TEST(lists_in_json_beside_events)
{
    struct arena arena = ARENA_INIT;
    struct event event;
    pthread_t thread;
    EXPECT(event_parse(span_str("{\"event\":\"x\",\"n\":[1,2,3]}"), 1, &arena, &event));
    arena_fini(&arena);
    (void)read_a_list(NULL);
    EXPECT_INT(pthread_create(&thread, NULL, read_a_list, NULL), 0);
    EXPECT_INT(pthread_join(thread, NULL), 0);
}

TEST_MAIN(TEST_ENTRY(one_line_each), TEST_ENTRY(whole_lists), TEST_ENTRY(lists_in_json),
          TEST_ENTRY(many_are_found_again), TEST_ENTRY(patterns_in_a_set),
          TEST_ENTRY(what_lists_say_of_indicators), TEST_ENTRY(lists_in_json_beside_events))
