/* Headers with secrets, from files or the environment; wiped after use and never part of an error.
 */
#include "tools/stele/replay/auth_header.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "schema/crypto/base64.h"
#include "schema/file/file.h"

enum { SECRET_BYTES_MAX = 64 * 1024 };

struct auth_headers {
    char **items;
    size_t *count;
    bool authorized; /* one of them is Authorization */
};

static void wipe(struct buf *buf)
{
    if (buf->data) {
        explicit_bzero(buf->data, buf->capacity);
    }
    buf_fini(buf);
}

static enum status add(struct auth_headers *headers, struct span line, struct err *err)
{
    if (*headers->count == DESTINATION_HEADERS_MAX) {
        return err_set(err, ERR_CONFIG, "more than %d headers", DESTINATION_HEADERS_MAX);
    }
    char *copy = strndup(line.data, line.size);
    if (!copy) {
        return err_nomem(err, "replay");
    }
    headers->items[(*headers->count)++] = copy;
    headers->authorized = headers->authorized || strncasecmp(copy, "authorization:", 14) == 0;
    return OK;
}

static bool is_printable(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < ' ' || text.data[i] == 127) {
            return false;
        }
    }
    return text.size > 0;
}

/* The one line of a file, or of the environment; empty when neither is given. `origin` is how error
 * texts call it. */
static enum status read_secret(const char *path, const char *variable, struct buf *out,
                               const char **out_origin, struct err *err)
{
    const char *value = getenv(variable);
    enum status status = OK;
    *out_origin = path ? path : variable;
    if (path) {
        status = file_read(path, SECRET_BYTES_MAX, out, err);
    } else if (value) {
        buf_add_str(out, value);
        status = buf_status(out, "replay", err);
    }
    while (status == OK && out->size > 0 && memchr("\r\n", out->data[out->size - 1], 2)) {
        out->size--;
    }
    if (status == OK && (path || (value && *value)) && !is_printable(buf_span(out))) {
        status =
            err_set(err, ERR_CONFIG, "%s does not hold one line of printable text", *out_origin);
    }
    return status == OK ? OK : err_restate(err, ERR_CONFIG);
}

static enum status add_token(const struct destination_options *options, enum form form,
                             struct auth_headers *headers, struct err *err)
{
    const char *origin;
    struct buf token = BUF_INIT;
    struct buf line = BUF_INIT;
    enum status status =
        read_secret(options->token_file, "STELE_REPLAY_TOKEN", &token, &origin, err);
    if (status == OK && token.size > 0 && memchr(token.data, ' ', token.size)) {
        status = err_set(err, ERR_CONFIG, "%s holds more than a token: there is a space", origin);
    }
    if (status == OK && token.size > 0) {
        const char *scheme = form == FORM_HEC ? "Splunk" : form == FORM_BULK ? "ApiKey" : "Bearer";
        buf_printf(&line, "Authorization: %s ", scheme);
        buf_add_span(&line, buf_span(&token));
        status = buf_status(&line, "replay", err);
        status = THEN(status, add(headers, buf_span(&line), err));
    }
    wipe(&line);
    wipe(&token);
    return status;
}

static enum status add_login(const struct destination_options *options,
                             struct auth_headers *headers, struct err *err)
{
    const char *origin;
    struct buf login = BUF_INIT;
    struct buf line = BUF_INIT;
    enum status status =
        read_secret(options->login_file, "STELE_REPLAY_LOGIN", &login, &origin, err);
    if (status == OK && login.size > 0 && !memchr(login.data, ':', login.size)) {
        status = err_set(err, ERR_CONFIG, "%s is not of the form user:password", origin);
    }
    if (status == OK && login.size > 0 && headers->authorized) {
        status = err_set(err, ERR_CONFIG, "both a token and a login are given: give one");
    }
    if (status == OK && login.size > 0) {
        buf_add_str(&line, "Authorization: Basic ");
        base64_encode(&line, buf_span(&login));
        status = buf_status(&line, "replay", err);
        status = THEN(status, add(headers, buf_span(&line), err));
    }
    wipe(&line);
    wipe(&login);
    return status;
}

/* "Name: value" with a name of RFC 9110's tokens, and not one that the request itself has. */
static bool is_header(struct span line)
{
    static const char *const ours[] = {"content-length", "transfer-encoding", "content-type",
                                       "connection", "expect"};
    const char *colon = memchr(line.data, ':', line.size);
    size_t name = colon ? (size_t)(colon - line.data) : 0;
    bool good = name > 0 && name + 1 < line.size && is_printable(line);
    for (size_t i = 0; good && i < name; i++) {
        char c = line.data[i];
        good = c > ' ' && c < 127 && !strchr("\"(),/:;<=>?@[\\]{}", c);
    }
    for (size_t i = 0; good && i < sizeof ours / sizeof ours[0]; i++) {
        good = strlen(ours[i]) != name || strncasecmp(line.data, ours[i], name) != 0;
    }
    return good;
}

static enum status add_lines(const char *path, struct auth_headers *headers, struct err *err)
{
    struct buf text = BUF_INIT;
    enum status status = path ? file_read(path, SECRET_BYTES_MAX, &text, err) : OK;
    if (status != OK) {
        return err_restate(err, ERR_CONFIG);
    }
    struct span rest = buf_span(&text);
    for (int number = 1; status == OK && rest.size > 0; number++) {
        struct span line = span_of(rest.data, span_find(rest, '\n'));
        rest = span_from(rest, line.size + 1);
        while (line.size > 0 && strchr("\r \t", line.data[line.size - 1])) {
            line.size--;
        }
        if (line.size == 0 || line.data[0] == '#') {
            continue;
        }
        status = is_header(line)
                     ? add(headers, line, err)
                     : err_set(err, ERR_CONFIG,
                               "%s:%d: not a header of the form Name: value, or one that is made "
                               "here",
                               path, number);
    }
    wipe(&text);
    return status;
}

enum status auth_header_add(const struct destination_options *options, enum form form,
                            char **headers, size_t *n_headers, struct err *err)
{
    struct err own;
    struct auth_headers all = {.items = headers, .count = n_headers};
    enum status status = add_token(options, form, &all, &own);
    status = THEN(status, add_login(options, &all, &own));
    status = THEN(status, add_lines(options->header_file, &all, &own));
    if (status == OK && form == FORM_HEC && !all.authorized) {
        status = err_set(&own, ERR_CONFIG,
                         "HEC needs a token: put it into a file for --token-file, or into "
                         "STELE_REPLAY_TOKEN");
    }
    if (status != OK && err) {
        (void)err_copy(err, &own);
    }
    return status;
}
