/* Hostile bytes where a part of a columnar block or of its vocabulary should be, with a checksum
 * that holds. A real block is written; the first byte of the input says which of its sections the
 * rest replaces, the second in which way a column's section is read. What is taken can be read to
 * its end. */
#include <stdlib.h>

#include "schema/base/hash64.h"
#include "schema/columnar/columnar.h"
#include "tests/fuzz/fuzz_target.h"

enum { LINES = 64, SECTIONS_MAX = 64, SHAPES = 0 };

struct section {
    struct span bytes; /* without its checksum */
    uint64_t id;       /* of a column of one value, instead */
    uint64_t path_step;
    uint8_t way;
};

struct block {
    struct buf bytes;
    uint64_t numbers[4];                   /* lines, shapes, values, columns */
    struct section sections[SECTIONS_MAX]; /* the first: shapes of the lines */
    size_t n_sections;
};

/* Lines whose columns are kept in every way. */
static void write_block(struct buf *out, struct buf *part)
{
    struct columnar_writer *writer = NULL;
    struct buf text = BUF_INIT;
    struct span lines[LINES];
    size_t count = 0;
    for (unsigned i = 0; i < LINES; i++) {
        buf_printf(&text,
                   "{\"uid\":\"%08x-0000-4000-8000-00000000%04x\",\"one\":1,\"host\":\"h%u\","
                   "\"name\":\"n%u\",\"addr\":\"10.0.0.%u:%u\",\"pid\":%u,\"text\":\"t%u x%u\","
                   "\"time\":\"2026-11-02T10:00:00.%03uZ\"%s}\n",
                   i * 77777777u, i, i % 4, i == 9 ? 3 : i % 4, i % 7, i * 517, i * i,
                   i * 7919u % 1000u, i * i, i, i % 3 ? "" : ",\"user\":\"u\"");
    }
    struct span rest = buf_span(&text);
    while (count < LINES && span_next_line(&rest, &lines[count])) {
        count++;
    }
    struct columnar_written written;
    MUST_HOLD(columnar_writer_new(1, &writer, NULL) == OK);
    MUST_HOLD(columnar_write(writer, lines, count, out, part, &written, NULL) == OK);
    columnar_writer_free(writer);
    buf_fini(&text);
}

/* Takes the block apart (schema/columnar/columnar.h). */
static void parse_block(struct block *block)
{
    struct span bytes = buf_span(&block->bytes);
    size_t at = 0;
    uint64_t size = 0;
    MUST_HOLD(buf_read_varint(bytes, &at, &size));
    struct span head = span_of(bytes.data + at, (size_t)size);
    struct span body = span_from(bytes, at + (size_t)size + 4);
    at = 1;
    for (int i = 0; i < 4; i++) {
        MUST_HOLD(buf_read_varint(head, &at, &block->numbers[i]));
    }
    block->n_sections = 1 + (size_t)block->numbers[3];
    MUST_HOLD(block->n_sections <= SECTIONS_MAX);
    for (size_t i = 0; i < block->n_sections; i++) {
        struct section *section = &block->sections[i];
        if (i != SHAPES) {
            MUST_HOLD(buf_read_varint(head, &at, &section->path_step));
            section->way = (uint8_t)head.data[at++];
        }
        if (section->way == COLUMNAR_ONE) {
            MUST_HOLD(buf_read_varint(head, &at, &section->id));
            continue;
        }
        MUST_HOLD(buf_read_varint(head, &at, &size));
        section->bytes = span_of(body.data, (size_t)size - 4);
        body = span_from(body, (size_t)size);
    }
}

static void add_checksum(struct buf *out, size_t begin)
{
    uint64_t hash = hash64(span_of(out->data + begin, out->size - begin), 0);
    for (int i = 0; i < 4; i++) {
        buf_add_char(out, (char)(hash >> 8 * i));
    }
}

