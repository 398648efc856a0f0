/* The ledger against what is at the target: the list of the target beside the ledger's keys, both
 * in order, then size and digest of each object as it was sent. What has others is unpacked, and is
 * the object all the same when it holds the same. Reads both; what is missing can be uploaded
 * again. No lock is needed: a running steled may ship meanwhile, and what comes or goes between the
 * two readings is looked at once more before it is reported. */
#ifndef DAEMON_SHIP_RECONCILE_H
#define DAEMON_SHIP_RECONCILE_H

#include <stdatomic.h>

#include "daemon/config/config.h"
#include "schema/archive/ledger.h"

enum reconcile_kind {
    RECONCILE_MISSING,  /* shipped, and not at the target */
    RECONCILE_CHANGED,  /* shipped, and something else is there */
    RECONCILE_FOREIGN,  /* at the target, and not in the ledger */
    RECONCILE_REPAIRED, /* was missing, uploaded again */
};
const char *reconcile_kind_name(enum reconcile_kind kind);

struct reconcile_finding {
    enum reconcile_kind kind;
    const char *key;
    const struct ledger_object *object; /* NULL: foreign */
    int64_t bytes;                      /* at the target; -1: not there */
    bool is_named_ours;                 /* foreign: its name is one that this archive gives */
    char why[ERR_TEXT_BYTES];           /* what is wrong, and what can be done */
};

typedef enum status reconcile_each(void *context, const struct reconcile_finding *finding,
                                   struct err *err);

struct reconcile_options {
    const struct config *config;
    const char *archive_dir;
    bool deep;   /* every object is read; else its digest is what the store kept of it */
    bool repair; /* what is missing is uploaded again, if its blocks hold the same */
    const atomic_bool *cancel; /* may be NULL */
    reconcile_each *each;
    void *context;
    /* Called now and then; may be NULL. */
    void (*progress)(void *context, int64_t objects);
};

struct reconcile_report {
    char target[1024];
    int64_t equal;
    int64_t equal_bytes;
    int64_t size_only; /* of the equal ones: the store kept no digest */
    int64_t repacked;  /* of the equal ones: other bytes than were sent, which hold the same */
    int64_t missing;   /* and not repaired */
    int64_t changed;
    int64_t repaired;
    int64_t foreign;
    int64_t foreign_ours;
    int64_t planned; /* in the ledger, not shipped yet: nothing is expected of them */
    int64_t parts;   /* uploads under way, or left by a crash */
};

/* ERR_CONFIG: no target. ERR_NET, ERR_IO, ...: the target, or the archive, could not be read to the
 * end; what was found until then has been told. */
MUST_USE enum status reconcile_run(const struct reconcile_options *options,
                                   struct reconcile_report *out_report, struct err *err);

#endif
