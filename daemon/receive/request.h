/* What is to be done about a request: read it, and, in the receiver, make a job for the writer of
 * it. Knows no socket and no state of a connection: connection.c does what is decided here. Event
 * loop's thread only. */
#ifndef DAEMON_RECEIVE_REQUEST_H
#define DAEMON_RECEIVE_REQUEST_H

#include "daemon/ingest/writer.h"
#include "daemon/receive/content_encoding.h"
#include "daemon/receive/event_loop.h"
#include "daemon/receive/http_request.h"
#include "daemon/receive/http_response.h"
#include "daemon/receive/unpacker.h"
#include "schema/crypto/digest.h"

/* What the requests of one listening port may take together. */
struct request_budget {
    struct http_request_limits limits; /* of one */
    int64_t bytes_max;
    int64_t bytes; /* of bodies that are read or wait for the disk */
};

enum { REQUEST_TAG_BYTES = 256, REQUEST_PEER_BYTES = 64 };

/* The request that a connection is at. */
struct request {
    struct writer_job job;      /* its spans point in here */
    struct unpacker_job unpack; /* before it, of a large packed body */
    struct request_budget *budget;
    struct http_request http;
    struct buf in;       /* from the request's first byte on, and what came with it */
    struct buf unpacked; /* the body, if it was packed */
    int64_t held_bytes;  /* this request's part of budget->bytes */
    bool continue_sent;

    /* of the connection */
    const char *via;
    char peer[REQUEST_PEER_BYTES];
    char certificate[DIGEST_HEX_BYTES]; /* SHA-256 of the client's; empty: none */
    char tag[REQUEST_TAG_BYTES];
};

enum request_verdict {
    REQUEST_MORE,      /* not whole yet */
    REQUEST_CONTINUE,  /* not whole, and the client waits for "100 Continue" */
    REQUEST_WHOLE,     /* for the handler to decide */
    REQUEST_ANSWER,    /* with the response */
    REQUEST_SUBMITTED, /* a job is the writer's or the unpacker's: answered when it is back */
};

/* Reads on in request->in. Never REQUEST_SUBMITTED. *response is zeroed by the caller. */
enum request_verdict request_read(struct request *request, struct http_response *response);

/* Decides about a whole request: REQUEST_ANSWER or REQUEST_SUBMITTED. */
typedef enum request_verdict request_handler(void *context, struct request *request,
                                             struct http_response *response);

/* The way of the receiver's requests to the writer. */
struct request_queue {
    struct writer *writer;
    struct content_encoding *decoder; /* for small bodies, on the loop */
    struct unpacker *unpacker;
    struct watch *round_end; /* poked when request_queue_submit is wanted */

    struct writer_job *gathered; /* in this round of the loop, not submitted yet */
    struct writer_job *gathered_last;
};

/* What has a body is to be stored. `context` is a struct request_queue. */
request_handler request_store;
/* The unpacker has its body: goes on where request_store left off. */
enum request_verdict request_unpacked(struct request_queue *queue, struct request *request,
                                      struct http_response *response);
/* At the end of a round of the loop: hands what it has gathered to the writer as one. Returns the
 * jobs, linked by next, when the writer takes no more: they are answered like failed ones. */
struct writer_job *request_queue_submit(struct request_queue *queue);

/* Makes ready for the next request: what came behind this one moves to the front. */
void request_next(struct request *request);
void request_fini(struct request *request);

#endif
