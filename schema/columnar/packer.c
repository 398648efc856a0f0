#include "schema/columnar/packer.h"

#include "schema/base/index_table.h"
#include "schema/base/vec.h"
#include "schema/columnar/low_bits.h"

/* Stored in files: never renumber. How the numbers of an array became those that are kept; in one
 * byte with the number of their bits that are kept as they are. */
enum transform {
    FROM_MINIMUM = 0,
    FROM_BEFORE = 1, /* zigzag; the first one from 0 */
    PLACES = 2,      /* in a list of the distinct ones, which is an array of its own */
};

enum {
    PLANE_LEVEL = 1,     /* of zstd: planes have few long matches to look for */
    SMALL_BYTES = 24,    /* no frame is smaller than its header */
    WORTH_A_LIST = 8,    /* a number stands in a list when it comes so often */
    LIST_WIDTH_MIN = 12, /* bits; narrower numbers are as small as their places */
    LIST_ENTRIES_MAX = 4096,
    TRANSFORM_BITS = 2,
    SAMPLE = 256,
    STRETCH = 64,
};

struct packer {
    struct codec *codec;
    int level;
    VEC(uint64_t) work;
    VEC(uint64_t) distinct;
    VEC(uint64_t) places;
    struct index_table table;
    struct buf plane;
    struct buf frame;
    struct buf apart; /* an array with its lowest bits apart */
};

struct packer *packer_new(struct codec *codec, int level)
{
    struct packer *packer = calloc(1, sizeof *packer);
    if (packer) {
        packer->codec = codec;
        packer->level = level;
    }
    return packer;
}

void packer_free(struct packer *packer)
{
    if (packer) {
        vec_fini(&packer->work);
        vec_fini(&packer->distinct);
        vec_fini(&packer->places);
        index_table_fini(&packer->table);
        buf_fini(&packer->plane);
        buf_fini(&packer->apart);
        buf_fini(&packer->frame);
        free(packer);
    }
}

/* Bytes: size * 2 + (1: a frame), the frame's size, the bytes. */
static enum status write_bytes(struct packer *packer, struct span bytes, int level, struct buf *out,
                               struct err *err)
{
    size_t begin = out->size;
    if (bytes.size >= SMALL_BYTES) {
        struct buf *frame = &packer->frame;
        buf_clear(frame);
        enum status status = codec_pack(packer->codec, bytes, level, false, frame, err);
        if (status == OK && frame->size < bytes.size) {
            buf_add_varint(out, (uint64_t)frame->size * 2 + 1);
            buf_add_span(out, buf_span(frame));
        }
        if (status != OK) {
            return status;
        }
    }
    if (out->size == begin) {
        buf_add_varint(out, (uint64_t)bytes.size * 2);
        buf_add_span(out, bytes);
    }
    return buf_status(out, "columns", err);
}

enum status packer_write_bytes(struct packer *packer, struct span bytes, struct buf *out,
                               struct err *err)
{
    return write_bytes(packer, bytes, packer->level, out, err);
}

static enum status cut_short(struct err *err)
{
    return err_set(err, ERR_CORRUPT, "a column is cut short");
}

enum status packer_read_bytes(struct packer *packer, struct span bytes, size_t *at, size_t max,
                              struct buf *out, struct err *err)
{
    uint64_t head = 0;
    if (!buf_read_varint(bytes, at, &head) || head / 2 > bytes.size - *at) {
        return cut_short(err);
    }
    struct span part = span_of(bytes.data + *at, (size_t)(head / 2));
    *at += part.size;
    if (head & 1) {
        return codec_unpack(packer->codec, part, max, out, err);
    }
    if (part.size > max) {
        return err_set(err, ERR_CORRUPT, "a column has more than %zu bytes", max);
    }
    buf_add_span(out, part);
    return buf_status(out, "columns", err);
}

/* Bits as they are kept: 0, 1, 2, 4 or whole bytes. */
static int width_of(uint64_t largest)
{
    int bits = (int)packer_bits(largest);
    return bits <= 2 ? bits : bits <= 4 ? 4 : (bits + 7) / 8 * 8;
}

