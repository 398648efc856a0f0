/* The engine against the truth: what it finds for some hundred random queries is what match_event
 * says about every single event. */
#include "query/aggregate/aggregate.h"
#include "query/eval/form_match.h"
#include "query/eval/needle.h"
#include "query/language/match.h"
#include "query/language/parse.h"
#include "schema/archive/archive.h"
#include "schema/base/utf8.h"
#include "schema/block/bitmap.h"
#include "tests/support/test.h"
#include "tests/support/truth.h"

#include <stdlib.h>

enum { QUERIES = 300 };

struct found {
    bool hit[TRUTH_EVENTS_MAX];
    size_t count;
    size_t unknown;
    size_t twice;
    size_t unordered;
    bool oldest_first;
    int64_t before_us;
    uint32_t order[TRUTH_EVENTS_MAX];
};

static bool take_hit(void *context, const struct search_hit *hit)
{
    struct found *found = context;
    size_t i = 0;
    while (i < truth.count && !(truth.events[i].time_us == hit->time_us &&
                                span_equal(truth.events[i].raw, hit->raw))) {
        i++;
    }
    if (i == truth.count) {
        found->unknown++;
        return true;
    }
    found->twice += found->hit[i];
    found->hit[i] = true;
    if (found->count > 0) {
        found->unordered +=
            found->oldest_first ? hit->time_us < found->before_us : hit->time_us > found->before_us;
    }
    found->before_us = hit->time_us;
    found->order[found->count++] = (uint32_t)i;
    return true;
}

static void run(const struct day_iterator_options *search, int64_t limit, struct found *found)
{
    struct err err;
    struct day_iterator *iterator = NULL;
    int64_t hits = 0;
    memset(found, 0, sizeof *found);
    found->oldest_first = search->oldest_first;
    struct search_run_options options = {
        .search = *search, .limit = limit, .each = take_hit, .context = found};
    EXPECT_OK(day_iterator_open(search, &iterator, &err), err);
    EXPECT_OK(search_run_query(iterator, &options, &hits, &err), err);
    EXPECT_INT(hits, found->count);
    day_iterator_close(iterator);
}

static void check_counts(const struct day_iterator_options *search, size_t wanted)
{
    struct err err;
    struct day_iterator *iterator = NULL;
    int64_t count = -1;
    EXPECT_OK(day_iterator_open(search, &iterator, &err), err);
    EXPECT_OK(aggregate_count(iterator, &count, &err), err);
    EXPECT_INT(count, wanted);
    day_iterator_close(iterator);
    struct aggregate_histogram histogram;
    EXPECT_OK(day_iterator_open(search, &iterator, &err), err);
    EXPECT_OK(aggregate_histogram(iterator, 3600 * CLOCK_SECOND_US, &histogram, &err), err);
    EXPECT_INT(histogram.total, wanted);
    int64_t sum = 0;
    for (size_t i = 0; i < histogram.n_buckets; i++) {
        sum += histogram.counts[i];
    }
    EXPECT_INT(sum, wanted);
    aggregate_histogram_fini(&histogram);
    day_iterator_close(iterator);
}

static void check_limit(const struct day_iterator_options *search, const struct found *all,
                        struct dice *dice)
{
    static struct found some;
    size_t limit = 1 + dice_roll(dice, 40);
    run(search, (int64_t)limit, &some);
    EXPECT_INT(some.count, all->count < limit ? all->count : limit);
    for (size_t i = 0; i < some.count; i++) {
        EXPECT_INT(some.order[i], all->order[i]);
    }
}

