/* The engine against the truth: what it finds for some hundred random queries is what match_event
 * says about every single event. STELE_TEST_SEED asks other queries than the usual ones. */
#include "query/aggregate.h"
#include "query/match.h"
#include "query/parse.h"
#include "tests/support/test.h"
#include "tests/support/truth.h"

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

static bool take_hit(void *context, const struct hit *hit)
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

static void run(const struct search *search, int64_t limit, struct found *found)
{
    struct err err;
    struct walk *walk = NULL;
    int64_t hits = 0;
    memset(found, 0, sizeof *found);
    found->oldest_first = search->oldest_first;
    struct run_options options = {
        .search = *search, .limit = limit, .each = take_hit, .context = found};
    EXPECT_OK(walk_open(search, &walk, &err), err);
    EXPECT_OK(run_query(walk, &options, &hits, &err), err);
    EXPECT_INT(hits, found->count);
    walk_close(walk);
}

static void check_counts(const struct search *search, size_t wanted)
{
    struct err err;
    struct walk *walk = NULL;
    int64_t count = -1;
    EXPECT_OK(walk_open(search, &walk, &err), err);
    EXPECT_OK(aggregate_count(walk, &count, &err), err);
    EXPECT_INT(count, wanted);
    walk_close(walk);
    struct histogram histogram;
    EXPECT_OK(walk_open(search, &walk, &err), err);
    EXPECT_OK(aggregate_histogram(walk, 3600 * CLOCK_SECOND_US, &histogram, &err), err);
    EXPECT_INT(histogram.total, wanted);
    int64_t sum = 0;
    for (size_t i = 0; i < histogram.n_buckets; i++) {
        sum += histogram.counts[i];
    }
    EXPECT_INT(sum, wanted);
    histogram_fini(&histogram);
    walk_close(walk);
}

static void check_limit(const struct search *search, const struct found *all, struct dice *dice)
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
    EXPECT_OK(query_parse(span_str(text), TRUTH_ARRIVAL_US, &query, NULL, &err), err);
    if (!query) {
        fprintf(stderr, "  in: %s\n", text);
        return;
    }
    struct search search = truth_search(query);
    search.oldest_first = dice_one_in(dice, 3);
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
    query_free(query);
}

TEST(engine_finds_what_matches)
{
    const char *seed = getenv("STELE_TEST_SEED"); /* others than the one that always runs */
    struct dice dice = {.state = seed ? strtoull(seed, NULL, 10) : 7};
    size_t hits = 0;
    for (int i = 0; i < QUERIES && test_failures < 20; i++) {
        struct buf text = BUF_INIT;
        truth_query(&dice, &text);
        buf_add_char(&text, '\0');
        check_query(text.data, &dice, &hits);
        buf_fini(&text);
    }
    EXPECT(hits > QUERIES);
}

TEST(a_day_file_is_an_archive)
{
    struct err err;
    struct query *query = NULL;
    struct walk *walk = NULL;
    char path[FILE_PATH_BYTES];
    int64_t count = 0;
    EXPECT_OK(archive_segment_path(truth.dir, TRUTH_DAY_US, path, &err), err);
    EXPECT_OK(query_parse(span_str("-nosuch:x"), TRUTH_ARRIVAL_US, &query, NULL, &err), err);
    struct search search = truth_search(query);
    search.path = path;
    EXPECT_OK(walk_open(&search, &walk, &err), err);
    EXPECT_OK(aggregate_count(walk, &count, &err), err);
    EXPECT(count > 0 && count < (int64_t)truth.count);
    EXPECT(walk_unknown_field(walk, 0) != NULL);
    walk_close(walk);
    query_free(query);
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
          TEST_ENTRY(a_day_file_is_an_archive), TEST_ENTRY(cleanup))
