/* One connection's bytes, through TLS or not, without blocking. One thread. */
#ifndef DAEMON_RECEIVE_TLS_STREAM_H
#define DAEMON_RECEIVE_TLS_STREAM_H

#include "daemon/receive/tls.h"

struct x509_st;
struct x509_store_ctx_st;
struct stream;

enum stream_io {
    STREAM_DONE,
    STREAM_WANT_READ,  /* again when the socket is readable */
    STREAM_WANT_WRITE, /* again when it is writable */
    STREAM_CLOSED,     /* the other side is gone; after a handshake: see err */
};

/* Takes the non-blocking socket (closed by stream_free). context NULL: plain. NULL: out of
 * memory, the socket is closed. */
struct stream *stream_new(int fd, const struct tls_context *context);
void stream_free(struct stream *stream);

int stream_fd(const struct stream *stream);
/* STREAM_CLOSED fills *err with why, in words for the operator. Plain: done at once. */
enum stream_io stream_handshake(struct stream *stream, struct err *err);
/* After the handshake: SHA-256 of the client's certificate in hex; empty when there is none. */
const char *stream_certificate(const struct stream *stream);
bool stream_is_tls(const struct stream *stream);

/* STREAM_DONE: *out_size (> 0) bytes were read, or written. */
enum stream_io stream_read(struct stream *stream, void *data, size_t room, size_t *out_size);
enum stream_io stream_write(struct stream *stream, struct span bytes, size_t *out_size);
/* True when a read gives more without the socket turning readable. */
bool stream_has_more(const struct stream *stream);
/* Says that nothing more will be written; reading goes on. */
void stream_end(struct stream *stream);

/* A certificate that is no CA, carries its issuer's name and is not signed by itself. */
bool tls_subject_is_shared(struct x509_st *leaf);
const char *tls_shared_subject_text(void);
/* OpenSSL's verify callback: takes what OpenSSL takes, and remembers a shared subject, as a refused
 * certificate is gone when the handshake returns. */
int stream_verify(int good, struct x509_store_ctx_st *store);

#endif
