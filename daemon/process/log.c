#include "daemon/process/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "schema/base/clock.h"

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static atomic_int level_max = LOG_INFO;

void log_set_level(const char *name)
{
    int level = LOG_INFO;
    for (int i = LOG_ERROR; i <= LOG_DEBUG; i++) {
        level = strcmp(name, level_names[i]) == 0 ? i : level;
    }
    atomic_store(&level_max, level);
}

bool log_wants(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&level_max, memory_order_relaxed);
}

__attribute__((format(printf, 3, 0))) static void write_line(enum log_level level, const char *part,
                                                             const char *format, va_list args)
{
    if (!log_wants(level)) {
        return;
    }
    char line[1024];
    char when[CLOCK_TEXT_BYTES];
    int64_t now_us = clock_now_us();
    int n = snprintf(line, sizeof line,
                     "%s %s %s: ", clock_format(now_us - now_us % CLOCK_SECOND_US, when),
                     level_names[level], part);
    CHECK(n > 0 && (size_t)n < sizeof line / 2);
    int more = vsnprintf(line + n, sizeof line - (size_t)n - 1, format, args);
    size_t size = more < 0 ? (size_t)n : (size_t)n + (size_t)more;
    size = size < sizeof line - 2 ? size : sizeof line - 2;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)line[i];
        line[i] = c < 0x20 || c == 0x7f ? '?' : line[i];
    }
    line[size++] = '\n';
    /* One write: lines of several threads do not mix. A failure could be reported nowhere. */
    ssize_t written = write(STDERR_FILENO, line, size);
    (void)written;
}

void log_line(enum log_level level, const char *part, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(level, part, format, args);
    va_end(args);
}

void log_limited(struct log_limit *limit, enum log_level level, const char *part,
                 const char *format, ...)
{
    int64_t now_us = clock_monotonic_us();
    if (limit->last_us != 0 && now_us - limit->last_us < CLOCK_SECOND_US) {
        limit->unwritten++;
        return;
    }
    limit->last_us = now_us;
    if (limit->unwritten > 0) {
        log_line(level, part, "%lld more complaints since the last one", limit->unwritten);
        limit->unwritten = 0;
    }
    va_list args;
    va_start(args, format);
    write_line(level, part, format, args);
    va_end(args);
}

void log_state_failed(struct log_state *state, const char *part, const struct err *err)
{
    state->repeats++;
    if (strcmp(state->text, err->text) == 0) {
        return;
    }
    memcpy(state->text, err->text, sizeof state->text);
    log_line(LOG_ERROR, part, "%s", err->text);
}

void log_state_good(struct log_state *state, const char *part)
{
    if (state->repeats > 0) {
        log_line(LOG_INFO, part, "works again after %lu failures", state->repeats);
        state->repeats = 0;
        state->text[0] = '\0';
    }
}
