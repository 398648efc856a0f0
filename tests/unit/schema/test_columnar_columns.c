/* Columns of a block that are read on their own: their values, ids and lines are those of the lines
 * they came from; what a reader does not ask for may be damaged. */
#include "schema/columnar/columnar_writer.h"
#include "tests/support/audit_world.h"
#include "tests/support/test.h"

enum { LINES = 64 };

/* A block of lines whose columns are kept in every way, and what reads it. */
struct sample {
    struct columnar_writer *writer;
    struct columnar_reader *reader;
    struct buf text;
    struct buf block;
    struct buf part;
};

/* The lines of two of three shapes. */
static bool is_both(size_t i)
{
    return i % 3 == 0 || i % 4 == 1;
}

static void sample_init(struct sample *sample)
{
    struct err err;
    struct span lines[LINES];
    struct columnar_written written;
    *sample = (struct sample){0};
    for (unsigned i = 0; i < LINES; i++) {
        buf_printf(
            &sample->text,
            "{\"one\":1,\"host\":\"h%u\",\"name\":\"n%u\",\"pid\":%u%s%s,\"text\":\"t%u x%u\"}\n",
            3 - i % 4, i == 9 ? 3 : i % 4, i * i, i % 3 ? "" : ",\"user\":\"u\"",
            is_both(i) ? ",\"both\":true" : "", i * 7919u % 1000u, i * i);
    }
    struct span rest = buf_span(&sample->text);
    for (size_t i = 0; i < LINES; i++) {
        EXPECT(span_next_line(&rest, &lines[i]));
    }
    EXPECT_OK(columnar_writer_new(1, &sample->writer, &err), err);
    EXPECT_OK(
        columnar_write(sample->writer, lines, LINES, &sample->block, &sample->part, &written, &err),
        err);
    EXPECT_OK(
        columnar_reader_new(columnar_writer_vocabulary(sample->writer), &sample->reader, &err),
        err);
    EXPECT_OK(columnar_reader_open(sample->reader, buf_span(&sample->block), &err), err);
}

static void sample_fini(struct sample *sample)
{
    columnar_reader_free(sample->reader);
    columnar_writer_free(sample->writer);
    buf_fini(&sample->text);
    buf_fini(&sample->block);
    buf_fini(&sample->part);
}

/* The column of a path, which must be kept that way. */
static size_t column_of(const struct sample *sample, const char *name, enum columnar_way way)
{
    const struct vocabulary *vocabulary = columnar_writer_vocabulary(sample->writer);
    uint32_t path = 0;
    for (size_t i = 0; i < columnar_column_count(sample->reader); i++) {
        enum columnar_way is = columnar_column_way(sample->reader, i, &path);
        if (span_equal(intern_text(&vocabulary->paths, path), span_str(name))) {
            EXPECT_INT(is, way);
            return i;
        }
    }
    EXPECT_STR("no such column", name);
    return 0;
}

static void expect_ids(const struct sample *sample, const char *name, enum columnar_way way,
                       const char *should)
{
    const struct vocabulary *vocabulary = columnar_writer_vocabulary(sample->writer);
    const uint64_t *ids = NULL;
    size_t n_ids = 99;
    struct buf is = BUF_INIT;
    struct err err;
    size_t column = column_of(sample, name, way);
    EXPECT_OK(columnar_column_ids(sample->reader, column, &ids, &n_ids, &err), err);
    for (size_t i = 0; i < n_ids; i++) {
        EXPECT(i == 0 || ids[i] > ids[i - 1]);
        buf_add_span(&is, vocabulary_value(vocabulary, (uint32_t)ids[i]));
    }
    EXPECT_SPAN(buf_span(&is), should);
    buf_fini(&is);
}

TEST(ids_without_places)
{
    struct sample sample;
    const struct columnar_column *column = NULL;
    const uint64_t *ids = NULL;
    size_t n_ids = 0;
    struct err err;
    sample_init(&sample);
    for (int round = 0; round < 2; round++) { /* again, when the columns are unpacked */
        expect_ids(&sample, "one", COLUMNAR_ONE, "1");
        expect_ids(&sample, "host", COLUMNAR_IDS, "\"h3\"\"h2\"\"h1\"\"h0\"");
        expect_ids(&sample, "name", COLUMNAR_FOLLOWS, "\"n0\"\"n1\"\"n2\"\"n3\"");
        expect_ids(&sample, "pid", COLUMNAR_FORM, "");
        expect_ids(&sample, "text", COLUMNAR_TEXT, "");
        for (size_t i = 0; i < columnar_column_count(sample.reader); i++) {
            EXPECT_OK(columnar_column(sample.reader, i, &column, &err), err);
            EXPECT_OK(columnar_column_ids(sample.reader, i, &ids, &n_ids, &err), err);
            EXPECT(ids == column->ids && n_ids == column->n_ids);
        }
    }
    sample_fini(&sample);
}

