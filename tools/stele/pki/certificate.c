/* Reads one certificate with OpenSSL, for stele check: names, dates, key and issuer. */
#include "tools/stele/pki/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

#include "schema/base/clock.h"

struct certificate {
    char path[FILE_PATH_BYTES];
    X509 *x509;
};

enum { PEM_BYTES_MAX = 1024 * 1024 };

enum status certificate_open(const char *path, struct certificate **out_certificate,
                             struct err *err)
{
    struct buf pem = BUF_INIT;
    enum status status = file_read(path, PEM_BYTES_MAX, &pem, err);
    struct certificate *certificate = calloc(1, sizeof *certificate);
    if (status == OK && !certificate) {
        status = err_nomem(err, path);
    }
    if (status == OK) {
        BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
        certificate->x509 = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
        BIO_free(bio);
        status = file_path_format(certificate->path, err, "%s", path);
        if (status == OK && !certificate->x509) {
            status = err_set(err, ERR_CONFIG, "%s: no PEM certificate in it", path);
        }
        ERR_clear_error();
    }
    buf_fini(&pem);
    if (status != OK) {
        certificate_close(certificate);
        return status;
    }
    *out_certificate = certificate;
    return OK;
}

void certificate_close(struct certificate *certificate)
{
    if (certificate) {
        X509_free(certificate->x509);
        free(certificate);
    }
}

static bool time_us(const ASN1_TIME *time, int64_t *out_us)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(time, &tm) != 1) {
        return false;
    }
    *out_us = (int64_t)timegm(&tm) * CLOCK_SECOND_US;
    return true;
}

/* What `print` writes, as text cut to the buffer. */
static void read_text(BIO *bio, char out[CERTIFICATE_TEXT_BYTES])
{
    int n = bio ? BIO_read(bio, out, CERTIFICATE_TEXT_BYTES - 1) : 0;
    out[n > 0 ? n : 0] = '\0';
    BIO_free(bio);
}

enum status certificate_read(const struct certificate *certificate,
                             struct certificate_facts *out_facts, struct err *err)
{
    X509 *x509 = certificate->x509;
    struct certificate_facts facts = {0};
    if (!time_us(X509_get0_notBefore(x509), &facts.from_us) ||
        !time_us(X509_get0_notAfter(x509), &facts.to_us)) {
        return err_set(err, ERR_CONFIG, "%s: its dates cannot be read", certificate->path);
    }
    BIO *subject = BIO_new(BIO_s_mem());
    if (subject) {
        (void)X509_NAME_print_ex(subject, X509_get_subject_name(x509), 0, XN_FLAG_ONELINE);
    }
    read_text(subject, facts.subject);
    BIO *names = BIO_new(BIO_s_mem());
    int at = X509_get_ext_by_NID(x509, NID_subject_alt_name, -1);
    if (names && at >= 0) {
        (void)X509V3_EXT_print(names, X509_get_ext(x509, at), 0, 0);
    }
    read_text(names, facts.names);
    facts.is_ca = X509_check_ca(x509) == 1; /* others are what old programs took for one */
    facts.names_itself =
        X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)) == 0;
    *out_facts = facts;
    return OK;
}

static int give_passphrase(char *buffer, int size, int writing, void *passphrase)
{
    (void)writing;
    size_t length = passphrase ? strlen(passphrase) : 0;
    if (length > (size_t)size) {
        return -1;
    }
    memcpy(buffer, passphrase ? passphrase : "", length);
    return (int)length;
}

enum status certificate_check_key(const struct certificate *certificate, const char *key_path,
                                  const char *passphrase, struct err *err)
{
    struct buf pem = BUF_INIT;
    enum status status = file_read(key_path, PEM_BYTES_MAX, &pem, err);
    if (status != OK) {
        buf_fini(&pem);
        return status;
    }
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
    char *secret = passphrase ? strdup(passphrase) : NULL;
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, secret) : NULL;
    if (!key) {
        bool encrypted = memmem(pem.data, pem.size, "ENCRYPTED", 9) != NULL;
        status = err_set(err, ERR_CONFIG, "%s: %s", key_path,
                         encrypted ? "the passphrase does not open it (receive.key_passphrase, "
                                     "receive.key_passphrase_file or STELE_KEY_PASSPHRASE)"
                                   : "no PEM private key in it");
    } else if (X509_check_private_key(certificate->x509, key) != 1) {
        status = err_set(err, ERR_CONFIG, "%s is not the key of %s", key_path, certificate->path);
    }
    ERR_clear_error();
    EVP_PKEY_free(key);
    free(secret);
    BIO_free(bio);
    buf_fini(&pem);
    return status;
}

enum status certificate_check_signed(const struct certificate *certificate,
                                     const struct certificate *ca, enum certificate_use use,
                                     struct err *err)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    enum status status = OK;
    if (!store || !context || X509_STORE_add_cert(store, ca->x509) != 1 ||
        X509_STORE_CTX_init(context, store, certificate->x509, NULL) != 1) {
        status = err_nomem(err, certificate->path);
    }
    if (status == OK) {
        (void)X509_STORE_CTX_set_purpose(
            context, use == CERTIFICATE_SERVER ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
        if (X509_verify_cert(context) != 1) {
            int code = X509_STORE_CTX_get_error(context);
            status = err_set(err, ERR_CONFIG, "%s is not taken as signed by %s: %s",
                             certificate->path, ca->path, X509_verify_cert_error_string(code));
        }
    }
    ERR_clear_error();
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return status;
}
