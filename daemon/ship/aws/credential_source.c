/* What the sources share, and the two that need nothing but memory. */
#include "daemon/ship/aws/credential_source.h"

#include <stdio.h>
#include <stdlib.h>

#include "schema/event/event.h"
#include "schema/text/ascii.h"

const char *credential_source_env(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

enum status credential_source_wrong(struct err *err)
{
    if (err) {
        err->status = ERR_CONFIG;
    }
    return ERR_CONFIG;
}

void credential_source_wipe(struct buf *buf)
{
    if (buf->data) {
        explicit_bzero(buf->data, buf->capacity);
    }
    buf_fini(buf);
}

/* What goes into a header must not begin another one. */
static bool copy(char *out, size_t out_bytes, struct span text)
{
    int n = snprintf(out, out_bytes, "%.*s", SPAN_FMT(text));
    return ascii_all_visible(text) && n >= 0 && (size_t)n < out_bytes;
}

enum status credential_source_fill(const char *where, struct span id, struct span secret,
                                   struct span token, int64_t expires_us, struct credentials *out,
                                   struct err *err)
{
    struct credentials made = {.expires_us = expires_us};
    if (id.size == 0 || secret.size == 0) {
        return err_set(err, ERR_CONFIG, "credentials from %s: no %s", where,
                       id.size == 0 ? "access key id" : "secret access key");
    }
    enum status status = OK;
    if (!copy(made.access_key_id, sizeof made.access_key_id, id) ||
        !copy(made.secret_access_key, sizeof made.secret_access_key, secret) ||
        !copy(made.session_token, sizeof made.session_token, token)) {
        status =
            err_set(err, ERR_CONFIG,
                    "credentials from %s: too long, or with a space or a line end in them", where);
    } else {
        *out = made;
    }
    explicit_bzero(&made, sizeof made);
    return status;
}

/* 0: neither form. */
static int64_t expiry_read(struct span text)
{
    int64_t time_us = 0;
    int64_t ms = 0;
    if (clock_parse_rfc3339(text, &time_us)) {
        return time_us;
    }
    return ascii_read_number(text, &ms) && ms < INT64_MAX / 1000 ? ms * 1000 : 0;
}

static enum status fill_event(const char *where, const struct event *event,
                              const struct credential_source_names *names, int64_t now_us,
                              struct credentials *out, struct err *err)
{
    struct span expires = event_get(event, names->expires);
    int64_t expires_us = expires.size > 0 ? expiry_read(expires) : 0;
    if (expires.size > 0 && expires_us <= 0) {
        return err_set(err, ERR_FORMAT, "credentials from %s: \"%s\" is not a time", where,
                       names->expires);
    }
    if (expires_us > 0 && expires_us <= now_us) {
        return err_set(err, ERR_DENIED, "credentials from %s have run out already", where);
    }
    return credential_source_fill(where, event_get(event, names->id),
                                  event_get(event, names->secret), event_get(event, names->token),
                                  expires_us, out, err);
}

enum status credential_source_fill_json(const char *where, struct span json,
                                        const struct credential_source_names *names, int64_t now_us,
                                        struct credentials *out, struct err *err)
{
    struct arena arena = ARENA_INIT;
    struct event event;
    enum status status =
        event_parse(json, now_us, &arena, &event)
            ? fill_event(where, &event, names, now_us, out, err)
            : err_set(err, ERR_FORMAT, "credentials from %s: the answer is not a JSON object",
                      where);
    arena_fini(&arena);
    return status;
}

enum status credential_source_refused(const char *where, const struct http_client_response *answer,
                                      struct err *err)
{
    bool later = answer->http >= 500 || answer->http == 429;
    return err_set(err, later ? ERR_NET : ERR_DENIED, "credentials from %s: refused (HTTP %ld)",
                   where, answer->http);
}

enum status credential_source_answer(const struct credential_source *source, const char *where,
                                     struct http_client_response *answer,
                                     const struct credential_source_names *names,
                                     struct credentials *out, struct err *err)
{
    enum status status = answer->http == 200
                             ? credential_source_fill_json(where, buf_span(&answer->body), names,
                                                           source->now_us, out, err)
                             : credential_source_refused(where, answer, err);
    credential_source_wipe(&answer->body);
    return status;
}

const struct credential_source_names credential_source_usual_names = {
    "AccessKeyId", "SecretAccessKey", "Token", "Expiration"};

/* As the configuration or the environment gives them. */
struct given_keys {
    const char *where;
    const char *set_in; /* behind "is set" */
    const char *id;
    const char *secret;
    const char *token;
    const char *id_name;
    const char *secret_name;
};

/* Key, secret and token are one thing: all from here, or all from elsewhere. */
static enum status fill_given(const struct given_keys *given, struct credentials *out,
                              struct err *err)
{
    if (!*given->id || !*given->secret) {
        return err_set(err, ERR_CONFIG, "%s is set%s, but not %s",
                       *given->id ? given->id_name : given->secret_name, given->set_in,
                       *given->id ? given->secret_name : given->id_name);
    }
    return credential_source_fill(given->where, span_str(given->id), span_str(given->secret),
                                  span_str(given->token), 0, out, err);
}

enum status credential_source_config(const struct credential_source *source, bool *out_there,
                                     struct credentials *out, struct err *err)
{
    const struct config *config = source->config;
    const struct given_keys given = {.where = "stele.conf",
                                     .set_in = "",
                                     .id = config->ship_s3_access_key_id,
                                     .secret = config->ship_s3_secret_access_key,
                                     .token = config->ship_s3_session_token,
                                     .id_name = "ship.s3_access_key_id",
                                     .secret_name = "ship.s3_secret_access_key"};
    *out_there = *given.id || *given.secret;
    return *out_there ? fill_given(&given, out, err) : OK;
}

/* Passed over when a profile is named in stele.conf, which is nearer than the environment. */
enum status credential_source_environment(const struct credential_source *source, bool *out_there,
                                          struct credentials *out, struct err *err)
{
    const struct given_keys given = {.where = "the environment",
                                     .set_in = " in the environment",
                                     .id = credential_source_env("AWS_ACCESS_KEY_ID"),
                                     .secret = credential_source_env("AWS_SECRET_ACCESS_KEY"),
                                     .token = credential_source_env("AWS_SESSION_TOKEN"),
                                     .id_name = "AWS_ACCESS_KEY_ID",
                                     .secret_name = "AWS_SECRET_ACCESS_KEY"};
    *out_there =
        (*given.id || *given.secret) && (source->no_profile || !*source->config->ship_s3_profile);
    return *out_there ? fill_given(&given, out, err) : OK;
}
