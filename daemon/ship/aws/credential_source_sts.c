/* AWS Security Token Service: AssumeRole (signed) and AssumeRoleWithWebIdentity (not signed), API
 * version 2011-06-15, as forms by POST. STS's own message is never passed on: with a wrong
 * signature it recites the request, session token and all. */
#include <stdio.h>

#include "daemon/ship/aws/aws_endpoint.h"
#include "daemon/ship/aws/aws_xml.h"
#include "daemon/ship/aws/credential_source.h"
#include "daemon/ship/aws/sigv4.h"
#include "schema/base/clock.h"
#include "schema/text/ascii.h"

#define FORM_TYPE "application/x-www-form-urlencoded; charset=utf-8"

struct sts_request {
    const struct credential_source *source;
    char host[320];
    struct buf url;
    struct buf body;
    struct buf authorization;
    struct sigv4_request sign;
    char time[SIGV4_TIME_BYTES];
    char hash[DIGEST_HEX_BYTES];
};

static void add_field(struct sts_request *call, const char *name, struct span value)
{
    if (value.size > 0) {
        buf_printf(&call->body, "&%s=", name);
        sigv4_uri_encode(&call->body, value, false);
    }
}

static enum status call_begin(struct sts_request *call, const struct credential_source *source,
                              const char *action, const struct credential_source_role *role,
                              struct err *err)
{
    const char *region = source->config->ship_s3_region;
    const char *endpoint = credential_source_env("AWS_ENDPOINT_URL_STS");
    *call = (struct sts_request){.source = source};
    buf_printf(&call->body, "Action=%s&Version=2011-06-15", action);
    add_field(call, "RoleArn", role->arn);
    add_field(call, "RoleSessionName",
              role->session_name.size ? role->session_name : span_str("stele"));
    add_field(call, "ExternalId", role->external_id);
    add_field(call, "DurationSeconds", role->duration);
    if (*endpoint) {
        struct aws_endpoint place = {0};
        enum status status = aws_endpoint_parse(endpoint, "AWS_ENDPOINT_URL_STS", &place, err);
        if (status != OK) {
            return status;
        }
        (void)snprintf(call->host, sizeof call->host, "%s", place.host);
        buf_printf(&call->url, "%s://%s/", place.scheme, place.host);
    } else {
        (void)snprintf(call->host, sizeof call->host, "sts.%.200s.%s", region, aws_domain(region));
        buf_printf(&call->url, "https://%s/", call->host);
    }
    buf_add_char(&call->url, '\0');
    return buf_status(&call->url, "ship", err);
}

static enum status call_sign(struct sts_request *call, const struct credentials *with,
                             struct err *err)
{
    struct digest digest = digest_sha256(buf_span(&call->body));
    sigv4_time(call->source->now_us, call->time);
    call->sign.method = span_str("POST");
    call->sign.path = span_str("/");
    call->sign.payload_hash = span_str(digest_hex(&digest, call->hash));
    sigv4_add_header(&call->sign, "host", span_str(call->host));
    sigv4_add_header(&call->sign, "x-amz-date", span_str(call->time));
    sigv4_add_header(&call->sign, "x-amz-security-token", span_str(with->session_token));
    struct sigv4_scope scope = {
        .access_key_id = span_str(with->access_key_id),
        .secret_access_key = span_str(with->secret_access_key),
        .region = span_str(call->source->config->ship_s3_region),
        .service = span_str("sts"),
    };
    memcpy(scope.time, call->time, sizeof scope.time);
    enum status status = sigv4_authorization(&scope, &call->sign, &call->authorization, err);
    sigv4_add_header(&call->sign, "authorization", buf_span(&call->authorization));
    return status;
}

static enum status refused(const struct http_client_response *response, struct span arn,
                           struct err *err)
{
    char code[64];
    (void)aws_xml_text(buf_span(&response->body), "Code", code, sizeof code);
    bool later = response->http >= 500 || response->http == 429 ||
                 strcmp(code, "Throttling") == 0 || strcmp(code, "IDPCommunicationError") == 0;
    return err_set(err, later ? ERR_NET : ERR_DENIED,
                   "STS does not give the role %.*s: %s (HTTP %ld): check the role's trust policy "
                   "and the credentials it is asked with",
                   SPAN_FMT(arn), *code ? code : "refused", response->http);
}

