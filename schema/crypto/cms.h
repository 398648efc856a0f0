/* A file encrypted as a CMS message (RFC 5652) of authenticated enveloped data (RFC 5083), AES-256
 * in GCM (RFC 5084), DER in chunks, that `openssl cms -decrypt -inform DER` (OpenSSL 3.0) undoes:
 * for certificates (RSA with OAEP, or elliptic curves) and for a passphrase (PBKDF2, RFC 3211). One
 * thread. */
#ifndef SCHEMA_CRYPTO_CMS_H
#define SCHEMA_CRYPTO_CMS_H

#include "schema/base/err.h"
#include "schema/base/span.h"

/* OpenSSL's command line reads a message into memory, and no larger one than this: 1.7 GB worked
 * and 2.5 GB did not (3.0.19). */
#define CMS_BYTES_MAX (INT64_C(1600) * 1024 * 1024)

enum { CMS_CERTIFICATES_MAX = 64, CMS_PASSPHRASE_MIN = 8 };

/* Who can open it; at least one certificate or a passphrase. */
struct cms_recipients {
    const char *const *certificates; /* files, PEM */
    size_t n_certificates;
    struct span passphrase; /* empty: none */
};

/* ERR_CONFIG: a certificate that cannot be read or encrypted to. Makes nothing. */
MUST_USE enum status cms_check(const struct cms_recipients *to, struct err *err);

/* Encrypts all of from_fd, from its beginning, to to_fd; in some 64 KiB of memory. `progress` (may
 * be NULL) is called with how many bytes are done; false ends it with ERR_STOPPED. */
typedef bool cms_progress(void *context, int64_t bytes);
MUST_USE enum status cms_seal(int from_fd, int to_fd, const struct cms_recipients *to,
                              cms_progress *progress, void *context, struct err *err);

/* Decrypts the file at path to to_fd, by a private key (a file, PEM) or by the passphrase. Takes
 * memory of some three times the file. ERR_DENIED: another key or passphrase, or the message was
 * changed; what was written to to_fd is then of no use. ERR_FORMAT: no such message. */
MUST_USE enum status cms_open(const char *path, const char *key_path, struct span passphrase,
                              int to_fd, struct err *err);

/* What a file is by its first bytes: a CMS message as DER or as PEM (RFC 5652, RFC 5083), as an
 * encrypted copy is one. */
enum cms_form { CMS_FORM_NONE, CMS_FORM_DER, CMS_FORM_PEM };
enum cms_form cms_form_of(const char *path);
/* ERR_FORMAT with how to decrypt it when the file is such a message; else OK. */
MUST_USE enum status cms_refuse(const char *path, struct err *err);

#endif
