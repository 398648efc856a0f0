/* A hunt in the form that is asked for. */
#include "tools/stele/hunt/hunt_print.h"

#include <stdlib.h>

static enum status print_form(const struct hunt_report *report, const struct options *options,
                              const struct hunt_sums *sums, struct err *err)
{
    enum output_form form = options->form;
    return form == OUTPUT_JSON     ? hunt_print_json(report, sums, err)
           : form == OUTPUT_NDJSON ? hunt_print_ndjson(report, err)
           : form == OUTPUT_STIX   ? hunt_print_stix(report, err)
                                   : hunt_print_rows(report, options, err);
}

enum status hunt_print(const struct hunt_report *report, const struct options *options, bool rows,
                       struct err *err)
{
    struct hunt_sums *sums = malloc(sizeof *sums);
    if (!sums) {
        return err_nomem(err, "hunt");
    }
    hunt_sum_up(report, sums);
    hunt_print_summary(report, sums, rows && options->form == OUTPUT_TABLE ? stdout : stderr);
    enum status status = rows ? print_form(report, options, sums, err) : OK;
    free(sums);
    return status == OK && fflush(stdout) != 0 ? err_set(err, ERR_IO, "the output failed") : status;
}
