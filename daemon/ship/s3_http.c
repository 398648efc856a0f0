#include "daemon/ship/s3_http.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/ship/credentials/credentials.h"
#include "daemon/ship/s3_error.h"
#include "daemon/ship/transport.h"
#include "schema/base/clock.h"

struct s3_http {
    struct s3_place place;
    struct credentials_chain *chain;
    struct credentials credentials; /* of the request under way */
    struct transport *transport;
    int64_t clock_offset_us; /* the store's clock less ours, once a request was refused for it */
};

/* All that is made for one request: headers by name, as they are signed and sent. */
struct prepared {
    struct sigv4_request sign;
    struct sigv4_scope scope;
    struct buf path;
    struct buf url;
    struct buf md5;
    struct buf authorization;
    char hash[DIGEST_HEX_BYTES];
};

enum status s3_http_open(const struct config *config, const atomic_bool *const *cancel,
                         struct s3_http **out_http, struct err *err)
{
    struct s3_http *http = calloc(1, sizeof *http);
    if (!http) {
        return err_set(err, ERR_NOMEM, "ship: out of memory");
    }
    enum status status = s3_place_read(config, &http->place, err);
    if (status == OK) {
        status = credentials_open(config, cancel, &http->chain, err);
    }
    if (status == OK) {
        status = transport_open(config, cancel, &http->transport, err);
    }
    if (status != OK) {
        s3_http_close(http);
        return status;
    }
    *out_http = http;
    return OK;
}

void s3_http_close(struct s3_http *http)
{
    if (http) {
        transport_close(http->transport);
        credentials_close(http->chain);
        explicit_bzero(&http->credentials, sizeof http->credentials);
        free(http);
    }
}

const struct s3_place *s3_http_place(const struct s3_http *http)
{
    return &http->place;
}

static void sign_header(struct prepared *prepared, const char *name, struct span value)
{
    CHECK(prepared->sign.n_headers < SIGV4_HEADERS_MAX);
    prepared->sign.headers[prepared->sign.n_headers++] =
        (struct sigv4_pair){.name = span_str(name), .value = value};
}

static void prepare_headers(struct s3_http *http, const struct s3_request *request,
                            struct prepared *prepared)
{
    struct digest empty = digest_sha256(span_of("", 0));
    const struct target_object *object = request->object;
    digest_hex(object ? object->sha256 : &empty, prepared->hash);
    prepared->sign.payload_hash = span_str(prepared->hash);
    sign_header(prepared, "host", span_str(http->place.host));
    sign_header(prepared, "x-amz-content-sha256", prepared->sign.payload_hash);
    sign_header(prepared, "x-amz-date", span_str(prepared->scope.time));
    if (*http->credentials.session_token) {
        sign_header(prepared, "x-amz-security-token", span_str(http->credentials.session_token));
    }
    if (object) {
        unsigned char md5[DIGEST_MD5_BYTES];
        digest_md5(object->bytes, md5);
        base64_encode(&prepared->md5, span_of(md5, sizeof md5));
        sign_header(prepared, "content-md5", buf_span(&prepared->md5));
        sign_header(prepared, "content-type", span_str(object->content_type));
        sign_header(prepared, "x-amz-meta-stele-sha256", prepared->sign.payload_hash);
    }
    if (request->only_if_absent) {
        sign_header(prepared, "if-none-match", span_str("*"));
    }
}

