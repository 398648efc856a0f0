/* The indexes against match_event where a value is put together of what the terms take as a whole:
 * times, addresses, UUIDs, endpoints, very long words, with punctuation between and around them.
 * The same value is a column's, a text, part of a list, an endpoint with its port kept apart. */
#include "query/aggregate/aggregate.h"
#include "query/language/match.h"
#include "query/language/parse.h"
#include "tests/support/test.h"
#include "tests/support/truth.h"

#include <stdlib.h>

enum { QUERIES = 400, POOL = 48 };

static const char *const parts[] = {
    "2026-11-02T10:00:00Z",
    "2026-11-02t10:00:00.25+01:00",
    "2026-11-02",
    "10:00:00",
    "2001:db8::5",
    "2001:0db8:0000:0000:0000:0000:0000:0005",
    "::ffff:192.0.2.9",
    "::1",
    "fe80::1%eth0",
    "fe80::1%a.b",
    "1:2:3",
    "[::1]:3022",
    "[2001:db8::5]:44",
    "203.0.113.7",
    "203.0.113.7:22",
    "203.0.113.77",
    "10.9.8.7",
    "999.0.0.1",
    "010.0.0.1",
    "1.2.3.4.5",
    "550e8400-e29b-41d4-a716-446655440000",
    "550E8400-E29B-41D4-A716-446655440000",
    "550e8400-e29b-41d4",
    "evil.com",
    "Bob@evil.com",
    "http://u@10.9.8.7:80/p?q",
    "usr",
    "a_b",
    "\xc3\x84rger",
    "\xc4\xb0x",
    "\xd0\xa0\xd0\xa0",
    "x",
    "5",
    "-3",
    "007",
    "1.5",
    "1e3",
    "22",
    "3022",
    "true",
    "cafe",
    "0000",
    "[",
    "]",
};
static const char *const joints[] = {
    "",  "",  " ", " ", ".", "..", "-",  "--", "/",  "\\", "@", ":",  "::", "+",    "%",    ",",
    ";", "=", "(", "]", "[", "'",  "\"", "_",  "\n", "\t", "*", ".-", ":-", "\x1e", "\x7f", "/."};
static const char *const addresses[] = {
    "203.0.113.7", "10.9.8.7",       "999.0.0.1",     "010.0.0.1",       "[::1]", "[2001:db8::5]",
    "[1:2:3]",     "[fe80::1%eth0]", "[fe80::1%a b]", "[fe80::1%x.y-z]", "::1",   "1.2.3.4.5"};

static void add_value(struct dice *dice, struct buf *out)
{
    uint32_t count = 1 + dice_roll(dice, 4);
    if (dice_one_in(dice, 5)) {
        buf_add_str(out, DICE_PICK(dice, joints));
    }
    for (uint32_t i = 0; i < count; i++) {
        buf_add_str(out, i ? DICE_PICK(dice, joints) : "");
        buf_add_str(out, DICE_PICK(dice, parts));
    }
    if (dice_one_in(dice, 2)) {
        buf_add_str(out, DICE_PICK(dice, joints));
    }
}

/* One chunk over the longest term. */
static void add_long(struct dice *dice, struct buf *out)
{
    static const char *const between[] = {"/", ".", "-", ":", "\xd0\xa0", "%", ""};
    while (out->size < 230 + dice_roll(dice, 60)) {
        buf_add_str(out, DICE_PICK(dice, parts));
        buf_add_str(out, DICE_PICK(dice, between));
    }
}

static void add_endpoint(struct dice *dice, struct buf *out)
{
    static const unsigned ports[] = {1, 22, 443, 3022, 65535, 65536, 0};
    buf_add_str(out, DICE_PICK(dice, addresses));
    if (!dice_one_in(dice, 8)) {
        buf_printf(out, ":%u",
                   dice_one_in(dice, 2) ? dice_roll(dice, 66000) : DICE_PICK(dice, ports));
    }
}

