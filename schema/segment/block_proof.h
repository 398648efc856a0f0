/* What proves a block of a segment: digests over bytes that never change (of its events and of how
 * they came, schema/segment/block_pack.h), which seals and the chain stand on, and one over what is
 * stored, which finds damage without making a line. The latter changes when a block is stored
 * anew.
 *
 *   stored: SHA-256("stele-stored-2"; events, time_min_us, time_max_us, raw_bytes, stored_bytes,
 *   whole_lines, not_same, day_us, number as 8 bytes each, little-endian; then the two columnar
 * blocks (b), the two parts of the vocabulary (p) and their copies (q), the newlines (n), the
 * observables (o): each as its letter, 8 bytes of its id, 8 bytes of length, the bytes)
 *
 * Words (FTS5) are in trees that later blocks change; they are compared with the events
 * (schema/verify/verify_words.h). One thread. */
#ifndef SCHEMA_SEGMENT_BLOCK_PROOF_H
#define SCHEMA_SEGMENT_BLOCK_PROOF_H

#include "schema/segment/segment.h"

struct block_proof {
    struct digest arrivals_sha256;
    struct digest stored_sha256;
    struct digest chain;   /* schema/block/hash_chain.h */
    struct span line_sums; /* until the next call for this segment */
};

/* ERR_CORRUPT: the block has none, or it is not well formed. */
MUST_USE enum status block_proof_read(struct segment *segment, int64_t block,
                                      struct block_proof *out_proof, struct err *err);

/* The digest of what is stored, as it is now. */
MUST_USE enum status block_proof_stored_digest(struct segment *segment, int64_t block,
                                               struct digest *out_digest, struct err *err);

/* The digest of the lines of its arrivals, which are made anew, and of the newlines inside of its
 * events. */
MUST_USE enum status block_proof_arrivals_digest(struct segment *segment, int64_t block,
                                                 struct digest *out_digest, struct err *err);

/* Takes the proof of a block that is all there but for this. */
MUST_USE enum status block_proof_add(struct segment *segment, int64_t block,
                                     const struct block_proof *proof, struct err *err);

#endif
