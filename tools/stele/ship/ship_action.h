/* What `stele ship` can do beside shipping. */
#ifndef TOOLS_STELE_SHIP_SHIP_ACTION_H
#define TOOLS_STELE_SHIP_SHIP_ACTION_H

#include "tools/stele/cli/options.h"

/* --status */
MUST_USE enum status ship_show_status(const struct options *options, struct err *err);

/* --status --from --to: the objects with events of that time, what waits, what is gone. Times are
 * event times; INT64_MIN and INT64_MAX: open. *out_any: there was something. */
MUST_USE enum status ship_show_ledger(const struct options *options, int64_t from_us, int64_t to_us,
                                      bool *out_any, struct err *err);

/* --reconcile. `deep`: reads every object; `repair`: uploads again what is missing. *out_equal:
 * nothing is missing or changed. */
MUST_USE enum status ship_show_reconcile(const struct options *options, bool deep, bool repair,
                                         bool *out_equal, struct err *err);

#endif
