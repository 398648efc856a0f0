/* Queries over a day of which columns are damaged: each gives what is true or says that the file is
 * damaged, never less; and what needs other columns goes on. */
#include "query/aggregate/aggregate.h"
#include "query/language/parse.h"
#include "schema/base/hash64.h"
#include "schema/db/db_pages.h"
#include "tests/support/audit_world.h"
#include "tests/support/damage_day.h"
#include "tests/support/forge.h"

enum { FLIPS = 60 };

static struct damage_day day;
static struct err err;

static const char *const queries[] = {
    "file1042",
    "file104*",
    "\"srv file1042\"",
    "host2007.example.com",
    "user:user3",
    "event:e1 -user:user3",
    "pid:>3000",
    "uid:*-4000-8000-00000000041a",
    "command:file1042",
    "command:\"cat /srv/file2007\"",
    "*ample.com",
    "domain:host1001.example.com",
    "addr.remote:10.1.*",
    "ip:10.1.0.0/24",
    "roles:r2",
    "roles:2",
    "late:v3",
    "-late:*",
    "once:seen",
    "once:*",
    "user:user3 OR once:seen",
    "stele.source:*a.log",
    "time:<2026-11-23T09:02:00Z",
    "nosuch:x",
    "*",
};
enum { QUERIES = sizeof queries / sizeof queries[0], WORD_QUERIES = 4 };

/* All that is asked of one query; what was found adds up to a number. */
struct answer {
    enum status status;
    int64_t count;
    int64_t total;
    uint64_t hits;
    bool knows; /* the field is one of some event */
};

static bool take_hit(void *context, const struct search_hit *hit)
{
    struct answer *answer = context;
    answer->hits += hash64(hit->raw, 1);
    return true;
}

static enum status count(const struct day_iterator_options *search, struct answer *out)
{
    struct day_iterator *iterator = NULL;
    enum status status = day_iterator_open(search, &iterator, &err);
    status = THEN(status, aggregate_count(iterator, &out->count, &err));
    if (status == OK) {
        out->knows = day_iterator_unknown_field(iterator, 0) == NULL;
    }
    day_iterator_close(iterator);
    return status;
}

static enum status histogram(const struct day_iterator_options *search, struct answer *out)
{
    struct day_iterator *iterator = NULL;
    struct aggregate_histogram histogram = {0};
    enum status status = day_iterator_open(search, &iterator, &err);
    status = THEN(status, aggregate_histogram(iterator, 60 * CLOCK_SECOND_US, &histogram, &err));
    out->total = histogram.total;
    aggregate_histogram_fini(&histogram);
    day_iterator_close(iterator);
    return status;
}

static enum status hits(const struct day_iterator_options *search, struct answer *out)
{
    struct day_iterator *iterator = NULL;
    const struct search_run_options options = {.search = *search, .each = take_hit, .context = out};
    int64_t n_hits = 0;
    enum status status = day_iterator_open(search, &iterator, &err);
    status = THEN(status, search_run_query(iterator, &options, &n_hits, &err));
    day_iterator_close(iterator);
    return status;
}

/* Of `how` many ways of asking: 1 the count, 2 also the hits themselves. */
static void ask(const char *text, int how, struct answer *out)
{
    struct query *query = NULL;
    *out = (struct answer){.status = OK};
    EXPECT_OK(parse_query(span_str(text), DAMAGE_DAY_US, &query, NULL, &err), err);
    const struct day_iterator_options search = {
        .path = day.dir, .query = query, .from_us = INT64_MIN, .to_us = INT64_MAX, .threads = 1};
    out->status = count(&search, out);
    if (how > 1) {
        out->status = THEN(out->status, histogram(&search, out));
        out->status = THEN(out->status, hits(&search, out));
    }
    parse_query_free(query);
}

/* How often each query could not be answered. */
struct tally {
    int asked;
    int refused[QUERIES];
};

static void expect_true_or_refused(int i, const struct answer *is, const struct answer *should,
                                   struct tally *tally)
{
    bool same = is->status == OK && is->count == should->count && is->total == should->total &&
                is->hits == should->hits && is->knows == should->knows;
    tally->refused[i] += is->status == ERR_CORRUPT;
    bool says_where = strstr(err.text, ".db: ") || strstr(err.text, ".db is damaged");
    if (is->status == ERR_CORRUPT ? !strstr(err.text, "damaged") || !says_where : !same) {
        fprintf(stderr, "%s: status %d, %lld found instead of %lld%s\n", queries[i], is->status,
                (long long)is->count, (long long)should->count,
                is->knows ? "" : ", and no such field");
        test_failures++;
    }
}

