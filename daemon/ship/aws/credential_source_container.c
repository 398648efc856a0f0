/* The endpoint that ECS and EKS Pod Identity give a container (AWS SDKs and Tools Reference Guide,
 * "Container credential provider"). */
#include <arpa/inet.h>
#include <stdio.h>

#include "daemon/ship/aws/credential_source.h"
#include "schema/text/ascii.h"

#define WHERE     "the container's endpoint"
#define ECS_HOST  "169.254.170.2"
#define EKS_HOST  "169.254.170.23"
#define EKS_HOST6 "fd00:ec2::23"

/* Plain HTTP carries secrets: to this machine and AWS's own addresses only. */
static bool is_near(const char *host)
{
    struct in_addr address4;
    struct in6_addr address;
    struct in6_addr eks;
    bool number = inet_pton(AF_INET, host, &address4) == 1 || strchr(host, ':');
    return strcmp(host, "localhost") == 0 || (number && config_host_is_loopback(host)) ||
           strcmp(host, ECS_HOST) == 0 || strcmp(host, EKS_HOST) == 0 ||
           (inet_pton(AF_INET6, host, &address) == 1 && inet_pton(AF_INET6, EKS_HOST6, &eks) == 1 &&
            memcmp(&address, &eks, sizeof eks) == 0);
}

enum status credential_source_container_url(const char *relative, const char *full, struct buf *out,
                                            bool *out_direct, struct err *err)
{
    char host[CONFIG_TEXT_BYTES] = ECS_HOST;
    struct span url = span_str(full);
    if (*relative) {
        if (*relative != '/') {
            return err_set(err, ERR_CONFIG,
                           "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with /");
        }
        buf_printf(out, "http://" ECS_HOST "%s", relative);
    } else {
        bool tls = span_starts(url, "https://");
        if ((!tls && !span_starts(url, "http://")) || !config_url_host(url, host)) {
            return err_set(err, ERR_CONFIG,
                           "AWS_CONTAINER_CREDENTIALS_FULL_URI is not http(s)://host/path");
        }
        if (!tls && !is_near(host)) {
            return err_set(err, ERR_CONFIG,
                           "AWS_CONTAINER_CREDENTIALS_FULL_URI: plain http to %s: only this "
                           "machine, " ECS_HOST ", " EKS_HOST " and [" EKS_HOST6 "] are trusted; "
                           "use https",
                           host);
        }
        buf_add_span(out, url);
    }
    if (!ascii_all_visible(buf_span(out))) {
        return err_set(err, ERR_CONFIG, "AWS_CONTAINER_CREDENTIALS_*_URI holds a space");
    }
    buf_add_char(out, '\0');
    *out_direct = is_near(host);
    return buf_status(out, "ship", err);
}

/* The file's token is read each time: EKS writes a new one into it. */
static enum status token_read(struct buf *out, struct err *err)
{
    const char *file = credential_source_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    if (*file) {
        enum status status = file_read(file, CREDENTIAL_SOURCE_RESPONSE_BYTES_MAX, out, err);
        if (status != OK) {
            (void)err_wrap(err, status, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
            return credential_source_wrong(err);
        }
        out->size = ascii_trim_end(buf_span(out), "\r\n").size;
    } else {
        buf_add_str(out, credential_source_env("AWS_CONTAINER_AUTHORIZATION_TOKEN"));
    }
    for (size_t i = 0; i < out->size; i++) {
        if (out->data[i] < ' ' || out->data[i] >= 127) {
            return err_set(err, ERR_CONFIG,
                           "AWS_CONTAINER_AUTHORIZATION_TOKEN holds what no header may");
        }
    }
    return buf_status(out, "ship", err);
}

enum status credential_source_container(const struct credential_source *source, bool *out_there,
                                        struct credentials *out, struct err *err)
{
    const char *relative = credential_source_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = credential_source_env("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    *out_there = *relative || *full;
    if (!*out_there) {
        return OK;
    }
    struct buf url = BUF_INIT;
    struct buf token = BUF_INIT;
    bool direct = false;
    enum status status = credential_source_container_url(relative, full, &url, &direct, err);
    status = THEN(status, token_read(&token, err));
    const struct http_pair header = {span_str("authorization"), buf_span(&token)};
    const struct http_client_request request = {.method = "GET",
                                                .url = url.data,
                                                .host = WHERE,
                                                .headers = &header,
                                                .n_headers = token.size > 0,
                                                .body_bytes_max =
                                                    CREDENTIAL_SOURCE_RESPONSE_BYTES_MAX,
                                                .direct = direct};
    struct http_client_response answer;
    status = THEN(status, http_client_run(source->client, &request, &answer, err));
    status = THEN(status, credential_source_answer(source, WHERE, &answer,
                                                   &credential_source_usual_names, out, err));
    buf_fini(&url);
    credential_source_wipe(&token);
    return status;
}
