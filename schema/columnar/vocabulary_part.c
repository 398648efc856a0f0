/* A part of a vocabulary: what one block, or several, added to it.
 *
 *     first shape, shapes, first value, values     varints
 *     sizes of the shapes                          number array
 *     the shapes                                   byte array
 *     paths of the values                          number array
 *     how each value is kept (enum kept)           number array
 *     sizes of the texts                           number array
 *     the texts                                    byte array
 *     the UUIDs, 15 bytes and one with two bits    byte array
 *     checksum of all before                       4 bytes, little-endian
 */
#include "schema/columnar/checksum.h"
#include "schema/columnar/line_cut.h"
#include "schema/columnar/value_form.h"
#include "schema/columnar/vocabulary.h"

/* Stored in files: never renumber. */
enum kept { KEPT_SPELLED = 0, KEPT_UNQUOTED = 1, KEPT_UUID = 2 };

enum {
    PART_BYTES_MAX = 64 * 1024 * 1024,
    UUID_SPELLED = 39, /* with quotes and a NUL */
};

/* A part on its way in or out. */
struct part {
    struct vocabulary_mark since;
    size_t n_shapes;
    size_t n_values;
    size_t n_texts; /* values that are no UUIDs */
    VEC(uint64_t) numbers;
    VEC(uint64_t) kept; /* of each value */
    VEC(struct dictionary_value) values;
    struct buf bytes;
    struct buf uuids;
};

static void part_fini(struct part *part)
{
    vec_fini(&part->numbers);
    vec_fini(&part->kept);
    vec_fini(&part->values);
    buf_fini(&part->bytes);
    buf_fini(&part->uuids);
}

/* Room for an array of any list of the part. */
static enum status part_reserve(struct part *part, struct err *err)
{
    size_t most = part->n_shapes > part->n_values ? part->n_shapes : part->n_values;
    return vec_reserve(&part->numbers, most + 1) && vec_reserve(&part->kept, part->n_values + 1)
               ? OK
               : err_nomem(err, "vocabulary");
}

static enum status write_shapes(const struct vocabulary *vocabulary, struct part *part,
                                struct packer *packer, struct buf *out, struct err *err)
{
    buf_clear(&part->bytes);
    for (size_t i = 0; i < part->n_shapes; i++) {
        struct span bytes = vec_at(&vocabulary->shapes, part->since.shapes + i)->bytes;
        part->numbers.items[i] = bytes.size;
        buf_add_span(&part->bytes, bytes);
    }
    enum status status =
        packer_write_numbers(packer, part->numbers.items, part->n_shapes, out, err);
    return THEN(status, packer_write_bytes(packer, buf_span(&part->bytes), out, err));
}

static enum kept how_kept(struct span value, struct value_form_bits *out_bits)
{
    if (value_form_of(value, out_bits).kind == VALUE_FORM_UUID) {
        return KEPT_UUID;
    }
    return vocabulary_is_quoted(value) ? KEPT_UNQUOTED : KEPT_SPELLED;
}

static const struct dictionary_value *added_value(const struct vocabulary *vocabulary,
                                                  const struct part *part, size_t i)
{
    return &vocabulary->values.values[part->since.values + i];
}

static enum status write_values(const struct vocabulary *vocabulary, struct part *part,
                                struct packer *packer, struct buf *out, struct err *err)
{
    uint64_t *numbers = part->numbers.items;
    for (size_t i = 0; i < part->n_values; i++) {
        numbers[i] = added_value(vocabulary, part, i)->field;
    }
    enum status status = packer_write_numbers(packer, numbers, part->n_values, out, err);
    buf_clear(&part->bytes);
    for (size_t i = 0; i < part->n_values; i++) {
        const struct dictionary_value *added = added_value(vocabulary, part, i);
        struct span value = span_of(added->text, added->size);
        struct value_form_bits bits;
        enum kept kept = how_kept(value, &bits);
        part->kept.items[i] = kept;
        if (kept == KEPT_UUID) {
            uint8_t uuid[VALUE_FORM_UUID_BYTES + 1];
            uuid[VALUE_FORM_UUID_BYTES] = value_form_uuid_pack(&bits, uuid);
            buf_add(&part->uuids, uuid, sizeof uuid);
            continue;
        }
        value = kept == KEPT_UNQUOTED ? span_of(value.data + 1, value.size - 2) : value;
        numbers[part->n_texts++] = value.size;
        buf_add_span(&part->bytes, value);
    }
    status = THEN(status, packer_write_numbers(packer, part->kept.items, part->n_values, out, err));
    status = THEN(status, packer_write_numbers(packer, numbers, part->n_texts, out, err));
    status = THEN(status, packer_write_bytes(packer, buf_span(&part->bytes), out, err));
    return THEN(status, packer_write_bytes(packer, buf_span(&part->uuids), out, err));
}

