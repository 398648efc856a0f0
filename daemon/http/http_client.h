/* One HTTP request and its answer, by libcurl. What is signed and what an answer means is decided
 * by the callers. Redirects are not followed. One thread at a time. */
#ifndef DAEMON_HTTP_HTTP_CLIENT_H
#define DAEMON_HTTP_HTTP_CLIENT_H

#include <stdatomic.h>

#include "daemon/http/curl_setup.h"
#include "daemon/http/http_pair.h"
#include "schema/base/buf.h"

enum { HTTP_CLIENT_ERROR_BODY_BYTES_MAX = 64 * 1024 };

struct http_client;

struct http_client_options {
    struct curl_setup setup; /* its CA's path is copied */
    const char *proxy;       /* copied; NULL or empty: what the environment says */
    int64_t timeout_us;      /* for an answer to begin */
    /* Looked at when a request begins: what ends it while it runs. NULL, or pointing to NULL:
     * nobody does. Outlives the client. */
    const atomic_bool *const *cancel;
};

struct http_client_request {
    const char *method;
    const char *url;
    const char *host; /* as error texts call the other side */
    const struct http_pair *headers;
    size_t n_headers;
    struct span body;      /* of PUT and POST: always sent with its length, also when empty */
    size_t body_bytes_max; /* of a good answer: a longer one is an error; 0: cut, and no error. Bad
                              answers are cut at HTTP_CLIENT_ERROR_BODY_BYTES_MAX. */
    int64_t timeout_us;    /* for the answer to begin; 0: as in the options */
    bool direct;           /* never by a proxy: addresses of this machine and its host */
    bool fresh;            /* on a new connection, with the address asked for again */
    void (*on_header)(void *context, struct span line); /* may be NULL */
    /* Takes a good answer's body in pieces, instead of the answer, however long it is; false ends
     * the transfer (ERR_STOPPED). NULL: the answer keeps it. */
    bool (*on_body)(void *context, struct span bytes);
    void *context;
};

struct http_client_response {
    long http; /* status code */
    struct buf body;
};

MUST_USE enum status http_client_open(const struct http_client_options *options,
                                      struct http_client **out_client, struct err *err);
/* NULL is fine. */
void http_client_close(struct http_client *client);

/* OK: there is an answer, whatever it says; buf_fini its body. ERR_NET: none came. ERR_CONFIG: its
 * certificate is not trusted. ERR_STOPPED: cancelled. */
MUST_USE enum status http_client_run(struct http_client *client,
                                     const struct http_client_request *request,
                                     struct http_client_response *out_response, struct err *err);

/* The last request had no answer because its connection was cut: another one may not be. */
bool http_client_was_cut(const struct http_client *client);

#endif
