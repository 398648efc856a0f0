/* All seals that lie at one place, by archive: ARCHIVE/NUMBER.json and .sig. One thread. */
#ifndef TOOLS_STELE_VERIFY_SEAL_FETCH_H
#define TOOLS_STELE_VERIFY_SEAL_FETCH_H

#include "daemon/ship/target/target.h"
#include "schema/base/vec.h"
#include "schema/verify/seal_set.h"

enum { SEAL_FETCH_SETS_MAX = 64 };

/* One set an archive. Zeroed to begin with. */
struct seal_fetch VEC_OF(struct seal_set);
void seal_fetch_fini(struct seal_fetch *fetched);

/* Reads and checks all of them. */
MUST_USE enum status seal_fetch_read(struct seal_fetch *fetched, struct target *digests,
                                     const struct signing_key *key, struct verify_report *report,
                                     struct err *err);

#endif
