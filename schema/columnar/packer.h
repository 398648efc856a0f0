/* Arrays of numbers and of bytes as few bytes, and back. One thread, as its codec.
 *
 * A number array is kept as differences from its smallest number or from the number before: their
 * lowest bits, which are noise, as they are, and of the rest a plane for each byte; below five bits
 * several stand in one byte. Few distinct numbers of several bytes are kept once, in ascending
 * order, beside an array of their places. Each plane is a zstd frame where that is smaller. */
#ifndef SCHEMA_COLUMNAR_PACKER_H
#define SCHEMA_COLUMNAR_PACKER_H

#include "schema/base/buf.h"
#include "schema/block/codec.h"

/* How many bits the number needs; 0 for 0. */
static inline size_t packer_bits(uint64_t number)
{
    return number == 0 ? 0 : 64 - (size_t)__builtin_clzll(number);
}

struct packer; /* scratch memory */
/* NULL when memory is out. The codec must outlive it. */
struct packer *packer_new(struct codec *codec, int level);
void packer_free(struct packer *packer);

/* Appends the array; how many numbers it has is for the reader to know. ERR_NOMEM. */
MUST_USE enum status packer_write_numbers(struct packer *packer, const uint64_t *numbers,
                                          size_t count, struct buf *out, struct err *err);
/* Reads `count` numbers at *at, which moves behind them. ERR_CORRUPT. */
MUST_USE enum status packer_read_numbers(struct packer *packer, struct span bytes, size_t *at,
                                         uint64_t *out_numbers, size_t count, struct err *err);

/* Bytes as they are or as a zstd frame, whichever is smaller. */
MUST_USE enum status packer_write_bytes(struct packer *packer, struct span bytes, struct buf *out,
                                        struct err *err);
/* Appends them to `out`; ERR_CORRUPT, too, when they would be more than `max`. */
MUST_USE enum status packer_read_bytes(struct packer *packer, struct span bytes, size_t *at,
                                       size_t max, struct buf *out, struct err *err);

#endif
