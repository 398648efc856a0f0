/* Asks a running daemon to ship all that it has, and waits until the ledger shows that it did. */
#ifndef DAEMON_SHIP_SHIP_REQUEST_H
#define DAEMON_SHIP_SHIP_REQUEST_H

#include "schema/archive/archive.h"

struct ship_request {
    const char *archive_dir;
    const char *target; /* canonical URL */
    long daemon_pid;
    int64_t patience_us; /* how long nothing may move before the wait is given up */
    /* Called a few times a second; false ends the wait. May be NULL. `left` counts requests in the
     * inbox and blocks. */
    bool (*each)(void *context, int64_t left);
    void *context;
};

/* Sends SIGUSR1 and waits until what is in the inbox now is in blocks and all blocks are at the
 * target. ERR_NET: an upload failed since (its error is the text). ERR_BUSY: nothing moved for
 * patience_us. ERR_STOPPED: `each` said so, or the daemon ended. */
MUST_USE enum status ship_request_wait(const struct ship_request *ask, struct err *err);

#endif