/* Numbers of `width` bits, above their `low` lowest ones, as planes. */
static enum status planes_pack(struct packer *packer, const uint64_t *numbers, size_t count,
                               size_t low, int width, struct buf *out, struct err *err)
{
    enum status status = OK;
    struct buf *plane = &packer->plane;
    int per_byte = width > 0 && width < 8 ? 8 / width : 1;
    for (int shift = 0; status == OK && shift < width; shift += 8) {
        buf_clear(plane);
        if (!buf_reserve(plane, count + 1)) {
            return err_nomem(err, "columns");
        }
        if (per_byte == 1) {
            for (size_t i = 0; i < count; i++) {
                plane->data[i] = (char)(numbers[i] >> low >> shift);
            }
            plane->size = count;
        } else {
            plane->size = (count + (size_t)per_byte - 1) / (size_t)per_byte;
            memset(plane->data, 0, plane->size);
            for (size_t i = 0; i < count; i++) {
                int place = (int)(i % (size_t)per_byte) * width;
                plane->data[i / (size_t)per_byte] |= (char)(numbers[i] >> low << place);
            }
        }
        status = write_bytes(packer, buf_span(plane), PLANE_LEVEL, out, err);
    }
    return status;
}

static enum status planes_unpack(struct packer *packer, struct span bytes, size_t *at, int width,
                                 uint64_t *out, size_t count, struct err *err)
{
    enum status status = OK;
    struct buf *plane = &packer->plane;
    size_t per_byte = width > 0 && width < 8 ? 8 / (size_t)width : 1;
    size_t size = (count + per_byte - 1) / per_byte;
    if (width == 0) {
        memset(out, 0, count * sizeof *out);
    }
    for (int shift = 0; status == OK && shift < width; shift += 8) {
        buf_clear(plane);
        status = packer_read_bytes(packer, bytes, at, size, plane, err);
        if (status == OK && plane->size != size) {
            status = cut_short(err);
        }
        const uint8_t *data = (const uint8_t *)plane->data;
        if (status == OK && per_byte == 1) {
            for (size_t i = 0; i < count; i++) {
                out[i] = (shift > 0 ? out[i] : 0) | (uint64_t)data[i] << shift;
            }
        } else if (status == OK) {
            uint64_t mask = (UINT64_C(1) << width) - 1;
            uint64_t byte = 0;
            for (size_t i = 0; i < count; i++) {
                byte = (i & (per_byte - 1)) == 0 ? *data++ : byte >> width;
                out[i] = byte & mask;
            }
        }
    }
    return status;
}

struct range {
    uint64_t minimum;    /* as signed numbers */
    size_t minimum_bits; /* of the largest difference from the minimum, and from the one before */
    size_t before_bits;
};

static uint64_t from_before(const uint64_t *numbers, size_t i)
{
    return i > 0 ? buf_zigzag((int64_t)(numbers[i] - numbers[i - 1])) : 0;
}

static struct range range_of(const uint64_t *numbers, size_t count)
{
    int64_t minimum = INT64_MAX;
    int64_t maximum = INT64_MIN;
    uint64_t before = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t number = (int64_t)numbers[i];
        minimum = number < minimum ? number : minimum;
        maximum = number > maximum ? number : maximum;
        before |= from_before(numbers, i);
    }
    return (struct range){.minimum = (uint64_t)minimum,
                          .minimum_bits = packer_bits((uint64_t)maximum - (uint64_t)minimum),
                          .before_bits = packer_bits(before)};
}

static enum status pack_with_low(struct packer *packer, enum transform transform, size_t low,
                                 uint64_t any, uint64_t first, struct buf *out, struct err *err)
{
    const uint64_t *work = packer->work.items;
    size_t count = packer->work.count;
    int width = width_of(low < 64 ? any >> low : 0);
    buf_add_char(out, (char)(transform | low << TRANSFORM_BITS));
    buf_add_char(out, (char)width);
    buf_add_varint(out, buf_zigzag((int64_t)first));
    enum status status = planes_pack(packer, work, count, low, width, out, err);
    return low > 0 ? THEN(status, low_bits_pack(work, count, low, out, err)) : status;
}

