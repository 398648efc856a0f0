/* What stele verify prints: findings on stdout as they come, the outcome on stderr. */
#ifndef TOOLS_STELE_VERIFY_VERIFY_PRINT_H
#define TOOLS_STELE_VERIFY_VERIFY_PRINT_H

#include "schema/base/signing.h"
#include "schema/verify/verify_report.h"
#include "tools/stele/cli/output.h"
#include "tools/stele/cli/progress.h"

/* A run of the verb. */
struct verify_run {
    struct verify_report report;
    struct progress progress;
    enum output_form form;
    bool own_key; /* the key that lies beside what is verified */
    struct signing_key *key;
    /* of a copy */
    bool is_copy;
    bool is_signed;
    char copy_key[SIGNING_ID_BYTES];
};

/* The report's callbacks; the context is the run. */
void verify_print_finding(void *context, const struct verify_finding *finding);
void verify_print_progress(void *context, int64_t thousandths, int64_t events);

/* The outcome; returns the exit code. */
int verify_print(const struct verify_run *run);

#endif
