#include "query/language/error_position.h"
#include "query/language/explain.h"
#include "query/language/parse.h"
#include "tests/support/test.h"

#define NOW_US INT64_C(1764000000000000)

static void dump_end(const struct bound *bound, struct buf *out)
{
    static const char *const kinds[] = {"open", "text", "number", "time"};
    buf_printf(out, " %s%s", kinds[bound->kind], bound->inclusive ? "=" : "");
    buf_add_char(out, bound->kind == BOUND_NONE ? ' ' : ':');
    buf_add_span(out, bound->text);
}

static void dump_leaf(const struct predicate *predicate, struct buf *out)
{
    static const char *const kinds[] = {"all",      "term",  "phrase", "prefix",     "part",
                                        "glob",     "range", "exists", "observable", "address",
                                        "severity", "time",  "uid"};
    if (predicate->field.size > 0) {
        buf_printf(out, "%.*s=", SPAN_FMT(predicate->field));
    }
    buf_add_str(out, kinds[predicate->kind]);
    if (predicate->kind == PREDICATE_PHRASE) {
        for (size_t i = 0; i < predicate->n_words; i++) {
            buf_printf(out, "%s%.*s", i ? "+" : "'", SPAN_FMT(predicate->words[i]));
        }
        buf_add_str(out, predicate->last_is_prefix ? "*'" : "'");
    } else if (predicate->text.size > 0) {
        buf_printf(out, "'%.*s'", SPAN_FMT(predicate->text));
    }
    if (predicate->kind == PREDICATE_RANGE) {
        dump_end(&predicate->low, out);
        dump_end(&predicate->high, out);
    }
    if (predicate->kind == PREDICATE_SEVERITY) {
        buf_printf(out, "'%s'", event_severity_text(predicate->severity));
    }
}

static void dump(const struct node *node, struct buf *out)
{
    static const char *const kinds[] = {"", "and", "or", "not"};
    if (node->kind == NODE_LEAF) {
        dump_leaf(node->predicate, out);
        return;
    }
    buf_printf(out, "%s(", kinds[node->kind]);
    for (const struct node *child = node->first; child; child = child->next) {
        dump(child, out);
        buf_add_str(out, child->next ? ", " : "");
    }
    buf_add_char(out, ')');
}