enum status vocabulary_write_part(const struct vocabulary *vocabulary, struct vocabulary_mark since,
                                  struct packer *packer, struct buf *out, struct err *err)
{
    struct part part = {.since = since,
                        .n_shapes = vocabulary->shapes.count - since.shapes,
                        .n_values = vocabulary->values.count - since.values};
    if (part.n_shapes == 0 && part.n_values == 0) {
        return OK;
    }
    size_t begin = out->size;
    buf_add_varint(out, since.shapes);
    buf_add_varint(out, part.n_shapes);
    buf_add_varint(out, since.values);
    buf_add_varint(out, part.n_values);
    enum status status = part_reserve(&part, err);
    status = THEN(status, write_shapes(vocabulary, &part, packer, out, err));
    status = THEN(status, write_values(vocabulary, &part, packer, out, err));
    part_fini(&part);
    checksum_add(out, begin);
    return THEN(status, buf_status(out, "vocabulary", err));
}

static enum status not_a_part(struct err *err)
{
    return err_set(err, ERR_CORRUPT, "a part of the vocabulary is damaged");
}

static enum status read_head(const struct vocabulary *vocabulary, struct span bytes, size_t *at,
                             struct part *part, struct err *err)
{
    uint64_t head[4];
    for (int i = 0; i < 4; i++) {
        if (!buf_read_varint(bytes, at, &head[i])) {
            return not_a_part(err);
        }
    }
    if (head[0] != vocabulary->shapes.count || head[2] != vocabulary->values.count) {
        return err_set(err, ERR_CORRUPT, "a part of the vocabulary is missing before this one");
    }
    if (head[1] > VOCABULARY_SHAPES_MAX || head[3] > DICTIONARY_VALUES_MAX) {
        return not_a_part(err);
    }
    part->n_shapes = (size_t)head[1];
    part->n_values = (size_t)head[3];
    return part_reserve(part, err);
}

/* The next `size` of the part's bytes; false when they are fewer. */
static bool take(struct span *rest, uint64_t size, struct span *out)
{
    if (size > rest->size) {
        return false;
    }
    *out = span_of(rest->data, (size_t)size);
    *rest = span_from(*rest, (size_t)size);
    return true;
}

static enum status read_shapes(struct vocabulary *vocabulary, struct part *part, struct span bytes,
                               size_t *at, struct packer *packer, struct err *err)
{
    uint64_t *sizes = part->numbers.items;
    enum status status = packer_read_numbers(packer, bytes, at, sizes, part->n_shapes, err);
    status = THEN(status, packer_read_bytes(packer, bytes, at, PART_BYTES_MAX, &part->bytes, err));
    struct span rest = buf_span(&part->bytes);
    for (size_t i = 0; status == OK && i < part->n_shapes; i++) {
        struct span shape;
        uint32_t number = INTERN_NONE;
        if (!take(&rest, sizes[i], &shape) ||
            vocabulary_find_shape(vocabulary, shape) != INTERN_NONE) {
            return not_a_part(err);
        }
        status = vocabulary_add_shape(vocabulary, shape, &number, err);
        if (status == OK && number == INTERN_NONE) {
            return not_a_part(err);
        }
    }
    return status;
}

/* How many bytes the spelling of a value has; 0: it is kept in no way that is known. */
static size_t spelled_size(uint64_t kept, uint64_t size)
{
    if (kept == KEPT_UUID) {
        return UUID_SPELLED;
    }
    return kept > KEPT_UUID || size > VOCABULARY_VALUE_BYTES_MAX
               ? 0
               : (size_t)size + (kept == KEPT_UNQUOTED ? 2 : 0) + 1;
}

