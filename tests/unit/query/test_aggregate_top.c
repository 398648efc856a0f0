/* The most frequent values and histograms, against counting event by event. */
#include "query/aggregate/aggregate.h"
#include "query/language/match.h"
#include "query/language/parse.h"
#include "schema/event/endpoint.h"
#include "schema/event/source.h"
#include "tests/support/test.h"
#include "tests/support/truth.h"

struct row {
    struct span value;
    int64_t count;
};

static void count_value(struct row *rows, size_t *count, struct span value)
{
    size_t i = 0;
    while (i < *count && !span_equal(rows[i].value, value)) {
        i++;
    }
    if (i == *count) {
        rows[(*count)++] = (struct row){value, 0};
    }
    rows[i].count++;
}

/* Distinct values of the event's field; actor is the first field of its list that is there. */
static void count_event(struct row *rows, size_t *count, const struct event *event,
                        const char *field)
{
    const char *path = field;
    for (size_t i = 0; strcmp(field, "actor") == 0 && event_actor_fields[i]; i++) {
        path = event_actor_fields[i];
        if (event_get(event, path).size > 0) {
            break;
        }
    }
    for (size_t i = 0; i < event->n_fields; i++) {
        uint16_t port;
        struct span value = endpoint_split(event->fields[i].value, &port);
        bool seen = !span_is(event->fields[i].path, path);
        for (size_t j = 0; j < i && !seen; j++) {
            seen = span_is(event->fields[j].path, path) &&
                   span_equal(endpoint_split(event->fields[j].value, &port), value);
        }
        if (!seen) {
            count_value(rows, count, value);
        }
    }
}

/* With a limit: the first rows of all of them. */
static void check_limits(const struct day_iterator_options *search, struct span field,
                         const struct aggregate_top *all)
{
    for (size_t limit = 1; limit <= all->n_rows + 1; limit = limit * 2 + 1) {
        struct err err;
        struct day_iterator *iterator = NULL;
        struct aggregate_top top;
        EXPECT_OK(day_iterator_open(search, &iterator, &err), err);
        EXPECT_OK(aggregate_top(iterator, &field, 1, limit, &top, &err), err);
        EXPECT_INT(top.n_values, all->n_rows);
        EXPECT_INT(top.n_rows, limit < all->n_rows ? limit : all->n_rows);
        for (size_t i = 0; i < top.n_rows; i++) {
            EXPECT_INT(top.rows[i].count, all->rows[i].count);
            EXPECT(span_equal(top.rows[i].values[0], all->rows[i].values[0]));
        }
        aggregate_top_fini(&top);
        day_iterator_close(iterator);
    }
}

static void check_top(const char *query_text, const char *field)
{
    static struct row rows[TRUTH_EVENTS_MAX * 4];
    size_t count = 0;
    struct err err;
    struct query *query = NULL;
    struct day_iterator *iterator = NULL;
    struct aggregate_top top;
    EXPECT_OK(parse_query(span_str(query_text), TRUTH_ARRIVAL_US, &query, NULL, &err), err);
    struct day_iterator_options search = truth_search(query);
    search.threads = 3;
    EXPECT_INT(truth_mark(&search) > 0, 1);
    for (size_t i = 0; i < truth.count; i++) {
        if (truth.wanted[i]) {
            count_event(rows, &count, &truth.events[i], field);
        }
    }
    struct span name = span_str(field);
    EXPECT_OK(day_iterator_open(&search, &iterator, &err), err);
    EXPECT_OK(aggregate_top(iterator, &name, 1, 0, &top, &err), err);
    day_iterator_close(iterator);
    int64_t distinct = -1;
    search.threads = 1;
    EXPECT_OK(day_iterator_open(&search, &iterator, &err), err);
    EXPECT_OK(aggregate_distinct(iterator, &name, 1, &distinct, &err), err);
    EXPECT_INT(distinct, count);
    if (top.n_rows != count) {
        fprintf(stderr, "top %s of %s: %zu values, should be %zu\n", field, query_text, top.n_rows,
                count);
        test_failures++;
    }
    for (size_t i = 0; i < top.n_rows; i++) {
        size_t at = 0;
        while (at < count && !span_equal(rows[at].value, top.rows[i].values[0])) {
            at++;
        }
        if (at == count || rows[at].count != top.rows[i].count) {
            fprintf(stderr, "top %s of %s: %.*s %lld, should be %lld\n", field, query_text,
                    SPAN_FMT(top.rows[i].values[0]), (long long)top.rows[i].count,
                    at == count ? 0 : (long long)rows[at].count);
            test_failures++;
        }
        EXPECT(i == 0 || top.rows[i - 1].count >= top.rows[i].count);
    }
    day_iterator_close(iterator);
    check_limits(&search, name, &top);
    aggregate_top_fini(&top);
    parse_query_free(query);
}

TEST(top_values_are_right)
{
    static const char *const fields[] = {"event",   "user",       "identity.roles",  "pid",
                                         "command", "score",      "args.deep",       "success",
                                         "actor",   SOURCE_FIELD, SOURCE_MARK_FIELD, "addr.remote",
                                         "uid"};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        check_top("*", fields[i]);
        check_top("user:alice OR curl", fields[i]);
        check_top("time:2025-11-21 -severity:warn", fields[i]);
    }
}

TEST(top_of_two_fields)
{
    struct err err;
    struct query *query = NULL;
    struct day_iterator *iterator = NULL;
    struct aggregate_top top;
    EXPECT_OK(parse_query(span_str("*"), TRUTH_ARRIVAL_US, &query, NULL, &err), err);
    struct day_iterator_options search = truth_search(query);
    search.threads = 3;
    EXPECT_OK(day_iterator_open(&search, &iterator, &err), err);
    const struct span fields[] = {span_str("severity"), span_str("code"), span_str("day")};
    EXPECT_OK(aggregate_top(iterator, fields, 3, 0, &top, &err), err);
    int64_t sum = 0;
    for (size_t i = 0; i < top.n_rows; i++) {
        sum += top.rows[i].count;
        EXPECT(span_is(top.rows[i].values[0],
                       event_severity_text(event_code_severity(top.rows[i].values[1]))));
        EXPECT_INT(top.rows[i].values[2].size, 10);
    }
    EXPECT_INT(sum, truth.count);
    EXPECT_INT(top.events, truth.count);
    EXPECT_INT(top.n_rows, 6 * TRUTH_DAYS);
    aggregate_top_fini(&top);
    day_iterator_close(iterator);
    parse_query_free(query);
}

TEST(automatic_buckets_are_few)
{
    struct err err;
    struct query *query = NULL;
    struct day_iterator *iterator = NULL;
    struct aggregate_histogram histogram;
    EXPECT_OK(parse_query(span_str("*"), TRUTH_ARRIVAL_US, &query, NULL, &err), err);
    struct day_iterator_options search = truth_search(query);
    search.threads = 3;
    EXPECT_OK(day_iterator_open(&search, &iterator, &err), err);
    EXPECT_OK(aggregate_histogram(iterator, 0, &histogram, &err), err);
    EXPECT_INT(histogram.total, truth.count);
    EXPECT(histogram.n_buckets > 1 && histogram.n_buckets <= AGGREGATE_AUTO_BUCKETS);
    aggregate_histogram_fini(&histogram);
    day_iterator_close(iterator);
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

TEST_MAIN(TEST_ENTRY(setup), TEST_ENTRY(top_values_are_right), TEST_ENTRY(top_of_two_fields),
          TEST_ENTRY(automatic_buckets_are_few), TEST_ENTRY(cleanup))
