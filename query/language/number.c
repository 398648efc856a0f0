#include "query/language/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/text/ascii.h"

static size_t skip_digits(struct span text, size_t at)
{
    while (at < text.size && ascii_is_digit(text.data[at])) {
        at++;
    }
    return at;
}

/* Sign, digits, fraction, exponent: nothing that strtod would take besides (inf, nan, hex). */
static bool is_decimal(struct span text)
{
    size_t at = text.size > 0 && (text.data[0] == '-' || text.data[0] == '+') ? 1 : 0;
    size_t end = skip_digits(text, at);
    if (end == at) {
        return false;
    }
    if (end < text.size && text.data[end] == '.') {
        at = end + 1;
        end = skip_digits(text, at);
        if (end == at) {
            return false;
        }
    }
    if (end < text.size && (text.data[end] == 'e' || text.data[end] == 'E')) {
        at = end + 1;
        if (at < text.size && (text.data[at] == '-' || text.data[at] == '+')) {
            at++;
        }
        end = skip_digits(text, at);
        if (end == at) {
            return false;
        }
    }
    return end == text.size;
}

bool number_read(struct span text, double *out_number)
{
    char copy[64];
    if (text.size >= sizeof copy || !is_decimal(text)) {
        return false;
    }
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    *out_number = strtod(copy, NULL);
    return true;
}

struct span number_text_of(double number, char out[NUMBER_TEXT_BYTES])
{
    int n;
    if (fabs(number) < 9007199254740992.0 && number == (double)(int64_t)number) {
        n = snprintf(out, NUMBER_TEXT_BYTES, "%lld", (long long)number);
    } else {
        n = snprintf(out, NUMBER_TEXT_BYTES, "%.17g", number);
    }
    return span_of(out, n > 0 ? (size_t)n : 0);
}

bool number_is_plain(struct span text, double *out_number)
{
    char plain[NUMBER_TEXT_BYTES];
    double number;
    if (!number_read(text, &number) || !span_equal(number_text_of(number, plain), text)) {
        return false;
    }
    *out_number = number;
    return true;
}
