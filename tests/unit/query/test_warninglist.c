/* Suppressors: what is on one, and what is not. */
#include "query/hunt/warninglist.h"
#include "query/list/list.h"
#include "tests/support/test.h"

static void refuse(void *context, struct span text, const char *why)
{
    struct buf *told = context;
    buf_printf(told, "%.*s: %s\n", SPAN_FMT(text), why);
}

static struct warninglist_set *read_list(const char *text, struct buf *told)
{
    struct err err = {.text = ""};
    struct warninglist_set *warninglists = warninglist_new();
    CHECK(warninglists);
    EXPECT_OK(warninglist_read(warninglists, span_str(text), "file", refuse, told, &err), err);
    return warninglists;
}

#define LIST(type, attributes, entries)                                                            \
    "{\"name\":\"N\",\"version\":1,\"type\":\"" type "\",\"matching_attributes\":[" attributes     \
    "],\"list\":[" entries "]}"
#define NAMES "\"domain\",\"hostname\",\"url\""
#define IPS   "\"ip-src\",\"ip-dst\",\"domain|ip\""

static const struct {
    const char *list;
    enum observable_kind kind;
    const char *normal;
    bool is;
} cases[] = {
    {LIST("cidr", IPS, "\"198.51.100.0/24\""), OBSERVABLE_IP, "198.51.100.7", true},
    {LIST("cidr", IPS, "\"198.51.100.0/24\""), OBSERVABLE_IP, "198.51.101.7", false},
    {LIST("cidr", IPS, "\"198.51.100.7\""), OBSERVABLE_IP, "198.51.100.7", true},
    {LIST("cidr", IPS, "\"198.51.100.0/24\""), OBSERVABLE_URL, "http://198.51.100.7/x", false},
    {LIST("cidr", "", "\"198.51.100.0/24\""), OBSERVABLE_URL, "http://198.51.100.7/x", true},
    {LIST("cidr", "\"md5\"", "\"198.51.100.0/24\""), OBSERVABLE_IP, "198.51.100.7", false},
    {LIST("hostname", NAMES, "\".example.com\""), OBSERVABLE_DOMAIN, "example.com", true},
    {LIST("hostname", NAMES, "\"example.com\""), OBSERVABLE_DOMAIN, "a.b.example.com", true},
    {LIST("hostname", NAMES, "\"example.com\""), OBSERVABLE_DOMAIN, "anexample.com", false},
    {LIST("hostname", NAMES, "\"Example.COM\""), OBSERVABLE_URL, "https://a.example.com/x", true},
    {LIST("hostname", NAMES, "\"example.com\""), OBSERVABLE_URL, "https://x.org/example.com",
     false},
    {LIST("hostname", "\"domain\"", "\"example.com\""), OBSERVABLE_URL, "https://example.com/",
     false},
    {LIST("hostname", NAMES, "\"example.com\""), OBSERVABLE_EMAIL, "a@example.com", false},
    {LIST("string", NAMES, "\"example.com\""), OBSERVABLE_DOMAIN, "example.com", true},
    {LIST("string", NAMES, "\"example.com\""), OBSERVABLE_DOMAIN, "a.example.com", false},
    {LIST("string", NAMES, "\"https://Example.com/a\""), OBSERVABLE_URL, "https://example.com/a",
     true},
    {LIST("string", "\"md5\"", "\"D41D8CD98F00B204E9800998ECF8427E\""), OBSERVABLE_HASH,
     "d41d8cd98f00b204e9800998ecf8427e", true},
    {LIST("string", "", "\"2001:db8::1\""), OBSERVABLE_IP,
     "2001:0db8:0000:0000:0000:0000:0000:0001", true},
    {LIST("substring", "", "\"UPDATE.\""), OBSERVABLE_DOMAIN, "x.update.example.com", true},
    {LIST("substring", "\"domain\"", "\"update.\""), OBSERVABLE_URL, "http://update.example/",
     false},
    {LIST("regex", "", "\"/^[a-z0-9\\\\.\\\\-]+@(?:gmail|web)\\\\.com$/i\""), OBSERVABLE_EMAIL,
     "bob.b-c@gmail.com", true},
    {LIST("regex", "", "\"/^[a-z0-9\\\\.\\\\-]+@(?:gmail|web)\\\\.com$/i\""), OBSERVABLE_EMAIL,
     "bob@gmailxcom", false},
    {LIST("regex", "", "\"^\\\\d{2,4}-[\\\\d\\\\s]+?$\""), OBSERVABLE_USER, "123-4 5", true},
    {LIST("regex", "", "\"^\\\\d{2,4}-[\\\\d\\\\s]+?$\""), OBSERVABLE_USER, "12345-4", false},
    {LIST("regex", "", "\"#x\\\\/y#\""), OBSERVABLE_FILE, "/a/x/y", true},
    {"[" LIST("string", NAMES, "\"a.example\"") "," LIST("string", NAMES, "\"b.example\"") "]",
     OBSERVABLE_DOMAIN, "b.example", true},
    {"{\"list\":[{\"value\":\"a.example\",\"comment\":\"c\"}]}", OBSERVABLE_DOMAIN, "a.example",
     true},
    {"example.com # plain\n198.51.100.0/24\n", OBSERVABLE_DOMAIN, "a.example.com", true},
    {"example.com # plain\n198.51.100.0/24\n", OBSERVABLE_IP, "198.51.100.9", true},
    {"example.com # plain\n198.51.100.0/24\n", OBSERVABLE_URL, "http://a.example.com/", true},
};

