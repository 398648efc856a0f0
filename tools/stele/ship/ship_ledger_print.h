/* The objects of a time as a table, JSON or CSV. */
#ifndef TOOLS_STELE_SHIP_SHIP_LEDGER_PRINT_H
#define TOOLS_STELE_SHIP_SHIP_LEDGER_PRINT_H

#include "daemon/ship/ship_ledger.h"
#include "schema/base/json_writer.h"
#include "tools/stele/ship/ship_action.h"

/* Sums over the objects that were printed; `form` and `target` are set by the caller, who frees
 * `out`. */
struct ship_ledger_print {
    enum output_form form;
    const char *target; /* the configured one; NULL: none */
    int64_t objects;
    int64_t shipped;
    int64_t failed; /* planned, and each try failed */
    int64_t gone;   /* planned, and deleted unshipped */
    struct buf out;
    struct json_writer json; /* into out */
};

void ship_ledger_print_begin(struct ship_ledger_print *print);
/* A ship_ledger_each; context is a struct ship_ledger_print. */
MUST_USE enum status ship_ledger_print_object(void *context, const struct ship_ledger_row *found,
                                              struct err *err);
/* inbox: events of that time in the inbox. */
MUST_USE enum status ship_ledger_print_end(struct ship_ledger_print *print,
                                           const struct ship_ledger_remainder *rest, int64_t inbox,
                                           struct err *err);

#endif
