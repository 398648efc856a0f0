/* Checks where a replay goes: the URL and its form, options that fit the form, secrets from files
 * or the environment. Plain text to another machine is refused unless it is allowed. */
#include "tools/stele/replay/destination.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/config/config.h"
#include "schema/text/ascii.h"
#include "tools/stele/cli/options.h"
#include "tools/stele/replay/auth_header.h"

enum {
    FRAME_BYTES_MIN = 480,
    FRAME_BYTES_MAX = 64 * 1024 * 1024,
    FRAME_BYTES_DEFAULT = 1024 * 1024,
};

static const struct {
    const char *name;
    int number;
} facilities[] = {
    {"audit", 13},  {"auth", 4},    {"authpriv", 10}, {"daemon", 3},  {"user", 1},
    {"local0", 16}, {"local1", 17}, {"local2", 18},   {"local3", 19}, {"local4", 20},
    {"local5", 21}, {"local6", 22}, {"local7", 23},
};

enum { FACILITY_COUNT = sizeof facilities / sizeof facilities[0] };

/* scheme://host[:port][/path][?query], cut into its parts. */
struct url_parts {
    struct span scheme;
    struct span authority; /* host and port as written */
    struct span host;      /* brackets left out */
    struct span port;
    struct span path; /* with the query */
};

static bool cut_authority(struct url_parts *parts)
{
    struct span rest = parts->authority;
    bool bracketed = span_starts(rest, "[");
    size_t end = span_find(rest, bracketed ? ']' : ':');
    if (bracketed && end == rest.size) {
        return false;
    }
    parts->host = bracketed ? span_of(rest.data + 1, end - 1) : span_of(rest.data, end);
    rest = span_from(rest, bracketed ? end + 1 : end);
    if (rest.size == 0) {
        return parts->host.size > 0 && parts->host.data[0] != '[';
    }
    parts->port = span_from(rest, 1);
    int64_t port = 0;
    for (size_t i = 0; i < parts->port.size && port <= 65535; i++) {
        char c = parts->port.data[i];
        port = ascii_is_digit(c) ? port * 10 + (c - '0') : 65536;
    }
    return parts->host.size > 0 && rest.data[0] == ':' && port > 0 && port <= 65535;
}

static enum status cut_url(const char *option, const char *text, struct url_parts *out,
                           struct err *err)
{
    *out = (struct url_parts){0};
    struct span url = span_str(text);
    bool clean = url.size < DESTINATION_URL_BYTES - 64;
    for (size_t i = 0; i < url.size; i++) {
        clean = clean && url.data[i] > ' ' && url.data[i] < 127;
    }
    const char *colon = strstr(text, "://");
    if (!clean || !colon) {
        return err_set(err, ERR_USAGE,
                       "--%s: \"%.200s\" is not a URL of the form https://host:port/path or "
                       "tls://host:port",
                       option, clean ? text : "");
    }
    out->scheme = span_of(text, (size_t)(colon - text));
    struct span rest = span_str(colon + 3);
    size_t size = strcspn(rest.data, "/?");
    out->authority = span_of(rest.data, size);
    out->path = span_from(rest, size);
    if (out->authority.size > 0 && memchr(out->authority.data, '@', out->authority.size)) {
        return err_set(err, ERR_USAGE,
                       "--%s: no user and password in the URL: put user:password into a file for "
                       "--login-file",
                       option);
    }
    if (!cut_authority(out) || memchr(rest.data, '#', rest.size)) {
        return err_set(err, ERR_USAGE, "--%s: \"%.200s\" has no host and port that can be read",
                       option, text);
    }
    return OK;
}

static bool has(struct span text, const char *part)
{
    return text.size > 0 && memmem(text.data, text.size, part, strlen(part)) != NULL;
}

