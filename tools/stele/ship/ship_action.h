/* What `stele ship` can do beside shipping. Each returns the exit code; failures are said on
 * stderr. */
#ifndef TOOLS_STELE_SHIP_SHIP_ACTION_H
#define TOOLS_STELE_SHIP_SHIP_ACTION_H

#include "tools/stele/cli/options.h"

enum ship_form { SHIP_TABLE, SHIP_JSON, SHIP_CSV };

/* --status */
int ship_show_status(const struct options *options, const char *dir, bool json);

/* --status --from --to: the objects with events of that time, what waits, what is gone. Times are
 * event times; INT64_MIN and INT64_MAX: open. */
int ship_show_ledger(const struct options *options, const char *dir, int64_t from_us, int64_t to_us,
                     enum ship_form form);

/* --reconcile */
struct ship_reconcile_options {
    bool deep;   /* read every object */
    bool repair; /* upload again what is missing */
    bool json;
};
int ship_show_reconcile(const struct options *options, const char *dir,
                        const struct ship_reconcile_options *asked);

#endif
