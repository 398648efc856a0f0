/* A copy answers as the archive it was made of: hits with all they have, counts, top values and
 * histograms, over random queries; and so does a copy of a copy. */
#include <sys/stat.h>
#include <unistd.h>

#include "query/aggregate/aggregate.h"
#include "query/language/parse.h"
#include "query/search/extract.h"
#include "schema/event/source.h"
#include "tests/support/test.h"
#include "tests/support/truth.h"

enum { QUERIES = 25 };

static struct err err;
static char dir[FILE_PATH_BYTES];
static char copy_path[FILE_PATH_BYTES];

static enum status take(void *context, const struct copy_event *event, struct err *of_add)
{
    return copy_writer_add(context, event, of_add);
}

/* All that the query finds at `from`, as a copy at `to`; how many that is. */
static int64_t make_copy(const char *from, const char *query_text, const char *to)
{
    struct query *query = NULL;
    struct day_iterator *iterator = NULL;
    struct copy_writer *writer = NULL;
    struct copy_case facts = {.who = span_str("tester@here"),
                              .why = span_str("test"),
                              .from_us = INT64_MIN,
                              .to_us = INT64_MAX};
    EXPECT_OK(parse_query(span_str(query_text), TRUTH_ARRIVAL_US, &query, NULL, &err), err);
    struct day_iterator_options search = truth_search(query);
    search.path = from;
    search.oldest_first = true;
    EXPECT_OK(day_iterator_open(&search, &iterator, &err), err);
    EXPECT_OK(copy_writer_open(to, 3, false, &writer, &err), err);
    struct extract extract = {.each = take, .context = writer};
    EXPECT_OK(extract_run(iterator, &extract, &err), err);
    EXPECT_INT(copy_writer_count(writer), extract.events);
    if (extract.events > 0) {
        EXPECT_OK(copy_writer_finish(writer, &facts, NULL, &err), err);
        EXPECT_OK(copy_writer_publish(writer, true, &err), err);
    }
    copy_writer_close(writer);
    day_iterator_close(iterator);
    parse_query_free(query);
    return extract.events;
}

static bool add_hit(void *context, const struct search_hit *hit)
{
    struct buf *out = context;
    buf_printf(out, "%lld %lld %lld ", (long long)hit->time_us, (long long)hit->day_us,
               (long long)hit->received_us);
    buf_add_span(out, hit->raw);
    buf_add_char(out, '\n');
    return true;
}

static void add_hits(const struct day_iterator_options *search, int64_t limit, struct buf *out)
{
    struct day_iterator *iterator = NULL;
    struct search_run_options run = {
        .search = *search, .limit = limit, .each = add_hit, .context = out};
    int64_t hits = 0;
    EXPECT_OK(day_iterator_open(search, &iterator, &err), err);
    EXPECT_OK(search_run_query(iterator, &run, &hits, &err), err);
    day_iterator_close(iterator);
    buf_printf(out, "%lld hits\n", (long long)hits);
}

static void add_top(const struct day_iterator_options *search, const char *field, struct buf *out)
{
    struct day_iterator *iterator = NULL;
    struct aggregate_top top;
    struct span name = span_str(field);
    EXPECT_OK(day_iterator_open(search, &iterator, &err), err);
    EXPECT_OK(aggregate_top(iterator, &name, 1, 0, &top, &err), err);
    for (size_t i = 0; i < top.n_rows; i++) {
        buf_printf(out, "%s %lld %.*s\n", field, (long long)top.rows[i].count,
                   SPAN_FMT(top.rows[i].values[0]));
    }
    aggregate_top_fini(&top);
    day_iterator_close(iterator);
}

static void add_histogram(const struct day_iterator_options *search, int64_t bucket_us,
                          struct buf *out)
{
    struct day_iterator *iterator = NULL;
    struct aggregate_histogram histogram;
    EXPECT_OK(day_iterator_open(search, &iterator, &err), err);
    EXPECT_OK(aggregate_histogram(iterator, bucket_us, &histogram, &err), err);
    buf_printf(out, "from %lld by %lld:", (long long)histogram.start_us,
               (long long)histogram.bucket_us);
    for (size_t i = 0; i < histogram.n_buckets; i++) {
        buf_printf(out, " %lld", (long long)histogram.counts[i]);
    }
    buf_add_char(out, '\n');
    aggregate_histogram_fini(&histogram);
    day_iterator_close(iterator);
}

/* Everything that can be asked about a query, as text. */
static void answers(const char *path, const struct query *query, int64_t from_us, int64_t to_us,
                    struct buf *out)
{
    static const char *const fields[] = {"event", "user",       "addr.remote",     "day",
                                         "actor", SOURCE_FIELD, SOURCE_MARK_FIELD, "command"};
    struct day_iterator_options search = truth_search(query);
    search.path = path;
    search.from_us = from_us;
    search.to_us = to_us;
    search.threads = 2;
    for (int i = 0; i < 4; i++) {
        search.oldest_first = i % 2;
        add_hits(&search, i < 2 ? 0 : 7, out);
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        add_top(&search, fields[i], out);
    }
    add_histogram(&search, 0, out);
    add_histogram(&search, 6 * 3600 * CLOCK_SECOND_US, out);
}

