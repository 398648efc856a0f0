#include "query/eval/form_parts.h"

#include <string.h>

#include "schema/text/ascii.h"

enum { UUID_CHARS = 36, OCTETS = 4, DECIMAL_BYTES = 8 };

/* A flag in every digit of a 64-bit number that is 0. */
#define DIGIT_FLAGS UINT64_C(0x8888888888888888)
#define DIGIT_RESTS UINT64_C(0x7777777777777777)
#define EVERY_DIGIT UINT64_C(0x1111111111111111)

static struct span decimal_of(uint64_t number, char out[DECIMAL_BYTES])
{
    size_t at = DECIMAL_BYTES;
    do {
        out[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0 && at > 0);
    return span_of(out + at, DECIMAL_BYTES - at);
}

/* Field k of the part in a whole octet or port: the first may begin in the middle of one, and the
 * last may end there. */
static bool field_fits(const struct form_parts *parts, size_t k, struct span whole)
{
    struct span field = parts->fields[k];
    bool is_first = k == 0;
    bool is_last = k + 1 == parts->n_fields;
    if (field.size > whole.size || (!is_first && !is_last && field.size != whole.size)) {
        return false;
    }
    if (field.size == 0) {
        return is_first || is_last;
    }
    if (is_first && is_last) {
        return memmem(whole.data, whole.size, field.data, field.size) != NULL;
    }
    return memcmp(is_first ? whole.data + whole.size - field.size : whole.data, field.data,
                  field.size) == 0;
}

/* Cuts the part at the marks of an address. */
static void cut_fields(struct form_parts *parts)
{
    size_t from = 0;
    for (size_t i = 0; i <= parts->part.size; i++) {
        char c = i < parts->part.size ? parts->part.data[i] : '.';
        if (ascii_is_digit(c)) {
            continue;
        }
        if ((c != '.' && c != ':') || parts->n_fields == FORM_PARTS_FIELDS) {
            parts->n_fields = 0;
            return;
        }
        parts->marks[parts->n_fields] = c;
        parts->fields[parts->n_fields++] = span_of(parts->part.data + from, i - from);
        from = i + 1;
    }
}

void form_parts_init(struct form_parts *parts, struct span part)
{
    *parts = (struct form_parts){.part = part};
    cut_fields(parts);
    for (size_t k = 0; k < parts->n_fields; k++) {
        for (unsigned octet = 0; octet < 256; octet++) {
            char text[DECIMAL_BYTES];
            parts->octets[k][octet] = field_fits(parts, k, decimal_of(octet, text));
        }
    }
}

static bool port_fits(const struct form_parts *parts, size_t k, uint64_t port)
{
    char text[DECIMAL_BYTES];
    return field_fits(parts, k, decimal_of(port, text));
}

/* The marks of the part stand where an address has its own when its first field is in the one at
 * `at`. */
static bool marks_fit(const struct form_parts *parts, size_t at)
{
    for (size_t k = 0; k + 1 < parts->n_fields; k++) {
        if (parts->marks[k] != (at + k + 1 == OCTETS ? ':' : '.')) {
            return false;
        }
    }
    return true;
}

static bool address_fits(const struct form_parts *parts, size_t at, uint64_t v4, uint64_t port)
{
    for (size_t k = 0; k < parts->n_fields; k++) {
        size_t place = at + k;
        bool fits = place < OCTETS ? parts->octets[k][v4 >> (24 - 8 * place) & 255]
                                   : port_fits(parts, k, port);
        if (!fits) {
            return false;
        }
    }
    return true;
}

static void match_addresses(const struct form_parts *parts, const uint64_t *numbers,
                            const uint64_t *seconds, size_t count, uint8_t *out_hits)
{
    size_t n_places = seconds ? OCTETS + 1 : OCTETS;
    for (size_t at = 0; parts->n_fields > 0 && at + parts->n_fields <= n_places; at++) {
        for (size_t i = 0; marks_fit(parts, at) && i < count; i++) {
            out_hits[i] |= address_fits(parts, at, numbers[i], seconds ? seconds[i] : 0);
        }
    }
}

static bool is_uuid_dash(size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

/* A part of a UUID's spelling at one place of it, as bits of both numbers. */
struct uuid_part {
    uint64_t mask[2];
    uint64_t bits[2];
};

/* False: its dashes do not stand where a UUID's are. */
static bool place_uuid_part(struct span part, size_t at, struct uuid_part *out)
{
    size_t digit = at - (at > 8) - (at > 13) - (at > 18) - (at > 23);
    *out = (struct uuid_part){{0, 0}, {0, 0}};
    for (size_t i = 0; i < part.size; i++) {
        if (is_uuid_dash(at + i) != (part.data[i] == '-')) {
            return false;
        }
        if (part.data[i] != '-') {
            uint64_t nibble = (uint64_t)(ascii_hex_digit(part.data[i]) & 15);
            size_t shift = 4 * (15 - digit % 16);
            out->mask[digit / 16] |= UINT64_C(15) << shift;
            out->bits[digit / 16] |= nibble << shift;
            digit++;
        }
    }
    return true;
}

/* With a dash there are few places where it can stand. */
static void match_dashed(struct span part, const uint64_t *numbers, const uint64_t *seconds,
                         size_t count, uint8_t *out_hits)
{
    for (size_t at = 0; at + part.size <= UUID_CHARS; at++) {
        struct uuid_part placed;
        if (!place_uuid_part(part, at, &placed)) {
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            out_hits[i] |= (uint8_t)(((numbers[i] & placed.mask[0]) == placed.bits[0]) &
                                     ((seconds[i] & placed.mask[1]) == placed.bits[1]));
        }
    }
}

/* Digits from which on a run of `size` ends before the next dash, as flags of the first 16 digits
 * (8-4-4) or the last 16 (4-12). */
static uint64_t starts_of(bool first_half, size_t size)
{
    static const size_t first[] = {8, 12, 16};
    static const size_t last[] = {4, 16};
    const size_t *ends = first_half ? first : last;
    uint64_t flags = 0;
    for (size_t digit = 0, group = 0; digit < 16; digit++) {
        group += digit == ends[group];
        if (digit + size <= ends[group]) {
            flags |= UINT64_C(8) << 4 * (15 - digit);
        }
    }
    return flags;
}

/* All 16 digits of a number at once: flags where a run of the part's digits can begin, with one
 * digit of it after the other. */
static void match_digits(struct span part, const uint64_t *numbers, uint64_t starts, size_t count,
                         uint8_t *out_hits)
{
    enum { AT_ONCE = 256 };
    uint64_t flags[AT_ONCE];
    for (size_t from = 0; from < count; from += AT_ONCE) {
        size_t n = count - from < AT_ONCE ? count - from : AT_ONCE;
        for (size_t i = 0; i < n; i++) {
            flags[i] = starts;
        }
        for (size_t k = 0; k < part.size; k++) {
            uint64_t digit = (uint64_t)(ascii_hex_digit(part.data[k]) & 15) * EVERY_DIGIT;
            for (size_t i = 0; i < n; i++) {
                uint64_t other = numbers[from + i] ^ digit;
                uint64_t differs = ((other & DIGIT_RESTS) + DIGIT_RESTS) | other;
                flags[i] &= (~differs & DIGIT_FLAGS) << 4 * k;
            }
        }
        for (size_t i = 0; i < n; i++) {
            out_hits[from + i] |= flags[i] != 0;
        }
    }
}

void form_parts_match(const struct form_parts *parts, enum value_form_kind kind,
                      const uint64_t *numbers, const uint64_t *seconds, size_t count,
                      uint8_t *out_hits)
{
    struct span part = parts->part;
    memset(out_hits, 0, count);
    if (kind != VALUE_FORM_UUID) {
        match_addresses(parts, numbers, seconds, count, out_hits);
    } else if (memchr(part.data, '-', part.size)) {
        match_dashed(part, numbers, seconds, count, out_hits);
    } else if (part.size <= 12) {
        match_digits(part, numbers, starts_of(true, part.size), count, out_hits);
        match_digits(part, seconds, starts_of(false, part.size), count, out_hits);
    }
}
