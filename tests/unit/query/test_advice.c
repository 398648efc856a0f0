/* Spellings of other languages: each is understood, which is noted, or explained when nothing was
 * found; and what is spelled well is not remarked on. */
#include "query/advice/foreign.h"
#include "query/language/parse.h"
#include "tests/support/test.h"

#define NOW_US INT64_C(1764000000000000)

/* What is said in all: notes and advice, a line each. */
static void say(const char *text, struct buf *out)
{
    struct query *query = NULL;
    struct err err = {.text = ""};
    EXPECT_OK(parse_query(span_str(text), NOW_US, &query, NULL, &err), err);
    for (const struct query_note *note = query->notes; note; note = note->next) {
        buf_add_span(out, note->text);
        buf_add_char(out, '\n');
    }
    size_t before = out->size;
    size_t lines = foreign_advise(query, out);
    for (size_t at = before; at < out->size; at++) {
        lines -= out->data[at] == '\n';
    }
    EXPECT_INT(lines, 0);
    parse_query_free(query);
}

static const struct {
    const char *query;
    const char *said; /* a part of it */
} foreign_cases[] = {
    {"user:alice and event:user.login", "\"and\" was read as AND"},
    {"user:alice or user:bob", "\"or\" was read as OR"},
    {"not user:alice", "\"not\" was read as NOT"},
    {"login not alice", "\"not\" was searched as a word; write NOT in capitals"},
    {"alice And bob", "\"And\" was searched as a word; write AND in capitals"},
    {"alice xor bob", "\"xor\" was searched as a word"},
    {"user:alice && event:user.login", "\"&&\" was searched as a word; write AND"},
    {"alice || bob", "\"||\" was searched as a word; write OR"},
    {"alice | bob", "\"|\" was searched as a word; a query has no pipes"},
    {"user:alice | stats count", "a query has no pipes"},
    {"alice|bob", "write OR, with spaces around it, for \"|\""},
    {"alice&&bob", "write AND, with spaces around it, for \"&\""},
    {"user:alice&event:login", "write AND"},
    {"!user:alice", "write NOT or - in front"},
    {"! alice", "\"!\" was searched as a word; write NOT"},
    {"+user:alice", "leave the + out"},
    {"user=alice", "was read as user:alice"},
    {"user==alice", "was read as user:alice"},
    {"user=\"alice b\"", "was read as user:\"alice b\""},
    {"user!=alice", "was read as NOT user:alice"},
    {"user = alice", "\"=\" was searched as text; write user:alice, without spaces"},
    {"user == \"alice\"", "write user:alice"},
    {"user != alice", "write NOT user:alice"},
    {"user <> alice", "write NOT user:alice"},
    {"user eq alice", "write user:alice"},
    {"ei > 5", "write ei:>5, without spaces"},
    {"ei>5", "write ei:>5"},
    {"ei>=5", "write ei:>=5"},
    {"ei<5", "write ei:<5"},
    {"user : alice", "write user:alice"},
    {"user :alice", "without spaces"},
    {"user::alice", "write user:alice"},
    {"user= alice", "write user:value, without spaces"},
    {"user=(alice OR bob)", "write user:value, without spaces"},
    {"user=~al.*e", "there are no regular expressions"},
    {"user in (alice, bob)", "\"in\" was searched as a word; write user:(a OR b)"},
    {"user IN (alice, bob)", "\"IN\" was searched as a word; write user:(a OR b)"},
    {"user NOT IN (alice)", "write field:(a OR b)"},
    {"user in [alice, bob]", "write user:(a OR b)"},
    {"user LIKE %ali%", "\"LIKE\" was searched as a word; part of a value is *part*"},
    {"user:%ali%", "% is no wildcard"},
    {"user contains ali", "part of a value is *part*"},
    {"ei between 1 and 5", "a range is field:[a TO b]"},
    {"user is null", "NOT field:* has it not"},
    {"_exists_:user", "write user:*"},
    {"_missing_:user", "write NOT user:*"},
    {"select * from events", "stele sql takes that"},
    {"user:al?ce", "? is no wildcard"},
    {"user:/ali.*/", "there are no regular expressions"},
    {"user:^ali", "there are no regular expressions"},
    {"user:al.*", "finds a word that begins with \"al.\""},
    {"al.+ce", "there are no regular expressions"},
    {"*:*", "* is every event"},
    {"198.51.100.0/24", "read as the network ip:198.51.100.0/24"},
    {"addr.remote:198.51.100.0/24", "read as a network: any address in it, in addr.remote"},
    {"\"198.51.100.0/24\"", "write ip:198.51.100.0/24"},
    {"addr.remote:\"198.51.100.0/24\"", "write addr.remote:198.51.100.0/24"},
    {"198.51.100.0/255.255.255.0", "a network is ip:address/bits"},
    {"198.51.100.1-198.51.100.9", "ip:[a TO b]"},
    {"198.51.100", "addresses are whole"},
    {"addr.remote:198.51.100.x", "addresses are whole"},
    {"198.51.100[.]77", "was read as 198.51.100.77"},
    {"hxxp://evil[.]com", "was read as http://evil.com"},
    {"evil(.)com", "was read as evil.com"},
    {"domain:evil[.]com", "was read as evil.com"},
    {"\"evil[.]com\"", "is defanged and was searched as it stands; write evil.com"},
    {"user:alice,bob", "write user:(a OR b) for either"},
    {"alice,bob", "write (a OR b) for either"},
    {"user:alice;bob", "write user:(a OR b) for either"},
    {"\xe2\x80\x9c"
     "alice"
     "\xe2\x80\x9d",
     "typographic quotation mark"},
    {"user:\xe2\x80\x9e"
     "alice\xe2\x80\x9c",
     "typographic quotation mark"},
    {"\xe2\x80\x98user:alice\xe2\x80\x99", "typographic quotation mark"},
    {"\xc2\xab"
     "alice\xc2\xbb",
     "typographic quotation mark"},
    {"user:'alice b'", "' is no quotation mark"},
    {"`user`", "` is no quotation mark"},
    {"\xe2\x80\x93user:alice", "typographic dash"},
    {"user:alice\xc2\xa0"
     "event:x",
     "U+00A0"},
    {"user:alice\xe2\x80\x8b", "U+200B"},
    {"user:alice --limit 5", "\"--limit\" is a part of the query here"},
    {"-user:alice --count", "\"--count\" is a part of the query here"},
    {"ei:{0 TO 2}", "a range is ei:[a TO b]"},
    {"{user=\"alice\"}", "was searched as text"},
    {"alice~2", "no likeness"},
    {"alice^4", "no likeness"},
    {"user:ali\\*ce", "a backslash escapes nothing"},
    {"\"user:alice\"", "quote the value alone: user:\"alice\""},
    {"\"user:alice AND event:x\"", "quote the value alone"},
    {"user:\"ali*\"", "a star is one without them only"},
    {".user == \"alice\"", "was searched as"},
};