TEST(places_of_what_follows)
{
    struct sample sample;
    const struct columnar_column *hosts = NULL;
    const struct columnar_column *names = NULL;
    struct err err;
    sample_init(&sample);
    EXPECT_OK(
        columnar_column(sample.reader, column_of(&sample, "name", COLUMNAR_FOLLOWS), &names, &err),
        err);
    EXPECT_OK(
        columnar_column(sample.reader, column_of(&sample, "host", COLUMNAR_IDS), &hosts, &err),
        err);
    for (size_t i = 0; i < LINES; i++) {
        EXPECT_INT(hosts->places[i], i % 4);
        EXPECT_INT(names->places[i], i == 9 ? 3 : i % 4);
    }
    sample_fini(&sample);
}

TEST(lines_that_have_a_column)
{
    struct sample sample;
    const uint16_t *slots = NULL;
    const uint16_t *again = NULL;
    struct err err;
    sample_init(&sample);
    size_t user = column_of(&sample, "user", COLUMNAR_ONE);
    EXPECT_OK(columnar_column_slots(sample.reader, user, &slots, &err), err);
    EXPECT(slots != NULL);
    for (size_t i = 0; slots && i * 3 < LINES; i++) {
        EXPECT_INT(slots[i], i * 3);
    }
    EXPECT_OK(columnar_column_slots(sample.reader, user, &again, &err), err);
    EXPECT(again == slots);
    size_t both = column_of(&sample, "both", COLUMNAR_ONE);
    EXPECT_OK(columnar_column_slots(sample.reader, both, &slots, &err), err);
    for (size_t i = 0, k = 0; slots && i < LINES; i++) {
        if (is_both(i)) {
            EXPECT_INT(slots[k++], i);
        }
    }
    EXPECT_OK(columnar_column_slots(sample.reader, column_of(&sample, "host", COLUMNAR_IDS), &slots,
                                    &err),
              err);
    EXPECT(slots == NULL);
    sample_fini(&sample);
}

/* Each changed byte of a section is found when its column is asked for, ids alone or all of it, and
 * does no harm to other columns, but to those that follow it. */
TEST(columns_are_damaged_one_by_one)
{
    struct sample sample;
    const struct columnar_column *column = NULL;
    const uint64_t *ids = NULL;
    size_t n_ids = 0;
    struct err err;
    sample_init(&sample);
    for (size_t at = 0; at < sample.block.size; at++) {
        char before = sample.block.data[at];
        size_t n_bad = 0;
        size_t n_bad_ids = 0;
        sample.block.data[at] = (char)(before ^ 4);
        if (columnar_reader_open(sample.reader, buf_span(&sample.block), &err) == OK) {
            for (size_t i = 0; i < columnar_column_count(sample.reader); i++) {
                n_bad_ids += columnar_column_ids(sample.reader, i, &ids, &n_ids, &err) != OK;
            }
            for (size_t i = 0; i < columnar_column_count(sample.reader); i++) {
                n_bad += columnar_column(sample.reader, i, &column, &err) != OK;
            }
            EXPECT(n_bad == 1 || n_bad == 2);
            EXPECT(n_bad_ids <= 1);
        }
        sample.block.data[at] = before;
    }
    sample_fini(&sample);
}

/* Writes the lines as one block, reads them back, and gives the bytes of the block. */
static size_t block_bytes(struct span text)
{
    struct err err;
    struct columnar_writer *writer = NULL;
    struct columnar_written written;
    struct buf block = BUF_INIT;
    struct buf part = BUF_INIT;
    VEC(struct span) lines = {0};
    struct span line;
    while (span_next_line(&text, &line)) {
        EXPECT(vec_push(&lines, line));
    }
    EXPECT_OK(columnar_writer_new(3, &writer, &err), err);
    EXPECT_OK(columnar_write(writer, lines.items, lines.count, &block, &part, &written, &err), err);
    EXPECT(!written.was_not_same);
    size_t size = block.size;
    columnar_writer_free(writer);
    vec_fini(&lines);
    buf_fini(&block);
    buf_fini(&part);
    return size;
}

enum { SESSIONS = 64, EVENTS = 4096 };

/* Events of sessions, in no order; `counts`: each session counts its own. */
static size_t session_bytes(bool counts)
{
    struct dice dice = {5};
    unsigned next[SESSIONS] = {0};
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < EVENTS; i++) {
        unsigned session = dice_roll(&dice, SESSIONS);
        unsigned number = counts ? next[session]++ : 0;
        buf_printf(&text, "{\"sid\":\"session %u\",\"ei\":%u,\"pid\":%u}\n", session, number,
                   counts ? 70000 * (session + 1) + number * 3 : 0);
    }
    size_t bytes = block_bytes(buf_span(&text));
    buf_fini(&text);
    return bytes;
}

