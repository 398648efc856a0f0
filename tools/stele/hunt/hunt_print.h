/* What `stele hunt` says: the summary, a row for each indicator seen, what was searched. */
#ifndef TOOLS_STELE_HUNT_HUNT_PRINT_H
#define TOOLS_STELE_HUNT_HUNT_PRINT_H

#include "query/hunt/hunt_run.h"
#include "query/ioc/list.h"
#include "tools/stele/cli/output.h"

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
MUST_USE enum status hunt_print(const struct hunt_report *report, enum output_form form, bool rows,
                                struct err *err);

/* One event of an indicator, as a line of JSON on stdout. */
void hunt_print_event(const struct hunt_event *hit, const struct warninglist_set *warninglists,
                      const char *list);

#endif
