#include "daemon/watch/webhook.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/base/clock.h"
#include "schema/base/digest.h"

enum { SECRET_BYTES_MAX = 4096, SECRET_BYTES_MIN = 16 };

struct webhook {
    char url[CONFIG_TEXT_BYTES];
    char ca[CONFIG_TEXT_BYTES];
    struct buf secret;
    int64_t timeout_us;
    const atomic_bool *stop;
    CURL *curl;
    char words[CURL_ERROR_SIZE];
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void curl_start(void)
{
    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

static enum status read_secret(struct webhook *webhook, const char *path, struct err *err)
{
    struct buf *secret = &webhook->secret;
    enum status status = file_read(path, SECRET_BYTES_MAX, secret, err);
    if (status != OK) {
        (void)err_wrap(err, "watch.webhook_secret_file");
        return err->status = ERR_CONFIG;
    }
    while (secret->size > 0 && memchr("\r\n", secret->data[secret->size - 1], 2)) {
        secret->size--;
    }
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
    (void)pthread_once(&curl_once, curl_start);
    struct err inner;
    struct webhook *webhook = calloc(1, sizeof *webhook);
    if (!webhook) {
        return err_nomem(err, "watch");
    }
    (void)snprintf(webhook->url, sizeof webhook->url, "%s", config->watch_webhook);
    (void)snprintf(webhook->ca, sizeof webhook->ca, "%s", config->watch_webhook_ca);
    webhook->timeout_us = config->watch_webhook_timeout;
    webhook->stop = stop;
    enum status status = read_secret(webhook, config->watch_webhook_secret_file, &inner);
    if (status == OK) {
        webhook->curl = curl_easy_init();
        status = webhook->curl ? OK : err_nomem(&inner, "watch");
    }
    if (status != OK) {
        webhook_close(webhook);
        if (err) {
            *err = inner;
        }
        return status;
    }
    *out_webhook = webhook;
    return OK;
}

void webhook_close(struct webhook *webhook)
{
    if (webhook) {
        curl_easy_cleanup(webhook->curl);
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

/* The status counts, not what is written. */
static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    (void)data, (void)context;
    return size * count;
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    const struct webhook *webhook = context;
    (void)down_total, (void)down, (void)up_total, (void)up;
    return webhook->stop && atomic_load(webhook->stop);
}

static enum status add_header(struct curl_slist **list, const char *name, const char *value,
                              struct err *err)
{
    struct buf line = BUF_INIT;
    buf_printf(&line, "%s:%s%s", name, *value ? " " : "", value);
    buf_add_char(&line, '\0');
    struct curl_slist *grown = buf_ok(&line) ? curl_slist_append(*list, line.data) : NULL;
    buf_fini(&line);
    if (!grown) {
        return err_nomem(err, "watch");
    }
    *list = grown;
    return OK;
}

static enum status make_headers(const struct webhook *webhook, const char *id, struct span body,
                                struct curl_slist **out_list, struct err *err)
{
    struct buf signature = BUF_INIT;
    webhook_sign(buf_span(&webhook->secret), clock_now_us(), body, &signature);
    buf_add_char(&signature, '\0');
    enum status status = buf_status(&signature, "watch", err);
    const char *const headers[][2] = {
        {"Content-Type", "application/json"},
        {"Stele-Hit", id},
        {"Stele-Signature", signature.data},
        {"Expect", ""}, /* no waiting for 100 Continue */
    };
    for (size_t i = 0; status == OK && i < sizeof headers / sizeof headers[0]; i++) {
        status = add_header(out_list, headers[i][0], headers[i][1], err);
    }
    buf_fini(&signature);
    return status;
}

static void set_request(struct webhook *webhook, struct span body, struct curl_slist *headers)
{
    CURL *curl = webhook->curl;
    curl_easy_reset(curl); /* keeps connections and DNS */
    (void)curl_easy_setopt(curl, CURLOPT_URL, webhook->url);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "stele/" STELE_VERSION);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(webhook->timeout_us / 1000));
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, webhook->words);
    (void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (*webhook->ca) {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, webhook->ca);
        (void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, webhook);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.size);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
}

/* libcurl's reasons in our words; what it cites of the server goes to terminals. */
static enum status transport_error(struct webhook *webhook, CURLcode code, struct err *err)
{
    for (char *at = webhook->words; *at; at++) {
        *at = *at < ' ' || *at > '~' ? '?' : *at;
    }
    const char *words = *webhook->words ? webhook->words : curl_easy_strerror(code);
    enum status status;
    if (code == CURLE_ABORTED_BY_CALLBACK) {
        status = err_set(err, ERR_STOPPED, "stopped during a request to the webhook");
    } else if (code == CURLE_PEER_FAILED_VERIFICATION) {
        status = err_set(err, ERR_CONFIG,
                         "the webhook's certificate is not trusted: set watch.webhook_ca to its "
                         "CA's PEM file (%s)",
                         words);
    } else if (code == CURLE_SSL_CACERT_BADFILE) {
        status = err_set(err, ERR_CONFIG, "watch.webhook_ca: cannot read %s", webhook->ca);
    } else if (code == CURLE_OPERATION_TIMEDOUT) {
        status = err_set(err, ERR_NET, "no answer from the webhook in time (%s)", words);
    } else if (code == CURLE_OUT_OF_MEMORY) {
        status = err_nomem(err, "watch");
    } else {
        status = err_set(err, ERR_NET, "the webhook cannot be reached (%s)", words);
    }
    if (err) {
        err->detail = (long)code;
    }
    return status;
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
    struct curl_slist *headers = NULL;
    webhook->words[0] = '\0';
    enum status status = make_headers(webhook, id, body, &headers, err);
    if (status == OK) {
        set_request(webhook, body, headers);
        long http = 0;
        CURLcode code = curl_easy_perform(webhook->curl);
        (void)curl_easy_getinfo(webhook->curl, CURLINFO_RESPONSE_CODE, &http);
        /* a server that refuses may close before it has read all: its answer is what counts */
        bool answered = code == CURLE_OK || (code == CURLE_SEND_ERROR && http >= 300);
        status = answered ? judge(http, err) : transport_error(webhook, code, err);
    }
    curl_slist_free_all(headers);
    return status;
}
