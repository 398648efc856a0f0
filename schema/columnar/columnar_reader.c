/* Reading a block: the head, and columns when they are asked for. */
#include <stdlib.h>

#include "schema/columnar/checksum.h"
#include "schema/columnar/columnar_unpack.h"

enum status columnar_reader_new(const struct vocabulary *vocabulary,
                                struct columnar_reader **out_reader, struct err *err)
{
    struct columnar_reader *reader = calloc(1, sizeof *reader);
    if (!reader) {
        return err_nomem(err, "columns");
    }
    reader->vocabulary = vocabulary;
    reader->codec = codec_new();
    reader->packer = reader->codec ? packer_new(reader->codec, 1) : NULL;
    if (!reader->packer) {
        columnar_reader_free(reader);
        return err_nomem(err, "columns");
    }
    *out_reader = reader;
    return OK;
}

void columnar_reader_free(struct columnar_reader *reader)
{
    if (!reader) {
        return;
    }
    packer_free(reader->packer);
    codec_free(reader->codec);
    vec_fini(&reader->shapes);
    vec_fini(&reader->lines);
    vec_fini(&reader->sections);
    vec_fini(&reader->column_of_path);
    arena_fini(&reader->arena);
    buf_fini(&reader->scratch);
    vec_fini(&reader->numbers);
    free(reader);
}

enum { FIRST_BYTES = 1024 };

enum status columnar_reader_bytes(struct columnar_reader *reader, size_t offset, size_t size,
                                  struct span *out, struct err *err)
{
    CHECK(offset <= reader->size && size <= reader->size - offset);
    if (!reader->fetch) {
        *out = span_of(reader->block.data + offset, size);
        return OK;
    }
    char *bytes = arena_alloc(&reader->arena, size);
    if (!bytes) {
        return err_nomem(err, "columns");
    }
    *out = span_of(bytes, size);
    return reader->fetch(reader->context, offset, size, bytes, err);
}

static enum status bad_head(struct err *err)
{
    return err_set(err, ERR_CORRUPT, "the head of a block is damaged");
}

/* The columns' sections, which follow the head and the shapes. */
static enum status read_sections(struct columnar_reader *reader, struct span head, size_t *at,
                                 uint64_t n_columns, struct err *err)
{
    uint64_t path = 0;
    if (!vec_reserve(&reader->sections, (size_t)n_columns)) {
        return err_nomem(err, "columns");
    }
    for (uint64_t i = 0; i < n_columns; i++) {
        uint64_t step = 0;
        uint64_t size = 0;
        uint64_t id = 0;
        if (!buf_read_varint(head, at, &step) || *at >= head.size) {
            return bad_head(err);
        }
        uint8_t byte = (uint8_t)head.data[(*at)++];
        uint8_t way = byte & COLUMNAR_WAY_MASK;
        uint8_t form = byte >> COLUMNAR_FORM_SHIFT & COLUMNAR_FORM_MASK;
        if (!buf_read_varint(head, at, way == COLUMNAR_ONE ? &id : &size) ||
            (way == COLUMNAR_ONE && id >= reader->vocabulary->values.count) ||
            size > reader->size - reader->end || (i > 0 && step == 0) ||
            step > VOCABULARY_PATHS_MAX || way < COLUMNAR_ONE || way > COLUMNAR_TEXT ||
            form > VALUE_FORM_ENDPOINT || (way == COLUMNAR_FORM) != (form != VALUE_FORM_NONE)) {
            return bad_head(err);
        }
        path += step;
        if (path >= intern_count(&reader->vocabulary->paths)) {
            return bad_head(err);
        }
        reader->sections.items[i] = (struct columnar_section){.offset = reader->end,
                                                              .size = (size_t)size,
                                                              .id = id,
                                                              .path = (uint32_t)path,
                                                              .way = way,
                                                              .form = form,
                                                              .has_odd = byte & COLUMNAR_HAS_ODD};
        reader->end += (size_t)size;
        reader->sections.count++;
    }
    return *at == head.size && reader->end == reader->size ? OK : bad_head(err);
}

