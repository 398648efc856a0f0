/* Writing a block: cut, plan, pack, and read back. On the caller's thread; nothing is durable. */
#include <stdlib.h>

#include "schema/columnar/checksum.h"
#include "schema/columnar/columnar_format.h"
#include "schema/columnar/columnar_plan.h"

struct columnar_writer {
    struct vocabulary vocabulary;
    struct vocabulary copy;         /* from the parts, as another process will have it */
    struct columnar_reader *reader; /* of the copy */
    struct codec *codec;
    struct packer *packer;
    struct columnar_cut cut;
    struct columnar_planner planner;
    struct buf body; /* the columns */
    struct buf head;
    struct buf texts;
    struct buf again; /* the lines, read back */
    VEC(uint64_t) numbers;
};

enum status columnar_writer_new(int level, struct columnar_writer **out_writer, struct err *err)
{
    struct columnar_writer *writer = calloc(1, sizeof *writer);
    if (!writer) {
        return err_nomem(err, "columns");
    }
    enum status status = vocabulary_init(&writer->vocabulary, err);
    status = THEN(status, vocabulary_init(&writer->copy, err));
    status = THEN(status, columnar_cut_init(&writer->cut, &writer->vocabulary, err));
    status = THEN(status, columnar_planner_init(&writer->planner, &writer->cut, err));
    status = THEN(status, columnar_reader_new(&writer->copy, &writer->reader, err));
    writer->codec = codec_new();
    writer->packer = writer->codec ? packer_new(writer->codec, level) : NULL;
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
    columnar_reader_free(writer->reader);
    columnar_planner_fini(&writer->planner);
    columnar_cut_fini(&writer->cut);
    vocabulary_fini(&writer->vocabulary);
    vocabulary_fini(&writer->copy);
    packer_free(writer->packer);
    codec_free(writer->codec);
    buf_fini(&writer->body);
    buf_fini(&writer->head);
    buf_fini(&writer->texts);
    buf_fini(&writer->again);
    vec_fini(&writer->numbers);
    free(writer);
}

enum status columnar_writer_add_part(struct columnar_writer *writer, struct span part,
                                     struct err *err)
{
    enum status status = vocabulary_read_part(&writer->vocabulary, part, writer->packer, err);
    return THEN(status, vocabulary_read_part(&writer->copy, part, writer->packer, err));
}

const struct vocabulary *columnar_writer_vocabulary(const struct columnar_writer *writer)
{
    return &writer->vocabulary;
}

static enum status pack_numbers(struct columnar_writer *writer, const uint64_t *numbers,
                                size_t count, struct err *err)
{
    return packer_write_numbers(writer->packer, numbers, count, &writer->body, err);
}

/* Spellings: whether their quotes are left away, sizes, bytes. `which`: of the values, those with
 * these numbers; NULL: all. */
static enum status pack_texts(struct columnar_writer *writer, const struct span *values,
                              const uint64_t *which, size_t count, struct err *err)
{
    bool is_quoted = true;
    for (size_t i = 0; i < count && is_quoted; i++) {
        struct span value = values[which ? which[i] : i];
        is_quoted = vocabulary_is_quoted(value);
    }
    vec_clear(&writer->numbers);
    buf_clear(&writer->texts);
    if (!vec_reserve(&writer->numbers, count)) {
        return err_nomem(err, "columns");
    }
    for (size_t i = 0; i < count; i++) {
        struct span value = values[which ? which[i] : i];
        value = is_quoted ? span_of(value.data + 1, value.size - 2) : value;
        writer->numbers.items[i] = value.size;
        buf_add_span(&writer->texts, value);
    }
    buf_add_char(&writer->body, (char)is_quoted);
    enum status status = pack_numbers(writer, writer->numbers.items, count, err);
    status = THEN(status, buf_status(&writer->texts, "columns", err));
    return THEN(status,
                packer_write_bytes(writer->packer, buf_span(&writer->texts), &writer->body, err));
}

static enum status pack_uuids(struct columnar_writer *writer, const uint64_t *numbers,
                              const uint64_t *seconds, size_t count, struct err *err)
{
    vec_clear(&writer->numbers);
    if (!vec_reserve(&writer->numbers, count) ||
        !buf_reserve(&writer->body, count * VALUE_FORM_UUID_BYTES)) {
        return err_nomem(err, "columns");
    }
    uint8_t *bytes = (uint8_t *)writer->body.data + writer->body.size;
    for (size_t i = 0; i < count; i++) {
        struct value_form_bits bits = {numbers[i], seconds[i]};
        writer->numbers.items[i] = value_form_uuid_pack(&bits, bytes + i * VALUE_FORM_UUID_BYTES);
    }
    writer->body.size += count * VALUE_FORM_UUID_BYTES;
    return pack_numbers(writer, writer->numbers.items, count, err);
}