static enum status prepare(struct s3_http *http, const struct s3_request *request,
                           struct prepared *prepared, struct err *err)
{
    CHECK(request->n_query <= SIGV4_QUERY_MAX);
    prepared->scope = (struct sigv4_scope){
        .access_key_id = span_str(http->credentials.access_key_id),
        .secret_access_key = span_str(http->credentials.secret_access_key),
        .region = span_str(http->place.region),
        .service = span_str("s3"),
    };
    sigv4_time(clock_now_us() + http->clock_offset_us, prepared->scope.time);
    s3_place_path(&http->place, request->key, &prepared->path);
    prepared->sign.method = span_str(request->method);
    prepared->sign.path = buf_span(&prepared->path);
    prepared->sign.n_query = request->n_query;
    memcpy(prepared->sign.query, request->query, request->n_query * sizeof request->query[0]);
    prepare_headers(http, request, prepared);
    buf_printf(&prepared->url, "%s://%s", http->place.scheme, http->place.host);
    sigv4_uri_encode(&prepared->url, prepared->sign.path, true);
    buf_add_str(&prepared->url, request->n_query ? "?" : "");
    enum status status = sigv4_query(&prepared->sign, &prepared->url, err);
    buf_add_char(&prepared->url, '\0');
    if (status == OK) {
        status = buf_status(&prepared->url, "ship", err);
    }
    if (status == OK) {
        status = buf_status(&prepared->md5, "ship", err);
    }
    if (status == OK) {
        status =
            sigv4_authorization(&prepared->scope, &prepared->sign, &prepared->authorization, err);
    }
    sign_header(prepared, "authorization", buf_span(&prepared->authorization));
    return status;
}

static void prepared_fini(struct prepared *prepared)
{
    buf_fini(&prepared->path);
    buf_fini(&prepared->url);
    buf_fini(&prepared->md5);
    buf_fini(&prepared->authorization);
}

/* A store that recites what it was sent must not bring it into a log. */
static void silence(const struct s3_http *http, struct s3_answer *answer)
{
    const struct credentials *ours = &http->credentials;
    char begin[17]; /* the message may have cut the rest */
    (void)snprintf(begin, sizeof begin, "%.16s", ours->session_token);
    if (strstr(answer->message, ours->secret_access_key) ||
        (*begin && strstr(answer->message, begin))) {
        answer->message[0] = '\0';
    }
}

static void on_header(void *context, struct span line)
{
    s3_answer_header(context, line);
}

static enum status run_once(struct s3_http *http, const struct s3_request *request,
                            struct s3_answer *answer, struct err *err)
{
    struct prepared prepared = {0};
    struct transport_answer got;
    *answer = (struct s3_answer){.length = -1};
    enum status status = credentials_get(http->chain, clock_now_us(), &http->credentials, err);
    if (status == OK) {
        status = prepare(http, request, &prepared, err);
    }
    if (status == OK) {
        const struct transport_request send = {
            .method = request->method,
            .url = prepared.url.data,
            .host = http->place.host,
            .headers = prepared.sign.headers,
            .n_headers = prepared.sign.n_headers,
            .body = request->object ? request->object->bytes : span_of("", 0),
            .body_bytes_max = request->body_bytes_max,
            .on_header = on_header,
            .context = answer,
        };
        status = transport_run(http->transport, &send, &got, err);
    }
    prepared_fini(&prepared);
    if (status == OK) {
        answer->http = got.http;
        answer->body = got.body;
        if (answer->http < 200 || answer->http >= 300) {
            s3_error_read(answer);
            silence(http, answer);
        }
    }
    return status;
}

static bool is_run_out(const struct s3_answer *answer)
{
    return strcmp(answer->code, "ExpiredToken") == 0 ||
           strcmp(answer->code, "ExpiredTokenException") == 0 ||
           strcmp(answer->code, "TokenRefreshRequired") == 0;
}

/* Something was wrong that is put right by now: true, send it once more. */
static bool mend(struct s3_http *http, const struct s3_answer *answer, bool *mended_clock,
                 bool *mended_credentials)
{
    if (strcmp(answer->code, "RequestTimeTooSkewed") == 0 && answer->date_us > 0 &&
        !*mended_clock) {
        http->clock_offset_us = answer->date_us - clock_now_us();
        *mended_clock = true;
        return true;
    }
    if (is_run_out(answer) && !*mended_credentials) {
        credentials_forget(http->chain);
        *mended_credentials = true;
        return true;
    }
    return false;
}

enum status s3_http_run(struct s3_http *http, const struct s3_request *request,
                        struct s3_answer *out_answer, struct err *err)
{
    struct s3_answer answer;
    bool mended_clock = false;
    bool mended_credentials = false;
    enum status status = run_once(http, request, &answer, err);
    while (status == OK && mend(http, &answer, &mended_clock, &mended_credentials)) {
        s3_answer_fini(&answer);
        status = run_once(http, request, &answer, err);
    }
    if (status == OK) {
        *out_answer = answer;
    }
    return status;
}
