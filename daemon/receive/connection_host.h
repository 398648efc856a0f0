/* What all connections of a listening port share; how they come, and how they end when it is not by
 * themselves. Event loop's thread only. */
#ifndef DAEMON_RECEIVE_CONNECTION_HOST_H
#define DAEMON_RECEIVE_CONNECTION_HOST_H

#include "daemon/process/log.h"
#include "daemon/receive/admission.h"
#include "daemon/receive/event_loop.h"
#include "daemon/receive/request.h"
#include "daemon/receive/tls_stream.h"

/* What all connections of a listening port share. */
struct connection_host {
    struct event_loop *loop;
    const char *name; /* of the part, for the log: "receive", "serve" */
    request_handler *handle;
    void *context;                 /* of handle */
    const struct tls_context *tls; /* NULL: plain */
    const char *via;               /* "http", "tls" or "mtls" */
    bool quiet;                    /* no metrics, and no log of clients' faults */
    bool all_newcomers;            /* nobody is ever known: a port of short questions */
    int64_t idle_timeout_us;
    int64_t request_timeout_us;
    struct request_budget budget;
    bool stopping; /* answers close their connections; the last one stops the loop */

    struct watch *round_end; /* poked when connection_round_end is wanted; NULL: no TLS */
    int handshakes;          /* of this round of the loop */

    struct admission admission;  /* all of them; its bounds are filled by the owner */
    struct watch *accepting;     /* the listening socket */
    bool accept_later;           /* it waits until a newcomer leaves, or the next expiry */
    struct log_limit complaints; /* of clients */
    struct connection_host_crowd {
        int64_t said_us;
        int64_t evicted; /* since then */
        int64_t refused;
    } crowd;
};

/* Before each accept. False: not now, and `accept_later` is set. */
bool connection_host_may_accept(struct connection_host *host);
/* Takes the non-blocking socket, in a newcomer's place if need be; closes it when there are too
 * many, or no memory. */
void connection_host_open(struct connection_host *host, int fd, const char *peer);
/* The loop has done all that was ready: handshakes may go on. */
void connection_host_round_end(struct connection_host *host);
/* Closes those that are over their time. */
void connection_host_expire(struct connection_host *host, int64_t now_us);
/* Closes those that wait for nothing; the others close with their answer. True: none is left. */
bool connection_host_drain(struct connection_host *host);
/* Closes all. No job may be gathered or with the writer. */
void connection_host_close_all(struct connection_host *host);

#endif
