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

#include "daemon/receive/connection_host.h"

enum connection_state {
    CONNECTION_HANDSHAKE,
    CONNECTION_READING,
    CONNECTION_STORING,
    CONNECTION_WRITING,
    CONNECTION_LINGER,
    CONNECTION_GONE,
    CONNECTION_CLOSED,
};

struct connection {
    struct request request; /* first, and its job first in it: connection_stored casts back */
    struct connection_host *host;
    struct admission_place place;
    struct tls_stream *stream; /* NULL when GONE */
    struct watch *watch;
    enum connection_state state;
    int64_t since_us;  /* of the state; READING: since the first byte, or since it is idle */
    bool close_after;  /* the answer */
    bool linger_after; /* the answer */
    size_t lingered_bytes;
    struct buf ahead; /* what came while STORING */
    struct buf out;   /* of the answer, what is not written yet */
};

/* Called back when the socket is ready. */
void connection_on_ready(void *context, unsigned ready);
/* A step of the handshake; without TLS, the first read. */
void connection_on_handshake(struct connection *connection);
/* A job of a connection came back: answers it. */
void connection_stored(struct writer_job *job);
/* Its body came back from the unpacker: stores it, or answers. */
void connection_unpacked(struct request_queue *queue, struct unpacker_job *job);
/* Closes the socket and frees all of it. Not while STORING. */
void connection_free(struct connection *connection);
/* A line about this client. */
void connection_complain(struct connection *connection, const char *text);
/* To be called when a place was taken, left or changed. */
void connection_note_places(struct connection_host *host);

#endif