static void compare(const char *text, const char *other, int64_t from_us, int64_t to_us)
{
    struct query *query = NULL;
    struct buf of_archive = BUF_INIT;
    struct buf of_copy = BUF_INIT;
    EXPECT_OK(parse_query(span_str(text), TRUTH_ARRIVAL_US, &query, NULL, &err), err);
    answers(truth.dir, query, from_us, to_us, &of_archive);
    answers(other, query, from_us, to_us, &of_copy);
    if (!span_equal(buf_span(&of_archive), buf_span(&of_copy))) {
        fprintf(stderr, "%s: the copy answers otherwise\n", text);
        test_failures++;
    }
    parse_query_free(query);
    buf_fini(&of_archive);
    buf_fini(&of_copy);
}

static void compare_random(const char *other, uint64_t seed)
{
    struct dice dice = {.state = seed};
    struct buf text = BUF_INIT;
    int rounds = test_rounds(QUERIES);
    for (int i = 0; i < rounds && test_failures == 0; i++) {
        int64_t from_us = INT64_MIN;
        int64_t to_us = INT64_MAX;
        buf_clear(&text);
        truth_query(&dice, &text);
        buf_add_char(&text, '\0');
        if (i % 3 == 0) {
            from_us = TRUTH_DAY_US + (int64_t)dice_roll(&dice, TRUTH_DAYS * 86400) * 1000000;
            to_us = i % 2 ? from_us + 20 * 3600 * CLOCK_SECOND_US : INT64_MAX;
        }
        compare(text.data, other, from_us, to_us);
    }
    buf_fini(&text);
}

TEST(a_copy_of_all_answers_as_the_archive)
{
    EXPECT_INT(make_copy(truth.dir, "*", copy_path), truth.count);
    compare("*", copy_path, INT64_MIN, INT64_MAX);
    compare_random(copy_path, 11);
}

TEST(a_copy_of_a_copy_does_too)
{
    char again[FILE_PATH_BYTES];
    EXPECT_OK(file_path_format(again, &err, "%s/again.stele", dir), err);
    EXPECT_INT(make_copy(copy_path, "*", again), truth.count);
    compare_random(again, 12);
}

TEST(a_copy_of_a_query_has_what_it_finds)
{
    char some[FILE_PATH_BYTES];
    struct query *query = NULL;
    EXPECT_OK(file_path_format(some, &err, "%s/some.stele", dir), err);
    const char *text = "user:alice OR curl";
    EXPECT_OK(parse_query(span_str(text), TRUTH_ARRIVAL_US, &query, NULL, &err), err);
    struct day_iterator_options search = truth_search(query);
    size_t wanted = truth_mark(&search);
    EXPECT(wanted > 50 && wanted < truth.count);
    EXPECT_INT(make_copy(truth.dir, text, some), wanted);
    compare(text, some, INT64_MIN, INT64_MAX);
    parse_query_free(query);
}

/* Nothing matches: no file, and nothing beside it. */
TEST(nothing_found_makes_nothing)
{
    char none[FILE_PATH_BYTES];
    EXPECT_OK(file_path_format(none, &err, "%s/none/x.stele", dir), err);
    char folder[FILE_PATH_BYTES];
    EXPECT_OK(file_path_format(folder, &err, "%s/none", dir), err);
    EXPECT_OK(file_make_dir(folder, 0700, &err), err);
    EXPECT_INT(make_copy(truth.dir, "user:nobodyatall", none), 0);
    EXPECT_INT(rmdir(folder), 0);
}

/* Opened in a directory where files could be made, and none is. */
TEST(no_file_is_made_beside_it)
{
    static const char *const endings[] = {"-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char path[FILE_PATH_BYTES];
        EXPECT_OK(file_path_format(path, &err, "%s%s", copy_path, endings[i]), err);
        EXPECT(!file_exists(path));
    }
    struct buf bytes = BUF_INIT;
    EXPECT_OK(file_read(copy_path, 1u << 30, &bytes, &err), err);
    EXPECT(bytes.size > 100 && bytes.data[18] == 1 && bytes.data[19] == 1); /* not WAL */
    buf_fini(&bytes);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST_ENTRY(a_copy_of_all_answers_as_the_archive),
        TEST_ENTRY(a_copy_of_a_copy_does_too),
        TEST_ENTRY(a_copy_of_a_query_has_what_it_finds),
        TEST_ENTRY(nothing_found_makes_nothing),
        TEST_ENTRY(no_file_is_made_beside_it),
    };
    truth_make();
    test_dir_make(dir);
    EXPECT_OK(file_path_format(copy_path, &err, "%s/all.stele", dir), err);
    int code = test_main(tests, sizeof tests / sizeof tests[0], argc, argv);
    test_dir_remove(dir);
    truth_remove();
    return code;
}