static const struct {
    const char *query;
    const char *tree;
} tree_cases[] = {
    {"", "all"},
    {"   ", "all"},
    {"*", "all"},
    {"Alice", "term'alice'"},
    {"alice bob", "and(term'alice', term'bob')"},
    {"alice AND bob", "and(term'alice', term'bob')"},
    {"alice OR bob carol", "or(term'alice', and(term'bob', term'carol'))"},
    {"(alice OR bob) carol", "and(or(term'alice', term'bob'), term'carol')"},
    {"or not and", "and(term'or', term'not', term'and')"},
    {"NOT alice", "not(term'alice')"},
    {"-alice", "not(term'alice')"},
    {"--alice", "term'alice'"},
    {"NOT -alice", "term'alice'"},
    {"-(a b)", "not(and(term'a', term'b'))"},
    {"ip-10-0-0-1", "term'ip-10-0-0-1'"},
    {"\"Two Words\"", "phrase'two+words'"},
    {"\"one\"", "term'one'"},
    {"\"a \\\"b\\\" \\\\c\"", "phrase'a+b+c'"},
    {"foo,bar", "phrase'foo+bar'"},
    {"word*", "prefix'word'"},
    {"/etc/pass*", "prefix'etc/pass'"},
    {"a,b*", "phrase'a+b*'"},
    {"*Part*", "part'part'"},
    {"*end", "glob'*end'"},
    {"a*b", "glob'a*b'"},
    {"user:alice", "user=term'alice'"},
    {"user:\"Alice B\"", "user=phrase'alice+b'"},
    {"user:*", "user=exists"},
    {"User:-x", "User=term'x'"},
    {"addr.remote:10.0.0.1", "addr.remote=term'10.0.0.1'"},
    {"\"odd key\":x", "odd key=term'x'"},
    {"server_labels.teleport.dev/os:linux", "server_labels.teleport.dev/os=term'linux'"},
    {"@timestamp:*", "@timestamp=exists"},
    {"ei:>=10", "ei=range number=:10 open "},
    {"ei:<-5", "ei=range open  number:-5"},
    {"ei:[1 TO 5]", "ei=range number=:1 number=:5"},
    {"ei:[* TO 5]", "ei=range open=  number=:5"},
    {"ei:[* TO *]", "ei=exists"},
    {"expires:>2026-01-01", "expires=range time:2026-01-01 open "},
    {"name:[a TO \"b c\"]", "name=range text=:a text=:b c"},
    {"user:(alice OR \"b c\")", "or(user=term'alice', user=phrase'b+c')"},
    {"user:(alice -bob)", "and(user=term'alice', not(user=term'bob'))"},
    {"http://evil.com/x", "term'http://evil.com/x'"},
    {"C:\\Users", "term'c:\\users'"},
    {"2001:db8::1", "term'2001:0db8:0000:0000:0000:0000:0000:0001'"},
    {"fe80::1", "term'fe80:0000:0000:0000:0000:0000:0000:0001'"},
    {"10.0.0.1:22", "term'10.0.0.1:22'"},
    {"a:[2001:db8::1]:22", "a=phrase'2001:0db8:0000:0000:0000:0000:0000:0001+22'"},
    {"a:[5]", "a=term'5'"},
    {"ip:10.0.0.0/8", "observable"},
    {"ip:2001:db8::/32", "observable"},
    {"domain:*.Evil.com.", "observable'evil.com'"},
    {"domain:INTERNAL", "observable'internal'"},
    {"url:\"HTTP://Evil.com:80/A\"", "observable'http://evil.com/A'"},
    {"url:evil.com/a", "observable'evil.com/a'"},
    {"hash:D41D8CD98F00B204E9800998ECF8427E", "observable'd41d8cd98f00b204e9800998ecf8427e'"},
    {"email:A@b.c", "term'a@b.c'"},
    {"email:*@b.c", "glob'*@b.c'"},
    {"text:alice", "term'alice'"},
    {"severity:WARN", "code=severity'warn'"},
    {"severity:(warn OR stop)", "or(code=severity'warn', code=severity'stop')"},
    {"time:>-7d", "time=time"},
    {"uid:abc", "uid=uid"},
    {"uid:ab*", "uid=prefix'ab'"},
    {"!!!", "part'!!!'"},
    {"\xc3\x84rger", "term'\xc3\xa4rger'"},
    {"actor:x", "or(user=term'x', and(not(user=exists), or(identity.user=term'x', "
                "and(not(identity.user=exists), or(user_name=term'x', and(not(user_name=exists), "
                "or(reviewer=term'x', and(not(reviewer=exists), or(updated_by=term'x', "
                "and(not(updated_by=exists), or(user.user=term'x', and(not(user.user=exists), "
                "or(bot_name=term'x', and(not(bot_name=exists), "
                "integration=term'x'))))))))))))))"},
};

TEST(trees)
{
    for (size_t i = 0; i < sizeof tree_cases / sizeof tree_cases[0]; i++) {
        struct query *query = NULL;
        struct err err = {.text = ""};
        struct buf out = BUF_INIT;
        EXPECT_OK(parse_query(span_str(tree_cases[i].query), NOW_US, &query, NULL, &err), err);
        if (query) {
            dump(query->root, &out);
            EXPECT_SPAN(buf_span(&out), tree_cases[i].tree);
        }
        buf_fini(&out);
        parse_query_free(query);
    }
}

