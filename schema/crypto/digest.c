#include "schema/crypto/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include "schema/text/hex.h"

struct digest digest_sha256(struct span bytes)
{
    struct digest digest;
    int rc = EVP_Digest(bytes.data, bytes.size, digest.bytes, NULL, EVP_sha256(), NULL);
    CHECK(rc == 1);
    return digest;
}

struct digest digest_hmac_sha256(struct span key, struct span bytes)
{
    struct digest digest;
    unsigned size = 0;
    const unsigned char *mac =
        HMAC(EVP_sha256(), key.size ? key.data : "", (int)key.size,
             (const unsigned char *)bytes.data, bytes.size, digest.bytes, &size);
    CHECK(mac && size == DIGEST_SHA256_BYTES);
    return digest;
}

void digest_md5(struct span bytes, unsigned char out[DIGEST_MD5_BYTES])
{
    int rc = EVP_Digest(bytes.data, bytes.size, out, NULL, EVP_md5(), NULL);
    CHECK(rc == 1);
}

void digest_sha1(struct span bytes, unsigned char out[DIGEST_SHA1_BYTES])
{
    int rc = EVP_Digest(bytes.data, bytes.size, out, NULL, EVP_sha1(), NULL);
    CHECK(rc == 1);
}

struct digest_stream {
    EVP_MD_CTX *ctx;
};

struct digest_stream *digest_stream_new(void)
{
    struct digest_stream *stream = malloc(sizeof *stream);
    if (!stream) {
        return NULL;
    }
    stream->ctx = EVP_MD_CTX_new();
    if (!stream->ctx || EVP_DigestInit_ex(stream->ctx, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(stream->ctx);
        free(stream);
        return NULL;
    }
    return stream;
}

void digest_stream_add(struct digest_stream *stream, struct span bytes)
{
    int rc = EVP_DigestUpdate(stream->ctx, bytes.data, bytes.size);
    CHECK(rc == 1);
}

struct digest digest_stream_finish(struct digest_stream *stream)
{
    struct digest digest;
    int rc = EVP_DigestFinal_ex(stream->ctx, digest.bytes, NULL);
    CHECK(rc == 1);
    EVP_MD_CTX_free(stream->ctx);
    free(stream);
    return digest;
}

const char *digest_hex(const struct digest *digest, char out[DIGEST_HEX_BYTES])
{
    return hex_encode(digest->bytes, sizeof digest->bytes, out);
}

bool digest_read_hex(struct span text, struct digest *out)
{
    return hex_decode(text, out->bytes, sizeof out->bytes);
}

void digest_json(struct json_writer *json, const char *name, const struct digest *digest)
{
    char hex[DIGEST_HEX_BYTES];
    json_text(json, name, digest_hex(digest, hex));
}
