/* In the order of AWS's description: canonical request, string to sign, signing key, signature. */
#include "daemon/ship/aws/sigv4.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "schema/base/clock.h"

/* A query parameter after encoding: sorting is by the encoded form. */
struct encoded {
    size_t name;
    size_t name_size;
    size_t value;
    size_t value_size;
    const char *base;
};

void sigv4_time(int64_t time_us, char out[SIGV4_TIME_BYTES])
{
    time_t seconds = (time_t)(time_us / CLOCK_SECOND_US);
    struct tm tm;
    CHECK(gmtime_r(&seconds, &tm) != NULL);
    size_t n = strftime(out, SIGV4_TIME_BYTES, "%Y%m%dT%H%M%SZ", &tm);
    CHECK(n == SIGV4_TIME_BYTES - 1);
}

static bool unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void sigv4_uri_encode(struct buf *out, struct span text, bool keep_slash)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (unreserved(c) || (c == '/' && keep_slash)) {
            buf_add_char(out, (char)c);
        } else {
            const char code[3] = {'%', digits[c >> 4], digits[c & 15]};
            buf_add(out, code, sizeof code);
        }
    }
}

static int compare_bytes(struct span a, struct span b)
{
    size_t n = a.size < b.size ? a.size : b.size;
    int order = n ? memcmp(a.data, b.data, n) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_encoded(const void *left, const void *right)
{
    const struct encoded *a = left;
    const struct encoded *b = right;
    int order = compare_bytes(span_of(a->base + a->name, a->name_size),
                              span_of(b->base + b->name, b->name_size));
    return order ? order
                 : compare_bytes(span_of(a->base + a->value, a->value_size),
                                 span_of(b->base + b->value, b->value_size));
}

enum status sigv4_query(const struct sigv4_request *request, struct buf *out, struct err *err)
{
    CHECK(request->n_query <= SIGV4_QUERY_MAX);
    struct buf text = BUF_INIT;
    struct encoded pairs[SIGV4_QUERY_MAX];
    for (size_t i = 0; i < request->n_query; i++) {
        struct encoded *pair = &pairs[i];
        pair->name = text.size;
        sigv4_uri_encode(&text, request->query[i].name, false);
        pair->name_size = text.size - pair->name;
        pair->value = text.size;
        sigv4_uri_encode(&text, request->query[i].value, false);
        pair->value_size = text.size - pair->value;
    }
    enum status status = buf_status(&text, "sign", err);
    if (status == OK && request->n_query > 0) {
        for (size_t i = 0; i < request->n_query; i++) {
            pairs[i].base = text.data;
        }
        qsort(pairs, request->n_query, sizeof pairs[0], compare_encoded);
        for (size_t i = 0; i < request->n_query; i++) {
            buf_add_str(out, i ? "&" : "");
            buf_add(out, text.data + pairs[i].name, pairs[i].name_size);
            buf_add_char(out, '=');
            buf_add(out, text.data + pairs[i].value, pairs[i].value_size);
        }
        status = buf_status(out, "sign", err);
    }
    buf_fini(&text);
    return status;
}

static int compare_headers(const void *left, const void *right)
{
    const struct http_pair *a = left;
    const struct http_pair *b = right;
    return compare_bytes(a->name, b->name);
}

static void headers_sort(const struct sigv4_request *request,
                         struct http_pair out[SIGV4_HEADERS_MAX])
{
    CHECK(request->n_headers <= SIGV4_HEADERS_MAX);
    memcpy(out, request->headers, request->n_headers * sizeof out[0]);
    qsort(out, request->n_headers, sizeof out[0], compare_headers);
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
    buf_add_span(out, request->method);
    buf_add_char(out, '\n');
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
        buf_add_span(out, headers[i].name);
        buf_add_char(out, ':');
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
    buf_add(out, scope->time, 8);
    buf_add_char(out, '/');
    buf_add_span(out, scope->region);
    buf_add_char(out, '/');
    buf_add_span(out, scope->service);
    buf_add_str(out, "/aws4_request");
}

enum status sigv4_string_to_sign(const struct sigv4_scope *scope, struct span canonical,
                                 struct buf *out, struct err *err)
{
    struct digest digest = digest_sha256(canonical);
    char hex[DIGEST_HEX_BYTES];
    buf_add_str(out, "AWS4-HMAC-SHA256\n");
    buf_add_str(out, scope->time);
    buf_add_char(out, '\n');
    add_scope(out, scope);
    buf_add_char(out, '\n');
    buf_add_str(out, digest_hex(&digest, hex));
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
        buf_add_str(out, "AWS4-HMAC-SHA256 Credential=");
        buf_add_span(out, scope->access_key_id);
        buf_add_char(out, '/');
        add_scope(out, scope);
        buf_add_str(out, ",SignedHeaders=");
        add_signed_names(out, headers, request->n_headers);
        buf_add_str(out, ",Signature=");
        buf_add_str(out, digest_hex(&digest, hex));
        status = buf_status(out, "sign", err);
    }
    buf_fini(&canonical);
    buf_fini(&text);
    return status;
}
