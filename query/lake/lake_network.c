/* Terms have IPv4 addresses dotted and IPv6 addresses as eight groups of four digits
 * (schema/event/term.h), so that each part of an address is fixed, free, or one of a few. */
#include "query/lake/lake_network.h"

#include <string.h>

#include "query/lake/lake_regex.h"

static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static void add_octet(unsigned low, unsigned high, struct buf *out)
{
    if (low == 0 && high == 255) {
        buf_add_str(out, LAKE_REGEX_OCTET);
        return;
    }
    buf_add_str(out, "(?:");
    for (unsigned i = low; i <= high; i++) {
        buf_printf(out, "%s%u", i == low ? "" : "|", i);
    }
    buf_add_char(out, ')');
}

static void add_digit(unsigned low, unsigned high, struct buf *out)
{
    buf_add_char(out, '[');
    for (unsigned i = low; i <= high; i++) {
        buf_add_char(out, "0123456789abcdef"[i]);
    }
    buf_add_char(out, ']');
}

static void add_dotted(const unsigned char low[4], const unsigned char high[4], struct buf *out)
{
    for (size_t i = 0; i < 4; i++) {
        buf_add_str(out, i > 0 ? "[.]" : "");
        add_octet(low[i], high[i], out);
    }
}

static void add_groups(const unsigned char low[16], const unsigned char high[16], struct buf *out)
{
    for (size_t i = 0; i < 16; i++) {
        buf_add_str(out, i > 0 && i % 2 == 0 ? ":" : "");
        add_digit(low[i] >> 4, high[i] >> 4, out);
        add_digit(low[i] & 15, high[i] & 15, out);
    }
}

void lake_network_shape(const unsigned char low[16], const unsigned char high[16], struct buf *out)
{
    static const unsigned char zero[4] = {0, 0, 0, 0};
    static const unsigned char full[4] = {255, 255, 255, 255};
    bool is_dotted =
        memcmp(low, mapped, sizeof mapped) == 0 && memcmp(high, mapped, sizeof mapped) == 0;
    /* A network of IPv6 that has IPv4's within it has all of them. */
    bool has_dotted =
        memcmp(low, mapped, sizeof mapped) <= 0 && memcmp(high, mapped, sizeof mapped) >= 0;
    buf_add_str(out, " (?:");
    if (is_dotted) {
        add_dotted(low + sizeof mapped, high + sizeof mapped, out);
    } else {
        add_groups(low, high, out);
        if (has_dotted) {
            buf_add_char(out, '|');
            add_dotted(zero, full, out);
        }
    }
    buf_add_str(out, ") ");
}