static void check_query(const char *text, struct dice *dice, size_t *hits)
{
    static struct found found;
    struct err err = {.text = ""};
    struct query *query = NULL;
    int before = test_failures;
    EXPECT_OK(parse_query(span_str(text), TRUTH_ARRIVAL_US, &query, NULL, &err), err);
    if (!query) {
        fprintf(stderr, "  in: %s\n", text);
        return;
    }
    struct day_iterator_options search = truth_search(query);
    search.oldest_first = dice_one_in(dice, 3);
    search.threads = 1 + dice_roll(dice, 4);
    if (dice_one_in(dice, 4)) {
        search.from_us = TRUTH_DAY_US + (int64_t)dice_roll(dice, 86400) * CLOCK_SECOND_US;
        search.to_us = search.from_us + CLOCK_DAY_US;
    }
    size_t wanted = truth_mark(&search);
    run(&search, 0, &found);
    for (size_t i = 0; i < truth.count; i++) {
        if (found.hit[i] != truth.wanted[i]) {
            fprintf(stderr, "%s: %.*s\n", found.hit[i] ? "found, but no match" : "missed",
                    SPAN_FMT(truth.events[i].raw));
            test_failures++;
            break;
        }
    }
    EXPECT_INT(found.unknown, 0);
    EXPECT_INT(found.twice, 0);
    EXPECT_INT(found.unordered, 0);
    check_counts(&search, wanted);
    check_limit(&search, &found, dice);
    *hits += wanted;
    if (test_failures > before) {
        fprintf(stderr, "  in: %s\n", text);
    }
    parse_query_free(query);
}

TEST(engine_finds_what_matches)
{
    struct dice dice = {.state = test_seed(7)};
    size_t hits = 0;
    int rounds = test_rounds(QUERIES);
    for (int i = 0; i < rounds && test_failures < 20; i++) {
        struct buf text = BUF_INIT;
        truth_query(&dice, &text);
        buf_add_char(&text, '\0');
        check_query(text.data, &dice, &hits);
        buf_fini(&text);
    }
    EXPECT(hits > (size_t)rounds);
}

TEST(a_day_file_is_an_archive)
{
    struct err err;
    struct query *query = NULL;
    struct day_iterator *iterator = NULL;
    char path[FILE_PATH_BYTES];
    int64_t count = 0;
    EXPECT_OK(archive_segment_path(truth.dir, TRUTH_DAY_US, path, &err), err);
    EXPECT_OK(parse_query(span_str("-nosuch:x"), TRUTH_ARRIVAL_US, &query, NULL, &err), err);
    struct day_iterator_options search = truth_search(query);
    search.path = path;
    EXPECT_OK(day_iterator_open(&search, &iterator, &err), err);
    EXPECT_OK(aggregate_count(iterator, &count, &err), err);
    EXPECT(count > 0 && count < (int64_t)truth.count);
    EXPECT(day_iterator_unknown_field(iterator, 0) != NULL);
    day_iterator_close(iterator);
    parse_query_free(query);
}

static size_t hits_until_stop;

static bool stop_at(void *context, const struct search_hit *hit)
{
    (void)hit;
    return ++*(size_t *)context < hits_until_stop;
}

/* A caller that has enough ends the search, whatever the other threads are at. */
TEST(a_caller_may_stop)
{
    struct query *query = NULL;
    struct err err;
    EXPECT_OK(parse_query(span_str("*"), TRUTH_ARRIVAL_US, &query, NULL, &err), err);
    for (hits_until_stop = 1; hits_until_stop < truth.count; hits_until_stop *= 7) {
        struct day_iterator_options search = truth_search(query);
        search.threads = 4;
        size_t calls = 0;
        int64_t hits = 0;
        struct day_iterator *iterator = NULL;
        struct search_run_options options = {.search = search, .each = stop_at, .context = &calls};
        EXPECT_OK(day_iterator_open(&search, &iterator, &err), err);
        EXPECT_OK(search_run_query(iterator, &options, &hits, &err), err);
        EXPECT_INT(calls, hits_until_stop);
        EXPECT_INT(hits, hits_until_stop);
        day_iterator_close(iterator);
    }
    parse_query_free(query);
}