/* What other languages write: the tree and, separated by " | ", what is noted. */
static const struct {
    const char *query;
    const char *tree;
    const char *notes;
} foreign_cases[] = {
    {"user:a and event:b", "and(user=term'a', event=term'b')",
     "\"and\" was read as AND; quote it to search for the word"},
    {"user:a or user:b and c", "or(user=term'a', and(user=term'b', term'c'))",
     "\"or\" was read as OR; quote it to search for the word | "
     "\"and\" was read as AND; quote it to search for the word"},
    {"curl or wget", "or(term'curl', term'wget')",
     "\"or\" was read as OR; quote it to search for the word"},
    {"user:(a or b)", "or(user=term'a', user=term'b')",
     "\"or\" was read as OR; quote it to search for the word"},
    {"(a) and -b", "and(term'a', not(term'b'))",
     "\"and\" was read as AND; quote it to search for the word"},
    {"not user:a", "not(user=term'a')", "\"not\" was read as NOT; quote it to search for the word"},
    {"a not (b c)", "and(term'a', not(and(term'b', term'c')))",
     "\"not\" was read as NOT; quote it to search for the word"},
    {"a AND not b", "and(term'a', not(term'b'))",
     "\"not\" was read as NOT; quote it to search for the word"},
    {"a and not b", "and(term'a', not(term'b'))",
     "\"and\" was read as AND; quote it to search for the word | "
     "\"not\" was read as NOT; quote it to search for the word"},
    {"not", "term'not'", ""},
    {"and", "term'and'", ""},
    {"a or", "and(term'a', term'or')", ""},
    {"or a", "and(term'or', term'a')", ""},
    {"could not connect", "and(term'could', term'not', term'connect')", ""},
    {"\"salt and pepper\"", "phrase'salt+and+pepper'", ""},
    {"salt \"and\" pepper", "and(term'salt', term'and', term'pepper')", ""},
    {"user:and user:or", "and(user=term'and', user=term'or')", ""},
    {"a and and b", "and(term'a', term'and', term'b')",
     "\"and\" was read as AND; quote it to search for the word"},
    {"user=alice", "or(phrase'user+alice', user=term'alice')",
     "\"user=alice\" was read as user:alice, or these words; quote it to search only for the "
     "words"},
    {"user==alice", "or(phrase'user+alice', user=term'alice')",
     "\"user==alice\" was read as user:alice, or these words; quote it to search only for the "
     "words"},
    {"user=\"Alice B\"", "or(phrase'user+alice+b', user=phrase'alice+b')",
     "\"user=\"Alice B\"\" was read as user:\"Alice B\", or these words; quote it to search only "
     "for the words"},
    {"user!=alice", "not(user=term'alice')",
     "\"user!=alice\" was read as NOT user:alice; quote it to search for the words"},
    {"user!=\"a b\" c", "and(not(user=phrase'a+b'), term'c')",
     "\"user!=\"a b\"\" was read as NOT user:\"a b\"; quote it to search for the words"},
    {"ip=10.0.0.1", "or(phrase'ip+10.0.0.1', observable)",
     "\"ip=10.0.0.1\" was read as ip:10.0.0.1, or these words; quote it to search only for the "
     "words"},
    {"user= alice", "and(term'user', term'alice')", ""},
    {"YWxpY2U=", "term'ywxpy2u'", ""},
    {"\"user=alice\"", "phrase'user+alice'", ""},
    {"argv:a=b", "argv=phrase'a+b'", ""},
    {"http://x/?a=b", "phrase'http+x+a+b'", NULL},
    {"198.51.100.0/24", "or(term'198.51.100.0/24', observable)",
     "\"198.51.100.0/24\" was read as the network ip:198.51.100.0/24"},
    {"fe80::/10", "or(term'fe80::/10', observable)",
     "\"fe80::/10\" was read as the network ip:fe80::/10"},
    {"addr.remote:10.0.0.0/8", "or(addr.remote=term'10.0.0.0/8', addr.remote=address)",
     "\"10.0.0.0/8\" was read as a network: any address in it, in addr.remote"},
    {"\"10.0.0.0/8\"", "phrase'10.0.0.0+8'", ""},
    {"/etc/8", "term'etc/8'", ""},
    {"10.0.0.0/33", "term'10.0.0.0/33'", NULL},
    {"198.51.100[.]77", "or(phrase'198+51+100+77', term'198.51.100.77')",
     "\"198.51.100[.]77\" was read as 198.51.100.77, too"},
    {"ip:198.51.100[.]77", "observable", "\"198.51.100[.]77\" was read as 198.51.100.77, too"},
    {"evil(.)com", "or(phrase'evil+com', term'evil.com')",
     "\"evil(.)com\" was read as evil.com, too"},
    {"(a)(b)", "and(term'a', term'b')", ""},
    {"domain:evil[dot]com", "observable'evil.com'", "\"evil[dot]com\" was read as evil.com, too"},
    {"hxxp://evil[.]com/a", "or(phrase'hxxp+evil+com+a', term'http://evil.com/a')",
     "\"hxxp://evil[.]com/a\" was read as http://evil.com/a, too"},
    {"198.51.100[.]0/24", "or(phrase'198+51+100+0+24', observable)",
     "\"198.51.100[.]0/24\" was read as the network ip:198.51.100.0/24"},
    {"user:bob[@]evil[.]com", "or(user=phrase'bob+evil+com', user=term'bob@evil.com')",
     "\"bob[@]evil[.]com\" was read as bob@evil.com, too"},
    {"C:\\a\\.ssh", "term'c:\\a\\.ssh'", ""},
    {"[2001:db8::1]:22", "phrase'2001:0db8:0000:0000:0000:0000:0000:0001+22'", ""},
};