static enum status find_form(const struct destination_options *options,
                             const struct url_parts *parts, enum form *out_form, struct err *err)
{
    bool stream = span_is(parts->scheme, "tcp") || span_is(parts->scheme, "tls");
    bool http = span_is(parts->scheme, "http") || span_is(parts->scheme, "https");
    if (!stream && !http) {
        return err_set(
            err, ERR_USAGE, "--dest: \"%.*s://\" is none of https, http, and for syslog tls, tcp",
            (int)(parts->scheme.size < 20 ? parts->scheme.size : 20), parts->scheme.data);
    }
    enum form form = stream                                    ? FORM_SYSLOG
                     : has(parts->path, "/_bulk")              ? FORM_BULK
                     : has(parts->path, "/services/collector") ? FORM_HEC
                                                               : FORM_FLUENTD;
    if (options->as && !form_find(options->as, &form)) {
        return err_set(err, ERR_USAGE,
                       "--as is fluentd, ndjson, hec, bulk or syslog, not \"%.40s\"", options->as);
    }
    if (stream != (form == FORM_SYSLOG)) {
        return err_set(err, ERR_USAGE, "--as %s goes over %s, --dest is %.*s://", form_name(form),
                       stream ? "https:// or http://" : "tls:// or tcp://",
                       SPAN_FMT(parts->scheme));
    }
    if (stream && parts->path.size > 1) {
        return err_set(err, ERR_USAGE, "--dest: a syslog receiver has host and port, and no path");
    }
    *out_form = form;
    return OK;
}

static bool is_plain(const struct url_parts *parts)
{
    return span_is(parts->scheme, "http") || span_is(parts->scheme, "tcp");
}

/* Events tell of people and machines: they go over TLS, or stay on this machine. */
static enum status check_plain(const char *option, const struct destination_options *options,
                               const struct url_parts *parts, struct err *err)
{
    char host[256];
    (void)snprintf(host, sizeof host, "%.*s", SPAN_FMT(parts->host));
    if (is_plain(parts) && !config_host_is_loopback(host) && !options->allow_remote_plain) {
        return err_set(err, ERR_USAGE,
                       "--%s: %.*s:// to %s is not encrypted: use %s://, or allow it with "
                       "--allow-remote-plain",
                       option, SPAN_FMT(parts->scheme), host,
                       span_is(parts->scheme, "tcp") ? "tls" : "https");
    }
    return OK;
}

/* The path of the API, when the URL has none or stops before it. */
static const char *missing_path(enum form form, struct span path)
{
    bool bare = ascii_trim(path, "/").size == 0;
    return form == FORM_HEC && bare                    ? "/services/collector/event"
           : form == FORM_BULK && !has(path, "/_bulk") ? "/_bulk"
                                                       : NULL;
}

static enum status make_urls(const struct url_parts *parts, struct destination *out,
                             struct err *err)
{
    bool stream = out->form.form == FORM_SYSLOG;
    bool tls = !is_plain(parts);
    struct span path = stream ? span_of(NULL, 0) : parts->path;
    const char *more = missing_path(out->form.form, path);
    if (more && path.size > 0 && memchr(path.data, '?', path.size)) {
        return err_set(err, ERR_USAGE, "--dest: write the whole path, with %s, before the ?", more);
    }
    while (more && path.size > 0 && path.data[path.size - 1] == '/') {
        path.size--;
    }
    const char *port = !stream || parts->port.size > 0 ? "" : tls ? ":6514" : ":601";
    int n = snprintf(out->url, sizeof out->url, "%s://%.*s%s%.*s%s", tls ? "https" : "http",
                     SPAN_FMT(parts->authority), port, SPAN_FMT(path), more ? more : "");
    CHECK(n > 0 && n < (int)sizeof out->url);
    n = snprintf(out->session_url, sizeof out->session_url, "%s://%.*s/session",
                 tls ? "https" : "http", SPAN_FMT(parts->authority));
    CHECK(n > 0 && n < (int)sizeof out->session_url);
    (void)snprintf(out->host, sizeof out->host, "%.*s", SPAN_FMT(parts->authority));
    return OK;
}

static enum status session_url(const struct destination_options *options, struct destination *out,
                               struct err *err)
{
    struct url_parts parts;
    enum status status = cut_url("session-dest", options->session_dest, &parts, err);
    if (status == OK && !span_starts(parts.scheme, "http")) {
        status = err_set(err, ERR_USAGE, "--session-dest is https:// or http://");
    }
    status = THEN(status, check_plain("session-dest", options, &parts, err));
    if (status == OK) {
        (void)snprintf(out->session_url, sizeof out->session_url, "%s", options->session_dest);
    }
    return status;
}

