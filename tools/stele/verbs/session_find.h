/* Finds sessions, and what their own events say of each. One thread. */
#ifndef TOOLS_STELE_VERBS_SESSION_FIND_H
#define TOOLS_STELE_VERBS_SESSION_FIND_H

#include "query/language/ast.h"
#include "schema/base/index_table.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/verbs/session_head.h"

/* Only events of sessions that are being read are added to their heads. */
struct session_find_item {
    struct span sid;
    struct session_head head;
    bool is_chunk; /* of an application's session, which has an event that says so */
    enum { SESSION_FIND_READ, SESSION_FIND_WAITS, SESSION_FIND_DONE } state;
};

struct session_find {
    /* set by the caller */
    const char *archive;
    const struct query *query; /* sessions with an event that it finds, ... */
    int64_t from_us;           /* ... from this time on ... */
    int64_t to_us;             /* ... and before this one */
    /* the outcome, newest start first */
    VEC(struct session_find_item) found;
    struct arena arena; /* all texts */
    /* while it runs */
    struct index_table table; /* of found, by sid */
    uint64_t seed;
    struct arena scratch; /* of one event */
    struct progress progress;
    enum status status;
    struct err *err;
};

MUST_USE enum status session_find_run(struct session_find *find, struct err *err);
void session_find_fini(struct session_find *find);

#endif