/* Times in the largest unit that divides all of them: a power of ten of nanoseconds. */
static enum status pack_times(struct columnar_writer *writer, const uint64_t *numbers, size_t count,
                              struct err *err)
{
    uint64_t unit = 1;
    uint8_t power = 0;
    bool divides = true;
    while (divides && power < VALUE_FORM_FRACTION_MAX) {
        for (size_t i = 0; i < count && divides; i++) {
            divides = numbers[i] % (unit * 10) == 0;
        }
        unit *= divides ? 10 : 1;
        power = (uint8_t)(power + divides);
    }
    vec_clear(&writer->numbers);
    if (!vec_reserve(&writer->numbers, count)) {
        return err_nomem(err, "columns");
    }
    for (size_t i = 0; i < count; i++) {
        writer->numbers.items[i] = numbers[i] / unit;
    }
    buf_add_char(&writer->body, (char)power);
    return pack_numbers(writer, writer->numbers.items, count, err);
}

static enum status pack_odd(struct columnar_writer *writer, const struct columnar_plan *plan,
                            struct err *err)
{
    buf_add_varint(&writer->body, plan->n_odd);
    return pack_numbers(writer, writer->planner.odd.items + plan->first_odd, plan->n_odd, err);
}

static enum status pack_form(struct columnar_writer *writer, const struct columnar_plan *plan,
                             struct err *err)
{
    size_t count = plan->column->values.count;
    const uint64_t *numbers = writer->planner.numbers.items + plan->first_number;
    const uint64_t *seconds = writer->planner.seconds.items + plan->first_number;
    const uint64_t *odd = writer->planner.odd.items + plan->first_odd;
    buf_add_char(&writer->body, (char)plan->form.kind);
    buf_add_char(&writer->body, (char)plan->form.fraction);
    enum status status = pack_odd(writer, plan, err);
    if (plan->n_odd > 0) {
        status =
            THEN(status, pack_texts(writer, plan->column->values.items, odd, plan->n_odd, err));
    }
    if (plan->form.kind == VALUE_FORM_UUID) {
        return THEN(status, pack_uuids(writer, numbers, seconds, count, err));
    }
    if (plan->form.kind == VALUE_FORM_TIME) {
        return THEN(status, pack_times(writer, numbers, count, err));
    }
    status = THEN(status, pack_numbers(writer, numbers, count, err));
    if (plan->form.kind == VALUE_FORM_ENDPOINT) {
        status = THEN(status, pack_numbers(writer, seconds, count, err));
    }
    return status;
}

/* The list of numbers of the vocabulary. */
static enum status pack_list(struct columnar_writer *writer, const struct columnar_plan *plan,
                             struct err *err)
{
    buf_add_varint(&writer->body, plan->n_distinct);
    return pack_numbers(writer, writer->planner.ids.items + plan->first_distinct, plan->n_distinct,
                        err);
}

static enum status pack_follower(struct columnar_writer *writer, const struct columnar_plan *plan,
                                 struct err *err)
{
    const struct columnar_planner *planner = &writer->planner;
    const struct columnar_plan *leader = &planner->plans.items[plan->leader];
    buf_add_varint(&writer->body, plan->leader);
    enum status status = pack_list(writer, plan, err);
    status = THEN(status, pack_numbers(writer, planner->map.items + plan->first_map,
                                       leader->n_distinct, err));
    status = THEN(status, pack_odd(writer, plan, err));
    vec_clear(&writer->numbers);
    if (status == OK && !vec_reserve(&writer->numbers, plan->n_odd)) {
        status = err_nomem(err, "columns");
    }
    for (size_t i = 0; status == OK && i < plan->n_odd; i++) {
        uint64_t odd = planner->odd.items[plan->first_odd + i];
        writer->numbers.items[i] = planner->places.items[plan->first_place + odd];
    }
    return THEN(status, pack_numbers(writer, writer->numbers.items, plan->n_odd, err));
}

static enum status pack_column(struct columnar_writer *writer, const struct columnar_plan *plan,
                               struct err *err)
{
    const struct columnar_cut_values *values = &plan->column->values;
    enum status status = OK;
    switch (plan->way) {
    case COLUMNAR_ONE:
        return pack_list(writer, plan, err);
    case COLUMNAR_IDS:
        status = pack_list(writer, plan, err);
        return THEN(status, pack_numbers(writer, writer->planner.places.items + plan->first_place,
                                         values->count, err));
    case COLUMNAR_FOLLOWS:
        return pack_follower(writer, plan, err);
    case COLUMNAR_FORM:
        return pack_form(writer, plan, err);
    case COLUMNAR_TEXT:
        return pack_texts(writer, values->items, NULL, values->count, err);
    }
    return err_set(err, ERR_CORRUPT, "a column is planned in no way");
}

