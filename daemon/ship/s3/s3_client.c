#include "daemon/ship/s3/s3_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/ship/aws/aws_client.h"
#include "daemon/ship/s3/s3_error.h"

enum { PAUSE_SLICE_MS = 50 };
#define PATIENCE_LEAST_US (300 * CLOCK_SECOND_US) /* CompleteMultipartUpload takes minutes */

struct s3_client {
    struct s3_endpoint place;
    struct s3_options options;
    struct credentials_chain *chain;
    struct credentials credentials; /* of the request under way */
    struct http_client *client;
    const atomic_bool *const *cancel;
    int64_t patience_us;     /* for what may take some time */
    int64_t clock_offset_us; /* the store's clock less ours, once a request was refused for it */
    unsigned budget;         /* retries left */
};

/* What was put right for one request already: each thing once. */
struct s3_repairs {
    bool clock;
    bool region;
    bool credentials;
    unsigned tries; /* made in vain */
};

enum status s3_client_open(const struct config *config, const atomic_bool *const *cancel,
                           struct s3_client **out_http, struct err *err)
{
    struct s3_client *http = calloc(1, sizeof *http);
    if (!http) {
        return err_nomem(err, "ship");
    }
    http->cancel = cancel;
    http->budget = S3_CLIENT_RETRY_BUDGET;
    http->patience_us =
        config->ship_timeout > PATIENCE_LEAST_US ? config->ship_timeout : PATIENCE_LEAST_US;
    enum status status = s3_endpoint_read(config, &http->place, err);
    status = THEN(status, s3_options_read(config, &http->options, err));
    status = THEN(status, credentials_open(config, cancel, &http->chain, err));
    status = THEN(status, aws_client_open(config, cancel, &http->client, err));
    if (status != OK) {
        s3_client_close(http);
        return status;
    }
    *out_http = http;
    return OK;
}

void s3_client_close(struct s3_client *http)
{
    if (http) {
        http_client_close(http->client);
        credentials_close(http->chain);
        explicit_bzero(&http->credentials, sizeof http->credentials);
        free(http);
    }
}

const struct s3_endpoint *s3_client_endpoint(const struct s3_client *http)
{
    return &http->place;
}

const struct s3_options *s3_client_options(const struct s3_client *http)
{
    return &http->options;
}

/* A store that recites what it was sent must not bring it into a log. */
static void silence(const struct s3_client *http, struct s3_response *response)
{
    const struct credentials *ours = &http->credentials;
    char begin[17]; /* the message may have cut the rest */
    (void)snprintf(begin, sizeof begin, "%.16s", ours->session_token);
    if (strstr(response->message, ours->secret_access_key) ||
        (*begin && strstr(response->message, begin))) {
        response->message[0] = '\0';
    }
}

/* What the transport's callbacks work on. */
struct s3_receiver {
    const struct s3_request *request;
    struct s3_response *response;
    bool taken; /* the request's own taker has had something */
};

static void on_header(void *context, struct span line)
{
    s3_response_header(((struct s3_receiver *)context)->response, line);
}

static bool on_body(void *context, struct span bytes)
{
    struct s3_receiver *receiving = context;
    const struct s3_request *request = receiving->request;
    receiving->taken = true;
    return request->take(request->take_context, receiving->response, bytes);
}

static enum status run_once(struct s3_client *http, const struct s3_request *request, bool fresh,
                            struct s3_response *response, bool *out_taken, struct err *err)
{
    struct s3_receiver receiving = {.request = request, .response = response};
    struct s3_request_prepared prepared = {.lock_until = ""};
    struct http_client_response got;
    *response = (struct s3_response){.length = -1, .from = -1};
    enum status status = credentials_get(http->chain, clock_now_us(), &http->credentials, err);
    status = THEN(status, s3_request_prepare(&http->place, &http->options, &http->credentials,
                                             clock_now_us() + http->clock_offset_us, request,
                                             &prepared, err));
    if (status == OK) {
        const struct http_client_request send = {
            .method = request->method,
            .url = prepared.url.data,
            .host = http->place.host,
            .headers = prepared.sign.headers,
            .n_headers = prepared.sign.n_headers,
            .body = request->body,
            .body_bytes_max = request->body_bytes_max,
            .timeout_us = request->patient ? http->patience_us : 0,
            .fresh = fresh,
            .on_header = on_header,
            .on_body = request->take ? on_body : NULL,
            .context = &receiving,
        };
        status = http_client_run(http->client, &send, &got, err);
    }
    *out_taken = receiving.taken;
    if (status == OK && got.http == 200 && *response->checksum && prepared.checksum.size > 0 &&
        !span_is(buf_span(&prepared.checksum), response->checksum)) {
        buf_fini(&got.body);
        status = err_set(err, ERR_NET, "%s keeps other bytes than were sent: checksum %.50s",
                         http->place.host, response->checksum);
    }
    s3_request_prepared_fini(&prepared);
    if (status == OK) {
        response->http = got.http;
        response->body = got.body;
        if (response->http < 200 || response->http >= 300) {
            s3_error_read(response);
            silence(http, response);
        }
    }
    return status;
}

