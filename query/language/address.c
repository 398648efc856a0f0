#include "query/language/address.h"

#include "schema/base/buf.h"
#include "schema/event/term.h"
#include "schema/text/ascii.h"

/* All of the number behind the slash, or -1. */
static int read_bits(struct span text, int most)
{
    int bits = 0;
    if (text.size == 0 || text.size > 3) {
        return -1;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (!ascii_is_digit(text.data[i])) {
            return -1;
        }
        bits = bits * 10 + (text.data[i] - '0');
    }
    return bits <= most ? bits : -1;
}

bool address_read_range(struct span text, unsigned char out_low[16], unsigned char out_high[16])
{
    const char *slash = text.size ? memchr(text.data, '/', text.size) : NULL;
    struct span address = text;
    if (slash) {
        address.size = (size_t)(slash - text.data);
    }
    struct buf term = BUF_INIT;
    bool ok = term_address(address, &term) && term_address_bytes(buf_span(&term), out_low);
    buf_fini(&term);
    if (!ok) {
        return false;
    }
    int bits = 128;
    if (slash) {
        bool four = memchr(address.data, ':', address.size) == NULL;
        bits = read_bits(span_from(text, address.size + 1), four ? 32 : 128);
        if (bits < 0) {
            return false;
        }
        bits += four ? 96 : 0;
    }
    for (int i = 0; i < 16; i++) {
        int kept = bits - i * 8;
        unsigned char mask = kept >= 8 ? 0xff : kept > 0 ? (unsigned char)(0xff << (8 - kept)) : 0;
        out_low[i] = out_low[i] & mask;
        out_high[i] = out_low[i] | (unsigned char)~mask;
    }
    return true;
}
