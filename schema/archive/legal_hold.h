/* What must not be deleted, and who said so: rows of `hold` in the catalogue. A hold is in force
 * from its making to its release; a row is never deleted. What a hold means for a day, retention
 * decides (daemon/retention/). A handle belongs to one thread. */
#ifndef SCHEMA_ARCHIVE_LEGAL_HOLD_H
#define SCHEMA_ARCHIVE_LEGAL_HOLD_H

#include "schema/archive/archive.h"

enum legal_hold_kind { LEGAL_HOLD_RANGE, LEGAL_HOLD_SESSION, LEGAL_HOLD_USER };
enum { LEGAL_HOLD_SUBJECT_BYTES = 1025, LEGAL_HOLD_WHY_BYTES = 1025, LEGAL_HOLD_WHO_BYTES = 65 };

struct legal_hold {
    int64_t id;
    enum legal_hold_kind kind;
    int64_t from_us;                        /* event time, inclusive; INT64_MIN: open */
    int64_t to_us;                          /* exclusive; INT64_MAX: open */
    char subject[LEGAL_HOLD_SUBJECT_BYTES]; /* session id or user; empty for a range */
    char why[LEGAL_HOLD_WHY_BYTES];
    char who[LEGAL_HOLD_WHO_BYTES]; /* the login that made it */
    int64_t made_us;
    int64_t released_us; /* 0: in force */
    char released_by[LEGAL_HOLD_WHO_BYTES];
    char released_why[LEGAL_HOLD_WHY_BYTES];
};

/* "range", "session", "user" */
const char *legal_hold_kind_name(enum legal_hold_kind kind);

/* Commits the hold (its own transaction) and fills hold->id. ERR_USAGE: no reason, an empty range,
 * or a subject that is missing. */
MUST_USE enum status legal_hold_add(struct archive *archive, struct legal_hold *hold,
                                    struct err *err);
/* Commits the release. ERR_NOT_FOUND: no such hold; ERR_EXISTS: released already, by whom is in
 * the text; ERR_USAGE: no reason. */
MUST_USE enum status legal_hold_release(struct archive *archive, int64_t id, const char *who,
                                        const char *why, int64_t now_us, struct err *err);

/* Holds in order of id, malloc'ed, free() them; those in force, or all. */
MUST_USE enum status legal_hold_list(struct archive *archive, bool all,
                                     struct legal_hold **out_holds, size_t *out_count,
                                     struct err *err);
/* A number that grows with every hold that is made or released. */
MUST_USE enum status legal_hold_stamp(struct archive *archive, int64_t *out_stamp, struct err *err);

#endif
