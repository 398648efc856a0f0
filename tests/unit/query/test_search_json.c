/* The engine against the truth over events of every form that JSON has: what is looked for is cut
 * out of their values and lines, at random and where values, keys and what is between them meet. */
#include "query/aggregate/aggregate.h"
#include "query/language/match.h"
#include "query/language/parse.h"
#include "tests/support/odd_json.h"
#include "tests/support/test.h"
#include "tests/support/truth.h"

enum { QUERIES = 800, FIELDS = 300 };

static struct err err;

/* As the query language writes it: marks of its own need a backslash within quotes. */
static void add_quoted(struct buf *out, struct span text)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        buf_add_str(out, text.data[i] == '"' || text.data[i] == '\\' ? "\\" : "");
        buf_add_char(out, text.data[i]);
    }
    buf_add_char(out, '"');
}

/* False: it has something that is no part of a bare word. */
static bool add_bare(struct buf *out, struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (memchr(" \t\r\n()[]\"*\\:", text.data[i], 11) || (unsigned char)text.data[i] < ' ') {
            return false;
        }
    }
    buf_add_span(out, text);
    return text.size > 0 && text.data[0] != '-' && text.data[0] != '<' && text.data[0] != '>';
}

static bool is_inside_letter(struct span text, size_t at)
{
    return at < text.size && ((unsigned char)text.data[at] & 0xc0) == 0x80;
}

/* A piece: all of it, a start, an end, a middle. */
static struct span cut(struct dice *dice, struct span text)
{
    size_t from = dice_one_in(dice, 2) ? 0 : dice_roll(dice, (uint32_t)text.size + 1);
    size_t to = dice_one_in(dice, 2) ? text.size : from + dice_roll(dice, 24);
    to = to > text.size ? text.size : to;
    from = from > to ? to : from;
    while (is_inside_letter(text, from)) {
        from--;
    }
    while (is_inside_letter(text, to)) {
        to++;
    }
    return span_of(text.data + from, to - from);
}

/* In a line, around where a value begins or ends. */
static struct span cut_at_border(struct dice *dice, struct span line)
{
    static const char borders[] = "\":,{}[]";
    for (int tries = 0; tries < 50; tries++) {
        size_t at = dice_roll(dice, (uint32_t)line.size);
        if (memchr(borders, line.data[at], sizeof borders - 1)) {
            size_t before = dice_roll(dice, 8);
            size_t from = at > before ? at - before : 0;
            size_t to = at + dice_roll(dice, 8);
            to = to > line.size ? line.size : to;
            while (is_inside_letter(line, from)) {
                from--;
            }
            while (is_inside_letter(line, to)) {
                to++;
            }
            return span_of(line.data + from, to > from ? to - from : 0);
        }
    }
    return line;
}

static bool write_query(struct dice *dice, struct buf *out)
{
    const struct event *event = &truth.events[dice_roll(dice, (uint32_t)truth.count)];
    const struct event_field *field = &event->fields[dice_roll(dice, (uint32_t)event->n_fields)];
    bool from_line = dice_one_in(dice, 3);
    struct span piece = from_line ? cut_at_border(dice, event->raw) : cut(dice, field->value);
    if (!from_line && dice_one_in(dice, 2)) {
        if (!add_bare(out, field->path)) {
            return false;
        }
        buf_add_char(out, ':');
    }
    switch (dice_roll(dice, 5)) {
    case 0:
        return add_bare(out, piece);
    case 1:
        buf_add_char(out, '*');
        return add_bare(out, piece) && (buf_add_char(out, '*'), true);
    case 2:
        return add_bare(out, piece) && (buf_add_char(out, '*'), true);
    case 3:
        buf_add_char(out, '*');
        return add_bare(out, piece);
    default:
        add_quoted(out, piece);
        return piece.size > 0;
    }
}

static bool take_hit(void *context, const struct search_hit *hit)
{
    bool *found = context;
    for (size_t i = 0; i < truth.count; i++) {
        if (truth.events[i].time_us == hit->time_us && span_equal(truth.events[i].raw, hit->raw)) {
            found[i] = true;
        }
    }
    return true;
}

