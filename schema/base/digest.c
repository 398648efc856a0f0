#include "schema/base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>

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

const char *hex_encode(const void *bytes, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *in = bytes;
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 15];
    }
    out[2 * size] = '\0';
    return out;
}

const char *digest_hex(const struct digest *digest, char out[DIGEST_HEX_BYTES])
{
    return hex_encode(digest->bytes, sizeof digest->bytes, out);
}

void base64_encode(struct buf *out, struct span bytes)
{
    size_t size = (bytes.size + 2) / 3 * 4;
    if (buf_reserve(out, size + 1)) {
        (void)EVP_EncodeBlock((unsigned char *)out->data + out->size,
                              (const unsigned char *)bytes.data, (int)bytes.size);
        out->size += size;
    }
}

bool base64_decode(struct buf *out, struct span text)
{
    if (text.size % 4 != 0 || text.size > INT32_MAX || !buf_reserve(out, text.size / 4 * 3 + 1)) {
        return false;
    }
    size_t padding = 0;
    while (padding < 2 && padding < text.size && text.data[text.size - 1 - padding] == '=') {
        padding++;
    }
    int size = text.size ? EVP_DecodeBlock((unsigned char *)out->data + out->size,
                                           (const unsigned char *)text.data, (int)text.size)
                         : 0;
    bool good = size >= 0 && (size_t)size == text.size / 4 * 3;
    out->size += good ? (size_t)size - padding : 0;
    return good;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_read_hex(struct span text, struct digest *out)
{
    if (text.size != 2 * sizeof out->bytes) {
        return false;
    }
    struct digest digest;
    for (size_t i = 0; i < sizeof digest.bytes; i++) {
        int high = hex_digit(text.data[2 * i]);
        int low = hex_digit(text.data[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        digest.bytes[i] = (unsigned char)(high << 4 | low);
    }
    *out = digest;
    return true;
}

void random_fill(void *out, size_t size)
{
    int rc = RAND_bytes(out, (int)size);
    CHECK(rc == 1);
}

static void uuid_text(unsigned char raw[16], unsigned char version, char out[37])
{
    raw[6] = (unsigned char)((raw[6] & 0x0f) | version << 4);
    raw[8] = (unsigned char)((raw[8] & 0x3f) | 0x80);
    char hex[33];
    hex_encode(raw, 16, hex);
    static const size_t groups[] = {8, 4, 4, 4, 12};
    const char *from = hex;
    for (size_t i = 0; i < 5; i++) {
        memcpy(out, from, groups[i]);
        out += groups[i];
        from += groups[i];
        *out++ = i < 4 ? '-' : '\0';
    }
}

void random_uuid(char out[37])
{
    unsigned char raw[16];
    random_fill(raw, sizeof raw);
    uuid_text(raw, 4, out);
}

void uuid_v5(const unsigned char namespace_uuid[16], struct span name, char out[37])
{
    unsigned char sha1[20];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    CHECK(ctx && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) == 1);
    CHECK(EVP_DigestUpdate(ctx, namespace_uuid, 16) == 1);
    CHECK(EVP_DigestUpdate(ctx, name.data, name.size) == 1);
    CHECK(EVP_DigestFinal_ex(ctx, sha1, NULL) == 1);
    EVP_MD_CTX_free(ctx);
    uuid_text(sha1, 5, out);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Multiply-and-fold over 8-byte words, after the idea of wyhash. */
uint64_t hash64(struct span bytes, uint64_t seed)
{
    const uint64_t k0 = 0xa0761d6478bd642fu;
    const uint64_t k1 = 0xe7037ed1a0b428dbu;
    uint64_t hash = seed ^ mix(bytes.size ^ k0, k1);
    const char *at = bytes.data;
    size_t left = bytes.size;
    while (left >= 16) {
        uint64_t a;
        uint64_t b;
        memcpy(&a, at, 8);
        memcpy(&b, at + 8, 8);
        hash = mix(a ^ k0, b ^ hash);
        at += 16;
        left -= 16;
    }
    uint64_t tail[2] = {0, 0};
    if (left > 0) {
        memcpy(tail, at, left);
    }
    return mix(mix(tail[0] ^ k0 ^ hash, tail[1] ^ k1), k1 ^ hash);
}
