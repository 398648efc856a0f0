#include "tests/bench/load_stream.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct stream_context {
    struct stream_setup setup;
    struct addrinfo *address;
    SSL_CTX *tls;
};

struct stream {
    int fd;
    bool connected;
    SSL *tls;
};

static enum status tls_error(struct err *err, const char *what, const char *file)
{
    unsigned long code = ERR_get_error();
    char text[200] = "unknown";
    ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    return err_set(err, ERR_CONFIG, "%s %s: %s", what, file, text);
}

static enum status tls_setup(struct stream_context *context, struct err *err)
{
    /* What Go's client offers. */
    static const unsigned char alpn[] = "\x02h2\x08http/1.1";
    const struct stream_setup *s = &context->setup;
    SSL_CTX *tls = context->tls = SSL_CTX_new(TLS_client_method());
    if (!tls) {
        return tls_error(err, "TLS", "context");
    }
    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(tls, s->tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_set_alpn_protos(tls, alpn, sizeof alpn - 1) != 0) {
        return tls_error(err, "TLS", "ALPN");
    }
    if (s->ca) {
        if (SSL_CTX_load_verify_locations(tls, s->ca, NULL) != 1) {
            return tls_error(err, "--ca", s->ca);
        }
        SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    }
    if (s->certificate && SSL_CTX_use_certificate_chain_file(tls, s->certificate) != 1) {
        return tls_error(err, "--cert", s->certificate);
    }
    if (s->certificate && SSL_CTX_use_PrivateKey_file(tls, s->key, SSL_FILETYPE_PEM) != 1) {
        return tls_error(err, "--key", s->key);
    }
    return OK;
}

enum status stream_context_new(const struct stream_setup *setup,
                               struct stream_context **out_context, struct err *err)
{
    struct stream_context *context = calloc(1, sizeof *context);
    if (!context) {
        return err_nomem(err, "load");
    }
    context->setup = *setup;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    int rc = getaddrinfo(setup->host, setup->port, &hints, &context->address);
    enum status status = OK;
    if (rc != 0) {
        status = err_set(err, ERR_NET, "%s:%s: %s", setup->host, setup->port, gai_strerror(rc));
    } else if (setup->tls) {
        status = tls_setup(context, err);
    }
    if (status != OK) {
        stream_context_free(context);
        return status;
    }
    *out_context = context;
    return OK;
}

void stream_context_free(struct stream_context *context)
{
    if (context) {
        SSL_CTX_free(context->tls);
        if (context->address) {
            freeaddrinfo(context->address);
        }
        free(context);
    }
}

static bool stream_start_tls(struct stream_context *context, struct stream *stream)
{
    stream->tls = SSL_new(context->tls);
    if (!stream->tls || SSL_set_fd(stream->tls, stream->fd) != 1) {
        return false;
    }
    const char *host = context->setup.host;
    X509_VERIFY_PARAM *param = SSL_get0_param(stream->tls);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, host) != 1) {
        ERR_clear_error();
        char name[256]; /* the macro's cast takes const away */
        int size = snprintf(name, sizeof name, "%s", host);
        return size > 0 && (size_t)size < sizeof name &&
               X509_VERIFY_PARAM_set1_host(param, name, 0) == 1 &&
               SSL_set_tlsext_host_name(stream->tls, name) == 1;
    }
    return true;
}

enum status stream_open(struct stream_context *context, struct stream **out_stream, struct err *err)
{
    struct stream *stream = calloc(1, sizeof *stream);
    if (!stream) {
        return err_nomem(err, "load");
    }
    const struct addrinfo *address = context->address;
    int one = 1;
    stream->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (stream->fd < 0 || setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0 ||
        (connect(stream->fd, address->ai_addr, address->ai_addrlen) != 0 && errno != EINPROGRESS)) {
        enum status status = err_errno(err, errno, "connect");
        stream_close(stream);
        return status;
    }
    if (context->tls && !stream_start_tls(context, stream)) {
        stream_close(stream);
        return tls_error(err, "TLS", "connection");
    }
    *out_stream = stream;
    return OK;
}

void stream_close(struct stream *stream)
{
    if (stream) {
        SSL_free(stream->tls);
        if (stream->fd >= 0) {
            (void)close(stream->fd);
        }
        free(stream);
    }
}

int tls_stream_fd(const struct stream *stream)
{
    return stream->fd;
}

static enum stream_result tls_result(SSL *tls, int rc)
{
    int why = SSL_get_error(tls, rc);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        return STREAM_WAIT;
    }
    return STREAM_LOST;
}

enum stream_result stream_ready(struct stream *stream, struct err *err)
{
    if (!stream->connected) {
        struct sockaddr_storage peer;
        socklen_t size = sizeof peer;
        int failure = 0;
        socklen_t failure_size = sizeof failure;
        (void)getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &failure, &failure_size);
        if (failure) {
            (void)err_errno(err, failure, "connect");
            return STREAM_LOST;
        }
        if (getpeername(stream->fd, (struct sockaddr *)&peer, &size) != 0) {
            return STREAM_WAIT;
        }
        stream->connected = true;
    }
    if (!stream->tls) {
        return TLS_STREAM_DONE;
    }
    ERR_clear_error();
    int rc = SSL_connect(stream->tls);
    if (rc == 1) {
        return TLS_STREAM_DONE;
    }
    enum stream_result result = tls_result(stream->tls, rc);
    if (result == STREAM_LOST) {
        (void)tls_error(err, "TLS", "handshake");
    }
    return result;
}

static enum stream_result plain_result(ssize_t n, size_t *out_size)
{
    if (n > 0) {
        *out_size = (size_t)n;
        return TLS_STREAM_DONE;
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? STREAM_WAIT : STREAM_LOST;
}

enum stream_result tls_stream_write(struct stream *stream, const char *data, size_t size,
                                    size_t *out_size)
{
    if (!stream->tls) {
        return plain_result(send(stream->fd, data, size, MSG_NOSIGNAL), out_size);
    }
    ERR_clear_error();
    int rc = SSL_write_ex(stream->tls, data, size, out_size);
    return rc == 1 ? TLS_STREAM_DONE : tls_result(stream->tls, rc);
}

enum stream_result tls_stream_read(struct stream *stream, char *data, size_t size, size_t *out_size)
{
    if (!stream->tls) {
        return plain_result(recv(stream->fd, data, size, 0), out_size);
    }
    ERR_clear_error();
    int rc = SSL_read_ex(stream->tls, data, size, out_size);
    return rc == 1 ? TLS_STREAM_DONE : tls_result(stream->tls, rc);
}