/* Spells the next value at `to`, with a NUL behind it; false: the part has not as many bytes. */
static bool spell(uint64_t kept, uint64_t size, struct span *texts, struct span *uuids, char *to)
{
    struct span text;
    if (kept == KEPT_UUID) {
        if (!take(uuids, VALUE_FORM_UUID_BYTES + 1, &text)) {
            return false;
        }
        const uint8_t *bytes = (const uint8_t *)text.data;
        struct value_form_bits bits = value_form_uuid_unpack(bytes, bytes[VALUE_FORM_UUID_BYTES]);
        struct value_form_writer writer = {.form = {VALUE_FORM_UUID, 0}};
        to = value_form_put(&writer, &bits, to);
        *to = '\0';
        return true;
    }
    if (!take(texts, size, &text)) {
        return false;
    }
    if (kept == KEPT_UNQUOTED) {
        *to++ = '"';
    }
    if (text.size > 0) {
        memcpy(to, text.data, text.size);
    }
    to += text.size;
    if (kept == KEPT_UNQUOTED) {
        *to++ = '"';
    }
    *to = '\0';
    return true;
}

/* The values of the part, spelled one behind the other where the dictionary keeps texts. */
static enum status spell_values(struct vocabulary *vocabulary, struct part *part,
                                const uint64_t *paths, struct err *err)
{
    const uint64_t *kept = part->kept.items;
    const uint64_t *sizes = part->numbers.items; /* of texts alone */
    struct span texts = buf_span(&part->bytes);
    struct span uuids = buf_span(&part->uuids);
    size_t total = 1;
    for (size_t i = 0, t = 0; i < part->n_values; i++) {
        size_t size = spelled_size(kept[i], kept[i] == KEPT_UUID ? 0 : sizes[t++]);
        if (size == 0 || paths[i] >= intern_count(&vocabulary->paths)) {
            return not_a_part(err);
        }
        total += size;
    }
    if (total > 2 * (size_t)PART_BYTES_MAX ||
        dictionary_full(&vocabulary->values, (uint32_t)part->n_values)) {
        return not_a_part(err);
    }
    struct dictionary_value *values = part->values.items;
    char *to = arena_alloc(&vocabulary->values.arena, total);
    if (!to) {
        return err_nomem(err, "vocabulary");
    }
    for (size_t i = 0; i < part->n_values; i++) {
        uint64_t size = kept[i] == KEPT_UUID ? 0 : *sizes++;
        size_t spelled = spelled_size(kept[i], size) - 1;
        if (!spell(kept[i], size, &texts, &uuids, to)) {
            return not_a_part(err);
        }
        values[i] = (struct dictionary_value){to, (uint32_t)spelled, (uint32_t)paths[i]};
        to += spelled + 1;
    }
    return dictionary_append(&vocabulary->values, values, (uint32_t)part->n_values)
               ? OK
               : err_nomem(err, "vocabulary");
}

static enum status read_values(struct vocabulary *vocabulary, struct part *part, struct span bytes,
                               size_t *at, struct packer *packer, struct err *err)
{
    VEC(uint64_t) paths = {0};
    uint64_t *kept = part->kept.items;
    enum status status =
        vec_reserve(&paths, part->n_values + 1) && vec_reserve(&part->values, part->n_values + 1)
            ? OK
            : err_nomem(err, "vocabulary");
    status = THEN(status, packer_read_numbers(packer, bytes, at, paths.items, part->n_values, err));
    status = THEN(status, packer_read_numbers(packer, bytes, at, kept, part->n_values, err));
    for (size_t i = 0; status == OK && i < part->n_values; i++) {
        part->n_texts += kept[i] != KEPT_UUID;
    }
    status = THEN(status,
                  packer_read_numbers(packer, bytes, at, part->numbers.items, part->n_texts, err));
    buf_clear(&part->bytes);
    status = THEN(status, packer_read_bytes(packer, bytes, at, PART_BYTES_MAX, &part->bytes, err));
    status = THEN(status, packer_read_bytes(packer, bytes, at, PART_BYTES_MAX, &part->uuids, err));
    status = THEN(status, spell_values(vocabulary, part, paths.items, err));
    vec_fini(&paths);
    return status;
}

bool vocabulary_part_holds(struct span part)
{
    struct span bytes;
    return checksum_holds(part, &bytes);
}

enum status vocabulary_read_part(struct vocabulary *vocabulary, struct span part,
                                 struct packer *packer, struct err *err)
{
    struct part reading = {.since = vocabulary_mark(vocabulary)};
    size_t at = 0;
    struct span bytes;
    if (!checksum_holds(part, &bytes)) {
        return not_a_part(err);
    }
    enum status status = read_head(vocabulary, bytes, &at, &reading, err);
    status = THEN(status, read_shapes(vocabulary, &reading, bytes, &at, packer, err));
    status = THEN(status, read_values(vocabulary, &reading, bytes, &at, packer, err));
    part_fini(&reading);
    return status;
}