/* Turns bits all over the columnar block. */
static void damage(const char *where, int how, struct tally *tally)
{
    struct dice dice = {.state = test_seed(3)};
    static struct answer clean[QUERIES];
    int flips = test_rounds(FLIPS);
    int before = test_failures;
    *tally = (struct tally){0};
    damage_day_heal(&day);
    for (int i = 0; i < QUERIES; i++) {
        ask(queries[i], how, &clean[i]);
        EXPECT_OK(clean[i].status, err);
        EXPECT_INT(clean[i].count > 0, clean[i].knows);
    }
    for (int flip = 0; flip < flips && test_failures == before; flip++) {
        unsigned at =
            (unsigned)(flip * 1000 / flips) + dice_roll(&dice, 1000 / (uint32_t)flips + 1);
        damage_day_heal(&day);
        EXPECT(forge_flip(day.path, "block_data", "data", where, at > 1000 ? 1000 : at));
        tally->asked++;
        for (int i = 0; i < QUERIES; i++) {
            struct answer answer;
            ask(queries[i], how, &answer);
            expect_true_or_refused(i, &answer, &clean[i], tally);
        }
        if (test_failures > before) {
            fprintf(stderr, "  at %u thousandths of %s\n", at, where);
        }
    }
}

static int refused(const struct tally *tally, const char *query)
{
    for (int i = 0; i < QUERIES; i++) {
        if (strcmp(queries[i], query) == 0) {
            return tally->refused[i];
        }
    }
    abort();
}

/* Few places of a block may all be outside of a column: then only false answers are looked for. */
static bool is_met(const struct tally *tally, const char *query)
{
    return tally->asked < FLIPS || refused(tally, query) > 0;
}

/* Damage in its own columns alone keeps a query from its answer: so of all the places of a block
 * some do, and most do not. */
static void expect_some(const struct tally *tally, const char *query)
{
    int n = refused(tally, query);
    if (!is_met(tally, query) || n > tally->asked * 3 / 4) {
        fprintf(stderr, "%s: refused in %d of %d\n", query, n, tally->asked);
        test_failures++;
    }
}

TEST(a_damaged_column_is_never_a_false_no)
{
    struct tally tally;
    damage("id = 4", 1, &tally); /* events of block 2 */
    expect_some(&tally, "pid:>3000");
    expect_some(&tally, "command:file1042");
    EXPECT(is_met(&tally, "file1042"));
    expect_some(&tally, "addr.remote:10.1.*");
    EXPECT(is_met(&tally, "once:seen"));
    EXPECT(is_met(&tally, "once:*"));
    EXPECT(refused(&tally, "late:v3") < tally.asked);
    damage("id = 6", 1, &tally); /* of block 3, where all lines are cut */
    EXPECT(is_met(&tally, "late:v3"));
    expect_some(&tally, "pid:>3000");
    EXPECT(is_met(&tally, "host2007.example.com"));
}

TEST(damaged_arrivals_leave_events_alone)
{
    struct tally tally;
    damage("id = 5", 1, &tally);
    EXPECT_INT(refused(&tally, "user:user3"), 0);
    EXPECT_INT(refused(&tally, "once:seen"), 0);
    EXPECT(refused(&tally, "stele.source:*a.log") > 0);
}

/* Hits have all of their columns: one that is damaged keeps its block's from being shown. */
TEST(hits_of_a_damaged_block_are_refused)
{
    struct tally tally;
    damage("id = 4", 2, &tally);
    EXPECT_INT(refused(&tally, "user:user3"), tally.asked);
    EXPECT(refused(&tally, "late:v3") < tally.asked);
}

/* Where a page is changed: its header, the places of its cells, anywhere, its checksum. */
static size_t place_in_page(struct dice *dice, int place)
{
    static const unsigned from[] = {0, 8, 0, DB_PAGE_BYTES - DB_PAGE_SUM_BYTES};
    static const unsigned size[] = {8, 64, DB_PAGE_BYTES, DB_PAGE_SUM_BYTES};
    return from[place % 4] + dice_roll(dice, size[place % 4]);
}

/* Bits that are turned in every page of a file. */
struct page_flips {
    const char *path;
    struct buf *bytes; /* of the file */
    size_t begin;      /* of the first page */
    size_t step;       /* to the next one */
    int places;        /* in each */
    int last_query;    /* asked are those before it */
    int query_step;    /* so many flips share them */
};

/* How many queries could not be answered. */
static int ask_some(const struct page_flips *flips, const struct answer *clean, int flip, int how,
                    struct tally *tally)
{
    int refused = 0;
    for (int i = flip / 4 % flips->query_step; i < flips->last_query; i += flips->query_step) {
        struct answer answer;
        ask(queries[i], how, &answer);
        expect_true_or_refused(i, &answer, &clean[i], tally);
        refused += answer.status != OK;
    }
    return refused;
}

