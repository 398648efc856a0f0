/* Merging: days that are over, each in a file of its own, go into files of many days
 * (schema/index/merged_file.h). A day is in the merged file with one commit; its own file goes
 * after that, and what a crash leaves of it is known by that the merged one has the day. Under the
 * archive's lock, on the thread that writes segments, when no writer of a day at hand is open. */
#ifndef SCHEMA_INDEX_MERGER_H
#define SCHEMA_INDEX_MERGER_H

#include <stdint.h>

#include "schema/base/err.h"

struct merger;

/* What was done since the merger was made. */
struct merger_report {
    int64_t days;
    int64_t events;
    int64_t left_days; /* that could not be read, or not be packed again: they stay as they are */
    struct err why;    /* of the first of them */
};

MUST_USE enum status merger_new(const char *dir, const char *archive_id, int compression_level,
                                struct merger **out_merger, struct err *err);
/* What was not committed is undone. NULL is fine. */
void merger_free(struct merger *merger);

/* Whether there are days with files of their own before `before_us`, but for large ones, which have
 * about as many events as a file takes. */
MUST_USE enum status merger_has_work(const char *dir, int64_t before_us, bool *out_has,
                                     struct err *err);
/* Merges the oldest days that have a file of their own and are before `before_us`, but for large
 * ones, up to about so many events, and commits. *out_more: there may be others. Errors are those
 * of writing; days that cannot be read are in the report. */
MUST_USE enum status merger_run(struct merger *merger, int64_t before_us, int64_t events_max,
                                bool *out_more, struct err *err);
const struct merger_report *merger_report(const struct merger *merger);

#endif
