/* Reading spellings, strictly. */
#include "schema/columnar/value_form.h"

#include "schema/base/clock.h"
#include "schema/text/ascii.h"

enum {
    UUID_CHARS = 36,
    TIME_CHARS = 19,         /* without fraction, Z and quotes */
    INTEGER_DIGITS_MAX = 15, /* 2^53 has 16: event.h writes larger ones otherwise */
    YEAR_MIN = 1970,
    YEAR_MAX = 2199, /* nanoseconds of later ones still fit, and nobody means them */
};
#define SECOND_NS INT64_C(1000000000)

static const uint64_t powers_of_ten[VALUE_FORM_FRACTION_MAX + 1] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};

/* Between the quotes; false without them. */
static bool unquote(struct span spelling, struct span *out)
{
    if (spelling.size < 3 || spelling.data[0] != '"' || spelling.data[spelling.size - 1] != '"') {
        return false;
    }
    *out = span_of(spelling.data + 1, spelling.size - 2);
    return true;
}

/* Decimal digits without a zero in front, at most `max` of them. */
static bool read_digits(struct span text, size_t max, uint64_t *out)
{
    if (text.size == 0 || text.size > max || (text.data[0] == '0' && text.size > 1)) {
        return false;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (!ascii_is_digit(text.data[i])) {
            return false;
        }
        number = number * 10 + (uint64_t)(text.data[i] - '0');
    }
    *out = number;
    return true;
}

static bool read_integer(struct span text, uint64_t *out)
{
    bool negative = text.size > 0 && text.data[0] == '-';
    if (!read_digits(span_from(text, negative), INTEGER_DIGITS_MAX, out) ||
        (negative && *out == 0)) {
        return false;
    }
    *out = negative ? 0 - *out : *out;
    return true;
}

/* Eight hexadecimal digits, lower case, at once: what they would be spelled as must be the same. */
static bool read_hex(const char *at, uint64_t *out)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t word;
    memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    uint64_t halves = (word & ones * 15) + (word >> 6 & ones) * 9; /* half a byte each */
    uint64_t letters = (halves + ones * 6) >> 4 & ones;
    bool good =
        (halves & ones * 0xf0) == 0 && halves + ones * '0' + letters * ('a' - '9' - 1) == word;
    halves = (halves << 4 | halves >> 8) & UINT64_C(0x00ff00ff00ff00ff);
    halves = (halves | halves >> 8) & UINT64_C(0x0000ffff0000ffff);
    *out = __builtin_bswap32((uint32_t)(halves | halves >> 16));
    return good;
}

static bool read_uuid(struct span text, struct value_form_bits *out)
{
    uint64_t part[4];
    char digits[32];
    const char *at = text.data;
    memcpy(digits, at, 8);
    memcpy(digits + 8, at + 9, 4);
    memcpy(digits + 12, at + 14, 4);
    memcpy(digits + 16, at + 19, 4);
    memcpy(digits + 20, at + 24, 12);
    if (at[8] != '-' || at[13] != '-' || at[18] != '-' || at[23] != '-' ||
        !read_hex(digits, &part[0]) || !read_hex(digits + 8, &part[1]) ||
        !read_hex(digits + 16, &part[2]) || !read_hex(digits + 24, &part[3])) {
        return false;
    }
    *out = (struct value_form_bits){part[0] << 32 | part[1], part[2] << 32 | part[3]};
    return (part[1] >> 12 & 15) == 4 && part[2] >> 30 == 2;
}

static bool read_ipv4(struct span text, uint64_t *out)
{
    uint64_t address = 0;
    size_t at = 0;
    for (int part = 0; part < 4; part++) {
        size_t begin = at;
        uint64_t number = 0;
        while (at < text.size && at < begin + 3 && ascii_is_digit(text.data[at])) {
            number = number * 10 + (uint64_t)(text.data[at++] - '0');
        }
        if (at == begin || number > 255 || (text.data[begin] == '0' && at > begin + 1) ||
            (part < 3 && (at == text.size || text.data[at++] != '.'))) {
            return false;
        }
        address = address << 8 | number;
    }
    *out = address;
    return at == text.size;
}

static bool read_endpoint(struct span text, struct value_form_bits *out)
{
    size_t colon = span_find(text, ':');
    return colon < text.size && read_ipv4(span_of(text.data, colon), &out->number) &&
           read_digits(span_from(text, colon + 1), 5, &out->second) && out->second <= 65535;
}