TEST(other_languages)
{
    for (size_t i = 0; i < sizeof foreign_cases / sizeof foreign_cases[0]; i++) {
        struct query *query = NULL;
        struct err err = {.text = ""};
        struct buf out = BUF_INIT;
        struct buf notes = BUF_INIT;
        EXPECT_OK(parse_query(span_str(foreign_cases[i].query), NOW_US, &query, NULL, &err), err);
        dump(query->root, &out);
        for (const struct query_note *note = query->notes; note; note = note->next) {
            buf_add_str(&notes, notes.size ? " | " : "");
            buf_add_span(&notes, note->text);
        }
        EXPECT_SPAN(buf_span(&out), foreign_cases[i].tree);
        EXPECT_SPAN(buf_span(&notes), foreign_cases[i].notes ? foreign_cases[i].notes : "");
        buf_fini(&out);
        buf_fini(&notes);
        parse_query_free(query);
    }
}

TEST(errors_name_the_character)
{
    static const struct {
        const char *query;
        size_t character;
        const char *part;
    } cases[] = {
        {"user:bob (alice", 10, "\"(\" is never closed"},
        {"a )", 3, "closes nothing"},
        {"a \"b", 3, "quotation mark is never closed"},
        {"\xc3\xa4\xc3\xa4 (", 4, "is never closed"},
        {"()", 1, "the parentheses are empty"},
        {"a OR", 3, "stand between two parts"},
        {"OR a", 1, "stand between two parts"},
        {"a AND OR b", 3, "stand between two parts"},
        {"NOT", 1, "NOT must be followed by a term"},
        {"(a NOT)", 4, "NOT must be followed by a term"},
        {"a -", 3, "\"-\" must be followed by a term"},
        {"user:", 1, "the field has no value"},
        {"a user: bob", 3, "the field has no value"},
        {"user:\"\"", 6, "the quotation marks are empty"},
        {"ei:>", 4, "the comparison must be followed by a value"},
        {"ei:[1 TO", 4, "is never closed"},
        {"ei:[1 5]", 7, "[from TO to]"},
        {"ei:[1 TO 5 6]", 12, "[from TO to]"},
        {"user:(a b:c)", 9, "within another field's parentheses"},
        {"ip:foo", 4, "ip: needs an address"},
        {"ip:10.0.0.0/33", 4, "ip: needs an address"},
        {"domain:a/b", 8, "domain: needs a domain name"},
        {"domain:10.0.0.1", 8, "domain: needs a domain name"},
        {"email:foo", 7, "email: needs an address"},
        {"severity:bad", 10, "severity: is info, warn, error or stop"},
        {"x time:never", 8, ""},
        {"url:x", 5, "url: needs a URL"},
        {"hash:x", 6, "hash: needs an MD5"},
        {"a \xff", 3, "not UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct query *query = NULL;
        struct err err = {.text = ""};
        size_t character = 0;
        EXPECT_INT(parse_query(span_str(cases[i].query), NOW_US, &query, &character, &err),
                   ERR_USAGE);
        if (character != cases[i].character || !strstr(err.text, cases[i].part)) {
            fprintf(stderr, "%s: character %zu: %s\n", cases[i].query, character, err.text);
            test_failures++;
        }
        EXPECT(strstr(err.text, "query, character ") == err.text);
        EXPECT(strchr(err.text, '\n') == NULL);
        EXPECT(query == NULL);
    }
}

static enum status parse_repeated(const char *part, size_t count, const char *end)
{
    struct buf text = BUF_INIT;
    struct query *query = NULL;
    for (size_t i = 0; i < count; i++) {
        buf_add_str(&text, part);
    }
    buf_add_str(&text, end);
    struct err err;
    enum status status = parse_query(buf_span(&text), NOW_US, &query, NULL, &err);
    parse_query_free(query);
    buf_fini(&text);
    return status;
}

TEST(limits)
{
    EXPECT_INT(parse_repeated("(", 100000, "a"), ERR_USAGE);
    EXPECT_INT(parse_repeated("(", 5000, "a"), ERR_USAGE);
    EXPECT_INT(parse_repeated("-", 60000, "a"), OK);
    EXPECT_INT(parse_repeated("NOT ", 10000, "a"), OK);
    EXPECT_INT(parse_repeated("a ", 3000, "a"), OK);
    EXPECT_INT(parse_repeated("a ", 5000, "a"), ERR_USAGE);
    EXPECT_INT(parse_repeated("actor:a ", 1000, "a"), ERR_USAGE);
    EXPECT_INT(parse_repeated("x", QUERY_BYTES_MAX, "x"), ERR_USAGE);
    EXPECT_INT(parse_repeated("x", QUERY_BYTES_MAX, ""), OK);
}

TEST(days_are_whole)
{
    struct err err;
    int64_t day_us;
    EXPECT(clock_parse_day(span_str("2026-11-01"), &day_us));
    static const struct {
        const char *query;
        int64_t low_days;
        int64_t high_days;
    } cases[] = {
        {"time:2026-11-01", 0, 1},
        {"time:[2026-11-01 TO 2026-11-02]", 0, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct query *query = NULL;
        EXPECT_OK(parse_query(span_str(cases[i].query), NOW_US, &query, NULL, &err), err);
        EXPECT_INT(query->leaves[0]->time_low_us, day_us + cases[i].low_days * CLOCK_DAY_US);
        EXPECT_INT(query->leaves[0]->time_high_us, day_us + cases[i].high_days * CLOCK_DAY_US);
        parse_query_free(query);
    }
    struct query *query = NULL;
    EXPECT_OK(
        parse_query(span_str("time:>2026-11-01 time:<2026-11-01"), NOW_US, &query, NULL, &err),
        err);
    EXPECT_INT(query->leaves[0]->time_low_us, day_us + CLOCK_DAY_US);
    EXPECT_INT(query->leaves[1]->time_high_us, day_us);
    parse_query_free(query);
}

TEST(a_caret_below)
{
    struct buf out = BUF_INIT;
    error_position_mark(span_str("\xc3\xa4 \x1b(b"), 4, &out);
    EXPECT_SPAN(buf_span(&out), "  \xc3\xa4  (b\n     ^\n");
    buf_fini(&out);
}

TEST(values_that_are_no_query)
{
    struct query *query = NULL;
    struct err err;
    EXPECT_OK(parse_query_of_value(span_str("sid"), span_str("a:(b \"c"), &query, &err), err);
    EXPECT_INT(query->leaves[0]->kind, PREDICATE_PHRASE);
    EXPECT_SPAN(query->leaves[0]->field, "sid");
    parse_query_free(query);
}

TEST(a_plan_says_what_is_a_scan)
{
    struct query *query = NULL;
    struct err err;
    struct buf plan = BUF_INIT;
    EXPECT_OK(
        parse_query(span_str("user:alice -(*part* OR ip:10.0.0.0/8)"), NOW_US, &query, NULL, &err),
        err);
    explain_query(query, &plan);
    EXPECT_SPAN(
        buf_span(&plan),
        "all of\n"
        "  user: the whole word alice  [values once each, text where the index has it]\n"
        "  not\n"
        "    any of\n"
        "      the part *part*  [values once each, and all text]\n"
        "      an observable, ip 10.0.0.0/8  [observables of each block, then its values]\n");
    buf_fini(&plan);
    parse_query_free(query);
}

TEST_MAIN(TEST_ENTRY(a_plan_says_what_is_a_scan), TEST_ENTRY(trees), TEST_ENTRY(other_languages),
          TEST_ENTRY(errors_name_the_character), TEST_ENTRY(limits), TEST_ENTRY(days_are_whole),
          TEST_ENTRY(a_caret_below), TEST_ENTRY(values_that_are_no_query))
