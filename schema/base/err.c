#include "schema/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int http;
    int exit_code;
    bool retryable;
} statuses[] = {
#define X(name, http, exit_code, retryable, text) {#name, http, exit_code, retryable},
#include "schema/base/err.def"
#undef X
};

void err_check_failed(const char *cond, const char *file, int line)
{
    fprintf(stderr, "stele: internal error: %s does not hold (%s:%d)\n", cond, file, line);
    abort();
}

__attribute__((format(printf, 4, 0))) static void
err_fill(struct err *err, enum status status, long detail, const char *format, va_list args)
{
    err->status = status;
    err->detail = detail;
    (void)vsnprintf(err->text, sizeof err->text, format, args);
}

enum status(err_set)(struct err *err, enum status status, const char *format, ...)
{
    CHECK(status != OK);
    if (err) {
        va_list args;
        va_start(args, format);
        err_fill(err, status, 0, format, args);
        va_end(args);
    }
    return status;
}

static enum status status_of_errno(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
        return ERR_FULL;
    case ENOENT:
        return ERR_NOT_FOUND;
    case ENOMEM:
        return ERR_NOMEM;
    default:
        return ERR_IO;
    }
}

enum status(err_errno)(struct err *err, int number, const char *format, ...)
{
    enum status status = status_of_errno(number);
    if (err) {
        va_list args;
        va_start(args, format);
        err_fill(err, status, number, format, args);
        va_end(args);
        char words[96];
        size_t used = strlen(err->text);
        (void)snprintf(err->text + used, sizeof err->text - used, ": %s",
                       strerror_r(number, words, sizeof words));
    }
    return status;
}

enum status(err_wrap)(struct err *err, enum status status, const char *format, ...)
{
    CHECK(status != OK);
    if (!err) {
        return status;
    }
    char old[ERR_TEXT_BYTES];
    memcpy(old, err->text, sizeof old);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    size_t used = strlen(err->text);
    (void)snprintf(err->text + used, sizeof err->text - used, ": %s", old);
    return status;
}

enum status err_copy(struct err *err, const struct err *why)
{
    if (err) {
        *err = *why;
    }
    return why->status;
}

enum status err_restate(struct err *err, enum status status)
{
    if (err) {
        err->status = status;
    }
    return status;
}

const char *status_name(enum status status)
{
    return statuses[status].name;
}

int status_http(enum status status)
{
    return statuses[status].http;
}

int status_exit_code(enum status status)
{
    return statuses[status].exit_code;
}

bool status_retryable(enum status status)
{
    return statuses[status].retryable;
}
