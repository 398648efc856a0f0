/* A context of OpenSSL made from the configuration, at the start and at SIGHUP, and the rules for
 * tickets. Event loop's thread. */
#include "daemon/receive/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "daemon/receive/tls_key.h"
#include "daemon/receive/tls_stream.h"
#include "schema/base/clock.h"

#define TICKET_LIFE_US (3600 * CLOCK_SECOND_US)

enum { PEM_FILE_BYTES_MAX = 4 * 1024 * 1024 };

/* The first text of OpenSSL's queue; clears it. */
static const char *openssl_text(char out[256])
{
    unsigned long code = ERR_peek_error();
    const char *reason = ERR_reason_error_string(code);
    (void)snprintf(out, 256, "%s", reason ? reason : "unknown reason");
    ERR_clear_error();
    return out;
}

static enum status check_readable(const char *name, const char *path, struct err *err)
{
    struct buf bytes = BUF_INIT;
    enum status status = file_read(path, PEM_FILE_BYTES_MAX, &bytes, err);
    buf_fini(&bytes);
    return status == OK ? OK : err_wrap(err, status, "receive.%s", name);
}

static enum status load_certificate(SSL_CTX *ctx, const struct config *config, struct err *err)
{
    const char *path = config->receive_certificate;
    char why[256];
    enum status status = check_readable("certificate", path, err);
    if (status != OK) {
        return status;
    }
    if (SSL_CTX_use_certificate_chain_file(ctx, path) != 1) {
        return err_set(err, ERR_CONFIG,
                       "receive.certificate: %s holds no certificate that can be used (%s)", path,
                       openssl_text(why));
    }
    if (config->receive_require_client_certificate &&
        tls_stream_subject_is_shared(SSL_CTX_get0_certificate(ctx))) {
        return err_set(err, ERR_CONFIG, "receive.certificate: %s: %s", path,
                       tls_stream_shared_subject_text());
    }
    EVP_PKEY *key;
    status = tls_key_load(config, &key, err);
    if (status != OK) {
        return status;
    }
    if (SSL_CTX_use_PrivateKey(ctx, key) != 1 || SSL_CTX_check_private_key(ctx) != 1) {
        status = err_set(err, ERR_CONFIG, "receive.key: %s does not belong to the certificate %s",
                         config->receive_key, path);
        ERR_clear_error();
    }
    EVP_PKEY_free(key);
    return status;
}

/* Clients that see a list of CAs answer with a certificate only if its issuer is in the list: it
 * holds exactly the CA. */
static enum status load_ca(SSL_CTX *ctx, const struct config *config, struct err *err)
{
    const char *path = config->receive_ca;
    char why[256];
    enum status status = check_readable("ca", path, err);
    if (status != OK) {
        return status;
    }
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);
    if (!names || SSL_CTX_load_verify_file(ctx, path) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return err_set(err, ERR_CONFIG, "receive.ca: %s holds no certificate (%s)", path,
                       openssl_text(why));
    }
    SSL_CTX_set_client_CA_list(ctx, names);
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, tls_stream_verify);
    return OK;
}

/* When a ticket's session began with certificates: kept in the ticket, handed on from each session
 * that it resumes to the next. */
static int on_ticket_made(SSL *ssl, void *context)
{
    (void)context;
    SSL_SESSION *session = SSL_get_session(ssl);
    void *kept = NULL;
    size_t size = 0;
    int64_t now_us = clock_now_us();
    if (SSL_SESSION_get0_ticket_appdata(session, &kept, &size) == 1 && size == sizeof now_us) {
        return 1;
    }
    return SSL_SESSION_set1_ticket_appdata(session, &now_us, sizeof now_us);
}

static bool certificate_is_in_date(const X509 *certificate)
{
    time_t now = (time_t)(clock_now_us() / CLOCK_SECOND_US);
    return X509_cmp_time(X509_get0_notBefore(certificate), &now) <= 0 &&
           X509_cmp_time(X509_get0_notAfter(certificate), &now) >= 0;
}

/* A ticket spares the certificates, so it must not outlive them: an hour after they were shown, and
 * when the client's is out of date, they are asked for again. The keys of tickets are the context's
 * own: a new CA, or a new process, takes none of the old. */
static SSL_TICKET_RETURN on_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                   size_t name_size, SSL_TICKET_STATUS status, void *context)
{
    (void)ssl;
    (void)name;
    (void)name_size;
    (void)context;
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) {
        return status == SSL_TICKET_EMPTY || status == SSL_TICKET_NO_DECRYPT
                   ? SSL_TICKET_RETURN_IGNORE_RENEW
                   : SSL_TICKET_RETURN_ABORT;
    }
    void *kept = NULL;
    size_t size = 0;
    int64_t began_us = 0;
    if (SSL_SESSION_get0_ticket_appdata(session, &kept, &size) != 1 || size != sizeof began_us) {
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
    memcpy(&began_us, kept, sizeof began_us);
    int64_t age_us = clock_now_us() - began_us;
    const X509 *peer = SSL_SESSION_get0_peer(session);
    bool good = age_us >= 0 && age_us < TICKET_LIFE_US && (!peer || certificate_is_in_date(peer));
    return good ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_IGNORE_RENEW;
}

/* Tickets alone: a cache of sessions would hold a certificate for each client that ever came. */
static void set_resumption(SSL_CTX *ctx)
{
    static const unsigned char session_context[] = "stele";
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 1);
    SSL_CTX_set_timeout(ctx, (long)(TICKET_LIFE_US / CLOCK_SECOND_US));
    /* Without it a ticket cannot be used where client certificates are asked for. */
    SSL_CTX_set_session_id_context(ctx, session_context, sizeof session_context - 1);
    SSL_CTX_set_session_ticket_cb(ctx, on_ticket_made, on_ticket, NULL);
}

enum status tls_context_open(const struct config *config, struct tls_context *out_context,
                             struct err *err)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx) {
        return err_nomem(err, "TLS");
    }
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    /* Clients close without a close_notify; renegotiation is of no use here. */
    SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    /* A connection that is idle keeps no buffers of OpenSSL (34 KiB). */
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(ctx, 1);
    set_resumption(ctx);
    enum status status = load_certificate(ctx, config, err);
    if (status == OK && config->receive_require_client_certificate) {
        status = load_ca(ctx, config, err);
    }
    if (status != OK) {
        ERR_clear_error();
        SSL_CTX_free(ctx);
        return status;
    }
    out_context->ctx = ctx;
    return OK;
}

void tls_context_close(struct tls_context *context)
{
    SSL_CTX_free(context->ctx);
    context->ctx = NULL;
}

bool tls_certificate_is_out_of_date(const struct tls_context *context)
{
    return !certificate_is_in_date(SSL_CTX_get0_certificate(context->ctx));
}
