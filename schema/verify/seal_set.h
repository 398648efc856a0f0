/* The sum of all seals of an archive: which blocks, objects and deletions they list. Filled seal
 * by seal, which checks signatures and that they are a chain; then asked. One thread. */
#ifndef SCHEMA_VERIFY_SEAL_SET_H
#define SCHEMA_VERIFY_SEAL_SET_H

#include "schema/crypto/signing.h"
#include "schema/seal/seal_text.h"
#include "schema/verify/verify_report.h"

struct seal_set_block_row {
    int64_t seal;
    struct seal_block block; /* line_sums in the book's arena */
};

struct seal_set_object {
    int64_t seal;
    struct seal_object object;
};

struct seal_set_deletion {
    int64_t seal;
    struct seal_deletion deletion;
};

struct seal_set {
    const struct signing_key *key; /* NULL: signatures are not checked */
    char archive[37];              /* of the first seal */
    int64_t last_number;
    struct digest last_sha256;
    bool broken; /* a seal could not be read: what follows cannot be checked against it */
    VEC(struct seal_set_block_row) blocks; /* by day and block after seal_set_finish */
    VEC(struct seal_set_object) objects;   /* in the order of seals */
    VEC(struct seal_set_deletion) deletions;
    struct arena arena;
    struct seal seal; /* the one read last */
};
void seal_set_fini(struct seal_set *set);

/* The next seal in order, of the number that it should have. Faults go to the report; ERR_NOMEM is
 * the only error. */
MUST_USE enum status seal_set_add(struct seal_set *set, int64_t number, struct span text,
                                  struct span signature, struct verify_report *report,
                                  struct err *err);
/* A seal of that number is not there, and others behind it are. */
void seal_set_gap(struct seal_set *set, int64_t number, struct verify_report *report);

/* A day that was deleted after the last seal: what says so is not signed yet. */
MUST_USE enum status seal_set_unsealed_deletion(struct seal_set *set,
                                                const struct seal_deletion *deletion,
                                                struct err *err);

/* No more will be added. */
void seal_set_finish(struct seal_set *set);

/* Blocks of a day that were sealed and not deleted since, ascending. */
const struct seal_set_block_row *seal_set_day(const struct seal_set *set, int64_t day_us,
                                              size_t *out_count);
/* NULL: none of that number is sealed (or it was deleted since). */
const struct seal_set_block_row *seal_set_block(const struct seal_set *set, int64_t day_us,
                                                int64_t block);
/* All blocks ever sealed, those of deleted days too: NULL when it is not among them. */
const struct seal_set_block_row *seal_set_any_block(const struct seal_set *set, int64_t day_us,
                                                    int64_t block);

#endif
