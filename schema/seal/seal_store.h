/* The seals of an archive: rows of `seal` in the catalogue, and making the next one. One thread for
 * each archive handle; seals are made under the archive's lock only. */
#ifndef SCHEMA_SEAL_SEAL_STORE_H
#define SCHEMA_SEAL_SEAL_STORE_H

#include "schema/crypto/signing.h"
#include "schema/seal/seal_text.h"

/* Bounds of one seal; what is over them goes into the next one, at once. */
enum { SEAL_BLOCKS_MAX = 1024, SEAL_OBJECTS_MAX = 2048 };

struct seal_row {
    int64_t number;
    int64_t made_us;
    struct digest sha256; /* of the text */
    unsigned char signature[SIGNING_SIGNATURE_BYTES];
    int64_t put_us; /* 0: not yet */
};

/* Number of the last seal; 0: none. */
MUST_USE enum status seal_last(struct archive *archive, int64_t *out_number, struct err *err);

/* A seal's row and its text (into *text, cleared first). ERR_NOT_FOUND: there is none of that
 * number; ERR_CORRUPT: it does not unpack. */
MUST_USE enum status seal_get(struct archive *archive, int64_t number, struct seal_row *out_row,
                              struct buf *text, struct err *err);

/* The first seal behind that number; 0: there is none. */
MUST_USE enum status seal_next(struct archive *archive, int64_t number, int64_t *out_next,
                               struct err *err);

/* The first seal that was not put; 0: none waits. */
MUST_USE enum status seal_next_to_put(struct archive *archive, int64_t *out_number,
                                      struct err *err);
MUST_USE enum status seal_mark_put(struct archive *archive, int64_t number, int64_t put_us,
                                   struct err *err);

/* How far the day is sealed: block 0 and the start of the chain when it is not at all. */
MUST_USE enum status seal_day_get(struct archive *archive, int64_t day_us, int64_t *out_block,
                                  struct digest *out_chain, struct err *err);

/* Appends to the draft the day's blocks that are not sealed, up to SEAL_BLOCKS_MAX in all;
 * *out_more when some are left. ERR_CORRUPT: the segment has fewer blocks than were sealed. */
MUST_USE enum status seal_add_day(struct archive *archive, struct seal *draft, int64_t day_us,
                                  bool *out_more, struct err *err);

/* Is there an object or a deletion that is in no seal yet? */
MUST_USE enum status seal_has_changes(struct archive *archive, bool *out_changes, struct err *err);

/* Makes the next seal of the draft's blocks and of all objects and deletions that are in no seal
 * yet (SEAL_OBJECTS_MAX at most of each; *out_more when some are left): in one transaction the text
 * is made, signed and stored, and what it lists is marked. The draft is filled with the seal. */
MUST_USE enum status seal_make(struct archive *archive, const struct signing_key *key,
                               struct seal *draft, int64_t now_us, bool *out_more, struct err *err);

#endif