static enum status read_shapes(struct columnar_reader *reader, struct span section, struct err *err)
{
    struct span bytes;
    size_t at = 0;
    uint64_t n_used = 0;
    if (!checksum_holds(section, &bytes) || !buf_read_varint(bytes, &at, &n_used) || n_used == 0 ||
        n_used > VOCABULARY_SHAPES_MAX) {
        return bad_head(err);
    }
    uint64_t *places = arena_alloc(&reader->arena, reader->n_lines * sizeof *places);
    if (!places || !vec_reserve(&reader->shapes, (size_t)n_used) ||
        !vec_reserve(&reader->lines, reader->n_lines)) {
        return err_nomem(err, "columns");
    }
    reader->shapes.count = (size_t)n_used;
    reader->lines.count = reader->n_lines;
    enum status status =
        packer_read_numbers(reader->packer, bytes, &at, reader->shapes.items, (size_t)n_used, err);
    status =
        THEN(status, packer_read_numbers(reader->packer, bytes, &at, places, reader->n_lines, err));
    for (size_t i = 0; status == OK && i < n_used; i++) {
        if (reader->shapes.items[i] >= reader->vocabulary->shapes.count) {
            status = bad_head(err);
        }
    }
    for (size_t i = 0; status == OK && i < reader->n_lines; i++) {
        if (places[i] >= n_used) {
            status = bad_head(err);
        }
        reader->lines.items[i] = (uint16_t)places[i];
    }
    return status;
}

/* Which shapes each column has. */
static enum status list_shapes(struct columnar_reader *reader, size_t n_all, struct err *err)
{
    reader->shapes_of_columns =
        arena_alloc(&reader->arena, n_all * sizeof *reader->shapes_of_columns);
    if (!reader->shapes_of_columns) {
        return err_nomem(err, "columns");
    }
    size_t first = 0;
    for (size_t i = 0; i < reader->sections.count; i++) {
        struct columnar_section *section = &reader->sections.items[i];
        section->first_shape = first;
        first += section->n_shapes;
        section->n_shapes = 0;
    }
    for (size_t s = 0; s < reader->shapes.count; s++) {
        const struct vocabulary_shape *shape = columnar_reader_shape(reader, s);
        const uint32_t *paths = vocabulary_paths(reader->vocabulary, shape);
        for (size_t i = 0; i < shape->n_values; i++) {
            uint32_t column = reader->column_of_path.items[paths[i]] - 1;
            struct columnar_section *section = &reader->sections.items[column];
            reader->shapes_of_columns[section->first_shape + section->n_shapes++] = (uint32_t)s;
        }
    }
    return OK;
}

/* How many values each column has, from the shapes of the lines. */
static enum status count_values(struct columnar_reader *reader, struct err *err)
{
    size_t n_paths = intern_count(&reader->vocabulary->paths);
    vec_clear(&reader->column_of_path);
    if (!vec_reserve(&reader->column_of_path, n_paths)) {
        return err_nomem(err, "columns");
    }
    memset(reader->column_of_path.items, 0, n_paths * sizeof(uint32_t));
    for (size_t i = 0; i < reader->sections.count; i++) {
        reader->column_of_path.items[reader->sections.items[i].path] = (uint32_t)i + 1;
    }
    size_t *lines = arena_alloc(&reader->arena, reader->shapes.count * sizeof *lines);
    if (!lines) {
        return err_nomem(err, "columns");
    }
    memset(lines, 0, reader->shapes.count * sizeof *lines);
    for (size_t i = 0; i < reader->n_lines; i++) {
        lines[reader->lines.items[i]]++;
    }
    size_t n_all = 0; /* of pairs of shape and column */
    for (size_t s = 0; s < reader->shapes.count; s++) {
        const struct vocabulary_shape *shape = columnar_reader_shape(reader, s);
        const uint32_t *paths = vocabulary_paths(reader->vocabulary, shape);
        for (size_t i = 0; i < shape->n_values; i++) {
            uint32_t column = reader->column_of_path.items[paths[i]];
            if (column == 0) {
                return bad_head(err);
            }
            reader->sections.items[column - 1].n_values += lines[s];
            reader->sections.items[column - 1].n_shapes++;
        }
        n_all += shape->n_values;
    }
    return list_shapes(reader, n_all, err);
}

