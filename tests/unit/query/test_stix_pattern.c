/* Patterns of STIX: what they ask for, and why not. */
#include "query/ioc/stix_pattern.h"
#include "tests/support/test.h"

/* A pattern as its alternatives, each as its values: "a b|c"; or why it cannot be read. */
static void expect_pattern(const char *text, const char *wanted)
{
    struct arena arena = ARENA_INIT;
    struct stix_pattern pattern = {0};
    struct buf shown = BUF_INIT;
    const char *why = stix_pattern_parse(span_str(text), &arena, &pattern);
    for (const struct stix_pattern_alternative *all = pattern.alls; !why && all; all = all->next) {
        size_t count = 0;
        for (const struct stix_pattern_part *part = all->parts; part; part = part->next, count++) {
            buf_printf(&shown, "%s%.*s", count > 0 ? " " : "", SPAN_FMT(part->value));
        }
        EXPECT(count == all->count);
        buf_add_str(&shown, all->next ? "|" : "");
    }
    buf_add_str(&shown, why ? why : "");
    if (!span_is(buf_span(&shown), wanted)) {
        fprintf(stderr, "%s is %.*s and not %s\n", text, SPAN_FMT(buf_span(&shown)), wanted);
        test_failures++;
    }
    buf_fini(&shown);
    arena_fini(&arena);
}

#define A "url:value = 'a'"
#define B "file:name = 'b'"
#define C "ipv4-addr:value = 'c'"
#define D "domain-name:value = 'd'"

static const struct {
    const char *text;
    const char *wanted;
} cases[] = {
    {"[" A "]", "a"},
    {"[" A " AND " B "]", "a b"},
    {"[" A " OR " B " AND " C "]", "a|b c"},
    {"[" A " AND " B " OR " C "]", "a b|c"},
    {"[(" A " OR " B ") AND (" C " OR " D ")]", "a c|a d|b c|b d"},
    {"[((" A ")) AND (" B " AND (" C " OR " D "))]", "a b c|a b d"},
    {"([" A "] OR [" B " AND " C "]) OR [" D "]", "a|b c|d"},
    {"[file:name IN ('x', 'y') AND " A "]", "x a|y a"},
    {"[file:name = 'it\\'s \\\\']", "it's \\"},
    {"[ipv4-addr:value ISSUBSET '10.0.0.0/8']", "10.0.0.0/8"},
    {"[network-traffic:dst_ref.type = 'ipv4-addr' AND "
     "network-traffic:dst_ref.value = '1.2.3.4']",
     "1.2.3.4"},
    {"[network-traffic:dst_ref.type = 'ipv4-addr']", "a pattern that names no value"},
    {"[" A "] AND [" B "]", "a pattern with AND between observations, which may be several events"},
    {"[" A "] FOLLOWEDBY [" B "]", "a pattern with FOLLOWEDBY, which no single event answers"},
    {"([" A "] AND [" B "]) WITHIN 5 SECONDS",
     "a pattern with AND between observations, which may be several events"},
    {"[" A "] WITHIN 5 SECONDS", "a pattern with WITHIN, which no single event answers"},
    {"[" A "] REPEATS 5 TIMES", "a pattern with REPEATS, which no single event answers"},
    {"[url:value LIKE 'a%']", "a pattern with another operator than =, IN and ISSUBSET"},
    {"[url:value NOT = 'a']", "a pattern with another operator than =, IN and ISSUBSET"},
    {"[process:pid = 5]", "a pattern over something that no event has"},
    {"[file:size = 5]", "a pattern that names no value"},
    {"[" A " OR process:pid = 5]", "a"},
    {"[process:pid IN (5, 6) OR " A " AND " B "]", "a b"},
    {"[" A " OR (" B " AND windows-registry-key:values[*].name = 'x AND y')]", "a"},
    {"[" A "] OR [url:value LIKE 'a%']", "a"},
    {"[process:created > t'2024-01-01T00:00:00Z' OR " A "]", "a"},
    {"[" A " AND process:pid = 5]", "a pattern over something that no event has"},
    {"[file:hashes.MD5 = 'e' AND file:ctime = 'x' AND " B "]", "e"},
    {"[url:value = 5]", "a pattern that is broken, or compares with no text"},
};

static const char *const broken[] = {"[" A,
                                     A,
                                     "[" A ")]",
                                     "[(" A "]",
                                     "([" A ")]",
                                     "[" A "]]",
                                     "[" A " AND]",
                                     "[" A "] x",
                                     "[url:value = 'a]",
                                     "[url:value = 'a\\']",
                                     "[url:value IN ('a']",
                                     "[" A " " B "]",
                                     "[[" A "]]",
                                     "[]",
                                     ""};

TEST(patterns)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_pattern(cases[i].text, cases[i].wanted);
    }
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct arena arena = ARENA_INIT;
        struct stix_pattern pattern;
        EXPECT(stix_pattern_parse(span_str(broken[i]), &arena, &pattern) != NULL);
        arena_fini(&arena);
    }
}

static const char *why_not(struct buf *text)
{
    struct arena arena = ARENA_INIT;
    struct stix_pattern pattern;
    const char *why = stix_pattern_parse(buf_span(text), &arena, &pattern);
    EXPECT(arena.bytes < 64 * 1024 * 1024);
    arena_fini(&arena);
    buf_fini(text);
    return why ? why : "";
}

TEST(patterns_have_bounds)
{
    struct buf deep = BUF_INIT;
    struct buf wide = BUF_INIT;
    struct buf many = BUF_INIT;
    struct buf either = BUF_INIT;
    for (int i = 0; i < 100000; i++) {
        buf_add_str(&deep, i == 0 ? "[(" : "(");
        buf_add_str(&either, i == 0 ? "[" A : " OR " A);
    }
    for (int i = 0; i < 12; i++) {
        buf_add_str(&wide, i == 0 ? "[" : " AND ");
        buf_add_str(&wide, "(" A " OR " B ")");
    }
    for (int i = 0; i < 40; i++) {
        buf_add_str(&many, i == 0 ? "[" A : " AND " A);
    }
    buf_add_str(&wide, "]");
    buf_add_str(&many, "]");
    buf_add_str(&either, "]");
    EXPECT_STR(why_not(&deep), "a pattern that is nested too deep");
    EXPECT_STR(why_not(&wide), "a pattern with over 1,024 combinations of AND");
    EXPECT_STR(why_not(&many), "a pattern with over 32 parts in an AND");
    EXPECT_STR(why_not(&either), "");
}

TEST_MAIN(TEST_ENTRY(patterns), TEST_ENTRY(patterns_have_bounds))