/* A day by a day is what the sweep does by itself. */
TEST(a_day_iterator_counts_the_same)
{
    struct query *query = NULL;
    struct err err;
    struct day_iterator *iterator = NULL;
    EXPECT_OK(parse_query(span_str("user:*"), TRUTH_ARRIVAL_US, &query, NULL, &err), err);
    struct day_iterator_options search = truth_search(query);
    size_t wanted = truth_mark(&search);
    size_t count = 0;
    bool end = false;
    EXPECT_OK(day_iterator_open(&search, &iterator, &err), err);
    while (!end) {
        struct day_iterator_day day;
        EXPECT_OK(day_iterator_next(iterator, &day, &end, &err), err);
        count += end ? 0 : day.n_waiting;
        size_t n_blocks = 0;
        const struct block_info *blocks =
            !end && day.plan ? segment_blocks(plan_segment(day.plan), &n_blocks) : NULL;
        for (size_t i = 0; i < n_blocks; i++) {
            struct bitmap map;
            EXPECT_OK(plan_eval(day.plan, &blocks[i], INT64_MIN, INT64_MAX, &map, &err), err);
            count += bitmap_count(&map);
        }
    }
    EXPECT_INT(count, wanted);
    day_iterator_close(iterator);
    parse_query_free(query);
}

/* How many events have a value that holds the needle: no word, no index, only bytes in lower case.
 */
static size_t count_holding(struct span needle)
{
    struct buf low = BUF_INIT;
    struct buf value_low = BUF_INIT;
    size_t count = 0;
    EXPECT(buf_reserve(&low, needle.size));
    low.size = utf8_lower_copy(needle, low.data);
    for (size_t i = 0; i < truth.count; i++) {
        const struct event *event = &truth.events[i];
        bool holds = false;
        for (size_t k = 0; k < event->n_fields && !holds; k++) {
            struct span value = event->fields[k].value;
            buf_clear(&value_low);
            EXPECT(buf_reserve(&value_low, value.size + 1));
            value_low.size = utf8_lower_copy(value, value_low.data);
            holds = !match_is_reserved(event->fields[k].path) &&
                    memmem(value_low.data, value_low.size, low.data, low.size);
        }
        count += holds;
    }
    buf_fini(&low);
    buf_fini(&value_low);
    return count;
}

static int64_t count_of(const char *text)
{
    struct err err;
    struct query *query = NULL;
    struct day_iterator *iterator = NULL;
    int64_t count = -1;
    EXPECT_OK(parse_query(span_str(text), TRUTH_ARRIVAL_US, &query, NULL, &err), err);
    struct day_iterator_options search = truth_search(query);
    EXPECT_OK(day_iterator_open(&search, &iterator, &err), err);
    EXPECT_OK(aggregate_count(iterator, &count, &err), err);
    day_iterator_close(iterator);
    parse_query_free(query);
    return count;
}

/* A piece of a value that can stand between two stars. */
static struct span cut_needle(struct dice *dice, struct span value)
{
    size_t from = dice_roll(dice, (uint32_t)value.size + 1);
    size_t size = 0;
    size_t most = 2 + dice_roll(dice, 12);
    while (from < value.size && ((unsigned char)value.data[from] & 0xc0) == 0x80) {
        from++;
    }
    while (from + size < value.size &&
           (size < most || ((unsigned char)value.data[from + size] & 0xc0) == 0x80) &&
           !strchr(" \t\n\r\v\f()[]{}\"*\\", value.data[from + size]) &&
           (unsigned char)value.data[from + size] >= 0x20) {
        size++;
    }
    return span_of(value.data + from, size);
}

