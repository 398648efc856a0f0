/* A column while it is unpacked, part by part. Private to the room. */
#ifndef SCHEMA_COLUMNAR_COLUMNAR_PART_H
#define SCHEMA_COLUMNAR_COLUMNAR_PART_H

#include "schema/columnar/columnar_unpack.h"

struct columnar_part {
    struct columnar_reader *reader;
    size_t i; /* of the column */
    struct columnar_column *column;
    struct span bytes;
    size_t at;     /* where the next part begins */
    size_t leader; /* of what follows: a section */
};

/* ERR_CORRUPT. */
MUST_USE enum status columnar_part_damaged(const struct columnar_part *part, struct err *err);

/* An array of the reader's arena, with room for one more. */
MUST_USE enum status columnar_part_numbers(struct columnar_part *part, size_t count, uint64_t **out,
                                           struct err *err);
/* An array that lives until the next one. */
MUST_USE enum status columnar_part_scratch(struct columnar_part *part, size_t count,
                                           const uint64_t **out, struct err *err);
/* A number that may be at most `max`. */
MUST_USE enum status columnar_part_count(struct columnar_part *part, uint64_t max, size_t *out,
                                         struct err *err);
MUST_USE enum status columnar_part_byte(struct columnar_part *part, uint8_t max, uint8_t *out,
                                        struct err *err);
/* What the values are packed in the order of (schema/columnar/columnar_format.h). */
MUST_USE enum status columnar_part_order_by(struct columnar_part *part, size_t *out_by,
                                            struct err *err);
/* Which values are odd, ascending, into the column. */
MUST_USE enum status columnar_part_odd(struct columnar_part *part, struct err *err);
/* Spellings one behind the other; start[count] is the end of the last. */
MUST_USE enum status columnar_part_texts(struct columnar_part *part, size_t count,
                                         bool *out_is_quoted, const char **out_text,
                                         uint64_t **out_start, struct err *err);

/* Which of the texts each value is: `numbers` names one that comes again, from 1; 0: the next of
 * those behind them. Gives how many texts there are; 0: a number is none. */
size_t columnar_part_which(uint64_t *numbers, size_t count, size_t n_repeats);
/* Those texts one behind the other in the lines' order. `which` and `order` may be NULL. */
MUST_USE enum status columnar_part_spread(struct columnar_part *part, const uint64_t *which,
                                          const uint16_t *order, const char **text,
                                          uint64_t **start, struct err *err);

#endif
