/* A non-blocking connection to the receiver, over TLS with a client certificate or plain. All of
 * the load client that touches OpenSSL. One thread. */
#ifndef TESTS_BENCH_LOAD_STREAM_H
#define TESTS_BENCH_LOAD_STREAM_H

#include <stddef.h>

#include "schema/base/err.h"

struct stream_setup {
    char host[256];
    char port[16];
    bool tls;
    bool tls12;              /* no newer version */
    const char *ca;          /* PEM file; NULL: the server is not verified */
    const char *certificate; /* PEM file, with key; NULL: none is shown */
    const char *key;
};

struct stream_context;
MUST_USE enum status stream_context_new(const struct stream_setup *setup,
                                        struct stream_context **out_context, struct err *err);
void stream_context_free(struct stream_context *context);

struct stream;
/* Begins to connect; stream_ready finishes. */
MUST_USE enum status stream_open(struct stream_context *context, struct stream **out_stream,
                                 struct err *err);
/* Closes at once, as a client does that has gone. NULL is fine. */
void stream_close(struct stream *stream);
int tls_stream_fd(const struct stream *stream);

enum stream_result { TLS_STREAM_DONE, STREAM_WAIT, STREAM_LOST };
/* Connects and shakes hands. DONE: ready for bytes; WAIT: when the descriptor can do more; LOST:
 * *err says why. */
enum stream_result stream_ready(struct stream *stream, struct err *err);
/* DONE with *out_size bytes moved (at least 1), WAIT, or LOST (also at the end of the input). */
enum stream_result tls_stream_write(struct stream *stream, const char *data, size_t size,
                                    size_t *out_size);
enum stream_result tls_stream_read(struct stream *stream, char *data, size_t size,
                                   size_t *out_size);

#endif