/* Needles cut from values, every third one from the uid, are found as often as values hold them. */
TEST(needles_are_found_as_often_as_values_hold_them)
{
    struct dice dice = {.state = test_seed(11)};
    size_t of_uid = 0;
    size_t asked = 0;
    for (int i = 0; i < test_rounds(QUERIES) && test_failures < 20; i++) {
        const struct event *event = &truth.events[dice_roll(&dice, (uint32_t)truth.count)];
        const struct event_field *field =
            &event->fields[dice_roll(&dice, (uint32_t)event->n_fields)];
        for (size_t k = 0; i % 3 == 0 && k < event->n_fields; k++) {
            field = span_is(event->fields[k].path, "uid") ? &event->fields[k] : field;
        }
        struct span needle = cut_needle(&dice, field->value);
        if (needle.size == 0 || match_is_reserved(field->path)) {
            continue;
        }
        struct buf text = BUF_INIT;
        buf_printf(&text, "*%.*s*", SPAN_FMT(needle));
        int64_t found = count_of(text.data);
        size_t wanted = count_holding(needle);
        if (found != (int64_t)wanted || found == 0) {
            fprintf(stderr, "%s: %lld found, %zu hold it\n", text.data, (long long)found, wanted);
            test_failures++;
        }
        asked++;
        of_uid += span_is(field->path, "uid");
        buf_fini(&text);
    }
    EXPECT(asked > (size_t)test_rounds(QUERIES) / 2);
    EXPECT(of_uid > asked / 10 || asked < 30); /* few rounds may have few of them */
}

/* All lines as one text, against each by itself. */
TEST(a_rare_part_is_found_in_many_lines)
{
    static const char *const parts[] = {"z",   "on",  "example", "tmp-",      "-0",
                                        "ses", "a b", "node",    "no-such-x", "@example.com"};
    struct buf text = BUF_INIT;
    size_t asked = 0;
    for (size_t i = 0; i < truth.count; i++) {
        buf_add_span(&text, truth.events[i].raw);
        buf_add_char(&text, '\n');
    }
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
        struct predicate predicate = {.kind = PREDICATE_SUBSTRING, .text = span_str(parts[p])};
        struct needle needle = needle_of(&predicate);
        size_t start = 0;
        size_t wrong = 0;
        if (needle.literal.size == 0) { /* JSON can write all of it otherwise */
            continue;
        }
        asked++;
        for (size_t i = 0; i < truth.count; i++) {
            size_t end = start + truth.events[i].raw.size + 1;
            bool found = needle_next(&needle, buf_span(&text), start) < end;
            wrong += found != needle_may_match(&needle, truth.events[i].raw, true);
            start = end;
        }
        EXPECT_INT(wrong, 0);
        EXPECT_INT(needle_next(&needle, span_str(""), 0), 0);
    }
    EXPECT(asked > 6);
    buf_fini(&text);
}

/* Of a UUID every part and every word, by its numbers as by its spelling. */
/* Every part of a spelling, and every part with one character changed, by the numbers of the form
 * and by the text. */
static void expect_parts(enum value_form_kind kind, const char *spelled, const char *path)
{
    const struct value_form form = {kind, 0};
    struct span value = span_str(spelled);
    struct value_form_bits bits;
    EXPECT(value_form_read(form, value, &bits));
    value = span_of(value.data + 1, value.size - 2);
    for (size_t from = 0; from < value.size; from++) {
        for (size_t size = 1; from + size <= value.size; size++) {
            for (size_t turn = 0; turn < 2 * (size + 1); turn++) {
                char text[VALUE_FORM_SPELLING_MAX];
                memcpy(text, value.data + from, size);
                if (turn / 2 < size) {
                    text[turn / 2] = "0f.-:1"[(turn / 2 + from) % 6];
                }
                struct predicate predicate = {.kind =
                                                  turn % 2 ? PREDICATE_TERM : PREDICATE_SUBSTRING,
                                              .text = span_of(text, size)};
                struct needle needle = needle_of(&predicate);
                struct form_parts parts;
                uint8_t hit = 0;
                form_parts_init(&parts, predicate.text);
                enum form_match_way way = form_match_way(&predicate, &needle, kind);
                if (way == FORM_MATCH_SPELLED) {
                    continue;
                }
                if (way == FORM_MATCH_NUMBERS) {
                    form_match_numbers(&predicate, &parts, form, &bits.number,
                                       kind == VALUE_FORM_IPV4 ? NULL : &bits.second, 1, &hit);
                }
                EXPECT_INT(hit, match_value(&predicate, span_str(path), value));
            }
        }
    }
}

