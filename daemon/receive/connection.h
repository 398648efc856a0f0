/* One connection to the receiver: its requests, one after the other, from the first byte to the
 * answer. Event loop's thread only.
 *
 *   HANDSHAKE -> READING -> STORING -> WRITING -> READING ...
 *                   |          |          |
 *                   +----------+----------+--> LINGER -> freed
 *
 * READING: the request is not whole yet (or has not begun). STORING: the writer has the job; what
 * the client sends meanwhile waits in `ahead`; when it goes away, the connection only lives on for
 * the job to come back (GONE). WRITING: the answer does not fit the socket. LINGER: an answer went
 * out before the request was read; what still comes is thrown away for a moment, as closing at
 * once would take the answer from the client. Only connection_move changes the state. */
#ifndef DAEMON_RECEIVE_CONNECTION_H
#define DAEMON_RECEIVE_CONNECTION_H

#include "daemon/ingest/writer.h"
#include "daemon/receive/content_encoding.h"
#include "daemon/receive/event_loop.h"
#include "daemon/receive/tls_stream.h"

struct connection;

/* What all connections of a receiver share. */
struct connection_host {
    struct event_loop *loop;
    struct writer *writer;
    struct watch *round_end; /* poked when something is left for the end of the loop's round */
    struct content_encoding *decoder;
    struct http_request_limits limits;
    int64_t queue_bytes_max;
    int64_t idle_timeout_us;
    int64_t request_timeout_us;
    bool stopping; /* answers close their connections */

    /* of this round of the loop */
    struct writer_job *gathered; /* not submitted yet */
    struct writer_job *gathered_last;
    int handshakes;

    struct connection *first; /* all of them */
    int64_t count;
    int64_t held_bytes;   /* bodies that are read or wait for the disk */
    int64_t complaint_us; /* when a client was last complained of */
    int64_t complaints;   /* not written since */
};

/* Takes the non-blocking socket; closes it when there is no memory. `via` is a literal. */
void connection_open(struct connection_host *host, int fd, const struct tls_context *tls,
                     const char *via, const char *peer);
/* The loop has done all that was ready. Hands the requests that the round has gathered to the
 * writer as one; when it takes no more, answers them. */
void connection_round_end(struct connection_host *host);
/* A job of a connection came back: answers it. */
void connection_stored(struct writer_job *job);
/* Closes those that are over their time. */
void connection_sweep(struct connection_host *host, int64_t now_us);
/* Closes those that wait for nothing; the others close with their answer (host->stopping). */
void connection_stop_idle(struct connection_host *host);
/* Closes all. No job may be gathered or with the writer. */
void connection_close_all(struct connection_host *host);

#endif
