#include "schema/crypto/base64.h"

#include <openssl/evp.h>

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
