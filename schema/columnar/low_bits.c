#include "schema/columnar/low_bits.h"

#include "schema/columnar/packer.h"

enum { FRAME_BYTES = 24 /* of a frame: what its header and table take, an estimate */ };

/* The `low` lowest bits of each number, one behind the other. */
enum status low_bits_pack(const uint64_t *numbers, size_t count, size_t low, struct buf *out,
                          struct err *err)
{
    uint64_t word = 0;
    size_t n_bits = 0; /* in the word: below eight between numbers */
    size_t size = (count * low + 7) / 8;
    if (!buf_reserve(out, size)) {
        return err_nomem(err, "columns");
    }
    char *at = out->data + out->size;
    for (size_t i = 0; i < count; i++) {
        word |= (numbers[i] & ((UINT64_C(1) << low) - 1)) << n_bits;
        for (n_bits += low; n_bits >= 8; n_bits -= 8) {
            *at++ = (char)word;
            word >>= 8;
        }
    }
    if (n_bits > 0) {
        *at = (char)word;
    }
    out->size += size;
    return OK;
}

enum status low_bits_unpack(struct buf *scratch, struct span bytes, size_t *at, size_t low,
                            uint64_t *out, size_t count, struct err *err)
{
    static const char behind[sizeof(uint64_t)] = {0};
    size_t size = (count * low + 7) / 8;
    if (size > bytes.size - *at) {
        return err_set(err, ERR_CORRUPT, "a column is cut short");
    }
    buf_clear(scratch);
    buf_add(scratch, bytes.data + *at, size);
    buf_add(scratch, behind, sizeof behind);
    *at += size;
    for (size_t i = 0; buf_ok(scratch) && i < count; i++) {
        uint64_t word;
        memcpy(&word, scratch->data + i * low / 8, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        out[i] = out[i] << low | (word >> i * low % 8 & ((UINT64_C(1) << low) - 1));
    }
    return buf_status(scratch, "columns", err);
}

/* The bytes that `count` codes take in the best prefix code for these counts: an estimate. */
static size_t coded_bytes(const uint32_t counts[256], size_t count)
{
    uint64_t bits = 0; /* times 256 */
    for (int i = 0; i < 256; i++) {
        if (counts[i] > 0) {
            uint64_t share = (uint64_t)count * 256 / counts[i];
            size_t log = packer_bits(share) - 1; /* between powers of two a straight line is near */
            bits += counts[i] * (((log - 8) << 8) + ((share << 8 >> log) - 256));
        }
    }
    return bits / (256 * 8) + FRAME_BYTES;
}

/* What the numbers take, an estimate, with so many of their lowest bits apart. */
static size_t cost_with_low(const uint64_t *numbers, size_t count, size_t low, size_t bits)
{
    size_t cost = (count * low + 7) / 8;
    for (size_t shift = low; shift < bits; shift += 8) {
        uint32_t counts[256] = {0};
        for (size_t i = 0; i < count; i++) {
            counts[numbers[i] >> shift & 255]++;
        }
        size_t coded = coded_bytes(counts, count);
        cost += coded < count ? coded : count;
    }
    return cost;
}

/* That are noise: all but the upper three of a number in the middle; or all bits. */
size_t low_bits_noisy(const uint64_t *numbers, size_t count, size_t bits, size_t *out_cost)
{
    size_t with_bits[65] = {0};
    size_t all = (count * bits + 7) / 8;
    if (bits <= 8) { /* of one plane the upper bits alone are not smaller */
        *out_cost = all;
        return bits;
    }
    for (size_t i = 0; i < count; i++) {
        with_bits[packer_bits(numbers[i])]++;
    }
    size_t middle = 0;
    for (size_t below = with_bits[0]; below * 2 < count; below += with_bits[middle]) {
        middle++;
    }
    size_t low = middle > 3 ? middle - 3 : 0;
    low = low > LOW_BITS_MAX ? LOW_BITS_MAX : low;
    *out_cost = cost_with_low(numbers, count, low, bits);
    if (bits <= LOW_BITS_MAX && all <= *out_cost) {
        *out_cost = all;
        return bits;
    }
    return low;
}

size_t low_bits_cost(const uint64_t *numbers, size_t count, size_t bits)
{
    size_t with_low = 0;
    size_t without = cost_with_low(numbers, count, 0, bits);
    (void)low_bits_noisy(numbers, count, bits, &with_low);
    return with_low < without ? with_low : without;
}
