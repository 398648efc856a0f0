/* Certificates and keys as `stele check` looks at them: read, not used. */
#ifndef TOOLS_STELE_PKI_CERTIFICATE_H
#define TOOLS_STELE_PKI_CERTIFICATE_H

#include "schema/file/file.h"

enum { CERTIFICATE_TEXT_BYTES = 512 };

struct certificate;

struct certificate_facts {
    char subject[CERTIFICATE_TEXT_BYTES];
    char names[CERTIFICATE_TEXT_BYTES]; /* "DNS:localhost, IP Address:127.0.0.1"; cut at the end */
    int64_t from_us;
    int64_t to_us;
    bool is_ca;
    bool names_itself; /* subject and issuer are the same */
};

/* The first certificate of the PEM file. */
MUST_USE enum status certificate_open(const char *path, struct certificate **out_certificate,
                                      struct err *err);
/* NULL is fine. */
void certificate_close(struct certificate *certificate);

MUST_USE enum status certificate_read(const struct certificate *certificate,
                                      struct certificate_facts *out_facts, struct err *err);

/* Is the PEM file the private key of this certificate? passphrase may be NULL. ERR_CONFIG: it is
 * not, or cannot be read without the right passphrase. */
MUST_USE enum status certificate_check_key(const struct certificate *certificate,
                                           const char *key_path, const char *passphrase,
                                           struct err *err);

/* Would a peer that trusts the CA take the certificate, as a server's or a client's? ERR_CONFIG
 * says why not. */
enum certificate_use { CERTIFICATE_SERVER, CERTIFICATE_CLIENT };
MUST_USE enum status certificate_check_signed(const struct certificate *certificate,
                                              const struct certificate *ca,
                                              enum certificate_use use, struct err *err);

#endif
