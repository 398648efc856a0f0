#include "schema/crypto/uuid.h"

#include <openssl/evp.h>

#include "schema/base/err.h"
#include "schema/base/random.h"
#include "schema/text/ascii.h"
#include "schema/text/hex.h"

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

bool uuid_is_valid(struct span text)
{
    bool good = text.size == 36;
    for (size_t i = 0; good && i < text.size; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        good = dash ? text.data[i] == '-' : ascii_hex_digit(text.data[i]) >= 0;
    }
    return good;
}

void uuid_random(char out[37])
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