/* What a session counts takes next to nothing, however the sessions are mixed. */
TEST(counters_of_sessions)
{
    size_t sessions = session_bytes(false);
    EXPECT(sessions > EVENTS * 5 / 8); /* six bits, which are noise */
    EXPECT(session_bytes(true) < sessions + EVENTS / 4);
}

/* Text of which every second value is one of a few takes little more than the other half. */
static size_t text_bytes(bool repeats)
{
    struct dice dice = {6};
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < EVENTS; i++) {
        uint32_t name = dice_roll(&dice, 1u << 31);
        uint32_t few = dice_roll(&dice, 16) * 1234567;
        if (i % 2 == 0 || repeats) {
            buf_printf(&text, "{\"path\":\"/tmp/%08x\"}\n", i % 2 ? few : name);
        }
    }
    size_t bytes = block_bytes(buf_span(&text));
    buf_fini(&text);
    return bytes;
}

TEST(texts_that_come_again)
{
    EXPECT(text_bytes(true) < text_bytes(false) + EVENTS * 2 / 3);
}

/* A block that is fetched, and what was. */
struct fetched {
    const struct sample *sample;
    size_t n_bytes;
    size_t fail_from; /* bytes from here on cannot be had */
};

static enum status fetch(void *context, size_t offset, size_t size, char *to, struct err *err)
{
    struct fetched *fetched = context;
    EXPECT(offset + size <= fetched->sample->block.size);
    if (offset + size > fetched->fail_from) {
        return err_set(err, ERR_IO, "no such bytes");
    }
    fetched->n_bytes += size;
    memcpy(to, fetched->sample->block.data + offset, size);
    return OK;
}

TEST(columns_are_fetched_when_they_are_asked_for)
{
    struct sample sample;
    const struct columnar_column *column = NULL;
    struct buf lines = BUF_INIT;
    struct err err;
    sample_init(&sample);
    struct fetched fetched = {.sample = &sample, .fail_from = SIZE_MAX};
    size_t size = sample.block.size;
    EXPECT_OK(columnar_reader_open_lazy(sample.reader, size, fetch, &fetched, &err), err);
    size_t opened = fetched.n_bytes;
    EXPECT_OK(
        columnar_column(sample.reader, column_of(&sample, "pid", COLUMNAR_FORM), &column, &err),
        err);
    EXPECT_INT(column->numbers[9], 81);
    size_t with_pid = fetched.n_bytes;
    EXPECT(with_pid > opened && with_pid < opened + size / 2);
    EXPECT_OK(
        columnar_column(sample.reader, column_of(&sample, "pid", COLUMNAR_FORM), &column, &err),
        err);
    EXPECT_INT(fetched.n_bytes, with_pid);
    EXPECT_OK(columnar_read_lines(sample.reader, &lines, &err), err);
    EXPECT(span_equal(buf_span(&lines), buf_span(&sample.text)));
    for (fetched.fail_from = 0; fetched.fail_from < size; fetched.fail_from++) {
        enum status status = columnar_reader_open_lazy(sample.reader, size, fetch, &fetched, &err);
        status = THEN(status, columnar_read_lines(sample.reader, &lines, &err));
        EXPECT_INT(status, ERR_IO);
    }
    buf_fini(&lines);
    sample_fini(&sample);
}

/* A head that is longer than what is fetched at first. */
TEST(long_heads_are_fetched)
{
    struct err err;
    struct sample sample = {0};
    struct columnar_written written;
    struct buf lines = BUF_INIT;
    VEC(struct span) all = {0};
    struct span line;
    for (unsigned i = 0; i < 8; i++) {
        for (unsigned k = 0; k < 250; k++) {
            buf_printf(&sample.text, "%s\"k%u.%u\":%u", k ? "," : "{", i / 2, k, i * k);
        }
        buf_add_str(&sample.text, "}\n");
    }
    struct span rest = buf_span(&sample.text);
    while (span_next_line(&rest, &line)) {
        EXPECT(vec_push(&all, line));
    }
    EXPECT_OK(columnar_writer_new(1, &sample.writer, &err), err);
    EXPECT_OK(columnar_write(sample.writer, all.items, all.count, &sample.block, &sample.part,
                             &written, &err),
              err);
    EXPECT_OK(columnar_reader_new(columnar_writer_vocabulary(sample.writer), &sample.reader, &err),
              err);
    struct fetched fetched = {.sample = &sample, .fail_from = SIZE_MAX};
    EXPECT_OK(columnar_reader_open_lazy(sample.reader, sample.block.size, fetch, &fetched, &err),
              err);
    EXPECT(columnar_column_count(sample.reader) > 900);
    EXPECT(fetched.n_bytes > 2048);
    EXPECT_OK(columnar_read_lines(sample.reader, &lines, &err), err);
    EXPECT(span_equal(buf_span(&lines), buf_span(&sample.text)));
    buf_fini(&lines);
    vec_fini(&all);
    sample_fini(&sample);
}