/* The work: as planes, or with the lowest bits apart if that is smaller. */
static enum status pack_work(struct packer *packer, enum transform transform, uint64_t first,
                             struct buf *out, struct err *err)
{
    const uint64_t *work = packer->work.items;
    size_t count = packer->work.count;
    struct buf *apart = &packer->apart;
    uint64_t any = 0;
    size_t cost = 0;
    for (size_t i = 0; i < count; i++) {
        any |= work[i];
    }
    size_t begin = out->size;
    enum status status = pack_with_low(packer, transform, 0, any, first, out, err);
    if (status != OK || packer_bits(any) <= 2) {
        return status;
    }
    size_t low = low_bits_noisy(work, count, packer_bits(any), &cost);
    if (low == 0 || begin + cost >= out->size) {
        return OK;
    }
    buf_clear(apart);
    status = pack_with_low(packer, transform, low, any, first, apart, err);
    if (status == OK && buf_ok(apart) && apart->size < out->size - begin) {
        out->size = begin;
        buf_add_span(out, buf_span(apart));
    }
    return status;
}

/* Whether differences from the number before take less than those from the minimum. */
static bool before_is_smaller(const uint64_t *numbers, size_t count, const struct range *range)
{
    uint64_t minimum[SAMPLE];
    uint64_t before[SAMPLE];
    size_t n = 0;
    /* in stretches, so that what is near is looked at as well as what is far */
    size_t stretch = count <= SAMPLE ? count : STRETCH;
    size_t step = stretch * (count / SAMPLE + 1);
    if (range->minimum_bits == 0) {
        return false;
    }
    for (size_t begin = 0; begin < count; begin += step) {
        for (size_t i = begin; i < begin + stretch && i < count && n < SAMPLE; i++) {
            minimum[n] = numbers[i] - range->minimum;
            before[n++] = from_before(numbers, i);
        }
    }
    return low_bits_cost(before, n, range->before_bits) <
           low_bits_cost(minimum, n, range->minimum_bits);
}

static enum status pack_plain(struct packer *packer, const uint64_t *numbers, size_t count,
                              const struct range *range, struct buf *out, struct err *err)
{
    vec_clear(&packer->work);
    if (!vec_reserve(&packer->work, count)) {
        return err_nomem(err, "columns");
    }
    packer->work.count = count;
    uint64_t *work = packer->work.items;
    if (before_is_smaller(numbers, count, range)) {
        for (size_t i = 0; i < count; i++) {
            work[i] = from_before(numbers, i);
        }
        return pack_work(packer, FROM_BEFORE, numbers[0], out, err);
    }
    for (size_t i = 0; i < count; i++) {
        work[i] = numbers[i] - range->minimum;
    }
    return pack_work(packer, FROM_MINIMUM, range->minimum, out, err);
}

static int by_number(const void *left, const void *right)
{
    int64_t a = (int64_t) * (const uint64_t *)left;
    int64_t b = (int64_t) * (const uint64_t *)right;
    return (a > b) - (a < b);
}

/* The distinct numbers, ascending, unless they are too many; false then, or without memory. */
static bool list_distinct(struct packer *packer, const uint64_t *numbers, size_t count)
{
    size_t max = count / WORTH_A_LIST;
    max = max > LIST_ENTRIES_MAX ? LIST_ENTRIES_MAX : max;
    index_table_clear(&packer->table);
    vec_clear(&packer->distinct);
    for (size_t i = 0; i < count; i++) {
        uint32_t hash = index_table_mix(numbers[i]);
        struct index_table_probe probe = index_table_probe(&packer->table, hash);
        bool found = false;
        while (!found && index_table_next(&probe)) {
            found = packer->distinct.items[probe.number] == numbers[i];
        }
        if (found) {
            continue;
        }
        if (packer->distinct.count == max ||
            !index_table_add(&packer->table, hash, (uint32_t)packer->distinct.count) ||
            !vec_push(&packer->distinct, numbers[i])) {
            return false;
        }
    }
    vec_sort(&packer->distinct, by_number);
    return true;
}

