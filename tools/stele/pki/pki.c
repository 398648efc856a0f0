/* Makes the CA, the server's and the client's certificate with OpenSSL. Private keys are written
 * with mode 0600, and no file is replaced. */
#include "tools/stele/pki/pki.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <strings.h>
#include <time.h>

#include "schema/base/clock.h"
#include "schema/base/random.h"
#include "schema/text/ascii.h"

enum { SERIAL_BYTES = 16, EXTENSIONS_MAX = 6 };

/* Clocks differ: certificates are valid from an hour ago. */
#define BACKDATE_US (3600 * CLOCK_SECOND_US)

/* What a certificate is for. "SAN" stands for the server's names. */
struct profile {
    const char *file; /* "ca" for ca.crt and ca.key */
    const char *common_name;
    struct {
        int nid;
        const char *value;
    } extensions[EXTENSIONS_MAX];
};

static const struct profile profile_ca = {
    "ca",
    "Stele CA",
    {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
     {NID_key_usage, "critical,keyCertSign,cRLSign"},
     {NID_subject_key_identifier, "hash"}},
};
static const struct profile profile_server = {
    "server",
    "Stele receiver",
    {{NID_basic_constraints, "critical,CA:FALSE"},
     {NID_key_usage, "critical,digitalSignature"},
     {NID_ext_key_usage, "serverAuth"},
     {NID_subject_key_identifier, "hash"},
     {NID_authority_key_identifier, "keyid:always"},
     {NID_subject_alt_name, "SAN"}},
};
static const struct profile profile_client = {
    "client",
    "Teleport event handler",
    {{NID_basic_constraints, "critical,CA:FALSE"},
     {NID_key_usage, "critical,digitalSignature"},
     {NID_ext_key_usage, "clientAuth"},
     {NID_subject_key_identifier, "hash"},
     {NID_authority_key_identifier, "keyid:always"}},
};

/* A certificate and its key. */
struct pair {
    X509 *certificate;
    EVP_PKEY *key;
};

static void pair_fini(struct pair *pair)
{
    X509_free(pair->certificate);
    EVP_PKEY_free(pair->key);
    *pair = (struct pair){0};
}

static enum status openssl_failed(struct err *err, const char *what)
{
    unsigned long code = ERR_get_error();
    char text[160];
    ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    enum status status = err_set(err, ERR_NOMEM, "%s: %s", what, text);
    err->detail = (long)code;
    return status;
}

bool pki_name_is_address(const char *name, bool *out_v6)
{
    unsigned char address[16];
    bool v6 = inet_pton(AF_INET6, name, address) == 1;
    if (out_v6) {
        *out_v6 = v6;
    }
    return v6 || inet_pton(AF_INET, name, address) == 1;
}

static bool label_ok(const char *label, size_t size)
{
    bool ok = size >= 1 && size <= 63 && label[0] != '-' && label[size - 1] != '-';
    for (size_t i = 0; ok && i < size; i++) {
        char c = label[i];
        ok = ascii_is_letter(c) || ascii_is_digit(c) || c == '-' || c == '_';
    }
    return ok;
}

enum status pki_name_check(const char *name, struct err *err)
{
    if (pki_name_is_address(name, NULL)) {
        return OK;
    }
    const char *at = strncmp(name, "*.", 2) == 0 ? name + 2 : name;
    bool ok = strlen(name) <= PKI_NAME_BYTES_MAX;
    bool digits_only = strspn(at, "0123456789.") == strlen(at);
    while (ok) {
        size_t size = strcspn(at, ".");
        ok = label_ok(at, size);
        if (at[size] == '\0') {
            break;
        }
        at += size + 1;
    }
    if (!ok || digits_only) {
        return err_set(
            err, ERR_USAGE,
            "\"%s\" is neither a host name nor an IP address (write it without port, scheme "
            "and brackets)",
            name);
    }
    return OK;
}

static void add_name(struct buf *out, const char *name)
{
    buf_printf(out, "%s%s:%s", out->size ? "," : "", pki_name_is_address(name, NULL) ? "IP" : "DNS",
               name);
}

static bool is_among(const char *name, const char *const *names, size_t count)
{
    size_t i = 0;
    while (i < count && strcasecmp(name, names[i]) != 0) {
        i++;
    }
    return i < count;
}

/* subjectAltName as OpenSSL's configuration writes it; the names have been checked. */
static void alt_names(const struct pki_request *request, struct buf *out)
{
    static const char *const always[] = {"localhost", "127.0.0.1", "::1"};
    for (size_t i = 0; i < request->n_names; i++) {
        const char *name = request->names[i];
        if (!is_among(name, request->names, i) && !is_among(name, always, 3)) {
            add_name(out, name);
        }
    }
    for (size_t i = 0; i < 3; i++) {
        add_name(out, always[i]);
    }
    buf_add_char(out, '\0');
}