/* Two digits, and `behind` behind them; *good stays true only then. */
static int read_two(const char *at, char behind, bool *good)
{
    uint8_t tens = (uint8_t)(at[0] - '0');
    uint8_t ones = (uint8_t)(at[1] - '0');
    *good &= tens < 10 && ones < 10 && (!behind || at[2] == behind);
    return tens * 10 + ones;
}

static int days_of_month(int64_t year, int month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* *out_fraction: how many digits stand behind the second. */
static bool read_time(struct span text, uint64_t *out_ns, uint8_t *out_fraction)
{
    if (text.size < TIME_CHARS + 1 || text.data[text.size - 1] != 'Z') {
        return false;
    }
    bool good = true;
    int century = read_two(text.data, 0, &good);
    int64_t year = century * 100 + read_two(text.data + 2, '-', &good);
    int month = read_two(text.data + 5, '-', &good);
    int day = read_two(text.data + 8, 'T', &good);
    int hour = read_two(text.data + 11, ':', &good);
    int minute = read_two(text.data + 14, ':', &good);
    int second = read_two(text.data + 17, 0, &good);
    if (!good || year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1 ||
        day > days_of_month(year, month) || hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    int64_t days = clock_days_of_date((struct clock_date){year, month, day});
    int64_t ns = (((days * 24 + hour) * 60 + minute) * 60 + second) * SECOND_NS;
    struct span fraction = span_of(text.data + TIME_CHARS, text.size - TIME_CHARS - 1);
    if (fraction.size > 0) {
        if (fraction.size < 2 || fraction.size > VALUE_FORM_FRACTION_MAX + 1 ||
            fraction.data[0] != '.' || !ascii_all_digits(span_from(fraction, 1))) {
            return false;
        }
        uint64_t unit = powers_of_ten[VALUE_FORM_FRACTION_MAX];
        for (size_t i = 1; i < fraction.size; i++) {
            unit /= 10;
            ns += (int64_t)unit * (fraction.data[i] - '0');
        }
    }
    *out_ns = (uint64_t)ns;
    *out_fraction = fraction.size > 0 ? (uint8_t)(fraction.size - 1) : 0;
    return true;
}

/* True when the text between the quotes has that form; *out_fraction is a time's. */
static bool read_quoted(enum value_form_kind kind, struct span text, struct value_form_bits *out,
                        uint8_t *out_fraction)
{
    switch (kind) {
    case VALUE_FORM_UUID:
        return text.size == UUID_CHARS && read_uuid(text, out);
    case VALUE_FORM_TIME:
        return read_time(text, &out->number, out_fraction);
    case VALUE_FORM_DIGITS:
        return read_integer(text, &out->number);
    case VALUE_FORM_IPV4:
        return read_ipv4(text, &out->number);
    case VALUE_FORM_ENDPOINT:
        return read_endpoint(text, out);
    case VALUE_FORM_NONE:
    case VALUE_FORM_INTEGER:
        break;
    }
    return false;
}

struct value_form value_form_of(struct span spelling, struct value_form_bits *out)
{
    static const enum value_form_kind quoted[] = {
        VALUE_FORM_UUID, VALUE_FORM_TIME, VALUE_FORM_DIGITS, VALUE_FORM_IPV4, VALUE_FORM_ENDPOINT};
    struct value_form form = {VALUE_FORM_NONE, 0};
    struct span text;
    *out = (struct value_form_bits){0, 0};
    if (!unquote(spelling, &text)) {
        form.kind = read_integer(spelling, &out->number) ? VALUE_FORM_INTEGER : VALUE_FORM_NONE;
        return form;
    }
    for (size_t i = 0; i < sizeof quoted / sizeof *quoted && text.size <= UUID_CHARS; i++) {
        *out = (struct value_form_bits){0, 0};
        if (read_quoted(quoted[i], text, out, &form.fraction)) {
            form.kind = quoted[i];
            return form;
        }
    }
    return form;
}

bool value_form_read(struct value_form form, struct span spelling, struct value_form_bits *out)
{
    struct span text;
    uint8_t fraction = 0;
    *out = (struct value_form_bits){0, 0};
    if (form.kind == VALUE_FORM_INTEGER) {
        return read_integer(spelling, &out->number);
    }
    if (!unquote(spelling, &text) || !read_quoted(form.kind, text, out, &fraction)) {
        return false;
    }
    if (form.kind != VALUE_FORM_TIME || fraction == form.fraction) {
        return true;
    }
    /* trimmed: no zero at the end, which stands before the Z */
    return form.fraction == VALUE_FORM_FRACTION_TRIMMED &&
           (fraction == 0 || text.data[text.size - 2] != '0');
}