/* The head without its checksum; reader->end is behind it then. Most heads are among the first
 * bytes that are fetched. */
static enum status fetch_head(struct columnar_reader *reader, struct span *out_head,
                              struct err *err)
{
    struct span first;
    size_t at = 0;
    uint64_t size = 0;
    size_t n_first = reader->size < FIRST_BYTES ? reader->size : FIRST_BYTES;
    enum status status = columnar_reader_bytes(reader, 0, n_first, &first, err);
    if (status != OK) {
        return status;
    }
    if (!buf_read_varint(first, &at, &size) || size > COLUMNAR_HEAD_BYTES_MAX ||
        size + CHECKSUM_BYTES > reader->size - at) {
        return bad_head(err);
    }
    reader->end = at + (size_t)size + CHECKSUM_BYTES;
    if (reader->end > first.size) {
        status = columnar_reader_bytes(reader, 0, reader->end, &first, err);
    }
    if (status != OK) {
        return status;
    }
    if (!checksum_holds(span_of(first.data + at, reader->end - at), out_head)) {
        return bad_head(err);
    }
    return out_head->size > 0 && out_head->data[0] == COLUMNAR_VERSION
               ? OK
               : err_set(err, ERR_VERSION,
                         "a block is of a format that this version does not know");
}

static enum status open_block(struct columnar_reader *reader, struct err *err)
{
    struct span head;
    struct span shapes;
    size_t at = 1;
    uint64_t number[5]; /* lines, shapes, values, columns, bytes of the shapes */
    arena_reset(&reader->arena);
    vec_clear(&reader->sections);
    reader->n_lines = 0;
    reader->lacks_vocabulary = false;
    enum status status = fetch_head(reader, &head, err);
    if (status != OK) {
        return status;
    }
    for (int i = 0; i < 5; i++) {
        if (!buf_read_varint(head, &at, &number[i])) {
            return bad_head(err);
        }
    }
    if (number[0] == 0 || number[0] > COLUMNAR_LINES_MAX || number[3] > COLUMNAR_COLUMNS_MAX ||
        number[4] > reader->size - reader->end) {
        return bad_head(err);
    }
    if (number[1] > reader->vocabulary->shapes.count ||
        number[2] > reader->vocabulary->values.count) {
        reader->lacks_vocabulary = true;
        return err_set(err, ERR_CORRUPT, "a block needs a part of the vocabulary that is missing");
    }
    reader->n_lines = (size_t)number[0];
    status = columnar_reader_bytes(reader, reader->end, (size_t)number[4], &shapes, err);
    reader->end += (size_t)number[4];
    status = THEN(status, read_sections(reader, head, &at, number[3], err));
    status = THEN(status, read_shapes(reader, shapes, err));
    return THEN(status, count_values(reader, err));
}

enum status columnar_reader_open(struct columnar_reader *reader, struct span block, struct err *err)
{
    reader->block = block;
    reader->size = block.size;
    reader->fetch = NULL;
    return open_block(reader, err);
}

enum status columnar_reader_open_lazy(struct columnar_reader *reader, size_t size,
                                      columnar_fetch *fetch, void *context, struct err *err)
{
    reader->size = size;
    reader->fetch = fetch;
    reader->context = context;
    return open_block(reader, err);
}

bool columnar_lacks_vocabulary(const struct columnar_reader *reader)
{
    return reader->lacks_vocabulary;
}

size_t columnar_line_count(const struct columnar_reader *reader)
{
    return reader->n_lines;
}

size_t columnar_column_count(const struct columnar_reader *reader)
{
    return reader->sections.count;
}

enum columnar_way columnar_column_way(const struct columnar_reader *reader, size_t i,
                                      uint32_t *out_path)
{
    const struct columnar_section *section = vec_at(&reader->sections, i);
    *out_path = section->path;
    return section->way;
}

enum value_form_kind columnar_column_form(const struct columnar_reader *reader, size_t i,
                                          bool *out_has_odd)
{
    const struct columnar_section *section = vec_at(&reader->sections, i);
    *out_has_odd = section->has_odd;
    return (enum value_form_kind)section->form;
}
