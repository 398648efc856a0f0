/* Digests and the text forms they travel in. Everything of OpenSSL's libcrypto that the project
 * needs outside of TLS and certificates is behind this header. Any thread. */
#ifndef SCHEMA_BASE_DIGEST_H
#define SCHEMA_BASE_DIGEST_H

#include "schema/base/buf.h"

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

/* Lower-case hex with a NUL; returns out. */
const char *digest_hex(const struct digest *digest, char out[DIGEST_HEX_BYTES]);
/* `size` bytes as lower-case hex into out (2 * size + 1 bytes). */
const char *hex_encode(const void *bytes, size_t size, char *out);
void base64_encode(struct buf *out, struct span bytes);
/* Appends what the text stands for (RFC 4648, with padding, no white space); false: it is none. */
MUST_USE bool base64_decode(struct buf *out, struct span text);
/* 64 hex digits. */
MUST_USE bool digest_read_hex(struct span text, struct digest *out);

/* Fills with bytes from the system's cryptographic generator; aborts if it has none. */
void random_fill(void *out, size_t size);
/* A random (version 4) UUID as 36 characters and a NUL. */
void random_uuid(char out[37]);
/* The UUID of a name in a namespace (version 5, RFC 4122 section 4.3). */
void uuid_v5(const unsigned char namespace_uuid[16], struct span name, char out[37]);

/* Hash of bytes for tables and filters, not for security. Part of the file format where seed 0 is
 * used (block uid hashes): never change it. */
uint64_t hash64(struct span bytes, uint64_t seed);

#endif
