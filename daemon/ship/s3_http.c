#include "daemon/ship/s3_http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/ship/s3_error.h"
#include "schema/base/clock.h"

enum {
    CONNECT_TIMEOUT_MS_MAX = 15 * 1000,
    BYTES_PER_SECOND_MIN = 32 * 1024, /* a slower upload than this is given up in the end */
};

struct s3_http {
    struct s3_place place;
    struct s3_identity identity;
    char ca[CONFIG_TEXT_BYTES];
    int64_t timeout_us;
    const atomic_bool *const *cancel;
    CURL *curl;
    int64_t clock_offset_us; /* the store's clock less ours, once a request was refused for it */
    char words[CURL_ERROR_SIZE];
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
    struct curl_slist *headers;
};

struct sink {
    struct s3_answer *answer;
    const struct s3_http *http;
    size_t body_bytes_max;
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void curl_start(void)
{
    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

enum status s3_http_open(const struct config *config, const atomic_bool *const *cancel,
                         struct s3_http **out_http, struct err *err)
{
    (void)pthread_once(&curl_once, curl_start);
    struct s3_http *http = calloc(1, sizeof *http);
    if (!http) {
        return err_set(err, ERR_NOMEM, "ship: out of memory");
    }
    http->cancel = cancel;
    http->timeout_us = config->ship_timeout > 0 ? config->ship_timeout : 60 * CLOCK_SECOND_US;
    (void)snprintf(http->ca, sizeof http->ca, "%s", config->ship_s3_ca);
    enum status status = s3_place_read(config, &http->place, err);
    if (status == OK) {
        status = s3_identity_read(config, &http->identity, err);
    }
    if (status == OK) {
        http->curl = curl_easy_init();
        status = http->curl ? OK : err_set(err, ERR_NOMEM, "ship: out of memory");
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
        curl_easy_cleanup(http->curl);
        explicit_bzero(&http->identity, sizeof http->identity);
        free(http);
    }
}

const struct s3_place *s3_http_place(const struct s3_http *http)
{
    return &http->place;
}

/* Answers: libcurl hands over headers line by line and the body in pieces. */

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
    struct sink *sink = context;
    s3_answer_header(sink->answer, span_of(data, size * count));
    return size * count;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct sink *sink = context;
    struct buf *body = &sink->answer->body;
    long http = 0;
    (void)curl_easy_getinfo(sink->http->curl, CURLINFO_RESPONSE_CODE, &http);
    bool good = http >= 200 && http < 300;
    size_t bytes = size * count;
    size_t room = (good ? sink->body_bytes_max : S3_ERROR_BODY_BYTES_MAX) - body->size;
    if (bytes > room && good && sink->body_bytes_max > 0) {
        return 0; /* longer than what it is compared with: an error of the transfer */
    }
    buf_add(body, data, bytes < room ? bytes : room);
    return buf_ok(body) ? bytes : 0;
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    const struct s3_http *http = context;
    (void)down_total, (void)down, (void)up_total, (void)up;
    return *http->cancel && atomic_load(*http->cancel);
}

/* Requests. */

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
    if (*http->identity.session_token) {
        sign_header(prepared, "x-amz-security-token", span_str(http->identity.session_token));
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

static enum status prepare_list(struct prepared *prepared, struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; i <= prepared->sign.n_headers && status == OK; i++) {
        bool last = i == prepared->sign.n_headers;
        const struct sigv4_pair *pair = &prepared->sign.headers[i];
        struct buf line = BUF_INIT;
        buf_add_span(&line, last ? span_str("authorization") : pair->name);
        buf_add_str(&line, ": ");
        buf_add_span(&line, last ? buf_span(&prepared->authorization) : pair->value);
        buf_add_char(&line, '\0');
        struct curl_slist *grown =
            buf_ok(&line) ? curl_slist_append(prepared->headers, line.data) : NULL;
        if (grown) {
            prepared->headers = grown;
        } else {
            status = err_set(err, ERR_NOMEM, "ship: out of memory");
        }
        buf_fini(&line);
    }
    return status;
}

static enum status prepare(struct s3_http *http, const struct s3_request *request,
                           struct prepared *prepared, struct err *err)
{
    CHECK(request->n_query <= SIGV4_QUERY_MAX);
    prepared->scope = (struct sigv4_scope){
        .access_key_id = span_str(http->identity.access_key_id),
        .secret_access_key = span_str(http->identity.secret_access_key),
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
    return status == OK ? prepare_list(prepared, err) : status;
}

static void prepared_fini(struct prepared *prepared)
{
    buf_fini(&prepared->path);
    buf_fini(&prepared->url);
    buf_fini(&prepared->md5);
    buf_fini(&prepared->authorization);
    curl_slist_free_all(prepared->headers);
}

static void set_transport(struct s3_http *http, size_t bytes)
{
    CURL *curl = http->curl;
    long timeout_ms = (long)(http->timeout_us / 1000);
    long connect_ms = timeout_ms < CONNECT_TIMEOUT_MS_MAX ? timeout_ms : CONNECT_TIMEOUT_MS_MAX;
    long stall_s = timeout_ms / 1000 > 0 ? timeout_ms / 1000 : 1;
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "stele/" STELE_VERSION);
    (void)curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stall_s);
    /* the time for an answer, and what a slow line needs for the bytes */
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                           timeout_ms + (long)(bytes / BYTES_PER_SECOND_MIN) * 1000);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->words);
    (void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (*http->ca) {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, http->ca);
        (void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, http);
}

