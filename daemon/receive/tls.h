/* The server's side of TLS as the configuration asks for it: 1.2 and 1.3, a client certificate
 * checked against one CA (or none asked for), the key in any form that `teleport-event-handler
 * configure` or openssl writes. With tls_stream.h the only place that knows OpenSSL's libssl. */
#ifndef DAEMON_RECEIVE_TLS_H
#define DAEMON_RECEIVE_TLS_H

#include "daemon/config/config.h"

struct ssl_ctx_st;

struct tls_context {
    struct ssl_ctx_st *ctx;
};

/* Reads certificate, key and CA. ERR_CONFIG (or ERR_NOT_FOUND, ERR_IO for a file) says in one
 * sentence what is wrong and how to fix it. Streams made from a context outlive it. */
MUST_USE enum status tls_context_open(const struct config *config, struct tls_context *out_context,
                                      struct err *err);
void tls_context_close(struct tls_context *context);

/* True when the server certificate's dates do not hold now, so that clients refuse it. */
bool tls_certificate_is_out_of_date(const struct tls_context *context);

#endif
