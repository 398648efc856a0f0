/* A batch as it is stored: packed ahead of what is read back, and what becomes of one that does not
 * read back. */
#include "schema/columnar/columnar_writer.h"
#include "schema/segment/block_pack.h"
#include "tests/support/test.h"

enum { EVENTS = 600 };

#define DAY_US     INT64_C(1795392000000000) /* 2026-11-23 */
#define ARRIVAL_US (DAY_US + CLOCK_DAY_US)

static struct err err;

static struct batch *make_batch(int which)
{
    const struct source source = {.via = span_str("import"), .peer = span_str("x.log")};
    const struct batch_arrival arrival = {.source = &source,
                                          .source_text = span_str("{\"via\":\"import\"}"),
                                          .received_us = ARRIVAL_US};
    struct batch *batch = batch_new(DAY_US);
    struct arena arena = ARENA_INIT;
    struct buf text = BUF_INIT;
    for (int i = 0; i < EVENTS; i++) {
        struct event event;
        buf_clear(&text);
        buf_printf(&text,
                   "{\"event\":\"exec\",\"uid\":\"id %d/%d\",\"time\":\"2026-11-23T00:%02d:%02dZ\","
                   "\"login\":\"login %d\",\"host\":\"host %d\"}",
                   which, i, i / 60, i % 60, i % 7, i % 31);
        EXPECT(event_parse(buf_span(&text), ARRIVAL_US, &arena, &event));
        EXPECT(batch_add(batch, &event, &arrival, EVENT_COUNTER_duplicate_import) == BATCH_ADDED);
    }
    arena_fini(&arena);
    buf_fini(&text);
    return batch;
}

struct sample {
    struct block_pack packer;
    struct columnar_checker *checker;
    struct batch *batches[3];
    struct block_pack_made made[3];
};

static struct sample *sample_new(void)
{
    struct sample *sample = calloc(1, sizeof *sample);
    EXPECT(sample != NULL);
    EXPECT_OK(block_pack_init(&sample->packer, 3, &err), err);
    sample->checker = columnar_writer_checker(sample->packer.columns);
    for (int i = 0; i < 3; i++) {
        sample->batches[i] = make_batch(i);
        EXPECT_OK(block_pack_batch(&sample->packer, sample->batches[i], &sample->made[i], &err),
                  err);
    }
    return sample;
}

static void sample_free(struct sample *sample)
{
    for (int i = 0; i < 3; i++) {
        batch_free(sample->batches[i]);
        block_pack_made_fini(&sample->made[i]);
    }
    block_pack_fini(&sample->packer);
    free(sample);
}

/* Those that follow may be packed before a block is read back. */
TEST(blocks_are_packed_ahead)
{
    struct sample *sample = sample_new();
    for (int i = 0; i < 3; i++) {
        struct block_pack_made *made = &sample->made[i];
        EXPECT_OK(block_pack_check(made, sample->checker, &err), err);
        EXPECT(!made->written.was_not_same && !made->written_arrivals.was_not_same);
        EXPECT_INT(columnar_line_count(columnar_checker_reader(sample->checker)), EVENTS);
        struct digest digest = digest_sha256(buf_span(&made->ndjson));
        EXPECT(memcmp(&digest, &made->sha256, sizeof digest) == 0);
    }
    sample_free(sample);
}

/* A part that is missing is never passed over. */
TEST(blocks_are_read_back_in_their_order)
{
    struct sample *sample = sample_new();
    EXPECT(sample->made[0].events_part.size > 0 && sample->made[1].events_part.size == 0);
    EXPECT_OK(block_pack_check(&sample->made[1], sample->checker, &err), err);
    EXPECT(sample->made[1].written.was_not_same);
    sample_free(sample);
}

/* Events that are kept whole after all have no columns that tell times and identities: their
 * arrivals do. */
TEST(a_block_that_is_not_the_same)
{
    struct sample *sample = sample_new();
    struct block_pack_made *made = &sample->made[1];
    static int64_t times_us[BLOCK_EVENTS_MAX];
    static uint32_t hashes[BLOCK_EVENTS_MAX];
    EXPECT_OK(block_pack_check(&sample->made[0], sample->checker, &err), err);
    struct dictionary *values = &sample->checker->vocabulary.values;
    for (uint32_t i = 0; i < values->count; i++) {
        values->values[i].text = "damaged, and as long as any of these values is, or longer";
    }
    EXPECT_OK(block_pack_check(made, sample->checker, &err), err);
    EXPECT(made->written.was_not_same);
    EXPECT_INT(made->written.n_whole, EVENTS);
    struct columnar_reader *reader = columnar_checker_reader(sample->checker);
    const struct block_columns columns = {reader, columnar_checker_vocabulary(sample->checker)};
    struct buf lines = BUF_INIT;
    EXPECT_OK(columnar_read_lines(reader, &lines, &err), err); /* the events are open */
    EXPECT(span_equal(buf_span(&lines), buf_span(&made->ndjson)));
    EXPECT_OK(columnar_reader_open(reader, buf_span(&made->arrivals), &err), err);
    EXPECT_OK(block_derive_noted_times(&columns, BLOCK_PACK_TIME, times_us, &err), err);
    EXPECT_OK(block_derive_noted_hashes(&columns, BLOCK_PACK_IDENTITY, hashes, &err), err);
    for (size_t i = 0; i < EVENTS; i++) {
        EXPECT_INT(times_us[i], batch_at(sample->batches[1], i)->event.time_us);
        EXPECT_INT(hashes[i], batch_at(sample->batches[1], i)->hash);
    }
    buf_fini(&lines);
    sample_free(sample);
}

TEST_MAIN(TEST_ENTRY(blocks_are_packed_ahead), TEST_ENTRY(blocks_are_read_back_in_their_order),
          TEST_ENTRY(a_block_that_is_not_the_same))