TEST(lists)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf told = BUF_INIT;
        struct warninglist_set *warninglists = read_list(cases[i].list, &told);
        bool is =
            warninglist_of_observable(warninglists, cases[i].kind, span_str(cases[i].normal)) != 0;
        if (is != cases[i].is || told.size > 0) {
            fprintf(stderr, "%s should%s have %s %.*s\n", cases[i].list, cases[i].is ? "" : " not",
                    cases[i].normal, SPAN_FMT(buf_span(&told)));
            test_failures++;
        }
        warninglist_free(warninglists);
        buf_fini(&told);
    }
    EXPECT(warninglist_of_observable(NULL, OBSERVABLE_IP, span_str("10.0.0.1")) == 0);
}

static void expect_told(const char *list, const char *wanted)
{
    struct buf told = BUF_INIT;
    struct warninglist_set *warninglists = read_list(list, &told);
    EXPECT_SPAN(buf_span(&told), wanted);
    warninglist_free(warninglists);
    buf_fini(&told);
}

static void expect_failure(const char *list, enum status wanted)
{
    struct err err = {.text = ""};
    struct buf told = BUF_INIT;
    struct warninglist_set *warninglists = warninglist_new();
    EXPECT(warninglist_read(warninglists, span_str(list), "file", refuse, &told, &err) == wanted);
    warninglist_free(warninglists);
    buf_fini(&told);
}

TEST(what_cannot_be_used_is_told)
{
    expect_told(LIST("cidr", IPS, "\"198.51.100.0/24\",\"x\",\"y\""),
                "x: not an address; 2 of this list are not used\n");
    expect_told(LIST("hostname", NAMES, "\"localhost\""),
                "localhost: nothing that is looked for\n");
    expect_told(LIST("regex", "", "\"(\""), "(: a regular expression that is broken\n");
    expect_told(LIST("regex", "", "\"(a)\\\\1\""),
                "(a)\\1: a regular expression with an escape that is not understood\n");
    expect_told(LIST("regex", "", "\"((a{200}){200}){200}\""),
                "((a{200}){200}){200}: a regular expression with over 1,000 counted repeats\n");
    expect_told(LIST("regex", "", "\"a(?=b)\""), "a(?=b): a regular expression with (?\n");
    expect_told(LIST("regex", "", "\"[a\""), "[a: a regular expression that is broken\n");
    expect_told(LIST("string", NAMES, "5"), ": no text\n");
    expect_failure("{\"a\":1}", ERR_FORMAT);
    expect_failure("{\"list\":[\"a\"]", ERR_FORMAT);
    expect_failure(LIST("new", "", "\"a\""), ERR_FORMAT);
    expect_failure("[5]", ERR_FORMAT);
    expect_failure("", ERR_FORMAT);
    expect_failure("nothing\n", ERR_FORMAT);
}

