#include "schema/event/endpoint.h"

#include "schema/text/ascii.h"

/* Four groups of one to three digits. */
static bool looks_ipv4(struct span text)
{
    unsigned dots = 0;
    unsigned digits = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (ascii_is_digit(text.data[i])) {
            if (++digits > 3) {
                return false;
            }
        } else if (text.data[i] == '.' && digits > 0) {
            dots++;
            digits = 0;
        } else {
            return false;
        }
    }
    return dots == 3 && digits > 0;
}

/* Hex digits, colons, dots and a zone between brackets. */
static bool looks_ipv6(struct span text)
{
    if (text.size < 4 || text.data[0] != '[' || text.data[text.size - 1] != ']') {
        return false;
    }
    unsigned colons = 0;
    for (size_t i = 1; i + 1 < text.size; i++) {
        char c = text.data[i];
        if (c == '%' && colons >= 2) {
            return true;
        }
        colons += c == ':';
        if (c != ':' && c != '.' && ascii_hex_digit(c) < 0) {
            return false;
        }
    }
    return colons >= 2;
}

struct span endpoint_split(struct span value, uint16_t *out_port)
{
    *out_port = 0;
    if (value.size < 6 || (!ascii_is_digit(value.data[0]) && value.data[0] != '[')) {
        return value;
    }
    uint32_t port = 0;
    uint32_t unit = 1;
    size_t at = value.size;
    while (at > 0 && value.size - at < 5 && ascii_is_digit(value.data[at - 1])) {
        port += (uint32_t)(value.data[--at] - '0') * unit;
        unit *= 10;
    }
    if (at == value.size || at == 0 || value.data[at] == '0' || value.data[at - 1] != ':' ||
        port > UINT16_MAX) {
        return value;
    }
    struct span address = span_of(value.data, at - 1);
    if (!looks_ipv4(address) && !looks_ipv6(address)) {
        return value;
    }
    *out_port = (uint16_t)port;
    return address;
}
