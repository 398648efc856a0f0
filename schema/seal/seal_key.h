/* The key that an archive's seals are signed with: DIR/keys/seal.key (0600) and seal.pub, Ed25519.
 * Who can write the archive can use the key: what a seal proves, it proves against changes after it
 * was made, to those who have kept the public key and a later seal elsewhere. Any thread. */
#ifndef SCHEMA_SEAL_SEAL_KEY_H
#define SCHEMA_SEAL_SEAL_KEY_H

#include "schema/crypto/signing.h"

/* The archive's private key; `path` when it is not empty, else DIR/keys/seal.key, which is made
 * when neither of the pair is there (*out_made, may be NULL). */
MUST_USE enum status seal_key_open(const char *dir, const char *path, struct signing_key **out_key,
                                   bool *out_made, struct err *err);

/* DIR/keys/seal.pub */
MUST_USE enum status seal_key_open_public(const char *dir, struct signing_key **out_key,
                                          struct err *err);

#endif
