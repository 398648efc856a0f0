/* Digests by OpenSSL's libcrypto, and their text in hexadecimal. Any thread. */
#ifndef SCHEMA_CRYPTO_DIGEST_H
#define SCHEMA_CRYPTO_DIGEST_H

#include "schema/base/buf.h"
#include "schema/text/json_writer.h"

enum {
    DIGEST_SHA256_BYTES = 32,
    DIGEST_MD5_BYTES = 16,
    DIGEST_SHA1_BYTES = 20,
    DIGEST_HEX_BYTES = 65
};

struct digest {
    unsigned char bytes[DIGEST_SHA256_BYTES];
};

struct digest digest_sha256(struct span bytes);
struct digest digest_hmac_sha256(struct span key, struct span bytes);
void digest_md5(struct span bytes, unsigned char out[DIGEST_MD5_BYTES]);
/* For names that others make with it, not for security. */
void digest_sha1(struct span bytes, unsigned char out[DIGEST_SHA1_BYTES]);

/* SHA-256 over pieces: new, add..., finish (which frees). NULL from digest_new: out of memory. */
struct digest_stream;
struct digest_stream *digest_stream_new(void);
void digest_stream_add(struct digest_stream *stream, struct span bytes);
struct digest digest_stream_finish(struct digest_stream *stream);

static inline bool digest_equal(const struct digest *a, const struct digest *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* Lower-case hex with a NUL; returns out. */
const char *digest_hex(const struct digest *digest, char out[DIGEST_HEX_BYTES]);
/* 64 hex digits. */
MUST_USE bool digest_read_hex(struct span text, struct digest *out);

/* A member of an object, or an element (json_writer.h), in hexadecimal. */
void digest_json(struct json_writer *json, const char *name, const struct digest *digest);

#endif
