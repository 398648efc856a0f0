/* Checks a copy against itself and against a key: is it what was made? Found is every change that a
 * reader could see (schema/copy_content.h), a file that SQLite finds damaged, bytes behind its end,
 * a header that does not fit what it stands over, and a signature that does not fit the header.
 * Without a signature, or without the key to check it with, whoever changed the events could have
 * made the digests new: then only accidents are found. Reads the whole file; one thread. */
#ifndef SCHEMA_COPY_VERIFY_H
#define SCHEMA_COPY_VERIFY_H

#include "schema/copy_case.h"

struct copy_check {
    const struct signing_key *key; /* the archive's public key; NULL: there is none at hand */
    /* Called with one line for each thing that is wrong, those of a block with its number. */
    void (*wrong)(void *context, const char *text);
    /* Now and then, in thousandths; may be NULL. */
    void (*progress)(void *context, int64_t thousandths, int64_t events);
    void *context;
};

enum copy_seal_state {
    COPY_SEAL_NONE,   /* not signed */
    COPY_SEAL_NO_KEY, /* signed, and no key to check it with */
    COPY_SEAL_GOOD,
    COPY_SEAL_WRONG /* `wrong` was told why */
};

struct copy_verdict {
    int64_t n_wrong; /* 0: the copy is whole */
    enum copy_seal_state seal;
    int64_t blocks;
    int64_t events;
    char key_id[SIGNING_ID_BYTES]; /* as the copy names it; empty: not signed */
};

/* OK: all was looked at, and the verdict says what came of it. ERR_CORRUPT: damaged so far that it
 * cannot be looked at. ERR_FORMAT: a segment, but no copy, or an encrypted one. */
MUST_USE enum status copy_verify(const char *path, const struct copy_check *check,
                                 struct copy_verdict *out_verdict, struct err *err);

#endif
