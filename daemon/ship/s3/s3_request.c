#include "daemon/ship/s3/s3_request.h"

#include "schema/crypto/base64.h"

void s3_request_add_query(struct s3_request *request, const char *name, const char *value)
{
    CHECK(request->n_query < SIGV4_QUERY_MAX);
    request->query[request->n_query++] = (struct http_pair){span_str(name), span_str(value)};
}

static void sign_body(const struct s3_request *request, struct s3_request_prepared *out)
{
    struct span body = request->body.size > 0 ? request->body : span_of("", 0);
    struct digest sha256 = request->body_sha256 ? *request->body_sha256 : digest_sha256(body);
    digest_hex(&sha256, out->hash);
    out->sign.payload_hash = span_str(out->hash);
    sigv4_add_header(&out->sign, "x-amz-content-sha256", out->sign.payload_hash);
    if (request->body.size > 0) {
        unsigned char md5[DIGEST_MD5_BYTES];
        digest_md5(request->body, md5);
        base64_encode(&out->md5, span_of(md5, sizeof md5));
        sigv4_add_header(&out->sign, "content-md5", buf_span(&out->md5));
    }
    if (request->checksum) {
        base64_encode(&out->checksum, span_of(sha256.bytes, sizeof sha256.bytes));
        sigv4_add_header(&out->sign, "x-amz-checksum-sha256", buf_span(&out->checksum));
    }
    sigv4_add_header(&out->sign, "content-type", span_str(request->content_type));
}

static void sign_headers(const struct s3_endpoint *place, const struct s3_options *options,
                         const struct credentials *credentials, int64_t now_us,
                         const struct s3_request *request, struct s3_request_prepared *out)
{
    sigv4_add_header(&out->sign, "host", span_str(place->host));
    sigv4_add_header(&out->sign, "x-amz-date", span_str(out->scope.time));
    sigv4_add_header(&out->sign, "x-amz-security-token", span_str(credentials->session_token));
    sigv4_add_header(&out->sign, "x-amz-expected-bucket-owner", span_str(options->owner));
    sign_body(request, out);
    if (request->makes) {
        sigv4_add_header(&out->sign, "x-amz-meta-stele-sha256",
                         span_str(digest_hex(request->makes, out->object_hash)));
        s3_options_sign(options, now_us, out->lock_until, &out->sign);
    }
    if (request->from > 0) {
        buf_printf(&out->range, "bytes=%lld-", (long long)request->from);
    }
    struct sigv4_request *sign = &out->sign;
    sigv4_add_header(sign, "x-amz-checksum-algorithm",
                     span_str(request->part_checksums ? "SHA256" : NULL));
    sigv4_add_header(sign, "if-none-match", span_str(request->only_if_absent ? "*" : NULL));
    sigv4_add_header(sign, "if-match", span_str(request->if_match));
    sigv4_add_header(sign, "range", buf_span(&out->range));
}

static enum status make_url(const struct s3_endpoint *place, struct s3_request_prepared *out,
                            struct err *err)
{
    buf_printf(&out->url, "%s://%s", place->scheme, place->host);
    sigv4_uri_encode(&out->url, out->sign.path, true);
    buf_add_str(&out->url, out->sign.n_query ? "?" : "");
    enum status status = sigv4_query(&out->sign, &out->url, err);
    buf_add_char(&out->url, '\0');
    return THEN(status, buf_status(&out->url, "ship", err));
}

enum status s3_request_prepare(const struct s3_endpoint *place, const struct s3_options *options,
                               const struct credentials *credentials, int64_t now_us,
                               const struct s3_request *request, struct s3_request_prepared *out,
                               struct err *err)
{
    CHECK(request->n_query <= SIGV4_QUERY_MAX);
    *out = (struct s3_request_prepared){
        .scope = {.access_key_id = span_str(credentials->access_key_id),
                  .secret_access_key = span_str(credentials->secret_access_key),
                  .region = span_str(place->region),
                  .service = span_str("s3")},
    };
    sigv4_time(now_us, out->scope.time);
    s3_endpoint_path(place, request->key, &out->path);
    out->sign.method = span_str(request->method);
    out->sign.path = buf_span(&out->path);
    out->sign.n_query = request->n_query;
    memcpy(out->sign.query, request->query, request->n_query * sizeof request->query[0]);
    sign_headers(place, options, credentials, now_us, request, out);
    enum status status = make_url(place, out, err);
    status = THEN(status, buf_status(&out->md5, "ship", err));
    status = THEN(status, buf_status(&out->range, "ship", err));
    status = THEN(status, buf_status(&out->checksum, "ship", err));
    status = THEN(status, buf_status(&out->path, "ship", err));
    status = THEN(status, sigv4_authorization(&out->scope, &out->sign, &out->authorization, err));
    sigv4_add_header(&out->sign, "authorization", buf_span(&out->authorization));
    return status;
}

void s3_request_prepared_fini(struct s3_request_prepared *prepared)
{
    buf_fini(&prepared->path);
    buf_fini(&prepared->url);
    buf_fini(&prepared->range);
    buf_fini(&prepared->md5);
    buf_fini(&prepared->checksum);
    buf_fini(&prepared->authorization);
}
