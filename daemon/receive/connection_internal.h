/* What connection.c (the socket: open, read, time out) and exchange.c (the requests and their
 * answers) share. Nobody else includes this. */
#ifndef DAEMON_RECEIVE_CONNECTION_INTERNAL_H
#define DAEMON_RECEIVE_CONNECTION_INTERNAL_H

#include "daemon/receive/connection.h"
#include "schema/base/digest.h"

enum connection_state {
    CONNECTION_HANDSHAKE,
    CONNECTION_READING,
    CONNECTION_STORING,
    CONNECTION_WRITING,
    CONNECTION_LINGER,
    CONNECTION_GONE,
};

enum { CONNECTION_TAG_BYTES = 256, CONNECTION_PEER_BYTES = 64 };

struct connection {
    struct writer_job job; /* first: connection_stored casts back */
    struct connection_host *host;
    struct connection *next;
    struct connection *previous;
    struct tls_stream *stream; /* NULL when GONE */
    struct watch *watch;
    enum connection_state state;
    int64_t since_us; /* of the state; READING: since the first byte, or since it is idle */
    bool close_after; /* the answer */
    bool linger_after;
    bool continue_sent;
    size_t lingered_bytes;
    int64_t held_bytes; /* this connection's part of host->held_bytes */
    struct http_request request;
    struct buf in;       /* the request, from its first byte, and what came with it */
    struct buf ahead;    /* what came while STORING */
    struct buf unpacked; /* the body, if it was packed */
    struct buf out;      /* of the answer, what is not written yet */
    const char *via;
    char peer[CONNECTION_PEER_BYTES];
    char tag[CONNECTION_TAG_BYTES];
    char certificate[DIGEST_HEX_BYTES]; /* the writer reads it when the stream may be gone */
};

/* Takes it off the list and closes it. Not while STORING. */
void connection_free(struct connection *connection);
void connection_move(struct connection *connection, enum connection_state to);

/* Tells the operator about a client, at most once a second; the rest is counted. */
void connection_complain(struct connection *connection, const char *text);

/* These return false when the connection is freed. */

/* Reads requests out of `in` as far as it goes, and answers or submits them. */
bool connection_exchange_input(struct connection *connection);
/* Writes what waits in `out`, and watches the socket for what is to come. */
bool connection_exchange_flush(struct connection *connection);
/* WRITING, and the answer is out: on to the next request, or the end. */
bool connection_exchange_next(struct connection *connection);

#endif
