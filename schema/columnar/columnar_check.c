/* Reading a block back before it is stored: what another process would read of it must be the lines
 * that were packed, byte for byte. */
#include "schema/columnar/columnar_writer.h"

enum status columnar_checker_init(struct columnar_checker *checker, struct err *err)
{
    *checker = (struct columnar_checker){.codec = codec_new()};
    checker->packer = checker->codec ? packer_new(checker->codec, 1) : NULL;
    enum status status = vocabulary_init(&checker->vocabulary, err);
    status = THEN(status, columnar_reader_new(&checker->vocabulary, &checker->reader, err));
    return status == OK && !checker->packer ? err_nomem(err, "columns") : status;
}

void columnar_checker_fini(struct columnar_checker *checker)
{
    columnar_reader_free(checker->reader);
    packer_free(checker->packer);
    codec_free(checker->codec);
    vocabulary_fini(&checker->vocabulary);
    buf_fini(&checker->again);
}

enum status columnar_checker_add_part(struct columnar_checker *checker, struct span part,
                                      struct err *err)
{
    return part.size > 0 ? vocabulary_read_part(&checker->vocabulary, part, checker->packer, err)
                         : OK;
}

struct columnar_reader *columnar_checker_reader(const struct columnar_checker *checker)
{
    return checker->reader;
}

const struct vocabulary *columnar_checker_vocabulary(const struct columnar_checker *checker)
{
    return &checker->vocabulary;
}

bool columnar_checker_reads_back(struct columnar_checker *checker, struct span block,
                                 const struct span *lines, size_t n_lines)
{
    buf_clear(&checker->again);
    if (columnar_reader_open(checker->reader, block, NULL) != OK ||
        columnar_read_lines(checker->reader, &checker->again, NULL) != OK) {
        return false;
    }
    struct span rest = buf_span(&checker->again);
    for (size_t i = 0; i < n_lines; i++) {
        size_t size = lines[i].size;
        if (rest.size < size + 1 || !span_equal(span_of(rest.data, size), lines[i]) ||
            rest.data[size] != '\n') {
            return false;
        }
        rest = span_from(rest, size + 1);
    }
    return rest.size == 0;
}
