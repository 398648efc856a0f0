/* An archive: its seals, its days, its ledger. The blocks of days are looked at by several threads
 * (verify_days.h), which have ended on return; all calls of the report come from the caller's.
 * Beside a running daemon each file is seen as it is when it is opened. */
#ifndef SCHEMA_VERIFY_VERIFY_ARCHIVE_H
#define SCHEMA_VERIFY_VERIFY_ARCHIVE_H

#include "schema/verify/seal_set.h"

struct verify_archive {
    const char *dir;
    const struct signing_key *key; /* NULL: signatures are not checked */
    int64_t from_us;               /* days that touch [from, to) */
    int64_t to_us;
    bool quick; /* digests of what is stored alone: no line is made */
    struct verify_report *report;
};

/* The book's seals against the archive's own, as they are elsewhere: fewer in the archive, or
 * others, is an archive that was rolled back or rewritten. */
MUST_USE enum status verify_same_seals(struct archive *archive, const struct seal_set *elsewhere,
                                       const char *where, struct verify_report *report,
                                       struct err *err);

/* Fills *book (zeroed to begin with; seal_set_fini it) with the archive's seals. */
MUST_USE enum status verify_archive(const struct verify_archive *verify, struct seal_set *set,
                                    struct err *err);

#endif