static enum status form_options(const struct destination_options *options,
                                struct form_options *form, struct err *err)
{
    const char *facility = options->facility ? options->facility : "audit";
    const char *most = options->frame_max;
    int64_t frame_bytes_max = FRAME_BYTES_DEFAULT;
    size_t i = 0;
    while (i < FACILITY_COUNT && strcmp(facilities[i].name, facility) != 0) {
        i++;
    }
    if (i == FACILITY_COUNT) {
        return err_set(err, ERR_USAGE,
                       "--facility \"%.40s\" is none of audit, auth, authpriv, daemon, user, "
                       "local0 to local7",
                       facility);
    }
    if (most && !options_read_number(most, FRAME_BYTES_MIN, FRAME_BYTES_MAX, &frame_bytes_max)) {
        return err_set(err, ERR_USAGE,
                       "--frame-max: \"%.40s\" is not a number of bytes from %d to %d", most,
                       FRAME_BYTES_MIN, FRAME_BYTES_MAX);
    }
    *form = (struct form_options){
        .form = form->form,
        .index = options->index,
        .source = options->source ? options->source : "teleport",
        .sourcetype = options->sourcetype ? options->sourcetype : "_json",
        .update = options->update,
        .facility = facilities[i].number,
        .frame_bytes_max = (size_t)frame_bytes_max,
    };
    return OK;
}

/* Options that the form has no use for are a mistake of some kind: said, not ignored. */
static enum status check_fit(const struct destination_options *options, enum form form, bool plain,
                             struct err *err)
{
    bool hec = form == FORM_HEC;
    bool bulk = form == FORM_BULK;
    const struct {
        const char *name;
        bool given;
        bool fits;
    } fits[] = {
        {"session-dest", options->session_dest != NULL, form == FORM_FLUENTD},
        {"index", options->index != NULL, hec || bulk},
        {"source", options->source != NULL, hec},
        {"sourcetype", options->sourcetype != NULL, hec},
        {"update", options->update, bulk},
        {"facility", options->facility != NULL, form == FORM_SYSLOG},
        {"frame-max", options->frame_max != NULL, form == FORM_SYSLOG},
        {"token-file", options->token_file != NULL, form != FORM_SYSLOG},
        {"login-file", options->login_file != NULL, form != FORM_SYSLOG},
        {"header-file", options->header_file != NULL, form != FORM_SYSLOG},
    };
    for (size_t i = 0; i < sizeof fits / sizeof fits[0]; i++) {
        if (fits[i].given && !fits[i].fits) {
            return err_set(err, ERR_USAGE, "--%s has no meaning for --as %s", fits[i].name,
                           form_name(form));
        }
    }
    if (!options->certificate != !options->key) {
        return err_set(err, ERR_USAGE, "--cert and --key belong together: give both");
    }
    if (plain && (options->certificate || options->ca)) {
        return err_set(err, ERR_USAGE,
                       "--dest is not encrypted: --ca, --cert and --key are not "
                       "used there; write https:// or tls://");
    }
    return OK;
}

enum status destination_open(const struct destination_options *options,
                             struct destination *out_destination, struct err *err)
{
    struct destination destination = {.options = options,
                                      .curl = {.ca = options->ca,
                                               .certificate = options->certificate,
                                               .key = options->key,
                                               .ca_setting = "--ca",
                                               .certificate_setting = "--cert and --key"}};
    struct url_parts parts;
    enum status status = options->dest ? cut_url("dest", options->dest, &parts, err)
                                       : err_set(err, ERR_USAGE, "where to? Give --dest URL");
    status = THEN(status, find_form(options, &parts, &destination.form.form, err));
    status = THEN(status, check_plain("dest", options, &parts, err));
    status = THEN(status, check_fit(options, destination.form.form, is_plain(&parts), err));
    status = THEN(status, make_urls(&parts, &destination, err));
    if (options->session_dest) {
        status = THEN(status, session_url(options, &destination, err));
    }
    status = THEN(status, form_options(options, &destination.form, err));
    if (status == OK && destination.form.form != FORM_SYSLOG) {
        status = auth_header_add(options, destination.form.form, destination.headers,
                                 &destination.n_headers, err);
    }
    if (status != OK) {
        destination_close(&destination);
        return status;
    }
    *out_destination = destination;
    return OK;
}

void destination_close(struct destination *destination)
{
    for (size_t i = 0; i < destination->n_headers; i++) {
        explicit_bzero(destination->headers[i], strlen(destination->headers[i]));
        free(destination->headers[i]);
    }
    destination->n_headers = 0;
}
