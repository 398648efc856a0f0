#include "schema/text/hex.h"

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

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(struct span text, unsigned char *out, size_t size)
{
    bool wrong = text.size != 2 * size;
    for (size_t i = 0; !wrong && i < text.size; i++) {
        wrong = digit_of(text.data[i]) < 0;
    }
    for (size_t i = 0; !wrong && i < size; i++) {
        out[i] = (unsigned char)(digit_of(text.data[2 * i]) << 4 | digit_of(text.data[2 * i + 1]));
    }
    return !wrong;
}
