/* What `stele hunt` says: the summary, a row for each indicator seen, what was searched. */
#ifndef TOOLS_STELE_HUNT_HUNT_PRINT_H
#define TOOLS_STELE_HUNT_HUNT_PRINT_H

#include <stdio.h>

#include "query/hunt/hunt_run.h"
#include "query/list/list.h"
#include "tools/stele/cli/options.h"

enum { HUNT_LISTS_MAX = 256 };

/* A list that was read. */
struct hunt_list {
    const char *name;
    struct list_report report;
};

struct hunt_report {
    const struct indicator_set *set;
    const struct hunt_list *lists;
    size_t n_lists;
    const struct warninglist_set *warninglists; /* or NULL */
    const struct hunt_result *result;
    const char *archive_id; /* its UUID; empty for a single file */
    bool unseen;            /* a row for each indicator without a hit, too */
};

/* Rows on stdout; OUTPUT_JSON has the lists and what was searched, too. The words for people (what
 * was read and seen, by list and kind; what was suppressed; what was searched) stand in front of a
 * table, and go to stderr beside the other forms and without rows. ERR_IO when the output fails. */
MUST_USE enum status hunt_print(const struct hunt_report *report, const struct options *options,
                                bool rows, struct err *err);

/* One event of an indicator, as a line of JSON on stdout. */
void hunt_print_event(const struct hunt_event *hit, const struct warninglist_set *warninglists,
                      const char *list);

/* What follows is for the forms among themselves. */

/* Indicators, those that were seen, and hits: an event counts once for each indicator. */
struct hunt_sum {
    int64_t indicators;
    int64_t seen;
    int64_t hits;
};

/* Without what is suppressed, but for `warninglist_rows`. */
struct hunt_sums {
    struct hunt_sum all;
    struct hunt_sum lists[HUNT_LISTS_MAX]; /* seen and hits */
    struct hunt_sum kinds[OBSERVABLE_KINDS + 1];
    struct hunt_sum warninglist_rows[WARNINGLISTS_MAX]; /* indicators that are on it, hits */
};

void hunt_sum_up(const struct hunt_report *report, struct hunt_sums *out);
/* The words for people. */
void hunt_print_summary(const struct hunt_report *report, const struct hunt_sums *sums, FILE *out);

/* Header and rows of a table or CSV (hunt_rows.c): one for each hit and, with report->unseen, for
 * each indicator without one. A table has what is suppressed as numbers only. */
MUST_USE enum status hunt_print_rows(const struct hunt_report *report,
                                     const struct options *options, struct err *err);
/* The same rows as lines of JSON, or as the whole document with `sums` (hunt_json.c). */
MUST_USE enum status hunt_print_ndjson(const struct hunt_report *report, struct err *err);
MUST_USE enum status hunt_print_json(const struct hunt_report *report, const struct hunt_sums *sums,
                                     struct err *err);
/* A bundle of sightings (hunt_stix.c). */
MUST_USE enum status hunt_print_stix(const struct hunt_report *report, struct err *err);

/* One row, of an indicator's number; hit NULL: it has none. */
typedef enum status hunt_row(void *context, size_t number, const struct hunt_hit *hit,
                             struct err *err);
/* Calls `row` for each row that the form has. */
MUST_USE enum status hunt_each_row(const struct hunt_report *report, bool suppressed, hunt_row *row,
                                   void *context, struct err *err);
/* Number + 1 of the warninglist that the row is suppressed by; 0: none. */
uint32_t hunt_row_warninglist(const struct hunt_report *report, size_t number,
                              const struct hunt_hit *hit);

#endif
