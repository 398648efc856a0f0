/* Columnar blocks: lines come back byte for byte, whatever they are and however many; bounds hold;
 * each changed byte is found. */
#include <dirent.h>
#include <limits.h>

#include "schema/columnar/columnar.h"
#include "schema/file/file.h"
#include "tests/support/audit_world.h"
#include "tests/support/test.h"

struct lines VEC_OF(struct span);

static void add_lines(struct lines *lines, struct span text)
{
    struct span line;
    while (span_next_line(&text, &line)) {
        EXPECT(vec_push(lines, line));
    }
}

/* Blocks, and the parts of their vocabulary. */
struct store {
    struct columnar_writer *writer;
    struct codec *codec;
    struct packer *packer;
    VEC(struct buf) blocks;
    VEC(struct buf) parts;
    size_t bytes;
    size_t n_whole;
};

static void store_init(struct store *store)
{
    struct err err;
    *store = (struct store){0};
    EXPECT_OK(columnar_writer_new(3, &store->writer, &err), err);
    store->codec = codec_new();
    store->packer = packer_new(store->codec, 3);
    EXPECT(store->packer != NULL);
}

static void store_fini(struct store *store)
{
    for (size_t i = 0; i < store->blocks.count; i++) {
        buf_fini(&store->blocks.items[i]);
        buf_fini(&store->parts.items[i]);
    }
    vec_fini(&store->blocks);
    vec_fini(&store->parts);
    columnar_writer_free(store->writer);
    packer_free(store->packer);
    codec_free(store->codec);
}

static void store_add(struct store *store, const struct span *lines, size_t count)
{
    struct err err;
    struct buf block = BUF_INIT;
    struct buf part = BUF_INIT;
    struct columnar_written written = {0};
    EXPECT_OK(columnar_write(store->writer, lines, count, &block, &part, &written, &err), err);
    EXPECT(!written.was_not_same);
    store->n_whole += written.n_whole;
    store->bytes += block.size + part.size;
    EXPECT(vec_push(&store->blocks, block) && vec_push(&store->parts, part));
}

static void store_add_all(struct store *store, const struct lines *lines, size_t per_block)
{
    for (size_t i = 0; i < lines->count; i += per_block) {
        size_t left = lines->count - i;
        store_add(store, lines->items + i, left < per_block ? left : per_block);
    }
}

/* What another process reads from the parts and the blocks, part by part. */
static void expect_lines(const struct store *store, const struct lines *lines)
{
    struct err err;
    struct vocabulary vocabulary;
    struct columnar_reader *reader = NULL;
    struct buf out = BUF_INIT;
    size_t at = 0;
    EXPECT_OK(vocabulary_init(&vocabulary, &err), err);
    EXPECT_OK(columnar_reader_new(&vocabulary, &reader, &err), err);
    for (size_t i = 0; i < store->blocks.count; i++) {
        buf_clear(&out);
        if (store->parts.items[i].size > 0) {
            EXPECT_OK(vocabulary_read_part(&vocabulary, buf_span(&store->parts.items[i]),
                                           store->packer, &err),
                      err);
        }
        EXPECT_OK(columnar_reader_open(reader, buf_span(&store->blocks.items[i]), &err), err);
        EXPECT_OK(columnar_read_lines(reader, &out, &err), err);
        struct span rest = buf_span(&out);
        for (size_t n = columnar_line_count(reader); n > 0 && at < lines->count; n--, at++) {
            struct span should = lines->items[at];
            struct span is = span_of(rest.data, should.size < rest.size ? should.size : rest.size);
            EXPECT(span_equal(is, should) && rest.size > is.size && rest.data[is.size] == '\n');
            rest = span_from(rest, is.size + 1);
        }
        EXPECT_INT(rest.size, 0);
    }
    EXPECT_INT(at, lines->count);
    buf_fini(&out);
    columnar_reader_free(reader);
    vocabulary_fini(&vocabulary);
}

/* Writes and reads; gives the bytes an event takes. */
static double round_trip(const struct lines *lines, size_t per_block, size_t *out_whole)
{
    struct store store;
    store_init(&store);
    store_add_all(&store, lines, per_block);
    expect_lines(&store, lines);
    double bytes = (double)store.bytes / (double)lines->count;
    if (out_whole) {
        *out_whole = store.n_whole;
    }
    store_fini(&store);
    return bytes;
}