/* One of few values, so that a field of them is a column. */
static void add_pooled(struct dice *dice, struct buf *out)
{
    uint32_t one = dice_roll(dice, POOL);
    struct dice own = {.state = one * UINT64_C(77777)};
    (one % 8 == 7 ? add_long : add_value)(&own, out);
}

static void add_number(struct dice *dice, struct buf *out)
{
    static const char *const numbers[] = {
        "0", "-0", "7", "-3", "1.5", "1e3", "1e20", "9007199254740993", "22"};
    if (dice_one_in(dice, 2)) {
        buf_add_str(out, DICE_PICK(dice, numbers));
    } else {
        buf_printf(out, "%d", (int)dice_roll(dice, 9000) - 1000);
    }
}

/* As a member of the event's object. */
static void add_string(struct buf *out, const char *name, struct span text)
{
    buf_printf(out, "%s\"%s\":\"", name[0] ? "," : "", name);
    if (!name[0]) {
        out->size -= 3; /* only the value */
    }
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '"' || c == '\\') {
            buf_add_char(out, '\\');
        }
        if ((unsigned char)c < 0x20) {
            buf_printf(out, "\\u%04x", c);
        } else {
            buf_add_char(out, c);
        }
    }
    buf_add_char(out, '"');
}

typedef void add_text(struct dice *dice, struct buf *out);

static void add_member(struct dice *dice, const char *name, add_text *add, struct buf *out)
{
    struct buf text = BUF_INIT;
    add(dice, &text);
    add_string(out, name, buf_span(&text));
    buf_fini(&text);
}

static void add_new(struct dice *dice, struct buf *out)
{
    (dice_one_in(dice, 6) ? add_long : add_value)(dice, out);
    buf_printf(out, "%sf%u", DICE_PICK(dice, joints), dice_roll(dice, 100000));
}

static void add_uuid(struct dice *dice, struct buf *out)
{
    buf_printf(out, "550e8400-e29b-41d4-a716-4466554400%02x", dice_roll(dice, 30));
}

static void event_of_parts(struct dice *dice, int64_t day_us, struct buf *out)
{
    char time[CLOCK_TEXT_BYTES];
    int64_t time_us = day_us + (int64_t)dice_roll(dice, 86400) * CLOCK_SECOND_US;
    buf_printf(out, "{\"event\":\"two.three\",\"uid\":\"%08x-0000-4a5d-93df-%06x%06x\"",
               dice_roll(dice, 1u << 30), dice_roll(dice, 1 << 24), dice_roll(dice, 1 << 24));
    if (!dice_one_in(dice, 20)) {
        buf_printf(out, ",\"time\":\"%s\"", clock_format(time_us, time));
    }
    add_member(dice, "column", add_pooled, out);
    add_member(dice, "text", add_new, out);
    add_member(dice, "end", add_endpoint, out);
    add_member(dice, "id", add_uuid, out);
    buf_add_str(out, ",\"number\":");
    add_number(dice, out);
    if (dice_one_in(dice, 3)) {
        buf_add_str(out, ",\"list\":[");
        add_member(dice, "", add_pooled, out);
        buf_add_char(out, ',');
        add_number(dice, out);
        buf_add_char(out, ',');
        add_member(dice, "", add_endpoint, out);
        buf_add_char(out, ']');
    }
    if (dice_one_in(dice, 4)) {
        add_member(dice, "mixed", dice_one_in(dice, 2) ? add_value : add_endpoint, out);
    } else if (dice_one_in(dice, 2)) {
        buf_add_str(out, ",\"mixed\":");
        add_number(dice, out);
    }
    buf_add_char(out, '}');
}

static bool inside_character(struct span text, size_t at)
{
    return at < text.size && ((unsigned char)text.data[at] & 0xc0) == 0x80;
}

