#include "daemon/watch/webhook.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/http/http_client.h"
#include "schema/base/clock.h"
#include "schema/crypto/digest.h"
#include "schema/text/ascii.h"

enum { SECRET_BYTES_MAX = 4096, SECRET_BYTES_MIN = 16 };

struct webhook {
    char url[CONFIG_TEXT_BYTES];
    struct buf secret;
    const atomic_bool *stop;
    struct http_client *client;
};

static enum status read_secret(struct webhook *webhook, const char *path, struct err *err)
{
    struct buf *secret = &webhook->secret;
    enum status status = file_read(path, SECRET_BYTES_MAX, secret, err);
    if (status != OK) {
        (void)err_wrap(err, status, "watch.webhook_secret_file");
        return err_restate(err, ERR_CONFIG);
    }
    secret->size = ascii_trim_end(buf_span(secret), "\r\n").size;
    if (secret->size < SECRET_BYTES_MIN) {
        return err_set(err, ERR_CONFIG,
                       "watch.webhook_secret_file: %s holds fewer than %d bytes: openssl rand -hex "
                       "32 makes a secret",
                       path, SECRET_BYTES_MIN);
    }
    return OK;
}

enum status webhook_open(const struct config *config, const atomic_bool *stop,
                         struct webhook **out_webhook, struct err *err)
{
    struct webhook *webhook = calloc(1, sizeof *webhook);
    if (!webhook) {
        return err_nomem(err, "watch");
    }
    (void)snprintf(webhook->url, sizeof webhook->url, "%s", config->watch_webhook);
    webhook->stop = stop;
    const struct http_client_options options = {
        .setup = {.ca = config->watch_webhook_ca,
                  .ca_setting = "watch.webhook_ca",
                  .address_setting = "watch.webhook and DNS"},
        .timeout_us = config->watch_webhook_timeout,
        .cancel = &webhook->stop,
    };
    enum status status = read_secret(webhook, config->watch_webhook_secret_file, err);
    status = THEN(status, http_client_open(&options, &webhook->client, err));
    if (status != OK) {
        webhook_close(webhook);
        return status;
    }
    *out_webhook = webhook;
    return OK;
}

void webhook_close(struct webhook *webhook)
{
    if (webhook) {
        http_client_close(webhook->client);
        if (webhook->secret.data) {
            explicit_bzero(webhook->secret.data, webhook->secret.size);
        }
        buf_fini(&webhook->secret);
        free(webhook);
    }
}

void webhook_sign(struct span secret, int64_t now_us, struct span body, struct buf *out)
{
    char hex[DIGEST_HEX_BYTES];
    struct buf text = BUF_INIT;
    long long seconds = (long long)(now_us / CLOCK_SECOND_US);
    buf_printf(&text, "%lld.", seconds);
    buf_add_span(&text, body);
    struct digest digest = digest_hmac_sha256(secret, buf_span(&text));
    buf_printf(out, "t=%lld,v1=%s", seconds, digest_hex(&digest, hex));
    out->failed = out->failed || !buf_ok(&text);
    buf_fini(&text);
}

static enum status judge(long http, struct err *err)
{
    if (http >= 200 && http < 300) {
        return OK;
    }
    if (http >= 300 && http < 400) {
        return err_set(err, ERR_CONFIG,
                       "the webhook answered %ld: redirects are not followed, set watch.webhook "
                       "to where it points",
                       http);
    }
    bool of_hit = http == 400 || http == 413 || http == 415 || http == 422;
    bool denied = http >= 401 && http < 500 && http != 408 && http != 429;
    return err_set(err,
                   of_hit   ? ERR_FORMAT
                   : denied ? ERR_DENIED
                            : ERR_NET,
                   "the webhook answered %ld", http);
}

enum status webhook_post(struct webhook *webhook, const char *id, struct span body, struct err *err)
{
    struct buf signature = BUF_INIT;
    webhook_sign(buf_span(&webhook->secret), clock_now_us(), body, &signature);
    const struct http_pair headers[] = {
        {span_str("content-type"), span_str("application/json")},
        {span_str("Stele-Hit"), span_str(id)},
        {span_str("Stele-Signature"), buf_span(&signature)},
        {span_str("Expect"), span_str("")}, /* no waiting for 100 Continue */
    };
    const struct http_client_request request = {
        .method = "POST",
        .url = webhook->url,
        .host = "the webhook",
        .headers = headers,
        .n_headers = sizeof headers / sizeof headers[0],
        .body = body,
    };
    struct http_client_response response = {0}; /* its status counts, not what is written */
    enum status status = buf_status(&signature, "watch", err);
    status = THEN(status, http_client_run(webhook->client, &request, &response, err));
    status = THEN(status, judge(response.http, err));
    buf_fini(&response.body);
    buf_fini(&signature);
    return status;
}
