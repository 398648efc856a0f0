/* What the forms of `stele hunt` have in common. */
#ifndef TOOLS_STELE_HUNT_HUNT_FORMS_H
#define TOOLS_STELE_HUNT_HUNT_FORMS_H

#include "tools/stele/hunt/hunt_print.h"

/* Indicators, those that were seen, and hits: an event counts once for each indicator. */
struct hunt_sum {
    int64_t indicators;
    int64_t seen;
    int64_t hits;
};

/* Without what is suppressed, but for `suppressors`. */
struct hunt_sums {
    struct hunt_sum all;
    struct hunt_sum lists[HUNT_LISTS_MAX]; /* seen and hits */
    struct hunt_sum kinds[OBSERVABLE_KINDS + 1];
    struct hunt_sum warninglist_rows[WARNINGLISTS_MAX]; /* indicators that are on it, hits */
};

void hunt_sum_up(const struct hunt_report *report, struct hunt_sums *out);
/* The words for people. */
void hunt_print_summary(const struct hunt_report *report, const struct hunt_sums *sums, FILE *out);

/* A row of the form for each hit and, with report->unseen, for each indicator without one. */
MUST_USE bool hunt_print_rows(const struct hunt_report *report, enum hunt_form form);
/* An indicator as an object of JSON; hit NULL: it has none. */
void hunt_json_row(struct buf *out, const struct hunt_report *report, size_t number,
                   const struct hunt_hit *hit);
MUST_USE bool hunt_print_json(const struct hunt_report *report, const struct hunt_sums *sums);
/* A bundle of sightings (hunt_stix.c). */
MUST_USE bool hunt_print_stix(const struct hunt_report *report);
/* Writes and clears the line; false: the output failed. */
MUST_USE bool hunt_flush(struct buf *line);

#endif