/* A block that gives other lines back is not given out: its lines are kept whole instead. */
TEST(what_does_not_read_back_is_kept_whole)
{
    struct err err;
    struct sample sample;
    struct span lines[LINES];
    struct buf block = BUF_INIT;
    struct buf part = BUF_INIT;
    struct buf again = BUF_INIT;
    struct columnar_written written;
    sample_init(&sample);
    struct span rest = buf_span(&sample.text);
    for (size_t i = 0; i < LINES; i++) {
        EXPECT(span_next_line(&rest, &lines[i]));
    }
    EXPECT_OK(columnar_write(sample.writer, lines, LINES, &block, &part, &written, &err), err);
    EXPECT(!written.was_not_same && written.n_whole == 0);
    size_t good = block.size;
    struct dictionary *values = &sample.writer->checker.vocabulary.values;
    values->values[1].text = values->values[2].text;
    EXPECT_OK(columnar_write(sample.writer, lines, LINES, &block, &part, &written, &err), err);
    EXPECT(written.was_not_same);
    EXPECT_INT(written.n_whole, LINES);
    struct span whole = span_from(buf_span(&block), good);
    EXPECT_OK(columnar_reader_open(sample.reader, whole, &err), err);
    EXPECT_OK(columnar_read_lines(sample.reader, &again, &err), err);
    EXPECT(span_equal(buf_span(&again), buf_span(&sample.text)));
    buf_fini(&again);
    buf_fini(&block);
    buf_fini(&part);
    sample_fini(&sample);
}

/* What a reader appends is found before it is hashed, and after, and taken back. */
TEST(values_that_are_hashed_late)
{
    static const struct dictionary_value values[] = {{"a", 1, 0}, {"b", 1, 0}, {"a", 1, 1}};
    struct dictionary dictionary;
    dictionary_init(&dictionary);
    EXPECT(dictionary_reserve(&dictionary, 1));
    EXPECT_INT(dictionary_add(&dictionary, 7, span_str("first")), 0);
    EXPECT(dictionary_append(&dictionary, values, 3));
    EXPECT_INT(dictionary.text_bytes, 8);
    for (int hashed = 0; hashed < 2; hashed++) {
        EXPECT_INT(dictionary_find(&dictionary, 7, span_str("first")), 0);
        EXPECT_INT(dictionary_find(&dictionary, 0, span_str("a")), 1);
        EXPECT_INT(dictionary_find(&dictionary, 0, span_str("b")), 2);
        EXPECT_INT(dictionary_find(&dictionary, 1, span_str("a")), 3);
        EXPECT(dictionary_find(&dictionary, 1, span_str("b")) == DICTIONARY_NONE);
        EXPECT_INT(dictionary.n_hashed, hashed ? 4 : 1);
        EXPECT(dictionary_hash(&dictionary));
    }
    EXPECT(dictionary_append(&dictionary, values, 1)); /* twice the same: the first is found */
    dictionary_shrink(&dictionary, 3);
    EXPECT(dictionary_find(&dictionary, 1, span_str("a")) == DICTIONARY_NONE);
    EXPECT(dictionary_append(&dictionary, values + 2, 1));
    EXPECT(dictionary_reserve(&dictionary, 1));
    EXPECT_INT(dictionary_add(&dictionary, 1, span_str("a")), 3);
    EXPECT_INT(dictionary_add(&dictionary, 1, span_str("c")), 4);
    EXPECT_INT(dictionary_find(&dictionary, 1, span_str("c")), 4);
    dictionary_fini(&dictionary);
}

TEST_MAIN(TEST_ENTRY(long_heads_are_fetched), TEST_ENTRY(what_does_not_read_back_is_kept_whole),
          TEST_ENTRY(columns_are_fetched_when_they_are_asked_for),
          TEST_ENTRY(values_that_are_hashed_late), TEST_ENTRY(counters_of_sessions),
          TEST_ENTRY(texts_that_come_again), TEST_ENTRY(ids_without_places),
          TEST_ENTRY(places_of_what_follows), TEST_ENTRY(lines_that_have_a_column),
          TEST_ENTRY(columns_are_damaged_one_by_one))
