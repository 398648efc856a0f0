/* The objects of a time as a table, JSON or CSV. */
#ifndef TOOLS_STELE_SHIP_SHIP_LEDGER_PRINT_H
#define TOOLS_STELE_SHIP_SHIP_LEDGER_PRINT_H

#include "daemon/ship/ship_ledger.h"
#include "tools/stele/ship/ship_action.h"

/* Sums over the objects that were printed. */
struct ship_ledger_print {
    enum ship_form form;
    const char *target; /* the configured one; NULL: none */
    int64_t objects;
    int64_t shipped;
    int64_t failed; /* planned, tried in vain */
    int64_t gone;   /* planned, and deleted unshipped */
};

/* A ship_ledger_each; context is a struct ship_ledger_print. */
MUST_USE enum status ship_ledger_print_object(void *context, const struct ship_ledger_row *found,
                                              struct err *err);
/* inbox: events of that time in the inbox. */
MUST_USE enum status ship_ledger_print_end(const struct ship_ledger_print *print,
                                           const struct ship_ledger_remainder *rest, int64_t inbox,
                                           struct err *err);

#endif
