/* Attempts at a request, on the thread that holds the target, until one is answered for good. What
 * was learned from an answer (clock, region, that keys have changed) is kept in the client for the
 * requests after it. */
#include "daemon/ship/s3/s3_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/ship/aws/aws_client.h"
#include "daemon/ship/s3/s3_error.h"
#include "schema/base/random.h"

enum { PAUSE_SLICE_MS = 50 };
#define PATIENCE_LEAST_US (300 * CLOCK_SECOND_US) /* CompleteMultipartUpload takes minutes */

struct s3_client {
    struct s3_endpoint place;
    struct s3_options options;
    struct credentials_chain *chain;
    struct credentials credentials; /* of the request under way */
    struct http_client *http;
    const atomic_bool *const *cancel;
    int64_t patience_us;     /* for what may take some time */
    int64_t clock_offset_us; /* the store's clock less ours, once a request was refused for it */
    unsigned budget;         /* retries left */
};

/* What was fixed for one request already: each thing once. */
struct s3_repairs {
    bool clock;
    bool region;
    bool credentials;
    unsigned tries; /* that failed */
};

/* What follows from an attempt. */
enum s3_next { S3_DONE, S3_FAILED, S3_AGAIN_FIXED, S3_AGAIN_LATER };

enum status s3_client_open(const struct config *config, const atomic_bool *const *cancel,
                           struct s3_client **out_client, struct err *err)
{
    struct s3_client *client = calloc(1, sizeof *client);
    if (!client) {
        return err_nomem(err, "ship");
    }
    client->cancel = cancel;
    client->budget = S3_CLIENT_RETRY_BUDGET;
    client->patience_us =
        config->ship_timeout > PATIENCE_LEAST_US ? config->ship_timeout : PATIENCE_LEAST_US;
    enum status status = s3_endpoint_read(config, &client->place, err);
    status = THEN(status, s3_options_read(config, &client->options, err));
    status = THEN(status, credentials_open(config, cancel, &client->chain, err));
    status = THEN(status, aws_client_open(config, cancel, &client->http, err));
    if (status != OK) {
        s3_client_close(client);
        return status;
    }
    *out_client = client;
    return OK;
}

void s3_client_close(struct s3_client *client)
{
    if (client) {
        http_client_close(client->http);
        credentials_close(client->chain);
        explicit_bzero(&client->credentials, sizeof client->credentials);
        free(client);
    }
}

const struct s3_endpoint *s3_client_endpoint(const struct s3_client *client)
{
    return &client->place;
}

const struct s3_options *s3_client_options(const struct s3_client *client)
{
    return &client->options;
}