/* Some of it, most often from its start, to its end, or to where a piece ends. */
static struct span part_of(struct dice *dice, struct span text)
{
    if (text.size == 0) {
        return span_str("x");
    }
    size_t from = dice_one_in(dice, 2) ? 0 : dice_roll(dice, (uint32_t)text.size);
    size_t to =
        dice_one_in(dice, 3) ? text.size : from + 1 + dice_roll(dice, (uint32_t)(text.size - from));
    while (inside_character(text, from)) {
        from--;
    }
    while (inside_character(text, to)) {
        to++;
    }
    return span_of(text.data + from, to - from);
}

static void add_bare(struct buf *out, struct span text)
{
    size_t before = out->size;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (memchr(" \t\n\x1e()\"*\\", c, 9)) {
            continue;
        }
        if (c == '[' && out->size == before) { /* would begin a range */
            continue;
        }
        buf_add_char(out, c);
    }
    buf_add_str(out, out->size == before ? "x" : "");
}

static void add_quoted(struct buf *out, struct span text)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        buf_add_str(out, text.data[i] == '"' || text.data[i] == '\\' ? "\\" : "");
        buf_add_char(out, text.data[i]);
    }
    buf_add_char(out, '"');
}

enum {
    FORM_WORDS,
    FORM_QUOTED,
    FORM_BEGIN,
    FORM_PART,
    FORM_END,
    FORM_AROUND,
    FORM_COMPARE,
    FORM_N
};

static void add_predicate(struct dice *dice, struct buf *out)
{
    static const char *const fields[] = {
        "column:", "text:", "end:", "id:", "number:", "list:", "mixed:"};
    static const char *const signs[] = {">", "<", ">=", "<="};
    struct buf made = BUF_INIT;
    add_value(dice, &made);
    const struct event *event = &truth.events[dice_roll(dice, (uint32_t)truth.count)];
    const struct event_field *field = &event->fields[dice_roll(dice, (uint32_t)event->n_fields)];
    bool known = !dice_one_in(dice, 4);
    struct span value = part_of(dice, known ? field->value : buf_span(&made));
    struct span rest = part_of(dice, field->value);
    uint32_t form = dice_roll(dice, FORM_N);
    bool any = dice_one_in(dice, 2) && form != FORM_COMPARE;
    buf_add_str(out, any ? "" : DICE_PICK(dice, fields));
    switch (form) {
    case FORM_WORDS:
        add_bare(out, value);
        break;
    case FORM_QUOTED:
        add_quoted(out, value);
        break;
    case FORM_BEGIN:
        add_bare(out, value);
        buf_add_char(out, '*');
        break;
    case FORM_PART:
        buf_add_char(out, '*');
        add_bare(out, value);
        buf_add_char(out, '*');
        break;
    case FORM_END:
        buf_add_char(out, '*');
        add_bare(out, value);
        break;
    case FORM_AROUND:
        add_bare(out, value);
        buf_add_char(out, '*');
        add_bare(out, rest);
        break;
    default:
        buf_add_str(out, DICE_PICK(dice, signs));
        add_quoted(out, value);
        break;
    }
    buf_fini(&made);
}

struct found {
    bool hit[TRUTH_EVENTS_MAX];
    size_t unknown;
};

static bool take_hit(void *context, const struct search_hit *hit)
{
    struct found *found = context;
    size_t i = 0;
    while (i < truth.count && !(truth.events[i].time_us == hit->time_us &&
                                span_equal(truth.events[i].raw, hit->raw))) {
        i++;
    }
    found->unknown += i == truth.count;
    if (i < truth.count) {
        found->hit[i] = true;
    }
    return true;
}