/* Returns how many flips kept some query from its answer. The file is whole before and after. */
static size_t flip_pages(const struct page_flips *flips)
{
    static struct answer clean[3][QUERIES]; /* by `how` of ask */
    struct tally tally = {0};
    struct dice dice = {.state = test_seed(9)};
    size_t met = 0;
    for (int i = 0; i < QUERIES; i++) {
        ask(queries[i], 1, &clean[1][i]);
        ask(queries[i], 2, &clean[2][i]);
        EXPECT_OK(clean[2][i].status, err);
    }
    for (size_t page = flips->begin; page < flips->bytes->size; page += flips->step) {
        for (int i = 0; i < flips->places && test_failures == 0; i++) {
            int how = i % 4 == 2 ? 2 : 1;
            char *at = flips->bytes->data + page + place_in_page(&dice, i);
            char bit = (char)(1 << dice_roll(&dice, 8));
            *at = (char)(*at ^ bit);
            EXPECT_OK(file_write(flips->path, buf_span(flips->bytes), 0600, &err), err);
            met += ask_some(flips, clean[how], i, how, &tally) > 0;
            if (test_failures > 0) {
                fprintf(stderr, "  bit %d of byte %td of %s\n", bit, at - flips->bytes->data,
                        flips->path);
            }
            *at = (char)(*at ^ bit);
        }
    }
    EXPECT_OK(file_write(flips->path, buf_span(flips->bytes), 0600, &err), err);
    fprintf(stderr, "     %zu flips kept a query from its answer\n", met);
    return met;
}

TEST(a_flipped_bit_in_any_page_is_never_a_false_answer)
{
    struct buf bytes = BUF_INIT;
    damage_day_heal(&day);
    buf_add_span(&bytes, buf_span(&day.clean));
    struct page_flips flips = {day.path, &bytes, 0, DB_PAGE_BYTES, 8, QUERIES, 2};
    EXPECT(flip_pages(&flips) > bytes.size / DB_PAGE_BYTES);
    flips.places = 12;
    flips.last_query = WORD_QUERIES;
    flips.query_step = 1;
    EXPECT(flip_pages(&flips) > bytes.size / DB_PAGE_BYTES);
    buf_fini(&bytes);
}

/* One block more, which stays in the log as long as the segment is open. */
static struct segment *open_log(char out_path[FILE_PATH_BYTES])
{
    static const struct source source = {.via = {"import", 6}, .peer = {"c.log", 5}};
    const struct indexer_options options = {.compression_level = 3};
    struct segment *reader = NULL;
    struct indexer *indexer = NULL;
    struct indexer_run *run = NULL;
    struct archive *archive = NULL;
    struct buf body = BUF_INIT;
    for (int i = 0; i < DAMAGE_EVENTS; i++) {
        damage_event(DAMAGE_BLOCKS, i, &body);
    }
    EXPECT_OK(segment_open(day.path, &reader, &err), err);
    EXPECT_OK(indexer_open(day.dir, &options, &indexer, &err), err);
    EXPECT_OK(import_body(indexer, &source, DAMAGE_DAY_US + CLOCK_DAY_US, 1, buf_span(&body), &err),
              err);
    EXPECT_OK(indexer_import_end(indexer, &run, &err), err);
    EXPECT_OK(archive_open(day.dir, ARCHIVE_WRITE, &archive, &err), err);
    EXPECT_OK(indexer_run_commit(archive, run, &err), err);
    archive_close(archive);
    indexer_close(indexer);
    EXPECT_OK(file_path_format(out_path, &err, "%.300s-wal", day.path), err);
    buf_fini(&body);
    return reader;
}

TEST(a_flipped_bit_in_the_log_is_never_a_false_answer)
{
    enum { LOG_HEADER_BYTES = 32, FRAME_HEADER_BYTES = 24 };
    char path[FILE_PATH_BYTES];
    struct buf bytes = BUF_INIT;
    damage_day_heal(&day);
    struct segment *reader = open_log(path);
    EXPECT_OK(file_read(path, 1u << 30, &bytes, &err), err);
    EXPECT(bytes.size > LOG_HEADER_BYTES + 5 * (FRAME_HEADER_BYTES + DB_PAGE_BYTES));
    const struct page_flips flips = {path,
                                     &bytes,
                                     LOG_HEADER_BYTES + FRAME_HEADER_BYTES,
                                     FRAME_HEADER_BYTES + DB_PAGE_BYTES,
                                     8,
                                     QUERIES,
                                     2};
    EXPECT(flip_pages(&flips) > 10);
    segment_close(reader);
    buf_fini(&bytes);
    damage_day_heal(&day);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST_ENTRY(a_flipped_bit_in_any_page_is_never_a_false_answer),
        TEST_ENTRY(a_flipped_bit_in_the_log_is_never_a_false_answer),
        TEST_ENTRY(a_damaged_column_is_never_a_false_no),
        TEST_ENTRY(damaged_arrivals_leave_events_alone),
        TEST_ENTRY(hits_of_a_damaged_block_are_refused),
    };
    damage_day_make(&day);
    int code = test_main(tests, sizeof tests / sizeof tests[0], argc, argv);
    damage_day_remove(&day);
    return code;
}