/* A store that recites what it was sent must not bring it into a log. */
static void silence(const struct s3_client *client, struct s3_response *response)
{
    const struct credentials *ours = &client->credentials;
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

static enum status run_once(struct s3_client *client, const struct s3_request *request, bool fresh,
                            struct s3_response *response, bool *out_taken, struct err *err)
{
    struct s3_receiver receiving = {.request = request, .response = response};
    struct s3_request_prepared prepared = {.lock_until = ""};
    struct http_client_response got;
    *response = (struct s3_response){.length = -1, .from = -1};
    enum status status = credentials_get(client->chain, clock_now_us(), &client->credentials, err);
    status = THEN(status, s3_request_prepare(&client->place, &client->options, &client->credentials,
                                             clock_now_us() + client->clock_offset_us, request,
                                             &prepared, err));
    if (status == OK) {
        const struct http_client_request send = {
            .method = request->method,
            .url = prepared.url.data,
            .host = client->place.host,
            .headers = prepared.sign.headers,
            .n_headers = prepared.sign.n_headers,
            .body = request->body,
            .body_bytes_max = request->body_bytes_max,
            .timeout_us = request->patient ? client->patience_us : 0,
            .fresh = fresh,
            .on_header = on_header,
            .on_body = request->take ? on_body : NULL,
            .context = &receiving,
        };
        status = http_client_run(client->http, &send, &got, err);
    }
    *out_taken = receiving.taken;
    if (status == OK && got.http == 200 && *response->checksum && prepared.checksum.size > 0 &&
        !span_is(buf_span(&prepared.checksum), response->checksum)) {
        buf_fini(&got.body);
        status = err_set(err, ERR_NET, "%s keeps other bytes than were sent: checksum %.50s",
                         client->place.host, response->checksum);
    }
    s3_request_prepared_fini(&prepared);
    if (status == OK) {
        response->http = got.http;
        response->body = got.body;
        if (!s3_response_is_good(response)) {
            s3_error_read(response);
            silence(client, response);
        }
    }
    return status;
}

static bool has_code(const struct s3_response *response, const char *const *codes)
{
    while (*codes && strcmp(*codes, response->code) != 0) {
        codes++;
    }
    return *codes != NULL;
}

/* Something was wrong that is right by now. */
static bool fix(struct s3_client *client, const struct s3_response *response,
                struct s3_repairs *fixed)
{
    static const char *const skewed[] = {"RequestTimeTooSkewed", NULL};
    static const char *const run_out[] = {"ExpiredToken", "TokenRefreshRequired", NULL};
    if (has_code(response, skewed) && response->date_us > 0 && !fixed->clock) {
        client->clock_offset_us = response->date_us - clock_now_us();
        return fixed->clock = true;
    }
    if (s3_error_is_region(&client->place, response) && !fixed->region) {
        return fixed->region = s3_endpoint_move(&client->place, response->region);
    }
    if (has_code(response, run_out) && !fixed->credentials) {
        credentials_forget(client->chain);
        return fixed->credentials = true;
    }
    return false;
}

/* The table in ../README.md, from 403 RequestTimeTooSkewed on. */
static enum s3_next classify(struct s3_client *client, enum status status,
                             const struct s3_response *response, bool taken,
                             struct s3_repairs *fixed)
{
    bool later = status == OK ? s3_error_is_passing(response)
                              : status == ERR_NET && !taken && http_client_was_cut(client->http);
    if (later && ++fixed->tries < S3_CLIENT_TRIES && client->budget > 0) {
        return S3_AGAIN_LATER;
    }
    if (status != OK) {
        return S3_FAILED;
    }
    return !later && fix(client, response, fixed) ? S3_AGAIN_FIXED : S3_DONE;
}

/* After a rotation, the place where our keys came from may already hold new ones: the next request
 * looks there again. */
static void note_answer(struct s3_client *client, const struct s3_response *response)
{
    static const char *const unknown[] = {"InvalidAccessKeyId", "SignatureDoesNotMatch",
                                          "InvalidToken", NULL};
    if (has_code(response, unknown)) {
        credentials_forget(client->chain);
    }
    client->budget += response->http < 300 && client->budget < S3_CLIENT_RETRY_BUDGET;
}

enum status s3_client_pause(const struct s3_client *client, unsigned ms, struct err *err)
{
    unsigned random;
    random_fill(&random, sizeof random);
    for (unsigned left = random % (ms + 1); left > 0;) {
        if (client->cancel && *client->cancel && atomic_load(*client->cancel)) {
            return err_set(err, ERR_STOPPED, "stopped while waiting for %s", client->place.host);
        }
        unsigned slice = left < PAUSE_SLICE_MS ? left : PAUSE_SLICE_MS;
        const struct timespec time = {.tv_nsec = (long)slice * 1000000};
        (void)nanosleep(&time, NULL);
        left -= slice;
    }
    return OK;
}

enum status s3_client_run(struct s3_client *client, const struct s3_request *request,
                          struct s3_response *out_response, struct err *err)
{
    struct s3_repairs fixed = {0};
    for (;;) {
        struct s3_response response;
        bool taken;
        bool fresh = request->fresh || fixed.tries > 0;
        enum status status = run_once(client, request, fresh, &response, &taken, err);
        switch (classify(client, status, &response, taken, &fixed)) {
        case S3_DONE:
            note_answer(client, &response);
            response.tries = fixed.tries;
            *out_response = response;
            return OK;
        case S3_FAILED:
            return status;
        case S3_AGAIN_LATER:
            client->budget--;
            status =
                s3_client_pause(client, (unsigned)S3_CLIENT_RETRY_MS << (fixed.tries - 1), err);
            break;
        case S3_AGAIN_FIXED:
            break;
        }
        s3_response_fini(&response);
        if (status != OK) {
            return status;
        }
    }
}

enum status s3_client_fetch(struct s3_client *client, const struct s3_request *request,
                            struct s3_response *out_response, struct err *err)
{
    enum status status = s3_client_run(client, request, out_response, err);
    if (status == OK && !s3_response_is_good(out_response)) {
        status = s3_error(&client->place, out_response, err);
        s3_response_fini(out_response);
    }
    return status;
}