/* Which event it is that makes the counts differ. */
static void tell(const struct day_iterator_options *search)
{
    static struct found found;
    struct err err;
    struct day_iterator *iterator = NULL;
    int64_t hits = 0;
    memset(&found, 0, sizeof found);
    struct search_run_options options = {.search = *search, .each = take_hit, .context = &found};
    EXPECT_OK(day_iterator_open(search, &iterator, &err), err);
    EXPECT_OK(search_run_query(iterator, &options, &hits, &err), err);
    day_iterator_close(iterator);
    EXPECT_INT(found.unknown, 0);
    for (size_t i = 0; i < truth.count; i++) {
        if (found.hit[i] != truth.wanted[i]) {
            fprintf(stderr, "  %s: %.*s\n", found.hit[i] ? "found, but no match" : "missed",
                    SPAN_FMT(truth.events[i].raw));
            return;
        }
    }
}

/* False: the text is no query. */
static bool check_query(const char *text, unsigned threads, size_t *hits)
{
    struct err err;
    struct query *query = NULL;
    struct day_iterator *iterator = NULL;
    int64_t count = -1;
    if (parse_query(span_str(text), TRUTH_ARRIVAL_US, &query, NULL, &err) != OK) {
        return false;
    }
    struct day_iterator_options search = truth_search(query);
    search.threads = threads;
    size_t wanted = truth_mark(&search);
    EXPECT_OK(day_iterator_open(&search, &iterator, &err), err);
    EXPECT_OK(aggregate_count(iterator, &count, &err), err);
    day_iterator_close(iterator);
    if (count != (int64_t)wanted) {
        fprintf(stderr, "%s\n  found %lld, should be %zu\n", text, (long long)count, wanted);
        test_failures++;
        tell(&search);
    }
    *hits += wanted > 0;
    parse_query_free(query);
    return true;
}

/* Once each: what was wrong, or would be by the same causes. */
TEST(what_the_terms_take_as_a_whole)
{
    static const char *const queries[] = {"2026-11-02T10:00:00Z",
                                          "2001:db8::*",
                                          "*]",
                                          "end:*]",
                                          "2001:db8::5",
                                          "fe80::1*",
                                          "203.0.113.7*",
                                          "usr/203.0.113*",
                                          "usr/203.0.113.7*",
                                          "usr/550e8400-e29b*",
                                          "http://u@10.9.8.7:80*",
                                          "10.9.8.7.*",
                                          "2001:0db8*5",
                                          "\"0.1 22\"",
                                          "\"0 0 1 22\"",
                                          "\"b 443\"",
                                          "\"2 3 3022\"",
                                          "end:*[::1*",
                                          "end:*7:22",
                                          "2026"};
    size_t hits = 0;
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        EXPECT(check_query(queries[i], 1, &hits));
    }
    EXPECT(hits > sizeof queries / sizeof queries[0] / 2);
}

TEST(indexes_say_what_match_event_says)
{
    static const char *const ties[] = {" ", " OR ", " -", " OR NOT "};
    struct dice dice = {.state = test_seed(7)};
    int queries = test_rounds(QUERIES);
    long asked = 0;
    size_t hits = 0;
    for (int i = 0; i < queries && test_failures < 20; i++) {
        struct buf text = BUF_INIT;
        buf_add_str(&text, dice_one_in(&dice, 6) ? "-" : "");
        add_predicate(&dice, &text);
        while (dice_one_in(&dice, 4)) {
            buf_add_str(&text, DICE_PICK(&dice, ties));
            add_predicate(&dice, &text);
        }
        buf_add_char(&text, '\0');
        asked += check_query(text.data, 1 + dice_roll(&dice, 2), &hits);
        buf_fini(&text);
    }
    EXPECT(asked > queries * 9 / 10);
    EXPECT(hits > (size_t)queries / 3);
}

TEST(setup)
{
    truth_make_of(event_of_parts, test_seed(20251121));
    EXPECT(truth.count > TRUTH_EVENTS_MAX * 8 / 10);
}

TEST(cleanup)
{
    truth_remove();
}

TEST_MAIN(TEST_ENTRY(setup), TEST_ENTRY(what_the_terms_take_as_a_whole),
          TEST_ENTRY(indexes_say_what_match_event_says), TEST_ENTRY(cleanup))
