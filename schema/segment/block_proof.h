/* What proves a block of a segment: digests of its parts, and where to look when they do not fit.
 *
 * The digest of the index goes over everything that the block has besides its frame and this proof
 * and its words: row of `block`, vectors, columns, and the values that are new in the dictionary
 * with it. So it covers times, arrivals, sources and marks. Words (FTS5) are in trees that later
 * blocks change; they are compared with the events (schema/verify/verify_words.h).
 *
 *   SHA-256("stele-index-1"; events, time_min_us, time_max_us, raw_bytes, frame_bytes, partial as 8
 *   bytes each, little-endian; then of text_fields, of each field kept as text (its name), of each
 *   vector by kind and piece, of each column by field (its name, then itself), of each new value
 *   and run of UUIDs by id: a letter (t n v n c d u), 8 bytes for kind, field or id, 8 bytes of
 *   length, the bytes; before that, of values and runs, 8 bytes for the field)
 *
 * One thread. */
#ifndef SCHEMA_SEGMENT_BLOCK_PROOF_H
#define SCHEMA_SEGMENT_BLOCK_PROOF_H

#include "schema/segment/segment.h"

struct block_proof {
    struct digest frame_sha256;
    struct digest index_sha256;
    struct digest chain; /* schema/block/hash_chain.h */
    uint32_t value_from; /* values that are new with this block, up to and without value_to */
    uint32_t value_to;
    struct span line_sums; /* until the next call for this segment */
};

/* ERR_CORRUPT: the block has none, or it is not well formed. */
MUST_USE enum status block_proof_read(struct segment *segment, int64_t block,
                                      struct block_proof *out_proof, struct err *err);

/* The digest of the index as it is now. */
MUST_USE enum status block_proof_index_digest(struct segment *segment, int64_t block,
                                              uint32_t value_from, uint32_t value_to,
                                              struct digest *out_digest, struct err *err);

/* Takes the proof of a block that is all there but for this. */
MUST_USE enum status block_proof_add(struct segment *segment, int64_t block,
                                     const struct block_proof *proof, struct err *err);

/* The frame as stored, appended to out. ERR_CORRUPT: it does not have the digest of its proof. */
MUST_USE enum status block_proof_frame(struct segment *segment, int64_t block, struct buf *out,
                                       struct err *err);

#endif
