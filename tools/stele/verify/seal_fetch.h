/* All seals that lie at one place, by archive: ARCHIVE/NUMBER.json and .sig. Inside daemon/seal/;
 * one thread. */
#ifndef TOOLS_STELE_VERIFY_SEAL_FETCH_H
#define TOOLS_STELE_VERIFY_SEAL_FETCH_H

#include "daemon/ship/target/target.h"
#include "schema/verify/seal_set.h"

enum { SEAL_SHELF_BOOKS_MAX = 64 };

/* Zeroed to begin with. */
struct seal_shelf {
    struct seal_book *books; /* one an archive */
    size_t count;
};
void seal_shelf_fini(struct seal_shelf *shelf);

/* Reads and checks all of them. */
MUST_USE enum status seal_shelf_read(struct seal_shelf *shelf, struct target *digests,
                                     const struct signing_key *key, struct verify_report *report,
                                     struct err *err);

#endif
