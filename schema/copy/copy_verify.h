/* Checks a copy against itself and against a key: is it what was made? Found is every change that a
 * reader could see (schema/copy/copy_content.h), a file that SQLite finds damaged, bytes behind its
 * end, a header that does not fit what it stands over, and a signature that does not fit the
 * header. Without a signature, or without the key to check it with, who changed the events
 * could have made the digests new: then only accidents are found. Reads the whole file; one thread.
 */
#ifndef SCHEMA_COPY_COPY_VERIFY_H
#define SCHEMA_COPY_COPY_VERIFY_H

#include "schema/copy/copy_case.h"
#include "schema/verify/verify_report.h"

enum copy_seal_state {
    COPY_SEAL_NONE,   /* not signed */
    COPY_SEAL_NO_KEY, /* signed, and no key to check it with */
    COPY_SEAL_VALID,
    COPY_SEAL_WRONG /* the report says why */
};

struct copy_verdict {
    enum copy_seal_state seal;
    char key_id[SIGNING_ID_BYTES]; /* as the copy names it; empty: not signed */
};

/* key: the archive's public key; NULL: there is none at hand. Faults, blocks, events and bytes go
 * to the report, to whose numbers they are added; a fault's `where` is the path. OK: all was looked
 * at; with no fault the copy is whole. ERR_CORRUPT: damaged so far that it cannot be looked at.
 * ERR_FORMAT: a segment and no copy, or an encrypted one. */
MUST_USE enum status copy_verify(const char *path, const struct signing_key *key,
                                 struct verify_report *report, struct copy_verdict *out_verdict,
                                 struct err *err);

#endif