static const size_t block_sizes[] = {1, 2, 7, 50, 500, 4096, COLUMNAR_LINES_MAX};

static void read_corpus(struct buf *text)
{
    DIR *dir = opendir(CORPUS_DIR);
    EXPECT(dir != NULL);
    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        if (span_ends(span_str(entry->d_name), ".ndjson")) {
            char path[PATH_MAX];
            struct err err;
            (void)snprintf(path, sizeof path, "%s/%s", CORPUS_DIR, entry->d_name);
            EXPECT_OK(file_read(path, SIZE_MAX, text, &err), err);
        }
    }
    (void)(dir && closedir(dir));
}

TEST(corpus_in_blocks_of_any_size)
{
    struct buf text = BUF_INIT;
    struct lines lines = {0};
    read_corpus(&text);
    add_lines(&lines, buf_span(&text));
    EXPECT(lines.count > 500);
    for (size_t i = 0; i < sizeof block_sizes / sizeof *block_sizes; i++) {
        (void)round_trip(&lines, block_sizes[i], NULL);
    }
    vec_fini(&lines);
    buf_fini(&text);
}

/* Events of a made-up world, pretty-printed ones among them; each line is one event. */
static void make_world(struct buf *text, struct lines *lines, size_t count)
{
    struct dice dice = {7};
    VEC(size_t) ends = {0};
    for (size_t i = 0; i < count; i++) {
        world_event(&dice, INT64_C(1762128000000000), text);
        EXPECT(vec_push(&ends, text->size));
    }
    for (size_t i = 0, begin = 0; i < count; begin = ends.items[i++]) {
        EXPECT(vec_push(lines, span_of(text->data + begin, ends.items[i] - begin)));
    }
    vec_fini(&ends);
}

TEST(world_in_blocks_of_any_size)
{
    struct buf text = BUF_INIT;
    struct lines lines = {0};
    make_world(&text, &lines, 20000);
    for (size_t i = 1; i < sizeof block_sizes / sizeof *block_sizes; i++) {
        double bytes = round_trip(&lines, block_sizes[i], NULL);
        EXPECT(block_sizes[i] < 4096 || bytes * 4 < (double)text.size / (double)lines.count);
    }
    vec_fini(&lines);
    buf_fini(&text);
}

/* One event in `one_in` is spelled otherwise; returns the bytes an event. */
static double spelled_otherwise(size_t one_in, const char *pid, const char *blank)
{
    struct buf text = BUF_INIT;
    struct lines lines = {0};
    struct dice dice = {3};
    for (size_t i = 0; i < 8192; i++) {
        bool odd = one_in > 0 && i % one_in == one_in / 2;
        buf_printf(
            &text,
            "{\"uid\":\"%08x-%04x-4%03x-8%03x-%012x\",\"pid\":%u%s,\"addr\":\"10.%u.%u.%u:%u%s\",",
            dice_roll(&dice, 1u << 31), dice_roll(&dice, 65536), dice_roll(&dice, 4096),
            dice_roll(&dice, 4096), dice_roll(&dice, 1u << 31), dice_roll(&dice, 1 << 22) + 1,
            odd ? pid : "", dice_roll(&dice, 256), dice_roll(&dice, 256), dice_roll(&dice, 256),
            1 + dice_roll(&dice, 65535), odd ? blank : "");
        buf_printf(&text, "\"time\":\"2026-11-02T10:%02u:%02u.%03uZ\"}\n", (unsigned)i / 60 % 60,
                   (unsigned)i % 60, dice_roll(&dice, 1000));
    }
    add_lines(&lines, buf_span(&text));
    double bytes = round_trip(&lines, 4096, NULL);
    vec_fini(&lines);
    buf_fini(&text);
    return bytes;
}

TEST(a_value_in_a_thousand_may_be_odd)
{
    double plain = spelled_otherwise(0, "", "");
    EXPECT(plain < 36);
    EXPECT(spelled_otherwise(1000, ".0", "") < plain * 1.01);
    EXPECT(spelled_otherwise(1000, "", " ") < plain * 1.01);
}

/* Lines with keys that no other line has. */
static void hostile_keys(struct buf *text, size_t i)
{
    buf_printf(text, "{\"k%zu\":%zu}\n", i, i);
}

/* Each shape twice: the rule's worst case. */
static void hostile_pairs(struct buf *text, size_t i)
{
    buf_printf(text, "{\"k%zu\":%zu,\"same\":{\"m%zu\":\"v\"}}\n", i / 2, i, i / 2);
}

