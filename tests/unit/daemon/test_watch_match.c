/* Lists as sets, and hits as text: what of keeping watch needs no archive. */
#include "daemon/watch/hit_format.h"
#include "daemon/watch/watch_indicators.h"
#include "daemon/watch/webhook.h"
#include "tests/support/test.h"

static char dir[FILE_PATH_BYTES];
static struct err err;

static size_t count_new(const char *bytes, const char *before)
{
    struct indicator_set *set = NULL;
    const struct span old = span_str(before);
    int64_t count = 0;
    EXPECT_OK(watch_indicators_new_in(span_str(bytes), before ? &old : NULL, 0, &set, &count, &err),
              err);
    indicator_set_free(set);
    return (size_t)count;
}

TEST(what_is_new_in_a_list)
{
    EXPECT_INT(count_new("1.1.1.1\nevil.com\n", NULL), 2);
    EXPECT_INT(count_new("1.1.1.1\nevil.com\n", ""), 2);
    EXPECT_INT(count_new("1.1.1.1\nevil.com\n", "evil[.]com\n"), 1);
    EXPECT_INT(count_new("1.1.1.1\n", "1.1.1.0/24\n"), 1);
    EXPECT_INT(count_new("1.1.1.0/24\n", "1.1.1.0/24\n1.1.1.0/25"), 0);
    EXPECT_INT(count_new("1.1.1.0/25\n", "1.1.1.0/24\n"), 1);
    /* exactly a name, and it with all below it */
    EXPECT_INT(count_new("evil.com\n", "=evil.com\n"), 1);
    EXPECT_INT(count_new("=evil.com\n", "evil.com\n"), 0);
    EXPECT_INT(count_new("=evil.com\n", "=evil.com\n"), 0);
    EXPECT_INT(count_new("evil.com\n", "evil.com\n"), 0);
    EXPECT_INT(count_new("x.evil.com\n", "evil.com\n"), 1);
    EXPECT_INT(count_new("user:evil.com\n", "evil.com\n"), 1);
}

static void add_list(struct watch_db *db, const char *name, const char *bytes)
{
    const struct watch_list_input given = {.name = span_str(name), .bytes = span_str(bytes)};
    EXPECT_OK(watch_list_add(db, &given, NULL, 0, &err), err);
}

/* Which lists have the observable: a bit for each. */
struct seen {
    const struct indicator_set *set;
    unsigned lists;
    int count;
};

static void note_match(void *context, size_t number)
{
    struct seen *seen = context;
    seen->lists |= 1u << indicator_set_get(seen->set, number)->list;
    seen->count++;
}

static unsigned lists_with(const struct watch_indicators *sets, enum observable_kind kind,
                           const char *normal)
{
    struct seen seen = {0};
    for (size_t i = 0; i < sets->sets.count; i++) {
        seen.set = sets->sets.items[i];
        indicator_set_match(seen.set, kind, span_str(normal), note_match, &seen);
    }
    return seen.lists;
}

/* Lists "a", "b" and "c" come in that order. */
TEST(each_list_keeps_what_is_its_own)
{
    struct watch_db *db = NULL;
    struct watch_indicators sets;
    test_dir_make(dir);
    EXPECT_OK(watch_open(dir, WATCH_CREATE, &db, &err), err);
    add_list(db, "a", "=evil.com\n1.1.1.1\n");
    add_list(db, "b", "evil.com\n2.2.2.2\n");
    add_list(db, "c", "evil.com\n1.1.1.1\n3.3.3.3\n");
    EXPECT_OK(watch_indicators_read(db, 0, &sets, &err), err);
    EXPECT_INT(sets.lists.count, 3);
    EXPECT_INT(sets.sets.count, 3); /* evil.com is in all of them */
    EXPECT_INT(sets.indicators, 7);
    EXPECT_INT(lists_with(&sets, OBSERVABLE_DOMAIN, "evil.com"), 7);
    EXPECT_INT(lists_with(&sets, OBSERVABLE_DOMAIN, "x.evil.com"), 6);
    EXPECT_INT(lists_with(&sets, OBSERVABLE_IP, "1.1.1.1"), 5);
    EXPECT_INT(lists_with(&sets, OBSERVABLE_IP, "2.2.2.2"), 2);
    EXPECT_INT(lists_with(&sets, OBSERVABLE_IP, "3.3.3.3"), 4);
    EXPECT_INT(lists_with(&sets, OBSERVABLE_IP, "4.4.4.4"), 0);
    watch_indicators_fini(&sets);
    watch_close(db);
    test_dir_remove(dir);
}

static struct watch_hit sample(void)
{
    return (struct watch_hit){
        .id = 7,
        .list = span_str("feed"),
        .kind = span_str("domain"),
        .indicator = span_str("evil.com"),
        .field = span_str("argv"),
        .value = span_str("curl \"evil.com\"\n\x1b[2J"),
        .uid = span_str("u1"),
        .time_us = 1000000,
        .seen_us = 2500000,
        .event = span_str("{\"uid\":\"u1\",\n\"a\":1}"),
    };
}

TEST(a_hit_as_json)
{
    struct buf out = BUF_INIT;
    struct watch_hit hit = sample();
    hit_format_add_json(&out, "ID", &hit);
    EXPECT_SPAN(buf_span(&out),
                "{\"id\":\"ID-7\",\"list\":\"feed\",\"indicator\":\"evil.com\",\"kind\":\"domain\","
                "\"field\":\"argv\",\"value\":\"curl \\\"evil.com\\\"\\n\\u001b[2J\","
                "\"decoded\":false,\"uid\":\"u1\",\"time\":\"1970-01-01T00:00:01Z\","
                "\"seen\":\"1970-01-01T00:00:02.5Z\",\"event\":{\"uid\":\"u1\", \"a\":1}}");
    buf_fini(&out);
}

TEST(a_hit_as_a_line)
{
    char line[HIT_FORMAT_LINE_BYTES];
    struct watch_hit hit = sample();
    hit_format_line("ID", &hit, line);
    EXPECT_STR(line, "watch hit list=feed kind=domain id=ID-7 time=1970-01-01T00:00:01Z uid=\"u1\" "
                     "indicator=\"evil.com\" field=\"argv\" value=\"curl "
                     "\\\"evil.com\\\"\\\\x0a\\\\x1b[2J\"");
    char longest[5000];
    memset(longest, 'x', sizeof longest);
    hit.value = hit.indicator = hit.field = hit.uid = span_of(longest, sizeof longest);
    hit_format_line("ID", &hit, line);
    EXPECT(strlen(line) < HIT_FORMAT_LINE_BYTES && !strchr(line, '\n'));
}

/* printf '1.{}' | openssl dgst -sha256 -hmac 0123456789abcdef */
TEST(a_signature)
{
    struct buf out = BUF_INIT;
    webhook_sign(span_str("0123456789abcdef"), 1999999, span_str("{}"), &out);
    EXPECT_SPAN(buf_span(&out),
                "t=1,v1=2af693cb56b22c16912222aeefdc75a01de562bf70ee2015f41ecea48382997f");
    buf_fini(&out);
}

TEST_MAIN(TEST_ENTRY(what_is_new_in_a_list), TEST_ENTRY(each_list_keeps_what_is_its_own),
          TEST_ENTRY(a_hit_as_json), TEST_ENTRY(a_hit_as_a_line), TEST_ENTRY(a_signature))
