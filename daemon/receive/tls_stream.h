/* One connection's bytes, through TLS or not, without blocking. One thread. */
#ifndef DAEMON_RECEIVE_TLS_STREAM_H
#define DAEMON_RECEIVE_TLS_STREAM_H

#include "daemon/receive/tls.h"

struct x509_st;
struct x509_store_ctx_st;
struct tls_stream;

enum tls_stream_io {
    TLS_STREAM_DONE,
    TLS_STREAM_WANT_READ,  /* again when the socket is readable */
    TLS_STREAM_WANT_WRITE, /* again when it is writable */
    TLS_STREAM_CLOSED,     /* the other side is gone; after a handshake: see err */
};

/* Takes the non-blocking socket (closed by tls_stream_free). context NULL: plain. NULL: out of
 * memory, the socket is closed. */
struct tls_stream *tls_stream_new(int fd, const struct tls_context *context);
void tls_stream_free(struct tls_stream *stream);

int tls_stream_fd(const struct tls_stream *stream);
/* TLS_STREAM_CLOSED fills *err with why, in words for the operator. Plain: done at once. */
enum tls_stream_io tls_stream_handshake(struct tls_stream *stream, struct err *err);
/* After the handshake: SHA-256 of the client's certificate in hex; empty when there is none. */
const char *tls_stream_certificate(const struct tls_stream *stream);
bool tls_stream_is_tls(const struct tls_stream *stream);

/* TLS_STREAM_DONE: *out_size (> 0) bytes were read, or written. */
enum tls_stream_io tls_stream_read(struct tls_stream *stream, void *data, size_t room,
                                   size_t *out_size);
enum tls_stream_io tls_stream_write(struct tls_stream *stream, struct span bytes, size_t *out_size);
/* True when a read gives more without the socket turning readable. */
bool tls_stream_has_more(const struct tls_stream *stream);
/* Says that nothing more will be written; reading goes on. */
void tls_stream_end(struct tls_stream *stream);

/* A certificate that is no CA, carries its issuer's name and is not signed by itself. */
bool tls_stream_subject_is_shared(struct x509_st *leaf);
const char *tls_stream_shared_subject_text(void);
/* OpenSSL's verify callback: takes what OpenSSL takes, and remembers a shared subject, as a refused
 * certificate is gone when the handshake returns. */
int tls_stream_verify(int good, struct x509_store_ctx_st *store);

#endif