static uint64_t place_of(const struct packer *packer, uint64_t number)
{
    size_t low = 0;
    size_t high = packer->distinct.count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if ((int64_t)packer->distinct.items[middle] <= (int64_t)number) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

enum status packer_write_numbers(struct packer *packer, const uint64_t *numbers, size_t count,
                                 struct buf *out, struct err *err)
{
    if (count == 0) {
        return OK;
    }
    struct range range = range_of(numbers, count);
    if (range.minimum_bits < LIST_WIDTH_MIN || range.before_bits < LIST_WIDTH_MIN ||
        !list_distinct(packer, numbers, count)) {
        return pack_plain(packer, numbers, count, &range, out, err);
    }
    size_t n_distinct = packer->distinct.count;
    vec_clear(&packer->places);
    if (!vec_reserve(&packer->places, count)) {
        return err_nomem(err, "columns");
    }
    for (size_t i = 0; i < count; i++) {
        packer->places.items[i] = place_of(packer, numbers[i]);
    }
    buf_add_char(out, PLACES);
    buf_add_varint(out, n_distinct);
    range = range_of(packer->distinct.items, n_distinct);
    enum status status = pack_plain(packer, packer->distinct.items, n_distinct, &range, out, err);
    range = range_of(packer->places.items, count);
    return THEN(status, pack_plain(packer, packer->places.items, count, &range, out, err));
}

static enum status unpack_plain(struct packer *packer, struct span bytes, size_t *at, uint64_t *out,
                                size_t count, struct err *err)
{
    uint64_t first = 0;
    if (bytes.size - *at < 2) {
        return cut_short(err);
    }
    int transform = (uint8_t)bytes.data[*at] & ((1 << TRANSFORM_BITS) - 1);
    size_t low = (uint8_t)bytes.data[(*at)++] >> TRANSFORM_BITS;
    int width = (uint8_t)bytes.data[(*at)++];
    bool known = width <= 2 || width == 4 || (width <= 64 && width % 8 == 0);
    if (transform > FROM_BEFORE || low > LOW_BITS_MAX || !known ||
        !buf_read_varint(bytes, at, &first)) {
        return err_set(err, ERR_CORRUPT, "a column is kept in a way that is not known");
    }
    enum status status = planes_unpack(packer, bytes, at, width, out, count, err);
    if (status == OK && low > 0) {
        status = low_bits_unpack(&packer->plane, bytes, at, low, out, count, err);
    }
    first = (uint64_t)buf_unzigzag(first);
    if (status != OK) {
        return status;
    }
    if (transform == FROM_MINIMUM) {
        for (size_t i = 0; first != 0 && i < count; i++) {
            out[i] += first;
        }
        return OK;
    }
    for (size_t i = 0; i < count; i++) {
        first += i > 0 ? (uint64_t)buf_unzigzag(out[i]) : 0;
        out[i] = first;
    }
    return OK;
}

enum status packer_read_numbers(struct packer *packer, struct span bytes, size_t *at, uint64_t *out,
                                size_t count, struct err *err)
{
    if (count == 0) {
        return OK;
    }
    if (*at >= bytes.size || bytes.data[*at] != (char)PLACES) {
        return unpack_plain(packer, bytes, at, out, count, err);
    }
    ++*at;
    uint64_t n_distinct = 0;
    if (!buf_read_varint(bytes, at, &n_distinct) || n_distinct == 0 ||
        n_distinct > LIST_ENTRIES_MAX) {
        return cut_short(err);
    }
    vec_clear(&packer->distinct);
    if (!vec_reserve(&packer->distinct, (size_t)n_distinct)) {
        return err_nomem(err, "columns");
    }
    uint64_t *distinct = packer->distinct.items;
    enum status status = unpack_plain(packer, bytes, at, distinct, (size_t)n_distinct, err);
    status = THEN(status, unpack_plain(packer, bytes, at, out, count, err));
    for (size_t i = 0; status == OK && i < count; i++) {
        if (out[i] >= n_distinct) {
            return err_set(err, ERR_CORRUPT, "a column names a number that is not there");
        }
        out[i] = distinct[out[i]];
    }
    return status;
}