static void build_block(const struct block *block, struct buf *out)
{
    struct buf head = BUF_INIT;
    buf_add_char(&head, 1);
    for (int i = 0; i < 4; i++) {
        buf_add_varint(&head, block->numbers[i]);
    }
    for (size_t i = 0; i < block->n_sections; i++) {
        if (i != SHAPES) {
            buf_add_varint(&head, block->sections[i].path_step);
            buf_add_char(&head, (char)block->sections[i].way);
        }
        bool is_one = block->sections[i].way == COLUMNAR_ONE;
        buf_add_varint(&head, is_one ? block->sections[i].id : block->sections[i].bytes.size + 4);
    }
    buf_add_varint(out, head.size);
    size_t begin = out->size;
    buf_add_span(out, buf_span(&head));
    add_checksum(out, begin);
    for (size_t i = 0; i < block->n_sections; i++) {
        if (block->sections[i].way == COLUMNAR_ONE) {
            continue;
        }
        begin = out->size;
        buf_add_span(out, block->sections[i].bytes);
        add_checksum(out, begin);
    }
    buf_fini(&head);
}

static void read_block(const struct vocabulary *vocabulary, struct span bytes)
{
    struct columnar_reader *reader = NULL;
    struct buf lines = BUF_INIT;
    MUST_HOLD(columnar_reader_new(vocabulary, &reader, NULL) == OK);
    if (columnar_reader_open(reader, bytes, NULL) == OK) {
        for (size_t i = 0; i < columnar_column_count(reader); i++) {
            const struct columnar_column *column = NULL;
            const uint64_t *ids = NULL;
            const uint16_t *slots = NULL;
            size_t n_ids = 0;
            uint32_t path = 0;
            MUST_HOLD(columnar_column_way(reader, i, &path) <= COLUMNAR_TEXT);
            bool has_ids = columnar_column_ids(reader, i, &ids, &n_ids, NULL) == OK;
            MUST_HOLD(columnar_column_slots(reader, i, &slots, NULL) == OK);
            if (columnar_column(reader, i, &column, NULL) == OK) {
                size_t n = column->n_values;
                MUST_HOLD(n <= columnar_line_count(reader) && column->path == path);
                MUST_HOLD(has_ids && ids == column->ids && n_ids == column->n_ids);
                MUST_HOLD(slots ? n == 0 || slots[n - 1] < columnar_line_count(reader)
                                : n == columnar_line_count(reader));
            }
        }
        (void)!columnar_read_lines(reader, &lines, NULL);
    }
    columnar_reader_free(reader);
    buf_fini(&lines);
}

static void read_part(struct span bytes)
{
    struct vocabulary vocabulary;
    struct codec *codec = codec_new();
    struct packer *packer = packer_new(codec, 1);
    struct buf part = BUF_INIT;
    buf_add_span(&part, bytes);
    add_checksum(&part, 0);
    MUST_HOLD(vocabulary_init(&vocabulary, NULL) == OK);
    if (vocabulary_read_part(&vocabulary, buf_span(&part), packer, NULL) == OK) {
        MUST_HOLD(vocabulary.shapes.count <= VOCABULARY_SHAPES_MAX);
        for (uint32_t i = 0; i < vocabulary.values.count; i++) {
            MUST_HOLD(vocabulary_value(&vocabulary, i).size <= VOCABULARY_VALUE_BYTES_MAX + 2);
        }
    }
    vocabulary_fini(&vocabulary);
    packer_free(packer);
    codec_free(codec);
    buf_fini(&part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3) {
        return 0;
    }
    struct span input = span_of(data + 2, size - 2);
    if (data[0] == 255) {
        read_part(input);
        return 0;
    }
    struct vocabulary vocabulary;
    struct block block = {.bytes = BUF_INIT};
    struct buf bytes = BUF_INIT;
    MUST_HOLD(vocabulary_init(&vocabulary, NULL) == OK);
    struct codec *codec = codec_new();
    struct packer *packer = packer_new(codec, 1);
    struct buf part = BUF_INIT;
    write_block(&block.bytes, &part);
    MUST_HOLD(vocabulary_read_part(&vocabulary, buf_span(&part), packer, NULL) == OK);
    parse_block(&block);
    size_t which = data[0] % block.n_sections;
    block.sections[which].bytes = input;
    block.sections[which].way = which == SHAPES ? 0 : data[1];
    block.sections[which].id = data[2];
    build_block(&block, &bytes);
    read_block(&vocabulary, buf_span(&bytes));
    vocabulary_fini(&vocabulary);
    packer_free(packer);
    codec_free(codec);
    buf_fini(&part);
    buf_fini(&block.bytes);
    buf_fini(&bytes);
    return 0;
}
