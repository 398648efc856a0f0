/* One reader and one writer for each type; what is written can be read again. Pure. */
#include "daemon/config/config_value.h"

#include <stdio.h>

#include "daemon/config/config.h"
#include "schema/base/clock.h"
#include "schema/text/ascii.h"

/* Largest first; the last one is that of a zero. */
struct unit {
    const char *name;
    int64_t factor;
};

enum { SIZE_UNITS = 4, TIME_UNITS = 5 };

static const struct unit size_units[SIZE_UNITS] = {
    {"GiB", INT64_C(1) << 30},
    {"MiB", INT64_C(1) << 20},
    {"KiB", INT64_C(1) << 10},
    {"", 1},
};

static const struct unit time_units[TIME_UNITS] = {
    {"d", CLOCK_DAY_US},    {"h", 3600 * CLOCK_SECOND_US},  {"m", 60 * CLOCK_SECOND_US},
    {"s", CLOCK_SECOND_US}, {"ms", CLOCK_SECOND_US / 1000},
};

static bool read_size(struct span text, int64_t *out_bytes)
{
    size_t digits = 0;
    int64_t number;
    while (digits < text.size && ascii_is_digit(text.data[digits])) {
        digits++;
    }
    struct span unit = span_from(text, digits);
    while (span_starts(unit, " ")) {
        unit = span_from(unit, 1);
    }
    for (size_t i = 0; i < SIZE_UNITS; i++) {
        if (span_is(unit, size_units[i].name)) {
            return ascii_read_number(span_of(text.data, digits), &number) &&
                   !__builtin_mul_overflow(number, size_units[i].factor, out_bytes);
        }
    }
    return false;
}

static bool read_bool(struct span text, bool *out_value)
{
    static const struct {
        const char *name;
        bool value;
    } names[] = {{"yes", true}, {"no", false},  {"true", true}, {"false", false},
                 {"on", true},  {"off", false}, {"1", true},    {"0", false}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (span_is(text, names[i].name)) {
            *out_value = names[i].value;
            return true;
        }
    }
    return false;
}

static enum status read_text(enum config_type type, struct span text, const char *base, char *out,
                             struct err *err)
{
    char whole[CONFIG_TEXT_BYTES];
    bool relative = type == CONFIG_PATH && base && text.size > 0 && text.data[0] != '/';
    if (relative && (span_is(text, ".") || span_starts(text, "./"))) {
        text = span_from(text, 1);
        while (text.size > 0 && text.data[0] == '/') {
            text = span_from(text, 1);
        }
    }
    int n = relative ? snprintf(whole, sizeof whole, "%s%s%.*s", base,
                                text.size > 0 && strcmp(base, "/") != 0 ? "/" : "", SPAN_FMT(text))
                     : snprintf(whole, sizeof whole, "%.*s", SPAN_FMT(text));
    if (n < 0 || n >= CONFIG_TEXT_BYTES) {
        return err_set(err, ERR_CONFIG, "longer than %d bytes", CONFIG_TEXT_BYTES - 1);
    }
    char host[CONFIG_TEXT_BYTES];
    int port;
    if (type == CONFIG_LISTEN && n > 0 && !config_split_listen(whole, host, &port)) {
        return err_set(err, ERR_CONFIG,
                       "\"%s\" is not an address with a port: write 127.0.0.1:8888, 0.0.0.0:8888 "
                       "or [::1]:8888",
                       whole);
    }
    memcpy(out, whole, (size_t)n + 1);
    return OK;
}

enum status config_value_read(enum config_type type, struct span text, const char *base,
                              void *member, struct err *err)
{
    int64_t number;
    switch (type) {
    case CONFIG_TEXT:
    case CONFIG_PATH:
    case CONFIG_LISTEN:
        return read_text(type, text, base, member, err);
    case CONFIG_BOOL:
        if (read_bool(text, member)) {
            return OK;
        }
        return err_set(err, ERR_CONFIG, "\"%.*s\" is neither yes nor no", SPAN_FMT(text));
    case CONFIG_SIZE:
        if (read_size(text, &number)) {
            break;
        }
        return err_set(err, ERR_CONFIG, "\"%.*s\" is not a size: write 65536, 64KiB, 32MiB or 1GiB",
                       SPAN_FMT(text));
    case CONFIG_TIME:
        if (clock_parse_duration(text, &number)) {
            break;
        }
        return err_set(err, ERR_CONFIG,
                       "\"%.*s\" is not a length of time: write 500ms, 90s, 15m, 2h or 7d",
                       SPAN_FMT(text));
    case CONFIG_COUNT:
        if (ascii_read_number(text, &number)) {
            break;
        }
        return err_set(err, ERR_CONFIG, "\"%.*s\" is not a number", SPAN_FMT(text));
    }
    memcpy(member, &number, sizeof number);
    return OK;
}

/* In the largest unit that it is a multiple of. */
static void write_in_units(int64_t number, const struct unit *units, size_t count, struct buf *out)
{
    size_t i = number == 0 ? count - 1 : 0;
    while (i < count - 1 && number % units[i].factor != 0) {
        i++;
    }
    buf_printf(out, "%lld%s", (long long)(number / units[i].factor), units[i].name);
}

void config_value_write(enum config_type type, const void *member, struct buf *out)
{
    switch (type) {
    case CONFIG_TEXT:
    case CONFIG_PATH:
    case CONFIG_LISTEN:
        buf_add_str(out, member);
        return;
    case CONFIG_BOOL:
        buf_add_str(out, *(const bool *)member ? "yes" : "no");
        return;
    case CONFIG_SIZE:
        write_in_units(*(const int64_t *)member, size_units, SIZE_UNITS, out);
        return;
    case CONFIG_TIME:
        write_in_units(*(const int64_t *)member, time_units, TIME_UNITS, out);
        return;
    case CONFIG_COUNT:
        buf_printf(out, "%lld", (long long)*(const int64_t *)member);
        return;
    }
}
