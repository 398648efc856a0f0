/* Lines of any bytes as blocks, and back: each is what it was. The first byte says how many lines a
 * block has; the rest is cut into lines at newlines. */
#include <stdlib.h>

#include "schema/columnar/columnar.h"
#include "tests/fuzz/fuzz_target.h"

enum { LINES_MAX = 4096 };

struct world {
    struct vocabulary copy; /* of the reader, from the parts */
    struct columnar_writer *writer;
    struct columnar_reader *reader;
    struct codec *codec;
    struct packer *packer;
};

static void world_init(struct world *world)
{
    world->codec = codec_new();
    MUST_HOLD(world->codec);
    world->packer = packer_new(world->codec, 1);
    MUST_HOLD(world->packer);
    MUST_HOLD(vocabulary_init(&world->copy, NULL) == OK);
    MUST_HOLD(columnar_writer_new(1, &world->writer, NULL) == OK);
    MUST_HOLD(columnar_reader_new(&world->copy, &world->reader, NULL) == OK);
}

static void world_fini(struct world *world)
{
    columnar_writer_free(world->writer);
    columnar_reader_free(world->reader);
    vocabulary_fini(&world->copy);
    packer_free(world->packer);
    codec_free(world->codec);
}

static void round_trip(struct world *world, const struct span *lines, size_t count)
{
    struct buf block = BUF_INIT;
    struct buf part = BUF_INIT;
    struct buf out = BUF_INIT;
    struct columnar_written written;
    MUST_HOLD(columnar_write(world->writer, lines, count, &block, &part, &written, NULL) == OK);
    MUST_HOLD(!written.was_not_same);
    MUST_HOLD(part.size == 0 ||
              vocabulary_read_part(&world->copy, buf_span(&part), world->packer, NULL) == OK);
    MUST_HOLD(columnar_reader_open(world->reader, buf_span(&block), NULL) == OK);
    MUST_HOLD(columnar_read_lines(world->reader, &out, NULL) == OK);
    struct span rest = buf_span(&out);
    for (size_t i = 0; i < count; i++) {
        MUST_HOLD(rest.size > lines[i].size && rest.data[lines[i].size] == '\n');
        MUST_HOLD(span_equal(span_of(rest.data, lines[i].size), lines[i]));
        rest = span_from(rest, lines[i].size + 1);
    }
    MUST_HOLD(rest.size == 0);
    buf_fini(&block);
    buf_fini(&part);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct span lines[LINES_MAX];
    if (size < 2) {
        return 0;
    }
    size_t per_block = 1 + data[0];
    struct span rest = span_of(data + 1, size - 1);
    size_t count = 0;
    while (count < LINES_MAX && span_next_line(&rest, &lines[count])) {
        count++;
    }
    struct world world;
    world_init(&world);
    for (size_t i = 0; i < count; i += per_block) {
        round_trip(&world, lines + i, count - i < per_block ? count - i : per_block);
    }
    world_fini(&world);
    return 0;
}
