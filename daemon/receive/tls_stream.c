/* A socket through OpenSSL or bare, on the event loop's thread; and what a failed handshake means
 * to the operator. */
#include "daemon/receive/tls_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "schema/crypto/digest.h"
#include "schema/text/hex.h"

struct tls_stream {
    int fd;
    SSL *ssl; /* NULL: plain */
    bool ended;
    bool subject_shared; /* of the certificate that was refused */
    char certificate[DIGEST_HEX_BYTES];
};

static const char shared_subject_text[] =
    "CA, server and client certificates made by `configure` of event handlers before 13.3.9 share "
    "one subject, so a certificate looks signed by itself: make new ones (stele init --host NAME, "
    "or a current `teleport-event-handler configure`)";

bool tls_stream_subject_is_shared(X509 *leaf)
{
    return X509_check_ca(leaf) == 0 &&
           X509_NAME_cmp(X509_get_subject_name(leaf), X509_get_issuer_name(leaf)) == 0 &&
           X509_verify(leaf, X509_get0_pubkey(leaf)) != 1;
}

const char *tls_stream_shared_subject_text(void)
{
    return shared_subject_text;
}

struct tls_stream *tls_stream_new(int fd, const struct tls_context *context)
{
    struct tls_stream *stream = calloc(1, sizeof *stream);
    if (!stream) {
        (void)close(fd);
        return NULL;
    }
    stream->fd = fd;
    if (context) {
        stream->ssl = SSL_new(context->ctx);
        if (!stream->ssl || SSL_set_fd(stream->ssl, fd) != 1) {
            ERR_clear_error();
            tls_stream_free(stream);
            return NULL;
        }
        SSL_set_accept_state(stream->ssl);
        SSL_set_app_data(stream->ssl, stream);
    }
    return stream;
}

void tls_stream_free(struct tls_stream *stream)
{
    if (!stream) {
        return;
    }
    tls_stream_end(stream);
    SSL_free(stream->ssl);
    (void)close(stream->fd);
    free(stream);
}

int tls_stream_fd(const struct tls_stream *stream)
{
    return stream->fd;
}

bool tls_stream_is_tls(const struct tls_stream *stream)
{
    return stream->ssl != NULL;
}

const char *tls_stream_certificate(const struct tls_stream *stream)
{
    return stream->certificate;
}

static enum tls_stream_io result_of(struct tls_stream *stream, int result)
{
    int error = SSL_get_error(stream->ssl, result);
    if (error == SSL_ERROR_WANT_READ) {
        return TLS_STREAM_WANT_READ;
    }
    if (error == SSL_ERROR_WANT_WRITE) {
        return TLS_STREAM_WANT_WRITE;
    }
    if (error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL) {
        stream->ended = true; /* SSL_shutdown must not be called after these */
    }
    ERR_clear_error();
    return TLS_STREAM_CLOSED;
}

static void keep_certificate(struct tls_stream *stream)
{
    X509 *peer = SSL_get0_peer_certificate(stream->ssl);
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (peer && X509_digest(peer, EVP_sha256(), bytes, &size) == 1) {
        (void)hex_encode(bytes, size, stream->certificate);
    }
}

/* Why the handshake failed, for the operator. */
static void explain(struct tls_stream *stream, struct err *err)
{
    unsigned long code = ERR_peek_error();
    int reason = ERR_GET_REASON(code);
    long verify = SSL_get_verify_result(stream->ssl);
    const char *words = ERR_reason_error_string(code);
    if (verify != X509_V_OK && stream->subject_shared) {
        (void)err_set(err, ERR_DENIED, "client certificate refused: %s",
                      tls_stream_shared_subject_text());
    } else if (verify != X509_V_OK) {
        (void)err_set(err, ERR_DENIED,
                      "client certificate refused: %s; it must be signed by receive.ca",
                      X509_verify_cert_error_string(verify));
    } else if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
        (void)err_set(err, ERR_DENIED,
                      "the client gave no certificate; receive.require_client_certificate is yes");
    } else if (reason == SSL_R_HTTP_REQUEST) {
        (void)err_set(err, ERR_DENIED, "the client speaks plain HTTP: its URL must begin https://");
    } else if (code != 0) {
        (void)err_set(err, ERR_DENIED, "TLS handshake failed: %s",
                      words ? words : "unknown reason");
    } else {
        (void)err_set(err, ERR_NET, "the client went away during the TLS handshake");
    }
}

int tls_stream_verify(int good, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    if (!good && leaf && tls_stream_subject_is_shared(leaf)) {
        struct tls_stream *stream = SSL_get_app_data(ssl);
        stream->subject_shared = true;
    }
    return good;
}

enum tls_stream_io tls_stream_handshake(struct tls_stream *stream, struct err *err)
{
    if (!stream->ssl) {
        return TLS_STREAM_DONE;
    }
    ERR_clear_error();
    int result = SSL_do_handshake(stream->ssl);
    if (result == 1) {
        keep_certificate(stream);
        return TLS_STREAM_DONE;
    }
    int error = SSL_get_error(stream->ssl, result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
        explain(stream, err);
    }
    return result_of(stream, result);
}

static enum tls_stream_io result_of_plain(ssize_t n, int number, size_t *out_size)
{
    if (n > 0) {
        *out_size = (size_t)n;
        return TLS_STREAM_DONE;
    }
    return n < 0 && (number == EAGAIN || number == EINTR) ? TLS_STREAM_WANT_READ
                                                          : TLS_STREAM_CLOSED;
}

enum tls_stream_io tls_stream_read(struct tls_stream *stream, void *data, size_t room,
                                   size_t *out_size)
{
    if (!stream->ssl) {
        ssize_t n = recv(stream->fd, data, room, 0);
        return result_of_plain(n, errno, out_size);
    }
    ERR_clear_error();
    int result = SSL_read_ex(stream->ssl, data, room, out_size);
    return result == 1 ? TLS_STREAM_DONE : result_of(stream, result);
}

enum tls_stream_io tls_stream_write(struct tls_stream *stream, struct span bytes, size_t *out_size)
{
    if (!stream->ssl) {
        ssize_t n = send(stream->fd, bytes.data, bytes.size, MSG_NOSIGNAL);
        enum tls_stream_io io = result_of_plain(n, errno, out_size);
        return io == TLS_STREAM_WANT_READ ? TLS_STREAM_WANT_WRITE : io;
    }
    ERR_clear_error();
    int result = SSL_write_ex(stream->ssl, bytes.data, bytes.size, out_size);
    return result == 1 ? TLS_STREAM_DONE : result_of(stream, result);
}

bool tls_stream_has_more(const struct tls_stream *stream)
{
    return stream->ssl && SSL_has_pending(stream->ssl) == 1;
}

void tls_stream_end(struct tls_stream *stream)
{
    if (stream->ended) {
        return;
    }
    stream->ended = true;
    if (stream->ssl && SSL_is_init_finished(stream->ssl)) {
        (void)SSL_shutdown(stream->ssl);
        ERR_clear_error();
    }
    (void)shutdown(stream->fd, SHUT_WR);
}
