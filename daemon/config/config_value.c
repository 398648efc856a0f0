/* One reader and one writer for each type; what is written can be read again. Pure. */
#include "daemon/config/config_value.h"

#include <stdio.h>

#include "daemon/config/config.h"
#include "schema/base/clock.h"

static const struct {
    const char *name;
    int64_t bytes;
} size_units[] = {
    {"GiB", INT64_C(1) << 30},
    {"MiB", INT64_C(1) << 20},
    {"KiB", INT64_C(1) << 10},
    {"", 1},
};

static const struct {
    const char *name;
    int64_t us;
} time_units[] = {
    {"d", CLOCK_DAY_US},    {"h", 3600 * CLOCK_SECOND_US},  {"m", 60 * CLOCK_SECOND_US},
    {"s", CLOCK_SECOND_US}, {"ms", CLOCK_SECOND_US / 1000},
};

static bool read_number(struct span text, size_t *at, int64_t *out_number)
{
    int64_t number = 0;
    size_t start = *at;
    for (; *at < text.size && text.data[*at] >= '0' && text.data[*at] <= '9'; (*at)++) {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, text.data[*at] - '0', &number)) {
            return false;
        }
    }
    *out_number = number;
    return *at > start;
}

static bool read_size(struct span text, int64_t *out_bytes)
{
    size_t at = 0;
    int64_t number;
    if (!read_number(text, &at, &number)) {
        return false;
    }
    while (at < text.size && text.data[at] == ' ') {
        at++;
    }
    for (size_t i = 0; i < sizeof size_units / sizeof size_units[0]; i++) {
        if (span_is(span_from(text, at), size_units[i].name)) {
            return !__builtin_mul_overflow(number, size_units[i].bytes, out_bytes);
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
    size_t at = 0;
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
        if (read_number(text, &at, &number) && at == text.size) {
            break;
        }
        return err_set(err, ERR_CONFIG, "\"%.*s\" is not a number", SPAN_FMT(text));
    }
    memcpy(member, &number, sizeof number);
    return OK;
}

static void write_size(int64_t bytes, struct buf *out)
{
    size_t i = 0;
    while (bytes == 0 || bytes % size_units[i].bytes != 0) {
        if (size_units[i].bytes == 1) {
            break;
        }
        i++;
    }
    buf_printf(out, "%lld%s", (long long)(bytes / size_units[i].bytes), size_units[i].name);
}

static void write_time(int64_t us, struct buf *out)
{
    size_t last = sizeof time_units / sizeof time_units[0] - 1;
    size_t i = us == 0 ? last : 0;
    while (i < last && us % time_units[i].us != 0) {
        i++;
    }
    buf_printf(out, "%lld%s", (long long)(us / time_units[i].us), time_units[i].name);
}

void config_value_write(enum config_type type, const void *member, struct buf *out)
{
    int64_t number = 0;
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
        memcpy(&number, member, sizeof number);
        write_size(number, out);
        return;
    case CONFIG_TIME:
        memcpy(&number, member, sizeof number);
        write_time(number, out);
        return;
    case CONFIG_COUNT:
        memcpy(&number, member, sizeof number);
        buf_printf(out, "%lld", (long long)number);
        return;
    }
}
