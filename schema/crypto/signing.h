/* Ed25519 signatures (RFC 8032) and the keys for them as PEM files: private PKCS#8 (RFC 8410),
 * public SubjectPublicKeyInfo, so that `openssl pkeyutl -verify -rawin` checks what is signed here.
 * A key is read-only once it is loaded: any thread. */
#ifndef SCHEMA_CRYPTO_SIGNING_H
#define SCHEMA_CRYPTO_SIGNING_H

#include "schema/file/file.h"

enum { SIGNING_SIGNATURE_BYTES = 64, SIGNING_ID_BYTES = 17 };

struct signing_key;

/* A new pair: private_path (0600) and public_path (0644), fsynced. ERR_EXISTS: one of them is
 * there. */
MUST_USE enum status signing_key_create(const char *private_path, const char *public_path,
                                        struct err *err);
/* ERR_CONFIG: the file holds no such key, or one of another kind. */
MUST_USE enum status signing_key_load_private(const char *path, struct signing_key **out_key,
                                              struct err *err);
MUST_USE enum status signing_key_load_public(const char *path, struct signing_key **out_key,
                                             struct err *err);
/* NULL is fine. */
void signing_key_free(struct signing_key *key);

/* First 16 hex digits of the SHA-256 of the public key (SubjectPublicKeyInfo, DER). */
const char *signing_key_id(const struct signing_key *key);

/* With a private key. */
MUST_USE enum status signing_sign(const struct signing_key *key, struct span text,
                                  unsigned char out[SIGNING_SIGNATURE_BYTES], struct err *err);
/* With either. */
bool signing_verify(const struct signing_key *key, struct span text, struct span signature);

#endif
