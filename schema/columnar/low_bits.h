/* The lowest bits of the numbers of an array, where they are noise that no code makes smaller: they
 * are kept as they are. Private to the room. */
#ifndef SCHEMA_COLUMNAR_LOW_BITS_H
#define SCHEMA_COLUMNAR_LOW_BITS_H

#include "schema/base/buf.h"

enum { LOW_BITS_MAX = 56 }; /* with those of a byte that is begun they are eight bytes */

/* Appends the `low` lowest bits of each number, one behind the other. */
MUST_USE enum status low_bits_pack(const uint64_t *numbers, size_t count, size_t low,
                                   struct buf *out, struct err *err);
/* Shifts each number of `out` and puts them below. ERR_CORRUPT. */
MUST_USE enum status low_bits_unpack(struct buf *scratch, struct span bytes, size_t *at, size_t low,
                                     uint64_t *out, size_t count, struct err *err);

/* How many of the lowest bits are to be kept apart, of numbers of at most `bits` bits, and what the
 * numbers take then: an estimate, in bytes. */
size_t low_bits_noisy(const uint64_t *numbers, size_t count, size_t bits, size_t *out_cost);
/* What they take, with or without, whichever is less. */
size_t low_bits_cost(const uint64_t *numbers, size_t count, size_t bits);

#endif