TEST(private_and_own)
{
    static const struct {
        enum observable_kind kind;
        const char *normal;
        const char *name;
    } asked[] = {
        {OBSERVABLE_IP, "10.255.0.1", "private addresses"},
        {OBSERVABLE_IP, "172.31.0.1", "private addresses"},
        {OBSERVABLE_IP, "172.32.0.1", ""},
        {OBSERVABLE_IP, "100.127.255.255", "private addresses"},
        {OBSERVABLE_IP, "100.128.0.0", ""},
        {OBSERVABLE_IP, "169.254.1.1", "private addresses"},
        {OBSERVABLE_IP, "127.0.0.1", "private addresses"},
        {OBSERVABLE_IP, "0000:0000:0000:0000:0000:0000:0000:0001", "private addresses"},
        {OBSERVABLE_IP, "fd00:0000:0000:0000:0000:0000:0000:0001", "private addresses"},
        {OBSERVABLE_IP, "fe80:0000:0000:0000:0000:0000:0000:0001", "private addresses"},
        {OBSERVABLE_IP, "198.51.100.7", "own"},
        {OBSERVABLE_IP, "198.51.100.8", ""},
        {OBSERVABLE_DOMAIN, "vpn.example.com", "own"},
        {OBSERVABLE_URL, "https://vpn.example.com/x", "own"},
        {OBSERVABLE_URL, "http://10.1.2.3:80/x", "private addresses"},
        {OBSERVABLE_EMAIL, "bob@example.com", ""},
        {OBSERVABLE_USER, "10.0.0.1", ""},
    };
    struct err err = {.text = ""};
    struct warninglist_set *warninglists = warninglist_new();
    EXPECT_OK(warninglist_add_private(warninglists, &err), err);
    EXPECT_OK(warninglist_add_own(warninglists, span_str("198.51.100.7"), &err), err);
    EXPECT_OK(warninglist_add_own(warninglists, span_str("example.com"), &err), err);
    EXPECT(warninglist_add_own(warninglists, span_str("co.uk"), &err) == ERR_USAGE);
    EXPECT(warninglist_add_own(warninglists, span_str("user:bob"), &err) == ERR_USAGE);
    EXPECT(warninglist_count(warninglists) == 2);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        uint32_t by =
            warninglist_of_observable(warninglists, asked[i].kind, span_str(asked[i].normal));
        EXPECT_SPAN(by ? warninglist_get(warninglists, by - 1)->name : span_of("", 0),
                    asked[i].name);
    }
    warninglist_free(warninglists);
}

/* As many substrings as lists of throw-away mail domains have, and more. */
TEST(many_substrings)
{
    enum { MANY = 20000 };
    struct buf list = BUF_INIT;
    struct buf told = BUF_INIT;
    buf_add_str(&list, "{\"name\":\"many\",\"type\":\"substring\",\"list\":[");
    for (int i = 0; i < MANY; i++) {
        buf_printf(&list, "%s\"mail%d.example\"", i > 0 ? "," : "", i);
    }
    buf_add_str(&list, ",\"zq\",\"abcd\"]}");
    buf_add_char(&list, '\0');
    struct warninglist_set *set = read_list(list.data, &told);
    static const struct {
        const char *name;
        bool is;
    } asked[] = {{"mail19999.example", true},  {"x.mail7.example", true},
                 {"mail20000.example", false}, {"smail0.example.org", true},
                 {"mai7.example", false},      {"azqb.example", true},
                 {"zabcd.example", true},      {"abce.example", false}};
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        if ((warninglist_of_observable(set, OBSERVABLE_DOMAIN, span_str(asked[i].name)) != 0) !=
            asked[i].is) {
            fprintf(stderr, "%s is wrong\n", asked[i].name);
            test_failures++;
        }
    }
    EXPECT(told.size == 0 && warninglist_get(set, 0)->entries == MANY + 2);
    warninglist_free(set);
    buf_fini(&told);
    buf_fini(&list);
}

TEST(indicators_themselves)
{
    static const char *const lines[] = {"10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/7", "10.0.0.9",
                                        "192.0.2.1",  "=a.example",  "a.example/x"};
    static const bool wanted[] = {true, true, false, true, false, true, true};
    struct err err = {.text = ""};
    struct buf text = BUF_INIT;
    struct list_report report;
    struct indicator_set *set = indicator_set_new();
    struct warninglist_set *warninglists = warninglist_new();
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        buf_printf(&text, "%s\n", lines[i]);
    }
    const struct list_options options = {0};
    EXPECT_OK(list_read(set, 0, buf_span(&text), &options, &report, &err), err);
    EXPECT_OK(warninglist_add_private(warninglists, &err), err);
    EXPECT_OK(warninglist_add_own(warninglists, span_str("a.example"), &err), err);
    EXPECT_OK(warninglist_judge(warninglists, set, &err), err);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if ((warninglist_of_indicator(warninglists, i) != 0) != wanted[i]) {
            fprintf(stderr, "%s is wrong\n", lines[i]);
            test_failures++;
        }
    }
    warninglist_free(warninglists);
    indicator_set_free(set);
    buf_fini(&text);
}

TEST_MAIN(TEST_ENTRY(lists), TEST_ENTRY(what_cannot_be_used_is_told), TEST_ENTRY(private_and_own),
          TEST_ENTRY(many_substrings), TEST_ENTRY(indicators_themselves))