static void set_request(struct s3_http *http, const struct s3_request *request,
                        const struct prepared *prepared, struct sink *sink)
{
    CURL *curl = http->curl;
    curl_easy_reset(curl); /* keeps connections and DNS */
    set_transport(http, request->object ? request->object->bytes.size : request->body_bytes_max);
    (void)curl_easy_setopt(curl, CURLOPT_URL, prepared->url.data);
    if (request->object) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                               (curl_off_t)request->object->bytes.size);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->object->bytes.data);
        (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    } else if (strcmp(request->method, "HEAD") == 0) {
        (void)curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else {
        (void)curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    }
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, prepared->headers);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, sink);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, sink);
}

/* libcurl's reasons in our words; what it cites of the server goes to terminals. */
static enum status transport_error(struct s3_http *http, CURLcode code, struct err *err)
{
    for (char *at = http->words; *at; at++) {
        *at = *at < ' ' || *at > '~' ? '?' : *at;
    }
    const struct s3_place *place = &http->place;
    const char *words = *http->words ? http->words : curl_easy_strerror(code);
    enum status status;
    if (code == CURLE_ABORTED_BY_CALLBACK) {
        status = err_set(err, ERR_STOPPED, "stopped during a request to %s", place->host);
    } else if (code == CURLE_PEER_FAILED_VERIFICATION) {
        status = err_set(err, ERR_CONFIG,
                         "the certificate of %s is not trusted: set ship.s3_ca to its CA's PEM "
                         "file (%s)",
                         place->host, words);
    } else if (code == CURLE_SSL_CACERT_BADFILE) {
        status = err_set(err, ERR_CONFIG, "ship.s3_ca: cannot read %s", http->ca);
    } else if (code == CURLE_COULDNT_RESOLVE_HOST) {
        status = err_set(err, ERR_NET, "no address for %s: check ship.s3_endpoint and DNS (%s)",
                         place->host, words);
    } else if (code == CURLE_COULDNT_CONNECT) {
        status = err_set(err, ERR_NET, "cannot connect to %s: is the server up? (%s)", place->host,
                         words);
    } else if (code == CURLE_OPERATION_TIMEDOUT) {
        status = err_set(err, ERR_NET, "no answer from %s in time (%s)", place->host, words);
    } else if (code == CURLE_OUT_OF_MEMORY) {
        status = err_set(err, ERR_NOMEM, "ship: out of memory");
    } else {
        status = err_set(err, ERR_NET, "request to %s failed (%s)", place->host, words);
    }
    if (err) {
        err->detail = (long)code;
    }
    return status;
}

static enum status run_once(struct s3_http *http, const struct s3_request *request,
                            struct s3_answer *answer, struct err *err)
{
    struct prepared prepared = {0};
    struct sink sink = {.answer = answer, .http = http, .body_bytes_max = request->body_bytes_max};
    *answer = (struct s3_answer){.length = -1};
    http->words[0] = '\0';
    enum status status = prepare(http, request, &prepared, err);
    if (status == OK) {
        set_request(http, request, &prepared, &sink);
        CURLcode code = curl_easy_perform(http->curl);
        (void)curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &answer->http);
        /* a store that refuses may close before it has read all: its answer is what counts */
        if (code != CURLE_OK && !(code == CURLE_SEND_ERROR && answer->http >= 300)) {
            status = transport_error(http, code, err);
        }
    }
    prepared_fini(&prepared);
    if (status == OK && (answer->http < 200 || answer->http >= 300)) {
        s3_error_read(answer);
    }
    if (status != OK) {
        s3_answer_fini(answer);
    }
    return status;
}

enum status s3_http_run(struct s3_http *http, const struct s3_request *request,
                        struct s3_answer *out_answer, struct err *err)
{
    struct s3_answer answer;
    enum status status = run_once(http, request, &answer, err);
    if (status == OK && strcmp(answer.code, "RequestTimeTooSkewed") == 0 && answer.date_us > 0) {
        http->clock_offset_us = answer.date_us - clock_now_us();
        s3_answer_fini(&answer);
        status = run_once(http, request, &answer, err);
    }
    if (status == OK) {
        *out_answer = answer;
    }
    return status;
}