/* A map with other keys in each line, in an object of the same name. */
static void hostile_map(struct buf *text, size_t i)
{
    buf_printf(text, "{\"a\":1,\"map\":{\"k%zu\":1,\"l%zu\":2}}\n", i / 2, i / 2);
}

static void hostile_many(struct buf *text, size_t i)
{
    buf_add_char(text, '{');
    for (size_t k = 0; k < 200; k++) {
        buf_printf(text, "%s\"k%zu.%zu\":%zu", k ? "," : "", i % 40, k, i);
    }
    buf_add_str(text, "}\n");
}

static void hostile_blanks(struct buf *text, size_t i)
{
    buf_printf(text, "{%*s\"a\":%zu}\n", (int)(i / 2 % 3000), "", i);
}

static void hostile_deep(struct buf *text, size_t i)
{
    for (size_t depth = 0; depth < i % 900; depth++) {
        buf_add_str(text, "{\"a\":");
    }
    buf_printf(text, "{\"x\":%zu}", i);
    for (size_t depth = 0; depth < i % 900; depth++) {
        buf_add_char(text, '}');
    }
    buf_add_char(text, '\n');
}

static void hostile_repeated(struct buf *text, size_t i)
{
    buf_add_char(text, '{');
    for (size_t k = 0; k < 100; k++) {
        buf_printf(text, "%s\"a\":%zu", k ? "," : "", i + k);
    }
    buf_add_str(text, "}\n");
}

TEST(hostile_lines_are_bounded)
{
    static const struct {
        void (*line)(struct buf *text, size_t i);
        size_t count;
        size_t shapes_max;
    } kinds[] = {{hostile_keys, 100000, 1},
                 {hostile_pairs, 40000, VOCABULARY_SHAPES_MAX},
                 {hostile_map, 20000, 1 + 2 * VOCABULARY_SHAPES_OF_KEYS_MAX},
                 {hostile_many, 400, 41},
                 {hostile_blanks, 8000, 1 + 2 * VOCABULARY_SHAPES_OF_KEYS_MAX},
                 {hostile_deep, 2000, 1 + 2 * VOCABULARY_SHAPES_OF_KEYS_MAX},
                 {hostile_repeated, 500, 2}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        struct buf text = BUF_INIT;
        struct lines lines = {0};
        struct store store;
        for (size_t i = 0; i < kinds[k].count; i++) {
            kinds[k].line(&text, i);
        }
        add_lines(&lines, buf_span(&text));
        store_init(&store);
        store_add_all(&store, &lines, 4096);
        expect_lines(&store, &lines);
        const struct vocabulary *vocabulary = columnar_writer_vocabulary(store.writer);
        EXPECT(vocabulary->shapes.count <= kinds[k].shapes_max);
        EXPECT(intern_count(&vocabulary->paths) <= VOCABULARY_PATHS_MAX);
        EXPECT(store.bytes < text.size);
        store_fini(&store);
        vec_fini(&lines);
        buf_fini(&text);
    }
}

TEST(lines_that_are_no_objects)
{
    static const char text[] =
        "\"abc\n\"abc\n\"\n\"\nabc\"\nabc\"\n\n\n[1]\n[1]\n\"a\"\n\"a\"\n1\n1\n"
        "{\n{\n{\"a\":\"\"}\n{\"a\":\"\"}\n{\"a\":1}\n{\"a\":1}\n";
    struct lines lines = {0};
    for (int i = 0; i < 20; i++) {
        add_lines(&lines, span_str(text));
    }
    for (size_t i = 0; i < sizeof block_sizes / sizeof *block_sizes; i++) {
        (void)round_trip(&lines, block_sizes[i], NULL);
    }
    vec_fini(&lines);
}

