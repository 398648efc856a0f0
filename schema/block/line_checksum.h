/* Sums over the lines of a block, by which a line that was changed, removed, added or moved is
 * found without the block as it was. They do not prove anything (the block's SHA-256 does that);
 * they say where to look.
 *
 * Lines are taken in groups of 64. With h(i) the low 16 bits of hash64 (seed 0) of line i of the
 * group, from 0, a group has two sums modulo 2^16: of h(i), and of (i + 1) * h(i), 2 bytes each,
 * little-endian. Of one line that was changed, the first sum gives the difference d and the second
 * (i + 1) * d, so i; in the same way for one that is missing or was put in. That is 256 bytes for
 * 4,096 events. Any thread. */
#ifndef SCHEMA_BLOCK_LINE_CHECKSUM_H
#define SCHEMA_BLOCK_LINE_CHECKSUM_H

#include "schema/base/buf.h"

enum { LINE_CHECKSUM_GROUP = 64, LINE_CHECKSUM_GROUP_BYTES = 4 };

/* Appends the sums of NDJSON whose lines end with a newline each. */
void line_checksum_add(struct buf *out, struct span ndjson);

enum line_checksum_fault {
    LINE_CHECKSUM_NONE,    /* the sums fit */
    LINE_CHECKSUM_CHANGED, /* this line has other bytes */
    LINE_CHECKSUM_REMOVED, /* a line that stood before this one is missing */
    LINE_CHECKSUM_ADDED,   /* this line was put in */
    LINE_CHECKSUM_RANGE    /* more than one thing is wrong in these lines */
};

struct line_checksum_finding {
    enum line_checksum_fault fault;
    uint32_t line;      /* first line, from 1 */
    uint32_t last_line; /* of LINE_CHECKSUM_RANGE; else the same */
    size_t byte;        /* where the first line begins in the NDJSON, from 0 */
};

/* Compares NDJSON as it is now with the sums of `n_lines` lines, and says what is wrong first. */
struct line_checksum_finding line_checksum_find(struct span ndjson, struct span sums,
                                                uint32_t n_lines);

#endif