static bool set_serial(X509 *certificate)
{
    unsigned char bytes[SERIAL_BYTES];
    random_fill(bytes, sizeof bytes);
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return ok;
}

static bool set_dates(X509 *certificate, const struct pki_request *request)
{
    int64_t from_us = request->now_us - BACKDATE_US;
    int64_t to_us = request->now_us + request->days * CLOCK_DAY_US;
    return ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)(from_us / CLOCK_SECOND_US)) &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)(to_us / CLOCK_SECOND_US));
}

static bool set_subject(X509 *certificate, const char *common_name)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    const unsigned char *text = (const unsigned char *)common_name;
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1;
}

static bool add_extensions(X509 *certificate, X509 *issuer, const struct profile *profile,
                           const char *names)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    for (size_t i = 0; i < EXTENSIONS_MAX && profile->extensions[i].value; i++) {
        const char *value = profile->extensions[i].value;
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, profile->extensions[i].nid,
                                                        strcmp(value, "SAN") == 0 ? names : value);
        int added = extension && X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
        if (!added) {
            return false;
        }
    }
    return true;
}

/* A new key and its certificate, signed by `ca` (itself when NULL). */
static enum status pair_make(struct pair *pair, const struct profile *profile,
                             const struct pair *ca, const struct pki_request *request,
                             const char *names, struct err *err)
{
    pair->key = EVP_EC_gen("P-256");
    pair->certificate = X509_new();
    if (!pair->key || !pair->certificate) {
        return openssl_failed(err, "making a key");
    }
    X509 *issuer = ca ? ca->certificate : pair->certificate;
    bool ok = X509_set_version(pair->certificate, X509_VERSION_3) &&
              set_serial(pair->certificate) && set_dates(pair->certificate, request) &&
              set_subject(pair->certificate, profile->common_name) &&
              X509_set_issuer_name(pair->certificate, X509_get_subject_name(issuer)) &&
              X509_set_pubkey(pair->certificate, pair->key) &&
              add_extensions(pair->certificate, issuer, profile, names) &&
              X509_sign(pair->certificate, ca ? ca->key : pair->key, EVP_sha256()) > 0;
    return ok ? OK : openssl_failed(err, "making a certificate");
}

static enum status write_pem(BIO *bio, const char *dir, const char *name, const char *suffix,
                             mode_t mode, struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_path_format(path, err, "%s/%s.%s", dir, name, suffix);
    if (status == OK && file_exists(path)) {
        return err_set(err, ERR_EXISTS, "%s is there already and is not written over", path);
    }
    char *data;
    long size = BIO_get_mem_data(bio, &data);
    return THEN(status, file_write(path, span_of(data, (size_t)size), mode, err));
}

static enum status pair_write(const struct pair *pair, const char *dir, const char *name,
                              struct err *err)
{
    BIO *certificate = BIO_new(BIO_s_mem());
    BIO *key = BIO_new(BIO_s_secmem());
    enum status status = OK;
    if (!certificate || !key || PEM_write_bio_X509(certificate, pair->certificate) != 1 ||
        PEM_write_bio_PKCS8PrivateKey(key, pair->key, NULL, NULL, 0, NULL, NULL) != 1) {
        status = openssl_failed(err, "writing a certificate");
    }
    status = THEN(status, write_pem(certificate, dir, name, "crt", 0644, err));
    status = THEN(status, write_pem(key, dir, name, "key", 0600, err));
    BIO_free(certificate);
    BIO_free(key);
    return status;
}

enum status pki_create(const char *dir, const struct pki_request *request, struct err *err)
{
    CHECK(request->days >= 1 && request->days <= PKI_DAYS_MAX);
    struct buf names = BUF_INIT;
    alt_names(request, &names);
    enum status status = buf_status(&names, "certificate", err);
    struct pair ca = {0};
    status = THEN(status, pair_make(&ca, &profile_ca, NULL, request, names.data, err));
    status = THEN(status, pair_write(&ca, dir, profile_ca.file, err));
    const struct profile *const leaves[] = {&profile_server, &profile_client};
    for (size_t i = 0; i < 2 && status == OK; i++) {
        struct pair leaf = {0};
        status = pair_make(&leaf, leaves[i], &ca, request, names.data, err);
        status = THEN(status, pair_write(&leaf, dir, leaves[i]->file, err));
        pair_fini(&leaf);
    }
    pair_fini(&ca);
    buf_fini(&names);
    return status;
}
