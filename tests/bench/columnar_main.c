/* What columnar blocks take, beside zstd on the same lines in the same run: bytes, and processor
 * time of one thread. The lines come from a file; the vocabulary is one for all of them. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "schema/columnar/columnar.h"
#include "schema/file/file.h"

enum { LEVEL = 3, BLOCK_BYTES_MAX = 1 << 30 };

/* Sums over all blocks. */
struct totals {
    size_t lines;
    size_t raw_bytes;
    size_t block_bytes;
    size_t part_bytes;
    size_t frame_bytes;
    size_t whole;
    double encode;
    double decode;
    double pack;
    double unpack;
};

static double processor_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct bench {
    struct vocabulary vocabulary; /* the reader's */
    struct columnar_writer *writer;
    struct columnar_reader *reader;
    struct codec *codec;
    struct packer *packer;
    struct buf block;
    struct buf part;
    struct buf lines;
    struct totals totals;
};

static enum status measure_columns(struct bench *bench, const struct span *lines, size_t count,
                                   struct err *err)
{
    struct columnar_written written = {0};
    buf_clear(&bench->block);
    buf_clear(&bench->part);
    buf_clear(&bench->lines);
    double begin = processor_seconds();
    enum status status =
        columnar_write(bench->writer, lines, count, &bench->block, &bench->part, &written, err);
    double middle = processor_seconds();
    if (status == OK && bench->part.size > 0) {
        status =
            vocabulary_read_part(&bench->vocabulary, buf_span(&bench->part), bench->packer, err);
    }
    status = THEN(status, columnar_reader_open(bench->reader, buf_span(&bench->block), err));
    status = THEN(status, columnar_read_lines(bench->reader, &bench->lines, err));
    bench->totals.encode += middle - begin;
    bench->totals.decode += processor_seconds() - middle;
    bench->totals.block_bytes += bench->block.size;
    bench->totals.part_bytes += bench->part.size;
    bench->totals.whole += written.n_whole;
    return status;
}

static enum status measure_zstd(struct bench *bench, struct err *err)
{
    buf_clear(&bench->block);
    buf_clear(&bench->part);
    double begin = processor_seconds();
    enum status status =
        codec_pack(bench->codec, buf_span(&bench->lines), LEVEL, true, &bench->block, err);
    double middle = processor_seconds();
    status = THEN(status, codec_unpack(bench->codec, buf_span(&bench->block), BLOCK_BYTES_MAX,
                                       &bench->part, err));
    bench->totals.pack += middle - begin;
    bench->totals.unpack += processor_seconds() - middle;
    bench->totals.frame_bytes += bench->block.size;
    return status;
}

static enum status measure(struct bench *bench, struct span text, size_t per_block, struct err *err)
{
    struct span *lines = calloc(per_block, sizeof *lines);
    enum status status = lines ? OK : err_nomem(err, "lines");
    size_t count = 0;
    bool more = true;
    while (status == OK && more) {
        more = span_next_line(&text, &lines[count]);
        count += more;
        if (count == per_block || (!more && count > 0)) {
            status = measure_columns(bench, lines, count, err);
            status = THEN(status, measure_zstd(bench, err));
            bench->totals.lines += count;
            bench->totals.raw_bytes += bench->lines.size;
            count = 0;
        }
    }
    free(lines);
    return status;
}

static void print(const struct bench *bench, size_t per_block)
{
    const struct totals *totals = &bench->totals;
    double n = (double)totals->lines;
    double us = 1e6 / n;
    printf("%zu lines of %.0f bytes in blocks of %zu; %zu kept whole\n", totals->lines,
           (double)totals->raw_bytes / n, per_block, totals->whole);
    printf("bytes a line   %.2f: blocks %.2f, vocabulary %.2f (%zu shapes, %u values); "
           "zstd -%d of the same blocks %.2f\n",
           (double)(totals->block_bytes + totals->part_bytes) / n, (double)totals->block_bytes / n,
           (double)totals->part_bytes / n, bench->vocabulary.shapes.count,
           bench->vocabulary.values.count, LEVEL, (double)totals->frame_bytes / n);
    printf("encode, check  %.2f us a line; zstd %.2f: %.2f times\n", totals->encode * us,
           totals->pack * us, totals->encode / totals->pack);
    printf("decode         %.2f us a line; zstd %.2f: %.2f times\n", totals->decode * us,
           totals->unpack * us, totals->decode / totals->unpack);
}

int main(int argc, char **argv)
{
    struct err err = {.text = ""};
    struct bench bench = {0};
    struct buf text = BUF_INIT;
    size_t per_block = argc > 2 ? strtoul(argv[2], NULL, 10) : 4096;
    if (argc < 2 || argc > 3 || per_block == 0 || per_block > COLUMNAR_LINES_MAX) {
        (void)fprintf(stderr, "usage: columnar-bench FILE.ndjson [LINES-A-BLOCK]\n");
        return 2;
    }
    enum status status = file_read(argv[1], SIZE_MAX, &text, &err);
    status = THEN(status, vocabulary_init(&bench.vocabulary, &err));
    status = THEN(status, columnar_writer_new(LEVEL, &bench.writer, &err));
    status = THEN(status, columnar_reader_new(&bench.vocabulary, &bench.reader, &err));
    bench.codec = codec_new();
    bench.packer = bench.codec ? packer_new(bench.codec, LEVEL) : NULL;
    status = status == OK && !bench.packer ? err_nomem(&err, "zstd") : status;
    status = THEN(status, measure(&bench, buf_span(&text), per_block, &err));
    if (status == OK && bench.totals.lines > 0) {
        print(&bench, per_block);
    } else {
        (void)fprintf(stderr, "columnar-bench: %s\n", status == OK ? "no lines" : err.text);
    }
    columnar_writer_free(bench.writer);
    columnar_reader_free(bench.reader);
    vocabulary_fini(&bench.vocabulary);
    packer_free(bench.packer);
    codec_free(bench.codec);
    buf_fini(&bench.block);
    buf_fini(&bench.part);
    buf_fini(&bench.lines);
    buf_fini(&text);
    return status == OK ? 0 : 1;
}