/* Each value of a line has a path of its own. */
TEST(paths_are_the_keys_from_the_top)
{
    static const char shape[] =
        "{\"a\":\1,\"b\":{\"a\":\1, \"c.d\" : \1},\"a\":\1,\"b\":{\"a\":\1}}";
    static const char *const should[] = {"a", "b\2a", "b\2c.d",
                                         "a\3"
                                         "2",
                                         "b\2a\3"
                                         "2"};
    struct vocabulary vocabulary;
    struct err err;
    uint32_t number = 0;
    EXPECT_OK(vocabulary_init(&vocabulary, &err), err);
    EXPECT_OK(vocabulary_add_shape(&vocabulary, span_str(shape), &number, &err), err);
    EXPECT_INT(number, 1);
    const struct vocabulary_shape *added = vocabulary_shape(&vocabulary, number);
    EXPECT_INT(added->n_values, sizeof should / sizeof *should);
    for (size_t i = 0; i < added->n_values; i++) {
        uint32_t path = vocabulary_paths(&vocabulary, added)[i];
        EXPECT_SPAN(intern_text(&vocabulary.paths, path), should[i]);
    }
    vocabulary_fini(&vocabulary);
}

/* A bit of each byte, and each length: an error, never other lines. */
static void flip_all(struct buf *bytes, bool (*reads)(const struct store *), struct store *store)
{
    EXPECT(reads(store));
    for (size_t i = 0; i < bytes->size; i++) {
        bytes->data[i] = (char)(bytes->data[i] ^ 1 << i % 8);
        EXPECT(!reads(store));
        bytes->data[i] = (char)(bytes->data[i] ^ 1 << i % 8);
    }
    size_t size = bytes->size;
    for (bytes->size = 0; bytes->size < size; bytes->size++) {
        EXPECT(!reads(store));
    }
    EXPECT(reads(store));
}

static bool block_reads(const struct store *store)
{
    struct columnar_reader *reader = NULL;
    struct buf out = BUF_INIT;
    struct err err;
    bool reads =
        columnar_reader_new(columnar_writer_vocabulary(store->writer), &reader, &err) == OK &&
        columnar_reader_open(reader, buf_span(&store->blocks.items[0]), &err) == OK &&
        columnar_read_lines(reader, &out, &err) == OK;
    columnar_reader_free(reader);
    buf_fini(&out);
    return reads;
}

static bool part_reads(const struct store *store)
{
    struct vocabulary vocabulary;
    struct err err;
    bool reads = vocabulary_init(&vocabulary, &err) == OK &&
                 vocabulary_read_part(&vocabulary, buf_span(&store->parts.items[0]), store->packer,
                                      &err) == OK;
    vocabulary_fini(&vocabulary);
    return reads;
}

TEST(each_changed_byte_is_found)
{
    struct buf text = BUF_INIT;
    struct lines lines = {0};
    struct store store;
    make_world(&text, &lines, 60);
    store_init(&store);
    store_add_all(&store, &lines, 60);
    flip_all(&store.blocks.items[0], block_reads, &store);
    flip_all(&store.parts.items[0], part_reads, &store);
    store_fini(&store);
    vec_fini(&lines);
    buf_fini(&text);
}

TEST(parts_are_read_in_order)
{
    struct buf text = BUF_INIT;
    struct lines lines = {0};
    struct store store;
    struct vocabulary vocabulary;
    struct err err;
    make_world(&text, &lines, 2000);
    store_init(&store);
    store_add_all(&store, &lines, 1000);
    EXPECT_OK(vocabulary_init(&vocabulary, &err), err);
    EXPECT_INT(
        vocabulary_read_part(&vocabulary, buf_span(&store.parts.items[1]), store.packer, &err),
        ERR_CORRUPT);
    EXPECT_STR(err.text, "a part of the vocabulary is missing before this one");
    vocabulary_fini(&vocabulary);
    /* a block whose part is not there */
    struct columnar_reader *reader = NULL;
    EXPECT_OK(vocabulary_init(&vocabulary, &err), err);
    EXPECT_OK(columnar_reader_new(&vocabulary, &reader, &err), err);
    EXPECT_INT(columnar_reader_open(reader, buf_span(&store.blocks.items[1]), &err), ERR_CORRUPT);
    columnar_reader_free(reader);
    vocabulary_fini(&vocabulary);
    store_fini(&store);
    vec_fini(&lines);
    buf_fini(&text);
}

TEST_MAIN(

    TEST_ENTRY(corpus_in_blocks_of_any_size), TEST_ENTRY(world_in_blocks_of_any_size),
    TEST_ENTRY(a_value_in_a_thousand_may_be_odd), TEST_ENTRY(hostile_lines_are_bounded),
    TEST_ENTRY(lines_that_are_no_objects), TEST_ENTRY(paths_are_the_keys_from_the_top),
    TEST_ENTRY(each_changed_byte_is_found), TEST_ENTRY(parts_are_read_in_order))