TEST(other_languages_are_answered)
{
    for (size_t i = 0; i < sizeof foreign_cases / sizeof foreign_cases[0]; i++) {
        struct buf out = BUF_INIT;
        say(foreign_cases[i].query, &out);
        buf_add_char(&out, '\0');
        if (!strstr(out.data, foreign_cases[i].said)) {
            fprintf(stderr, "%s: \"%s\" is not in: %s\n", foreign_cases[i].query,
                    foreign_cases[i].said, out.data);
            test_failures++;
        }
        buf_fini(&out);
    }
    EXPECT(sizeof foreign_cases / sizeof foreign_cases[0] >= 60);
}

TEST(the_own_language_is_not_remarked_on)
{
    static const char *const queries[] = {
        "",
        "*",
        "alice",
        "alice bob",
        "user:alice AND NOT event:user.login",
        "user:(alice OR bob) -login:root",
        "event:session.* OR ip:10.0.0.0/8",
        "ip:[10.0.0.1 TO 10.0.0.9]",
        "addr.remote:203.0.113.7",
        "203.0.113.7:22",
        "addr.remote:[2001:db8::1]:22",
        "2001:db8::1",
        "[2001:db8::1]:22",
        "dst_port:<1024 ei:[1 TO 3]",
        "\"authentication attempt\"",
        "*ystemct*",
        "user_agent:mozil*",
        "time:[2026-11-23T21:00:00Z TO 2026-11-23]",
        "url:\"http://evil.com/a?b=c&d\"",
        "http://evil.com/a",
        "domain:*.evil.com",
        "alice@example.com",
        "C:\\Users\\alice",
        "EXAMPLE\\alice",
        "program:(curl OR wget)",
        "uid:8737b008-5759-4b3f-b590-3f1feae90ab9",
        "sid:\"a26f6778-58c4-4bd8-a46e-1975865143e5\"",
        "/etc/passwd",
        "argv:-la",
        "--alice2:x",
        "10.2.3",
        "server_labels.env:prod",
        "\"odd key\":x",
        "version:14.3.2",
    };
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        struct buf out = BUF_INIT;
        say(queries[i], &out);
        bool is_part_of_address = strcmp(queries[i], "10.2.3") == 0;
        bool is_version = strcmp(queries[i], "version:14.3.2") == 0;
        if (out.size > 0 && !is_part_of_address && !is_version) {
            fprintf(stderr, "%s: %.*s\n", queries[i], SPAN_FMT(buf_span(&out)));
            test_failures++;
        }
        buf_fini(&out);
    }
}

/* What paints on a terminal does not get there, and long words are cut. */
TEST(lines_are_fit_for_a_terminal)
{
    struct buf text = BUF_INIT;
    struct buf out = BUF_INIT;
    buf_add_str(&text, "user:\x1b[31mal?ce ");
    for (int i = 0; i < 1000; i++) {
        buf_add_str(&text, "a,b;");
    }
    for (int i = 0; i < 1000; i++) {
        buf_add_str(&text, " a&&b !c 'd ei>5");
    }
    buf_add_char(&text, '\0');
    say(text.data, &out);
    EXPECT(!memchr(out.data, '\x1b', out.size));
    EXPECT(out.size < 1000);
    size_t lines = 0;
    for (size_t i = 0; i < out.size; i++) {
        lines += out.data[i] == '\n';
    }
    EXPECT_INT(lines, FOREIGN_LINES_MAX);
    buf_fini(&text);
    buf_fini(&out);
}

TEST_MAIN(TEST_ENTRY(other_languages_are_answered), TEST_ENTRY(the_own_language_is_not_remarked_on),
          TEST_ENTRY(lines_are_fit_for_a_terminal))
