/* Shipped objects against the seals that lie beside them: without the archive, and against it when
 * it is there. One thread. */
#ifndef TOOLS_STELE_VERIFY_VERIFY_OBJECTS_H
#define TOOLS_STELE_VERIFY_VERIFY_OBJECTS_H

#include "daemon/ship/target/target.h"
#include "schema/verify/verify_archive.h"

struct verify_objects {
    struct target *objects;
    struct target *digests;
    const struct signing_key *key; /* NULL: signatures are not checked */
    struct archive *archive;       /* NULL: none is at hand */
    bool quick;                    /* keys alone */
    struct verify_report *report;
    int64_t repacked; /* comes out: objects in other bytes than were sent, which hold the same */
};

/* ERR_NOT_FOUND: there is no seal at the place of digests. */
MUST_USE enum status verify_objects(struct verify_objects *verify, struct err *err);

#endif
