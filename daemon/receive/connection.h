/* One connection: its requests, one after the other, from the first byte to the answer. Event
 * loop's thread only.
 *
 *   HANDSHAKE -> READING -> STORING -> WRITING -> READING ...
 *                   |          |          |
 *                   +----------+----------+--> LINGER -> CLOSED
 *
 * READING: the request is not whole yet (or has not begun). STORING: the writer has the job; what
 * the client sends meanwhile waits in `ahead`; when it goes away, the connection only lives on for
 * the job to come back (GONE). WRITING: the answer does not fit the socket. LINGER: an answer went
 * out before the request was read; what still comes is thrown away for a moment, as closing at
 * once would take the answer from the client. CLOSED, from any state: freed at the end of the
 * callback. */
#ifndef DAEMON_RECEIVE_CONNECTION_H
#define DAEMON_RECEIVE_CONNECTION_H

#include "daemon/process/log.h"
#include "daemon/receive/event_loop.h"
#include "daemon/receive/request.h"
#include "daemon/receive/tls_stream.h"

struct connection;

/* What all connections of a listening port share. */
struct connection_host {
    struct event_loop *loop;
    request_handler *handle;
    void *context;                 /* of handle */
    const struct tls_context *tls; /* NULL: plain */
    const char *via;               /* "http", "tls" or "mtls" */
    bool quiet;                    /* no metrics, and no log of clients' faults */
    int64_t connections_max;
    int64_t idle_timeout_us;
    int64_t request_timeout_us;
    struct request_budget budget;
    bool stopping; /* answers close their connections; the last one stops the loop */

    struct watch *round_end; /* poked when connection_round_end is wanted; NULL: no TLS */
    int handshakes;          /* of this round of the loop */

    struct connection *first; /* all of them */
    int64_t count;
    struct log_limit complaints; /* of clients */
};

/* Takes the non-blocking socket; closes it when there are too many, or no memory. */
void connection_open(struct connection_host *host, int fd, const char *peer);
/* The loop has done all that was ready: handshakes may go on. */
void connection_round_end(struct connection_host *host);
/* A job of a connection came back: answers it. */
void connection_stored(struct writer_job *job);
/* Closes those that are over their time. */
void connection_expire(struct connection_host *host, int64_t now_us);
/* Closes those that wait for nothing; the others close with their answer. True: none is left. */
bool connection_drain(struct connection_host *host);
/* Closes all. No job may be gathered or with the writer. */
void connection_close_all(struct connection_host *host);

#endif
