/* Reading spellings, strictly. */
#include "schema/columnar/value_form.h"

#include "schema/base/clock.h"
#include "schema/text/ascii.h"

enum {
    UUID_CHARS = 36,
    TIME_CHARS = 19, /* without fraction, Z and quotes */
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

/* `count` hexadecimal digits, lower case, without a branch for each. */
static bool read_hex(const char *at, size_t count, uint64_t *out)
{
    bool good = true;
    uint64_t number = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t digit = (uint8_t)(at[i] - '0');
        uint8_t letter = (uint8_t)(at[i] - 'a');
        good &= (digit < 10) | (letter < 6);
        number = number << 4 | (digit < 10 ? digit : (uint64_t)letter + 10);
    }
    *out = number;
    return good;
}

static bool read_uuid(struct span text, struct value_form_bits *out)
{
    uint64_t part[5];
    const char *at = text.data;
    if (at[8] != '-' || at[13] != '-' || at[18] != '-' || at[23] != '-' ||
        !read_hex(at, 8, &part[0]) || !read_hex(at + 9, 4, &part[1]) ||
        !read_hex(at + 14, 4, &part[2]) || !read_hex(at + 19, 4, &part[3]) ||
        !read_hex(at + 24, 12, &part[4])) {
        return false;
    }
    *out =
        (struct value_form_bits){part[0] << 32 | part[1] << 16 | part[2], part[3] << 48 | part[4]};
    return part[2] >> 12 == 4 && part[3] >> 14 == 2;
}

static bool read_ipv4(struct span text, uint64_t *out)
{
    uint64_t address = 0;
    for (int part = 0; part < 4; part++) {
        size_t size = part < 3 ? span_find(text, '.') : text.size;
        uint64_t number = 0;
        if (size == text.size && part < 3) {
            return false;
        }
        if (!read_digits(span_of(text.data, size), 3, &number) || number > 255) {
            return false;
        }
        address = address << 8 | number;
        text = span_from(text, size + 1);
    }
    *out = address;
    return true;
}

static bool read_endpoint(struct span text, struct value_form_bits *out)
{
    size_t colon = span_find(text, ':');
    return colon < text.size && read_ipv4(span_of(text.data, colon), &out->number) &&
           read_digits(span_from(text, colon + 1), 5, &out->second) && out->second <= 65535;
}

/* `pattern` has 0 for a digit; the digits of each run of them come out as a number. */
static bool read_pattern(struct span text, const char *pattern, int64_t *out_numbers)
{
    bool in_number = false;
    for (size_t i = 0; pattern[i]; i++) {
        if (pattern[i] != '0') {
            if (text.data[i] != pattern[i]) {
                return false;
            }
            out_numbers += in_number;
            in_number = false;
            continue;
        }
        if (!ascii_is_digit(text.data[i])) {
            return false;
        }
        *out_numbers = (in_number ? *out_numbers * 10 : 0) + (text.data[i] - '0');
        in_number = true;
    }
    return true;
}

/* *out_fraction: how many digits stand behind the second. */
static bool read_time(struct span text, uint64_t *out_ns, uint8_t *out_fraction)
{
    int64_t part[6]; /* year, month, day, hour, minute, second */
    if (text.size < TIME_CHARS + 1 || text.data[text.size - 1] != 'Z' ||
        !read_pattern(text, "0000-00-00T00:00:00", part) || part[0] < YEAR_MIN ||
        part[0] > YEAR_MAX || part[1] < 1 || part[1] > 12 || part[3] > 23 || part[4] > 59 ||
        part[5] > 59) {
        return false;
    }
    int64_t days = clock_days_of_date((struct clock_date){part[0], (int)part[1], (int)part[2]});
    struct clock_date date = clock_date_of_days(days);
    if (date.month != part[1] || date.day != part[2]) {
        return false; /* no such day, such as 30 February */
    }
    int64_t ns = (((days * 24 + part[3]) * 60 + part[4]) * 60 + part[5]) * SECOND_NS;
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