static enum status answer_read(const struct http_client_response *response, struct credentials *out,
                               struct err *err)
{
    struct span body = buf_span(&response->body);
    struct credentials told = {0};
    char expires[64];
    enum status status = OK;
    if (!aws_xml_exact(body, "AccessKeyId", false, told.access_key_id, sizeof told.access_key_id) ||
        !aws_xml_exact(body, "SecretAccessKey", false, told.secret_access_key,
                       sizeof told.secret_access_key) ||
        !aws_xml_exact(body, "SessionToken", false, told.session_token,
                       sizeof told.session_token) ||
        !aws_xml_exact(body, "Expiration", false, expires, sizeof expires) ||
        !clock_parse_rfc3339(span_str(expires), &told.expires_us)) {
        status = err_set(err, ERR_FORMAT, "STS answered without credentials in it");
    } else {
        status = credential_source_fill("STS", span_str(told.access_key_id),
                                        span_str(told.secret_access_key),
                                        span_str(told.session_token), told.expires_us, out, err);
    }
    explicit_bzero(&told, sizeof told);
    return status;
}

static enum status call_end(struct sts_request *call, struct span arn, struct credentials *out,
                            struct err *err)
{
    struct http_client_response response = {0};
    enum status status = buf_status(&call->body, "ship", err);
    sigv4_add_header(&call->sign, "content-type", span_str(FORM_TYPE));
    const struct http_client_request request = {
        .method = "POST",
        .url = call->url.data,
        .host = call->host,
        .headers = call->sign.headers,
        .n_headers = call->sign.n_headers,
        .body = buf_span(&call->body),
        .body_bytes_max = CREDENTIAL_SOURCE_RESPONSE_BYTES_MAX,
    };
    status = THEN(status, http_client_run(call->source->client, &request, &response, err));
    status = THEN(status, response.http == 200 ? answer_read(&response, out, err)
                                               : refused(&response, arn, err));
    credential_source_wipe(&response.body);
    return status;
}

static void call_fini(struct sts_request *call)
{
    buf_fini(&call->url);
    buf_fini(&call->authorization);
    credential_source_wipe(&call->body);
}

enum status credential_source_assume_role(const struct credential_source *source,
                                          const struct credential_source_role *role,
                                          const struct credentials *with, struct credentials *out,
                                          struct err *err)
{
    struct sts_request call;
    enum status status = call_begin(&call, source, "AssumeRole", role, err);
    status = THEN(status, call_sign(&call, with, err));
    status = THEN(status, call_end(&call, role->arn, out, err));
    call_fini(&call);
    return status;
}

enum status credential_source_assume_by_token(const struct credential_source *source,
                                              const struct credential_source_role *role,
                                              const char *token_file, struct credentials *out,
                                              struct err *err)
{
    struct sts_request call;
    struct buf token = BUF_INIT;
    enum status status = file_read(token_file, CREDENTIAL_SOURCE_RESPONSE_BYTES_MAX, &token, err);
    if (status != OK) {
        (void)err_wrap(err, status, "web identity token");
        status = credential_source_wrong(err);
    }
    token.size = ascii_trim_end(buf_span(&token), " \t\r\n").size;
    if (status == OK && token.size == 0) {
        status = err_set(err, ERR_CONFIG, "web identity token: %s is empty", token_file);
    }
    if (status == OK) {
        status = call_begin(&call, source, "AssumeRoleWithWebIdentity", role, err);
        add_field(&call, "WebIdentityToken", buf_span(&token));
        status = THEN(status, call_end(&call, role->arn, out, err));
        call_fini(&call);
    }
    credential_source_wipe(&token);
    return status;
}

enum status credential_source_web_identity(const struct credential_source *source, bool *out_there,
                                           struct credentials *out, struct err *err)
{
    const char *file = credential_source_env("AWS_WEB_IDENTITY_TOKEN_FILE");
    const char *arn = credential_source_env("AWS_ROLE_ARN");
    *out_there = *file != '\0';
    if (!*out_there) {
        return OK;
    }
    if (!*arn) {
        return err_set(
            err, ERR_CONFIG,
            "AWS_WEB_IDENTITY_TOKEN_FILE is set in the environment, but not AWS_ROLE_ARN");
    }
    const struct credential_source_role role = {
        .arn = span_str(arn),
        .session_name = span_str(credential_source_env("AWS_ROLE_SESSION_NAME"))};
    return credential_source_assume_by_token(source, &role, file, out, err);
}
