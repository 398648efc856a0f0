/* SSO (IAM Identity Center): the token that `aws sso login` left in ~/.aws/sso/cache, read only,
 * turned into a role's credentials by GetRoleCredentials of the SSO portal API. */
#include <stdio.h>

#include "daemon/ship/aws/aws_endpoint.h"
#include "daemon/ship/aws/credential_source.h"
#include "daemon/ship/aws/sigv4.h"
#include "schema/event/event.h"
#include "schema/text/ascii.h"
#include "schema/text/hex.h"

static enum status log_in(const struct credential_source_sso *sso, const char *why, struct err *err)
{
    return err_set(err, ERR_DENIED, "SSO: %s: run aws sso login --profile %s", why, sso->profile);
}

static enum status token_read(const struct credential_source *source,
                              const struct credential_source_sso *sso, struct buf *out,
                              struct err *err)
{
    char path[FILE_PATH_BYTES];
    char name[2 * DIGEST_SHA1_BYTES + 1];
    unsigned char sha1[DIGEST_SHA1_BYTES];
    digest_sha1(sso->session.size ? sso->session : sso->start_url, sha1);
    enum status status =
        file_path_format(path, err, "%s/.aws/sso/cache/%s.json", credential_source_env("HOME"),
                         hex_encode(sha1, sizeof sha1, name));
    if (status != OK) {
        return status;
    }
    struct buf file = BUF_INIT;
    struct arena arena = ARENA_INIT;
    struct event event;
    int64_t expires_us;
    if (file_read(path, CREDENTIAL_SOURCE_RESPONSE_BYTES_MAX, &file, NULL) != OK) {
        status = log_in(sso, "there is no login", err);
    } else if (!event_parse(buf_span(&file), source->now_us, &arena, &event) ||
               event_get(&event, "accessToken").size == 0 ||
               !clock_parse_rfc3339(event_get(&event, "expiresAt"), &expires_us)) {
        status = log_in(sso, "the cached token cannot be read", err);
    } else if (expires_us <= source->now_us) {
        status = log_in(sso, "the login has run out", err);
    } else {
        buf_add_span(out, event_get(&event, "accessToken"));
        status = buf_status(out, "ship", err);
    }
    if (status == OK && !ascii_all_visible(buf_span(out))) {
        status = log_in(sso, "the cached token cannot be read", err);
    }
    arena_fini(&arena);
    credential_source_wipe(&file);
    return status;
}

static enum status ask(const struct credential_source *source,
                       const struct credential_source_sso *sso, struct span token, const char *url,
                       const char *host, struct credentials *out, struct err *err)
{
    static const struct credential_source_names names = {
        "roleCredentials.accessKeyId", "roleCredentials.secretAccessKey",
        "roleCredentials.sessionToken", "roleCredentials.expiration"};
    const struct http_pair header = {span_str("x-amz-sso_bearer_token"), token};
    const struct http_client_request request = {.method = "GET",
                                                .url = url,
                                                .host = host,
                                                .headers = &header,
                                                .n_headers = 1,
                                                .body_bytes_max =
                                                    CREDENTIAL_SOURCE_RESPONSE_BYTES_MAX};
    struct http_client_response answer;
    enum status status = http_client_run(source->client, &request, &answer, err);
    if (status != OK) {
        return status;
    }
    bool knows_us = answer.http != 401;
    status = credential_source_answer(source, "SSO", &answer, &names, out, err);
    return knows_us ? status : log_in(sso, "the portal does not take the login", err);
}

enum status credential_source_sso(const struct credential_source *source,
                                  const struct credential_source_sso *sso, struct credentials *out,
                                  struct err *err)
{
    if (!sso->region.size || !sso->account_id.size || !sso->role_name.size ||
        (!sso->session.size && !sso->start_url.size)) {
        return err_set(err, ERR_CONFIG,
                       "profile %s: SSO needs sso_account_id, sso_role_name, and sso_region and "
                       "sso_start_url (of the profile or its sso_session)",
                       sso->profile);
    }
    struct aws_endpoint place = {0};
    const char *endpoint = credential_source_env("AWS_ENDPOINT_URL_SSO");
    char usual[200];
    char region[64];
    (void)snprintf(region, sizeof region, "%.*s", SPAN_FMT(sso->region));
    (void)snprintf(usual, sizeof usual, "https://portal.sso.%s.%s", region, aws_domain(region));
    enum status status = *endpoint
                             ? aws_endpoint_parse(endpoint, "AWS_ENDPOINT_URL_SSO", &place, err)
                             : aws_endpoint_parse(usual, "sso_region", &place, err);
    struct buf url = BUF_INIT;
    struct buf token = BUF_INIT;
    if (status == OK) {
        buf_printf(&url, "%s://%s/federation/credentials?role_name=", place.scheme, place.host);
        sigv4_uri_encode(&url, sso->role_name, false);
        buf_add_str(&url, "&account_id=");
        sigv4_uri_encode(&url, sso->account_id, false);
        buf_add_char(&url, '\0');
        status = buf_status(&url, "ship", err);
    }
    status = THEN(status, token_read(source, sso, &token, err));
    status = THEN(status, ask(source, sso, buf_span(&token), url.data, place.host, out, err));
    buf_fini(&url);
    credential_source_wipe(&token);
    return status;
}
