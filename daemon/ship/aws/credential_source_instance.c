/* The role of an EC2 instance, by its metadata service, version 2 alone: a token by PUT, which
 * comes with each GET ("Use the Instance Metadata Service", EC2 User Guide). The answer to the PUT
 * has a hop limit, 1 by default, so that it does not reach a container behind a bridge. */
#include <stdio.h>

#include "daemon/ship/aws/aws_endpoint.h"
#include "daemon/ship/aws/credential_source.h"
#include "schema/base/clock.h"

#define WHERE      "the EC2 instance"
#define PATH       "/latest/meta-data/iam/security-credentials/"
#define TIMEOUT_US CLOCK_SECOND_US /* off EC2 there is no answer: the search must not hang long */

struct instance {
    const struct credential_source *source;
    char base[320];
    struct buf token;
};

/* A request for the path below the service's address. */
static enum status call(struct instance *instance, const char *method, const char *path,
                        struct http_client_response *out, struct err *err)
{
    bool put = strcmp(method, "PUT") == 0;
    const struct http_pair header = {
        span_str(put ? "x-aws-ec2-metadata-token-ttl-seconds" : "x-aws-ec2-metadata-token"),
        put ? span_str("21600") : buf_span(&instance->token)};
    struct buf url = BUF_INIT;
    buf_printf(&url, "%s%s", instance->base, path);
    buf_add_char(&url, '\0');
    const struct http_client_request request = {
        .method = method,
        .url = url.data,
        .host = WHERE,
        .headers = &header,
        .n_headers = 1,
        .body_bytes_max = CREDENTIAL_SOURCE_RESPONSE_BYTES_MAX,
        .timeout_us = put ? TIMEOUT_US : 0,
        .direct = true,
    };
    enum status status = buf_status(&url, "ship", err);
    status = THEN(status, http_client_run(instance->source->client, &request, out, err));
    buf_fini(&url);
    return status;
}

/* One line of printable ASCII: a token or the name of a role. */
static bool take_line(struct buf *body, struct buf *out)
{
    size_t n = 0;
    while (n < body->size && body->data[n] > ' ' && body->data[n] < 127) {
        n++;
    }
    buf_add(out, body->data, n);
    return n > 0 && (n == body->size || body->data[n] == '\n' || body->data[n] == '\r');
}

/* False in *out_there: this is no instance, or it gives no tokens. */
static enum status token_fetch(struct instance *instance, bool *out_there, struct err *err)
{
    struct http_client_response answer;
    *out_there = false;
    struct err why = {.status = OK};
    enum status status = call(instance, "PUT", "/latest/api/token", &answer, &why);
    if (status == ERR_STOPPED || status == ERR_NOMEM) {
        (void)err_copy(err, &why);
        return status;
    }
    if (status == OK) {
        *out_there = answer.http == 200 && take_line(&answer.body, &instance->token);
        credential_source_wipe(&answer.body);
    }
    return OK;
}

static enum status role_fetch(struct instance *instance, bool *out_there, struct buf *role,
                              struct err *err)
{
    struct http_client_response answer;
    enum status status = call(instance, "GET", PATH, &answer, err);
    if (status != OK) {
        return status;
    }
    buf_add_str(role, PATH);
    if (answer.http == 200 && take_line(&answer.body, role)) {
        buf_add_char(role, '\0');
        status = buf_status(role, "ship", err);
    } else if (answer.http == 404) {
        *out_there = false; /* no role is attached */
    } else {
        status = credential_source_refused(WHERE, &answer, err);
    }
    credential_source_wipe(&answer.body);
    return status;
}

static enum status credentials_fetch(struct instance *instance, const char *path,
                                     struct credentials *out, struct err *err)
{
    struct http_client_response answer;
    enum status status = call(instance, "GET", path, &answer, err);
    return THEN(status, credential_source_answer(instance->source, WHERE, &answer,
                                                 &credential_source_usual_names, out, err));
}

enum status credential_source_instance(const struct credential_source *source, bool *out_there,
                                       struct credentials *out, struct err *err)
{
    struct aws_endpoint place = {0};
    const char *endpoint = credential_source_env("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    *out_there = false;
    if (strcasecmp(credential_source_env("AWS_EC2_METADATA_DISABLED"), "true") == 0) {
        return OK;
    }
    enum status status = aws_endpoint_parse(*endpoint ? endpoint : "http://169.254.169.254",
                                            "AWS_EC2_METADATA_SERVICE_ENDPOINT", &place, err);
    if (status != OK) {
        return status;
    }
    struct instance instance = {.source = source};
    struct buf role = BUF_INIT;
    (void)snprintf(instance.base, sizeof instance.base, "%s://%s", place.scheme, place.host);
    status = token_fetch(&instance, out_there, err);
    if (status == OK && *out_there) {
        status = role_fetch(&instance, out_there, &role, err);
    }
    if (status == OK && *out_there) {
        status = credentials_fetch(&instance, role.data, out, err);
    }
    credential_source_wipe(&instance.token);
    buf_fini(&role);
    return status;
}
