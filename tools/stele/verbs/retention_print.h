/* What `stele retention` shows. */
#ifndef TOOLS_STELE_VERBS_RETENTION_PRINT_H
#define TOOLS_STELE_VERBS_RETENTION_PRINT_H

#include "daemon/retention/retention_plan.h"
#include "tools/stele/cli/output.h"

/* As a table or JSON. `done`: the days that go are gone. ERR_IO: the output failed. */
MUST_USE enum status retention_print(const struct retention_plan *plan,
                                     const struct retention_rules *rules, bool done,
                                     enum output_form form, struct err *err);
MUST_USE enum status retention_print_deleted(const struct deletion *rows, size_t count,
                                             enum output_form form, struct err *err);

#endif