TEST(parts_of_forms_by_their_numbers)
{
    expect_parts(VALUE_FORM_UUID, "\"9f3a146b-2766-4a5d-93df-d6f7ff7ad6aa\"", "uid");
    expect_parts(VALUE_FORM_UUID, "\"00000000-0000-4000-8000-000000000000\"", "uid");
    expect_parts(VALUE_FORM_IPV4, "\"10.0.110.1\"", "addr");
    expect_parts(VALUE_FORM_IPV4, "\"0.255.25.200\"", "addr");
    expect_parts(VALUE_FORM_ENDPOINT, "\"10.10.1.0:10443\"", "addr");
    expect_parts(VALUE_FORM_ENDPOINT, "\"192.168.255.25:0\"", "addr");
}

/* Damages the segment of the truth's first day: its blocks are there and cannot be read. */
static void damage_first_day(void)
{
    struct err err;
    char path[FILE_PATH_BYTES];
    char command[FILE_PATH_BYTES + 80];
    EXPECT_OK(archive_segment_path(truth.dir, TRUTH_DAY_US, path, &err), err);
    (void)snprintf(command, sizeof command, "printf damaged > '%s'", path);
    EXPECT_INT(system(command), 0);
}

/* What is damaged is said, but not when enough was found before it. */
TEST(a_damaged_day)
{
    struct query *query = NULL;
    struct err err;
    damage_first_day();
    EXPECT_OK(parse_query(span_str("*"), TRUTH_ARRIVAL_US, &query, NULL, &err), err);
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct day_iterator_options search = truth_search(query);
        search.threads = threads;
        int64_t count = -1;
        struct day_iterator *iterator = NULL;
        EXPECT_OK(day_iterator_open(&search, &iterator, &err), err);
        EXPECT_INT(aggregate_count(iterator, &count, &err), ERR_CORRUPT);
        EXPECT_INT(count, -1);
        day_iterator_close(iterator);
        size_t calls = 0;
        hits_until_stop = SIZE_MAX;
        struct search_run_options options = {
            .search = search, .limit = 30, .each = stop_at, .context = &calls};
        EXPECT_OK(day_iterator_open(&search, &iterator, &err), err);
        EXPECT_OK(search_run_query(iterator, &options, &count, &err), err);
        EXPECT_INT(count, 30);
        day_iterator_close(iterator);
        options.limit = 0;
        EXPECT_OK(day_iterator_open(&search, &iterator, &err), err);
        EXPECT_INT(search_run_query(iterator, &options, &count, &err), ERR_CORRUPT);
        EXPECT(calls > 30 && calls < truth.count);
        day_iterator_close(iterator);
    }
    parse_query_free(query);
}

TEST(setup)
{
    truth_make();
    EXPECT(truth.count > TRUTH_EVENTS_MAX * 8 / 10);
}

TEST(cleanup)
{
    truth_remove();
}

TEST_MAIN(TEST_ENTRY(setup), TEST_ENTRY(engine_finds_what_matches),
          TEST_ENTRY(a_day_file_is_an_archive), TEST_ENTRY(a_caller_may_stop),
          TEST_ENTRY(a_day_iterator_counts_the_same),
          TEST_ENTRY(needles_are_found_as_often_as_values_hold_them),
          TEST_ENTRY(a_rare_part_is_found_in_many_lines),
          TEST_ENTRY(parts_of_forms_by_their_numbers), TEST_ENTRY(a_damaged_day),
          TEST_ENTRY(cleanup))
