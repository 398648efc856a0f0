/* Writing a block: cut, plan, pack. On the caller's thread; nothing is durable. */
#include "schema/columnar/columnar_writer.h"

#include <stdlib.h>

#include "schema/columnar/checksum.h"

enum { WHOLE_LEVEL = 3 }; /* of zstd, for a block that is hardly ever written */

enum status columnar_writer_new(int level, struct columnar_writer **out_writer, struct err *err)
{
    struct columnar_writer *writer = calloc(1, sizeof *writer);
    if (!writer) {
        return err_nomem(err, "columns");
    }
    enum status status = vocabulary_init(&writer->vocabulary, err);
    status = THEN(status, columnar_checker_init(&writer->checker, err));
    status = THEN(status, columnar_cut_init(&writer->cut, &writer->vocabulary, err));
    status = THEN(status, columnar_planner_init(&writer->planner, &writer->cut, err));
    writer->codec = codec_new();
    writer->packer = writer->codec ? packer_new(writer->codec, level) : NULL;
    writer->pack = (struct columnar_pack){.planner = &writer->planner, .packer = writer->packer};
    writer->arrange = (struct columnar_arrange){.pack = &writer->pack};
    if (status == OK && !writer->packer) {
        status = err_nomem(err, "columns");
    }
    if (status != OK) {
        columnar_writer_free(writer);
        return status;
    }
    *out_writer = writer;
    return OK;
}

void columnar_writer_free(struct columnar_writer *writer)
{
    if (!writer) {
        return;
    }
    columnar_checker_fini(&writer->checker);
    columnar_planner_fini(&writer->planner);
    columnar_cut_fini(&writer->cut);
    vocabulary_fini(&writer->vocabulary);
    packer_free(writer->packer);
    codec_free(writer->codec);
    columnar_pack_fini(&writer->pack);
    columnar_arrange_fini(&writer->arrange);
    buf_fini(&writer->head);
    free(writer);
}

enum status columnar_writer_add_part(struct columnar_writer *writer, struct span part,
                                     struct err *err)
{
    enum status status = vocabulary_read_part(&writer->vocabulary, part, writer->packer, err);
    return THEN(status, columnar_checker_add_part(&writer->checker, part, err));
}

const struct vocabulary *columnar_writer_vocabulary(const struct columnar_writer *writer)
{
    return &writer->vocabulary;
}

struct columnar_checker *columnar_writer_checker(struct columnar_writer *writer)
{
    return &writer->checker;
}

/* With the form, if it has one, and whether values are otherwise. */
static unsigned way_byte(const struct columnar_plan *plan)
{
    bool is_form = plan->way == COLUMNAR_FORM;
    return (unsigned)plan->way | (is_form ? (unsigned)plan->form.kind << COLUMNAR_FORM_SHIFT : 0) |
           (is_form && plan->n_odd > 0 ? COLUMNAR_HAS_ODD : 0);
}

/* Closes the section of the body that began at `begin`; its size goes into the head. */
static void end_section(struct columnar_writer *writer, size_t begin)
{
    checksum_add(&writer->pack.body, begin);
    buf_add_varint(&writer->head, writer->pack.body.size - begin);
}

static enum status pack_block(struct columnar_writer *writer, struct buf *out, struct err *err)
{
    const struct vocabulary *vocabulary = writer->cut.vocabulary;
    const struct columnar_planner *planner = &writer->planner;
    buf_clear(&writer->pack.body);
    buf_clear(&writer->head);
    buf_add_char(&writer->head, COLUMNAR_VERSION);
    buf_add_varint(&writer->head, writer->cut.shapes.count);
    buf_add_varint(&writer->head, vocabulary->shapes.count);
    buf_add_varint(&writer->head, vocabulary->values.count);
    buf_add_varint(&writer->head, planner->plans.count);
    enum status status = columnar_pack_shapes(&writer->pack, err);
    status = THEN(status, columnar_arrange_begin(&writer->arrange, err));
    end_section(writer, 0);
    uint32_t path = 0;
    for (size_t i = 0; status == OK && i < planner->plans.count; i++) {
        const struct columnar_plan *plan = &planner->plans.items[i];
        size_t begin = writer->pack.body.size;
        buf_add_varint(&writer->head, plan->column->path - path);
        path = plan->column->path;
        if (plan->way == COLUMNAR_ONE) {
            buf_add_char(&writer->head, COLUMNAR_ONE);
            buf_add_varint(&writer->head, planner->ids.items[plan->first_distinct]);
            continue;
        }
        status = columnar_arrange_column(&writer->arrange, i, err); /* its way may change */
        buf_add_char(&writer->head, (char)way_byte(plan));
        end_section(writer, begin);
    }
    buf_add_varint(out, writer->head.size);
    size_t begin = out->size;
    buf_add_span(out, buf_span(&writer->head));
    checksum_add(out, begin);
    buf_add_span(out, buf_span(&writer->pack.body));
    status = THEN(status, buf_status(&writer->head, "columns", err));
    status = THEN(status, buf_status(&writer->pack.body, "columns", err));
    return THEN(status, buf_status(out, "columns", err));
}

