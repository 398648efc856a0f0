#include "tests/bench/json_line.h"

static void line_char(struct line *line, char c)
{
    CHECK(line->size < sizeof line->text);
    line->text[line->size++] = c;
}

void line_raw(struct line *line, const char *bytes, size_t size)
{
    CHECK(size <= sizeof line->text - line->size);
    memcpy(line->text + line->size, bytes, size);
    line->size += size;
}

void line_key(struct line *line, const char *key)
{
    char last = line->size ? line->text[line->size - 1] : '{';
    if (last != '{' && last != '[') {
        line_char(line, ',');
    }
    if (key) {
        line_char(line, '"');
        line_raw(line, key, strlen(key));
        line_raw(line, "\":", 2);
    }
}

void line_open(struct line *line, const char *key)
{
    if (line->size) {
        line_key(line, key);
    }
    line_char(line, '{');
}

void line_close(struct line *line)
{
    line_char(line, '}');
}

void line_open_list(struct line *line, const char *key)
{
    line_key(line, key);
    line_char(line, '[');
}

void line_close_list(struct line *line)
{
    line_char(line, ']');
}

void line_span(struct line *line, const char *key, struct span value)
{
    static const char hex[] = "0123456789abcdef";
    line_key(line, key);
    line_char(line, '"');
    for (size_t i = 0; i < value.size; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if (c == '"' || c == '\\') {
            line_char(line, '\\');
            line_char(line, (char)c);
        } else if (c == '\n') {
            line_raw(line, "\\n", 2);
        } else if (c < 0x20) {
            line_raw(line, "\\u00", 4);
            line_char(line, hex[c >> 4]);
            line_char(line, hex[c & 15]);
        } else {
            line_char(line, (char)c);
        }
    }
    line_char(line, '"');
}

void line_str(struct line *line, const char *key, const char *value)
{
    line_span(line, key, span_str(value));
}

static void line_digits(struct line *line, uint64_t value, int width)
{
    char digits[20];
    int n = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value && n < (int)sizeof digits);
    for (int i = n; i < width; i++) {
        line_char(line, '0');
    }
    while (n) {
        line_char(line, digits[--n]);
    }
}

void line_int(struct line *line, const char *key, int64_t value)
{
    line_key(line, key);
    if (value < 0) {
        line_char(line, '-');
    }
    line_digits(line, value < 0 ? -(uint64_t)value : (uint64_t)value, 1);
}

void line_bool(struct line *line, const char *key, bool value)
{
    line_key(line, key);
    line_raw(line, value ? "true" : "false", value ? 4 : 5);
}

/* Year, month and day of a count of days since 1970-01-01 (the usual 400-year cycle that starts in
 * March). */
static void line_date(struct line *line, int64_t days)
{
    uint64_t z = (uint64_t)(days + 719468);
    uint64_t era = z / 146097;
    uint64_t doe = z % 146097;
    uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    uint64_t mp = (5 * doy + 2) / 153;
    uint64_t month = mp < 10 ? mp + 3 : mp - 9;
    line_digits(line, yoe + era * 400 + (month <= 2), 4);
    line_char(line, '-');
    line_digits(line, month, 2);
    line_char(line, '-');
    line_digits(line, doy - (153 * mp + 2) / 5 + 1, 2);
}

void line_time(struct line *line, const char *key, int64_t time_us, int digits)
{
    CHECK(time_us >= 0);
    uint64_t second = (uint64_t)time_us / 1000000;
    uint64_t nano = (uint64_t)time_us % 1000000 * 1000 + (uint64_t)time_us % 997;
    line_key(line, key);
    line_char(line, '"');
    line_date(line, (int64_t)(second / 86400));
    line_char(line, 'T');
    line_digits(line, second / 3600 % 24, 2);
    line_char(line, ':');
    line_digits(line, second / 60 % 60, 2);
    line_char(line, ':');
    line_digits(line, second % 60, 2);
    if (digits) {
        line_char(line, '.');
        line_digits(line, digits == 3 ? nano / 1000000 : nano, digits);
        while (line->text[line->size - 1] == '0') {
            line->size--;
        }
        if (line->text[line->size - 1] == '.') {
            line->size--;
        }
    }
    line_raw(line, "Z\"", 2);
}
