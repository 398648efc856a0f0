/* What stele copy has been asked to make, and what came of it. */
#ifndef TOOLS_STELE_COPY_COPY_JOB_H
#define TOOLS_STELE_COPY_COPY_JOB_H

#include <signal.h>

#include "query/language/ast.h"
#include "schema/copy/copy_case.h"
#include "schema/crypto/cms.h"

struct copy_job {
    const char *archive; /* a directory, or one file */
    const char *out;
    const struct query *query;
    struct copy_case
        facts; /* who, why, range, query and session are given; the rest is filled in */
    struct cms_recipients to; /* nothing in it: not encrypted */
    bool over;                /* a file that is there already may go */
    bool plain;
    int compression_level;
    const char *key_path; /* seal.key of the configuration; empty: the archive's own */
    const volatile sig_atomic_t *stop;
    /* what came of it */
    struct arena arena; /* texts of `facts` that were filled in */
    int64_t file_bytes;
    struct digest file_sha256;
    char key_id[SIGNING_ID_BYTES]; /* empty: not signed */
};

static inline bool copy_job_encrypts(const struct copy_job *job)
{
    return job->to.n_certificates > 0 || job->to.passphrase.size > 0;
}

/* Makes it, with a progress line. OK with facts.events 0: nothing matched, and no file was made. */
MUST_USE enum status copy_job_run(struct copy_job *job, struct err *err);

/* The rows of a finished copy at `path` as a database that any SQLite reads, into the empty file
 * `out`: the table teleport_audit_events, its full text and the case header. `progress` may be NULL
 * and gets the number of rows; ERR_STOPPED when *stop is set. */
MUST_USE enum status copy_plain_write(const char *path, const char *out,
                                      const struct copy_case *facts,
                                      const volatile sig_atomic_t *stop,
                                      void (*progress)(void *context, int64_t rows), void *context,
                                      struct err *err);

#endif
