/* What verification says: faults, one call each as they are found, and totals. A fault is what the
 * evidence shows; what could not be read at all (a disk, a network) is an error of the function
 * instead. One thread a report. */
#ifndef SCHEMA_VERIFY_VERIFY_REPORT_H
#define SCHEMA_VERIFY_VERIFY_REPORT_H

#include "schema/base/err.h"
#include "schema/block/line_checksum.h"

enum { VERIFY_WHERE_BYTES = 1100 };

struct verify_finding {
    const char *where; /* "2026-11-23", "seal 12", "dt=.../....zst", "archive.db" */
    int64_t block;     /* 0: none */
    uint32_t line;     /* from 1, of the block; 0: none */
    uint32_t last_line;
    int64_t byte; /* where the line begins in the block's NDJSON, from 0; -1: none */
    const char *what;
};
typedef void verify_each(void *context, const struct verify_finding *fault);

/* thousandths of the work, and events so far. */
typedef void verify_progress(void *context, int64_t thousandths, int64_t events);

struct verify_report {
    verify_each *each;
    verify_progress *progress; /* may be NULL */
    void *context;
    int64_t faults;
    int64_t seals;
    int64_t sealed_us; /* when the last seal was made; 0: none */
    int64_t days;
    int64_t deleted_days;
    int64_t unsealed_deletions; /* of them: since the last seal */
    int64_t blocks;
    int64_t unsealed_blocks;
    int64_t events;
    int64_t raw_bytes;
    int64_t objects;
};

/* A fault as it is. */
void verify_tell(struct verify_report *report, const struct verify_finding *fault);

/* A fault without a line. */
void verify_say(struct verify_report *report, const char *where, int64_t block, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

/* What became of a look at something. ERR_CORRUPT is a fault, "what: why" (NULL: "why" alone), and
 * then OK; any other error is one, and goes to *err. */
MUST_USE enum status verify_outcome(struct verify_report *report, const char *where, int64_t block,
                                    const char *what, enum status status, const struct err *why,
                                    struct err *err);

/* The events of a block are not what they were: says so, and where by the sums (empty: unknown).
 * `what` is how it shows; ndjson what there is of it now. */
void verify_say_lines(struct verify_report *report, const char *where, int64_t block,
                      const char *what, struct span ndjson, struct span line_sums,
                      uint32_t n_lines);

#endif
