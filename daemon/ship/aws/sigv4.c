/* In the order of AWS's description: canonical request, string to sign, signing key, signature. */
#include "daemon/ship/aws/sigv4.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "schema/base/clock.h"
#include "schema/text/ascii.h"

void sigv4_time(int64_t time_us, char out[SIGV4_TIME_BYTES])
{
    const int64_t last =
        INT64_C(253402300799); /* of the year 9999: the store's clock may say more */
    int64_t bounded = time_us / CLOCK_SECOND_US;
    bounded = bounded < 0 ? 0 : bounded > last ? last : bounded;
    time_t seconds = (time_t)bounded;
    struct tm tm;
    CHECK(gmtime_r(&seconds, &tm) != NULL);
    size_t n = strftime(out, SIGV4_TIME_BYTES, "%Y%m%dT%H%M%SZ", &tm);
    CHECK(n == SIGV4_TIME_BYTES - 1);
}

void sigv4_add_header(struct sigv4_request *request, const char *name, struct span value)
{
    if (value.size > 0) {
        CHECK(request->n_headers < SIGV4_HEADERS_MAX);
        request->headers[request->n_headers++] = (struct http_pair){span_str(name), value};
    }
}

static bool is_unreserved(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

void sigv4_uri_encode(struct buf *out, struct span text, bool keep_slash)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (is_unreserved(c) || (c == '/' && keep_slash)) {
            buf_add_char(out, c);
        } else {
            buf_printf(out, "%%%02X", (unsigned char)c);
        }
    }
}

/* By name, then by value. */
static int compare_pairs(const void *left, const void *right)
{
    const struct http_pair *a = left;
    const struct http_pair *b = right;
    int order = span_compare(a->name, b->name);
    return order ? order : span_compare(a->value, b->value);
}

/* What it adds to the buffer, which must have room for it. */
static struct span encode(struct buf *text, struct span part)
{
    size_t begin = text->size;
    sigv4_uri_encode(text, part, false);
    return span_from(buf_span(text), begin);
}

/* Sorting is by the encoded form. */
enum status sigv4_query(const struct sigv4_request *request, struct buf *out, struct err *err)
{
    CHECK(request->n_query <= SIGV4_QUERY_MAX);
    struct buf text = BUF_INIT;
    struct http_pair pairs[SIGV4_QUERY_MAX];
    size_t bytes = 0;
    for (size_t i = 0; i < request->n_query; i++) {
        bytes += strlen("%XX") * (request->query[i].name.size + request->query[i].value.size);
    }
    if (!buf_reserve(&text, bytes)) {
        return buf_status(&text, "sign", err);
    }
    for (size_t i = 0; i < request->n_query; i++) {
        pairs[i].name = encode(&text, request->query[i].name);
        pairs[i].value = encode(&text, request->query[i].value);
    }
    qsort(pairs, request->n_query, sizeof pairs[0], compare_pairs);
    for (size_t i = 0; i < request->n_query; i++) {
        buf_add_str(out, i ? "&" : "");
        buf_add_span(out, pairs[i].name);
        buf_add_char(out, '=');
        buf_add_span(out, pairs[i].value);
    }
    buf_fini(&text);
    return buf_status(out, "sign", err);
}

static void headers_sort(const struct sigv4_request *request,
                         struct http_pair out[SIGV4_HEADERS_MAX])
{
    CHECK(request->n_headers <= SIGV4_HEADERS_MAX);
    memcpy(out, request->headers, request->n_headers * sizeof out[0]);
    qsort(out, request->n_headers, sizeof out[0], compare_pairs);
}

/* Without white space at the ends, runs of it as one space. */
static void add_header_value(struct buf *out, struct span value)
{
    bool space = false;
    bool begun = false;
    for (size_t i = 0; i < value.size; i++) {
        char c = value.data[i];
        if (c == ' ' || c == '\t') {
            space = begun;
            continue;
        }
        if (space) {
            buf_add_char(out, ' ');
        }
        buf_add_char(out, c);
        space = false;
        begun = true;
    }
}

