/* Writing, the inverse of reading: value_form_write(value_form_read(x)) is x. */
#include "schema/base/clock.h"
#include "schema/columnar/value_form.h"

#define SECOND_NS INT64_C(1000000000)
enum { DAY_SECONDS = 86400 };

/* Each gives the place behind what it wrote. */

static char *write_number(char *at, uint64_t number)
{
    char digits[20];
    size_t n = 0;
    do {
        digits[sizeof digits - ++n] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    for (size_t i = 0; i < n; i++) {
        at[i] = digits[sizeof digits - n + i];
    }
    return at + n;
}

static char *write_integer(char *at, uint64_t number)
{
    if (number >> 63) {
        *at++ = '-';
        number = 0 - number;
    }
    return write_number(at, number);
}

/* Two digits and what stands behind them. */
static char *write_two(char *at, uint64_t number, char behind)
{
    at[0] = (char)('0' + number / 10);
    at[1] = (char)('0' + number % 10);
    at[2] = behind;
    return at + 3;
}

static char *write_ipv4(char *at, uint64_t address)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        uint32_t part = (uint32_t)(address >> shift) & 0xff;
        at[0] = (char)('0' + part / 100);
        at += part >= 100;
        at[0] = (char)('0' + part / 10 % 10);
        at += part >= 10;
        at[0] = (char)('0' + part % 10);
        at[1] = '.';
        at += 2;
    }
    return at - 1;
}

/* Eight hexadecimal digits at once: each half of a byte in a byte of its own, then '0' and, from
 * ten on, what lies between '9' and 'a'. */
static uint64_t hex_digits(uint64_t number)
{
    uint64_t word = __builtin_bswap32((uint32_t)number);
    word = (word | word << 16) & UINT64_C(0x0000ffff0000ffff);
    word = (word | word << 8) & UINT64_C(0x00ff00ff00ff00ff);
    word = (word >> 4 & UINT64_C(0x000f000f000f000f)) | (word & UINT64_C(0x000f000f000f000f)) << 8;
    uint64_t letters = (word + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
    word += UINT64_C(0x3030303030303030) + letters * ('a' - '9' - 1);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static char *write_uuid(char *at, const struct value_form_bits *bits)
{
    uint64_t word[4] = {hex_digits(bits->number >> 32), hex_digits(bits->number),
                        hex_digits(bits->second >> 32), hex_digits(bits->second)};
    const char *digits = (const char *)word;
    memcpy(at, digits, 8);
    memcpy(at + 9, digits + 8, 4);
    memcpy(at + 14, digits + 12, 4);
    memcpy(at + 19, digits + 16, 4);
    memcpy(at + 24, digits + 20, 12);
    at[8] = at[13] = at[18] = at[23] = '-';
    return at + 36;
}

/* The date of a day, with a T behind it. */
static void write_date(char at[VALUE_FORM_DATE_CHARS], int64_t day)
{
    struct clock_date date = clock_date_of_days(day);
    uint64_t year = (uint64_t)date.year;
    at = write_two(at, year / 100 % 100, '0') - 1;
    at = write_two(at, year % 100, '-');
    at = write_two(at, (uint64_t)date.month, '-');
    (void)write_two(at, (uint64_t)date.day, 'T');
}

/* Digits behind a second, or behind a trimmed one. */
static char *write_fraction(char *at, uint64_t ns, uint8_t fraction)
{
    char digits[VALUE_FORM_FRACTION_MAX];
    size_t n = fraction;
    for (int i = VALUE_FORM_FRACTION_MAX - 1; i >= 0; i--) {
        digits[i] = (char)('0' + ns % 10);
        ns /= 10;
    }
    if (fraction >= VALUE_FORM_FRACTION_TRIMMED) {
        n = VALUE_FORM_FRACTION_MAX;
        while (n > 0 && digits[n - 1] == '0') {
            n--;
        }
    }
    if (n > 0) {
        *at++ = '.';
        memcpy(at, digits, n);
    }
    return at + n;
}

static char *write_time(struct value_form_writer *writer, char *at, int64_t ns)
{
    int64_t seconds = ns / SECOND_NS - (ns % SECOND_NS < 0);
    int64_t day = seconds / DAY_SECONDS - (seconds % DAY_SECONDS < 0);
    uint64_t second = (uint64_t)(seconds - day * DAY_SECONDS);
    if (!writer->has_date || writer->day != day) {
        write_date(writer->date, day);
        writer->day = day;
        writer->has_date = true;
    }
    memcpy(at, writer->date, VALUE_FORM_DATE_CHARS);
    at = write_two(at + VALUE_FORM_DATE_CHARS, second / 3600, ':');
    at = write_two(at, second / 60 % 60, ':');
    at = write_two(at, second % 60, 'Z') - 1;
    if (writer->form.fraction > 0) {
        at = write_fraction(at, (uint64_t)(ns - seconds * SECOND_NS), writer->form.fraction);
    }
    *at++ = 'Z';
    return at;
}

char *value_form_put(struct value_form_writer *writer, const struct value_form_bits *bits, char *at)
{
    if (writer->form.kind == VALUE_FORM_INTEGER) {
        return write_integer(at, bits->number);
    }
    *at++ = '"';
    switch (writer->form.kind) {
    case VALUE_FORM_DIGITS:
        at = write_integer(at, bits->number);
        break;
    case VALUE_FORM_UUID:
        at = write_uuid(at, bits);
        break;
    case VALUE_FORM_TIME:
        at = write_time(writer, at, (int64_t)bits->number);
        break;
    case VALUE_FORM_IPV4:
        at = write_ipv4(at, bits->number);
        break;
    case VALUE_FORM_ENDPOINT:
        at = write_ipv4(at, bits->number);
        *at++ = ':';
        at = write_number(at, bits->second & 0xffff);
        break;
    case VALUE_FORM_NONE:
    case VALUE_FORM_INTEGER:
        break;
    }
    *at++ = '"';
    return at;
}

size_t value_form_write(struct value_form form, const struct value_form_bits *bits,
                        char out[VALUE_FORM_SPELLING_MAX])
{
    struct value_form_writer writer = {.form = form};
    return (size_t)(value_form_put(&writer, bits, out) - out);
}

static uint64_t load_big(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The bits in the order of the text, without the four of the version and the two of the variant. */
__extension__ typedef unsigned __int128 uint128;

uint8_t value_form_uuid_pack(const struct value_form_bits *bits, uint8_t out[VALUE_FORM_UUID_BYTES])
{
    uint128 packed = (uint128)(bits->number >> 16) << 74 | (uint128)(bits->number & 0xfff) << 62 |
                     (bits->second & (UINT64_MAX >> 2));
    for (int i = 0; i < VALUE_FORM_UUID_BYTES; i++) {
        out[i] = (uint8_t)(packed >> (114 - 8 * i));
    }
    return (uint8_t)(packed & 3);
}

struct value_form_bits value_form_uuid_unpack(const uint8_t bytes[VALUE_FORM_UUID_BYTES],
                                              uint8_t last)
{
    uint64_t high = load_big(bytes);                      /* of 120 bits, 64 */
    uint64_t low = load_big(bytes + 7) & UINT64_MAX >> 8; /* and 56 */
    return (struct value_form_bits){(high >> 16) << 16 | 0x4000 | (high >> 4 & 0xfff),
                                    UINT64_C(1) << 63 | (high & 15) << 58 | low << 2 | (last & 3)};
}
