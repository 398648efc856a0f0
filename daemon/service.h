/* The daemon as a whole: who is started in which order, what signals do, and how it stops.
 * Main thread, which is also the event loop's. */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include "daemon/config/config.h"

/* Reads the configuration again, for the certificates. */
typedef enum status service_reload(void *context, struct config *out_config, struct err *err);

/* Runs until SIGTERM or SIGINT. Prints one line "ready: ..." to standard error when it listens.
 * OK: stopped as asked; else what kept it from starting. */
MUST_USE enum status service_run(const struct config *config, service_reload *reload, void *context,
                                 struct err *err);

#endif