static void add_signed_names(struct buf *out, const struct http_pair *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_add_str(out, i ? ";" : "");
        buf_add_span(out, headers[i].name);
    }
}

enum status sigv4_canonical(const struct sigv4_request *request, struct buf *out, struct err *err)
{
    CHECK(span_starts(request->path, "/"));
    buf_printf(out, "%.*s\n", SPAN_FMT(request->method));
    sigv4_uri_encode(out, request->path, true);
    buf_add_char(out, '\n');
    enum status status = sigv4_query(request, out, err);
    if (status != OK) {
        return status;
    }
    buf_add_char(out, '\n');
    struct http_pair headers[SIGV4_HEADERS_MAX];
    headers_sort(request, headers);
    for (size_t i = 0; i < request->n_headers; i++) {
        buf_printf(out, "%.*s:", SPAN_FMT(headers[i].name));
        add_header_value(out, headers[i].value);
        buf_add_char(out, '\n');
    }
    buf_add_char(out, '\n');
    add_signed_names(out, headers, request->n_headers);
    buf_add_char(out, '\n');
    buf_add_span(out, request->payload_hash);
    return buf_status(out, "sign", err);
}

static void add_scope(struct buf *out, const struct sigv4_scope *scope)
{
    buf_printf(out, "%.8s/%.*s/%.*s/aws4_request", scope->time, SPAN_FMT(scope->region),
               SPAN_FMT(scope->service));
}

enum status sigv4_string_to_sign(const struct sigv4_scope *scope, struct span canonical,
                                 struct buf *out, struct err *err)
{
    struct digest digest = digest_sha256(canonical);
    char hex[DIGEST_HEX_BYTES];
    buf_printf(out, "AWS4-HMAC-SHA256\n%s\n", scope->time);
    add_scope(out, scope);
    buf_printf(out, "\n%s", digest_hex(&digest, hex));
    return buf_status(out, "sign", err);
}

static struct digest hmac(const struct digest *key, struct span bytes)
{
    return digest_hmac_sha256(span_of(key->bytes, sizeof key->bytes), bytes);
}

static enum status signature(const struct sigv4_scope *scope, struct span text,
                             struct digest *out_signature, struct err *err)
{
    struct buf secret = BUF_INIT;
    buf_add_str(&secret, "AWS4");
    buf_add_span(&secret, scope->secret_access_key);
    enum status status = buf_status(&secret, "sign", err);
    if (status == OK) {
        struct digest key = digest_hmac_sha256(buf_span(&secret), span_of(scope->time, 8));
        key = hmac(&key, scope->region);
        key = hmac(&key, scope->service);
        key = hmac(&key, span_str("aws4_request"));
        *out_signature = hmac(&key, text);
    }
    buf_fini(&secret);
    return status;
}

enum status sigv4_authorization(const struct sigv4_scope *scope,
                                const struct sigv4_request *request, struct buf *out,
                                struct err *err)
{
    struct buf canonical = BUF_INIT;
    struct buf text = BUF_INIT;
    struct digest digest;
    enum status status = sigv4_canonical(request, &canonical, err);
    status = THEN(status, sigv4_string_to_sign(scope, buf_span(&canonical), &text, err));
    status = THEN(status, signature(scope, buf_span(&text), &digest, err));
    if (status == OK) {
        struct http_pair headers[SIGV4_HEADERS_MAX];
        headers_sort(request, headers);
        char hex[DIGEST_HEX_BYTES];
        buf_printf(out, "AWS4-HMAC-SHA256 Credential=%.*s/", SPAN_FMT(scope->access_key_id));
        add_scope(out, scope);
        buf_add_str(out, ",SignedHeaders=");
        add_signed_names(out, headers, request->n_headers);
        buf_printf(out, ",Signature=%s", digest_hex(&digest, hex));
        status = buf_status(out, "sign", err);
    }
    buf_fini(&canonical);
    buf_fini(&text);
    return status;
}