static bool is_run_out(const struct s3_response *response)
{
    return strcmp(response->code, "ExpiredToken") == 0 ||
           strcmp(response->code, "TokenRefreshRequired") == 0;
}

/* Something was wrong that is put right by now: true, send it once more. */
static bool mend(struct s3_client *http, const struct s3_response *response,
                 struct s3_repairs *mended)
{
    if (strcmp(response->code, "RequestTimeTooSkewed") == 0 && response->date_us > 0 &&
        !mended->clock) {
        http->clock_offset_us = response->date_us - clock_now_us();
        return mended->clock = true;
    }
    if (s3_error_is_region(&http->place, response) && !mended->region) {
        return mended->region = s3_endpoint_move(&http->place, response->region);
    }
    if (is_run_out(response) && !mended->credentials) {
        credentials_forget(http->chain);
        return mended->credentials = true;
    }
    return false;
}

/* The store does not take these keys: whoever rotates them may have put new ones where ours came
 * from, which the next request finds. */
static bool is_unknown_key(const struct s3_response *response)
{
    return strcmp(response->code, "InvalidAccessKeyId") == 0 ||
           strcmp(response->code, "SignatureDoesNotMatch") == 0 ||
           strcmp(response->code, "InvalidToken") == 0;
}

enum status s3_client_pause(const struct s3_client *http, unsigned ms, struct err *err)
{
    unsigned random;
    random_fill(&random, sizeof random);
    for (unsigned left = random % (ms + 1); left > 0;) {
        if (http->cancel && *http->cancel && atomic_load(*http->cancel)) {
            return err_set(err, ERR_STOPPED, "stopped while waiting for %s", http->place.host);
        }
        unsigned slice = left < PAUSE_SLICE_MS ? left : PAUSE_SLICE_MS;
        const struct timespec time = {.tv_nsec = (long)slice * 1000000};
        (void)nanosleep(&time, NULL);
        left -= slice;
    }
    return OK;
}

/* Is it worth another try now? Counts it if so. */
static bool again(struct s3_client *http, struct s3_repairs *mended)
{
    if (++mended->tries >= S3_CLIENT_TRIES || http->budget == 0) {
        return false;
    }
    http->budget--;
    return true;
}

enum status s3_client_run(struct s3_client *http, const struct s3_request *request,
                          struct s3_response *out_answer, struct err *err)
{
    struct s3_repairs mended = {0};
    for (;;) {
        struct s3_response response;
        bool taken;
        enum status status =
            run_once(http, request, request->fresh || mended.tries > 0, &response, &taken, err);
        bool later = status == OK
                         ? s3_error_is_passing(&response)
                         : status == ERR_NET && !taken && http_client_was_cut(http->client);
        if (status == OK && !later && !mend(http, &response, &mended)) {
            if (is_unknown_key(&response)) {
                credentials_forget(http->chain);
            }
            http->budget += response.http < 300 && http->budget < S3_CLIENT_RETRY_BUDGET;
            response.tries = mended.tries;
            *out_answer = response;
            return OK;
        }
        if (later && !again(http, &mended)) {
            if (status == OK) {
                response.tries = mended.tries;
                *out_answer = response;
            }
            return status;
        }
        if (status == OK) {
            s3_response_fini(&response);
        } else if (!later) {
            return status;
        }
        if (later) {
            status = s3_client_pause(http, (unsigned)S3_CLIENT_RETRY_MS << (mended.tries - 1), err);
            if (status != OK) {
                return status;
            }
        }
    }
}
