/* Findings that are kept until it is their turn: what one thread finds in a piece of a day, to be
 * told when all before it is told. Inside schema/verify/; one thread at a time. */
#ifndef SCHEMA_VERIFY_VERIFY_FINDINGS_H
#define SCHEMA_VERIFY_VERIFY_FINDINGS_H

#include "schema/base/arena.h"
#include "schema/base/vec.h"
#include "schema/verify/verify_report.h"

/* Zeroed to begin with. */
struct verify_findings {
    struct verify_report report; /* what is said to it is kept */
    VEC(struct verify_finding) kept;
    struct arena texts;
    bool nomem; /* one was lost: what was looked at counts as not looked at */
};
void verify_findings_fini(struct verify_findings *findings);

/* Forgets what is kept; from now on `report` keeps. `findings` must not move afterwards. `where` of
 * a finding must live until it is told. */
void verify_findings_begin(struct verify_findings *findings);

/* Tells those from number `from` up to and without `to`. */
void verify_findings_tell(const struct verify_findings *findings, size_t from, size_t to,
                          struct verify_report *report);

#endif