/* Which shape each line has: a list of the used ones, and places in it. */
static enum status pack_shapes(struct columnar_writer *writer, struct err *err)
{
    const struct columnar_cut *cut = &writer->cut;
    size_t n_lines = cut->shapes.count;
    size_t n_used = cut->used_shapes.count;
    vec_clear(&writer->numbers);
    if (!vec_reserve(&writer->numbers, n_lines + n_used)) {
        return err_nomem(err, "columns");
    }
    uint64_t *used = writer->numbers.items;
    for (size_t i = 0; i < n_used; i++) {
        used[i] = cut->used_shapes.items[i];
    }
    for (size_t i = 0; i < n_lines; i++) {
        used[n_used + i] = cut->shapes.items[i];
    }
    buf_add_varint(&writer->body, n_used);
    enum status status = pack_numbers(writer, used, n_used, err);
    return THEN(status, pack_numbers(writer, used + n_used, n_lines, err));
}

/* Closes the section of the body that began at `begin`; its size goes into the head. */
static void end_section(struct columnar_writer *writer, size_t begin)
{
    checksum_add(&writer->body, begin);
    buf_add_varint(&writer->head, writer->body.size - begin);
}

static enum status pack_block(struct columnar_writer *writer, struct buf *out, struct err *err)
{
    const struct vocabulary *vocabulary = writer->cut.vocabulary;
    const struct columnar_planner *planner = &writer->planner;
    buf_clear(&writer->body);
    buf_clear(&writer->head);
    buf_add_char(&writer->head, COLUMNAR_VERSION);
    buf_add_varint(&writer->head, writer->cut.shapes.count);
    buf_add_varint(&writer->head, vocabulary->shapes.count);
    buf_add_varint(&writer->head, vocabulary->values.count);
    buf_add_varint(&writer->head, planner->plans.count);
    enum status status = pack_shapes(writer, err);
    end_section(writer, 0);
    uint32_t path = 0;
    for (size_t i = 0; status == OK && i < planner->plans.count; i++) {
        const struct columnar_plan *plan = &planner->plans.items[i];
        size_t begin = writer->body.size;
        status = pack_column(writer, plan, err);
        buf_add_varint(&writer->head, plan->column->path - path);
        buf_add_char(&writer->head, (char)plan->way);
        end_section(writer, begin);
        path = plan->column->path;
    }
    buf_add_varint(out, writer->head.size);
    size_t begin = out->size;
    buf_add_span(out, buf_span(&writer->head));
    checksum_add(out, begin);
    buf_add_span(out, buf_span(&writer->body));
    status = THEN(status, buf_status(&writer->head, "columns", err));
    status = THEN(status, buf_status(&writer->body, "columns", err));
    return THEN(status, buf_status(out, "columns", err));
}

/* True when the block gives these lines back. */
static bool reads_back(struct columnar_writer *writer, struct span block, const struct span *lines,
                       size_t n_lines)
{
    buf_clear(&writer->again);
    if (columnar_reader_open(writer->reader, block, NULL) != OK ||
        columnar_read_lines(writer->reader, &writer->again, NULL) != OK) {
        return false;
    }
    struct span rest = buf_span(&writer->again);
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

/* The part of the vocabulary that came since the mark; it goes into the copy, too. */
static enum status write_part(struct columnar_writer *writer, struct vocabulary_mark since,
                              struct buf *part, struct err *err)
{
    size_t begin = part->size;
    enum status status =
        vocabulary_write_part(&writer->vocabulary, since, writer->packer, part, err);
    if (status == OK && part->size > begin) {
        struct span added = span_of(part->data + begin, part->size - begin);
        status = vocabulary_read_part(&writer->copy, added, writer->packer, err);
    }
    return status;
}

enum status columnar_write(struct columnar_writer *writer, const struct span *lines, size_t n_lines,
                           struct buf *block, struct buf *part,
                           struct columnar_written *out_written, struct err *err)
{
    CHECK(n_lines > 0 && n_lines <= COLUMNAR_LINES_MAX);
    size_t begin = block->size;
    struct vocabulary_mark since = vocabulary_mark(&writer->vocabulary);
    enum status status = columnar_cut_lines(&writer->cut, lines, n_lines, err);
    status = THEN(status, columnar_planner_run(&writer->planner, false, err));
    status = THEN(status, pack_block(writer, block, err));
    status = THEN(status, write_part(writer, since, part, err));
    if (status != OK) {
        return status;
    }
    struct span bytes = span_of(block->data + begin, block->size - begin);
    bool is_same = reads_back(writer, bytes, lines, n_lines);
    if (!is_same) {
        block->size = begin;
        status = columnar_cut_whole(&writer->cut, lines, n_lines, err);
        status = THEN(status, columnar_planner_run(&writer->planner, true, err));
        status = THEN(status, pack_block(writer, block, err));
        bytes = span_of(block->data + begin, block->size - begin);
        if (status == OK && !reads_back(writer, bytes, lines, n_lines)) {
            status = err_set(err, ERR_CORRUPT, "a block does not give its lines back");
        }
    }
    if (status == OK) {
        *out_written = (struct columnar_written){.was_not_same = !is_same};
        uint32_t whole = writer->cut.place_of_shape.items[0];
        for (size_t i = 0; whole > 0 && i < n_lines; i++) {
            out_written->n_whole += writer->cut.shapes.items[i] == whole - 1;
        }
    }
    return status;
}