static uint32_t count_whole(const struct columnar_cut *cut)
{
    uint32_t whole = cut->place_of_shape.items[0];
    uint32_t n_whole = 0;
    for (size_t i = 0; whole > 0 && i < cut->shapes.count; i++) {
        n_whole += cut->shapes.items[i] == whole - 1;
    }
    return n_whole;
}

enum status columnar_pack(struct columnar_writer *writer, const struct span *lines, size_t n_lines,
                          struct buf *block, struct buf *part, struct columnar_written *out_written,
                          struct err *err)
{
    CHECK(n_lines > 0 && n_lines <= COLUMNAR_LINES_MAX);
    struct vocabulary_mark since = vocabulary_mark(&writer->vocabulary);
    enum status status = columnar_cut_lines(&writer->cut, lines, n_lines, err);
    status = THEN(status, columnar_planner_run(&writer->planner, false, err));
    status = THEN(status, pack_block(writer, block, err));
    status =
        THEN(status, vocabulary_write_part(&writer->vocabulary, since, writer->packer, part, err));
    if (status == OK) {
        *out_written = (struct columnar_written){.n_whole = count_whole(&writer->cut)};
    }
    return status;
}

enum status columnar_pack_whole(const struct span *lines, size_t n_lines, struct buf *block,
                                struct err *err)
{
    struct columnar_writer *writer;
    enum status status = columnar_writer_new(WHOLE_LEVEL, &writer, err);
    if (status != OK) {
        return status;
    }
    status = columnar_cut_whole(&writer->cut, lines, n_lines, err);
    status = THEN(status, columnar_planner_run(&writer->planner, true, err));
    status = THEN(status, pack_block(writer, block, err));
    columnar_writer_free(writer);
    return status;
}

enum status columnar_check(struct columnar_checker *checker, const struct span *lines,
                           size_t n_lines, struct buf *block, struct columnar_written *written,
                           struct err *err)
{
    if (columnar_checker_reads_back(checker, buf_span(block), lines, n_lines)) {
        return OK;
    }
    buf_clear(block);
    enum status status = columnar_pack_whole(lines, n_lines, block, err);
    if (status == OK && !columnar_checker_reads_back(checker, buf_span(block), lines, n_lines)) {
        return err_set(err, ERR_CORRUPT, "a block does not give its lines back");
    }
    *written = (struct columnar_written){.n_whole = (uint32_t)n_lines, .was_not_same = true};
    return status;
}

enum status columnar_write(struct columnar_writer *writer, const struct span *lines, size_t n_lines,
                           struct buf *block, struct buf *part,
                           struct columnar_written *out_written, struct err *err)
{
    struct columnar_written written;
    struct buf packed = BUF_INIT;
    size_t begin = part->size;
    enum status status = columnar_pack(writer, lines, n_lines, &packed, part, &written, err);
    struct span added = span_of(part->data ? part->data + begin : "", part->size - begin);
    status = THEN(status, columnar_checker_add_part(&writer->checker, added, err));
    status = THEN(status, columnar_check(&writer->checker, lines, n_lines, &packed, &written, err));
    if (status == OK) {
        buf_add_span(block, buf_span(&packed));
        *out_written = written;
        status = buf_status(block, "columns", err);
    }
    buf_fini(&packed);
    return status;
}