static void check(const struct query *query, const char *text)
{
    static bool found[TRUTH_EVENTS_MAX];
    struct day_iterator *iterator = NULL;
    const struct day_iterator_options search = truth_search(query);
    const struct search_run_options options = {
        .search = search, .each = take_hit, .context = found};
    int64_t hits = 0;
    int64_t count = 0;
    int before = test_failures;
    size_t wanted = truth_mark(&search);
    memset(found, 0, sizeof found);
    EXPECT_OK(day_iterator_open(&search, &iterator, &err), err);
    EXPECT_OK(search_run_query(iterator, &options, &hits, &err), err);
    day_iterator_close(iterator);
    EXPECT_OK(day_iterator_open(&search, &iterator, &err), err);
    EXPECT_OK(aggregate_count(iterator, &count, &err), err);
    EXPECT_INT(count, wanted);
    EXPECT_INT(hits, wanted);
    if (wanted > 0) { /* what an event has is a field that is known */
        EXPECT(day_iterator_unknown_field(iterator, 0) == NULL);
    }
    day_iterator_close(iterator);
    for (size_t i = 0; i < truth.count; i++) {
        if (found[i] != truth.wanted[i]) {
            fprintf(stderr, "%s: %.*s\n", found[i] ? "found, but no match" : "missed",
                    SPAN_FMT(truth.events[i].raw));
            test_failures++;
            break;
        }
    }
    if (test_failures > before) {
        fprintf(stderr, "  in: %s\n", text);
    }
}

TEST(pieces_of_events_are_found)
{
    struct dice dice = {.state = test_seed(21)};
    size_t asked = 0;
    int rounds = test_rounds(QUERIES);
    for (int i = 0; i < rounds && test_failures < 10; i++) {
        struct buf text = BUF_INIT;
        struct query *query = NULL;
        if (write_query(&dice, &text)) {
            buf_add_char(&text, '\0');
            /* some are no queries, as a range with one end */
            if (parse_query(span_str(text.data), TRUTH_ARRIVAL_US, &query, NULL, &err) == OK) {
                check(query, text.data);
                asked++;
                parse_query_free(query);
            }
        }
        buf_fini(&text);
    }
    EXPECT(asked > (size_t)rounds / 3);
}

/* Every field by its name: its own values, and none of what stands above or beside it. */
TEST(every_field_is_asked_for)
{
    struct intern names;
    intern_init(&names);
    size_t asked = 0;
    for (size_t i = 0; i < truth.count; i++) {
        for (size_t f = 0; f < truth.events[i].n_fields; f++) {
            (void)intern_add(&names, truth.events[i].fields[f].path, FIELDS);
        }
    }
    for (uint32_t i = 0; i < intern_count(&names) && test_failures < 10; i++) {
        static const char *const forms[] = {":*", ":>=0"};
        for (size_t form = 0; form < 2; form++) {
            struct buf text = BUF_INIT;
            struct query *query = NULL;
            bool is_word = add_bare(&text, intern_text(&names, i));
            buf_add_str(&text, forms[form]);
            buf_add_char(&text, '\0');
            if (is_word &&
                parse_query(span_str(text.data), TRUTH_ARRIVAL_US, &query, NULL, &err) == OK) {
                check(query, text.data);
                asked++;
                parse_query_free(query);
            }
            buf_fini(&text);
        }
    }
    EXPECT(asked > 100);
    intern_fini(&names);
}

TEST(queries_of_all_kinds)
{
    struct dice dice = {.state = test_seed(22)};
    for (int i = 0; i < test_rounds(QUERIES / 4) && test_failures < 10; i++) {
        struct buf text = BUF_INIT;
        struct query *query = NULL;
        truth_query(&dice, &text);
        buf_add_char(&text, '\0');
        if (parse_query(span_str(text.data), TRUTH_ARRIVAL_US, &query, NULL, &err) == OK) {
            check(query, text.data);
            parse_query_free(query);
        }
        buf_fini(&text);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST_ENTRY(pieces_of_events_are_found),
        TEST_ENTRY(every_field_is_asked_for),
        TEST_ENTRY(queries_of_all_kinds),
    };
    truth_make_of(odd_json_event, test_seed(20));
    int code = test_main(tests, sizeof tests / sizeof tests[0], argc, argv);
    truth_remove();
    return code;
}
