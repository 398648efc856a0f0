#include "daemon/ship/s3/s3_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/http/http_client.h"
#include "daemon/ship/s3/s3_error.h"

enum { PAUSE_SLICE_MS = 50 };
#define PATIENCE_LEAST_US (300 * CLOCK_SECOND_US) /* CompleteMultipartUpload takes minutes */

struct s3_http {
    struct s3_place place;
    struct s3_options options;
    struct credentials_chain *chain;
    struct credentials credentials; /* of the request under way */
    struct transport *transport;
    const atomic_bool *const *cancel;
    int64_t patience_us;     /* for what may take some time */
    int64_t clock_offset_us; /* the store's clock less ours, once a request was refused for it */
    unsigned budget;         /* retries left */
};

/* What was put right for one request already: each thing once. */
struct mended {
    bool clock;
    bool region;
    bool credentials;
    unsigned tries; /* made in vain */
};

enum status s3_http_open(const struct config *config, const atomic_bool *const *cancel,
                         struct s3_http **out_http, struct err *err)
{
    struct s3_http *http = calloc(1, sizeof *http);
    if (!http) {
        return err_nomem(err, "ship");
    }
    http->cancel = cancel;
    http->budget = S3_RETRY_BUDGET;
    http->patience_us =
        config->ship_timeout > PATIENCE_LEAST_US ? config->ship_timeout : PATIENCE_LEAST_US;
    enum status status = s3_place_read(config, &http->place, err);
    status = THEN(status, s3_options_read(config, &http->options, err));
    status = THEN(status, credentials_open(config, cancel, &http->chain, err));
    status = THEN(status, transport_open(config, cancel, &http->transport, err));
    if (status != OK) {
        s3_http_close(http);
        return status;
    }
    *out_http = http;
    return OK;
}

void s3_http_close(struct s3_http *http)
{
    if (http) {
        transport_close(http->transport);
        credentials_close(http->chain);
        explicit_bzero(&http->credentials, sizeof http->credentials);
        free(http);
    }
}

const struct s3_place *s3_http_place(const struct s3_http *http)
{
    return &http->place;
}

const struct s3_options *s3_http_options(const struct s3_http *http)
{
    return &http->options;
}

/* A store that recites what it was sent must not bring it into a log. */
static void silence(const struct s3_http *http, struct s3_answer *answer)
{
    const struct credentials *ours = &http->credentials;
    char begin[17]; /* the message may have cut the rest */
    (void)snprintf(begin, sizeof begin, "%.16s", ours->session_token);
    if (strstr(answer->message, ours->secret_access_key) ||
        (*begin && strstr(answer->message, begin))) {
        answer->message[0] = '\0';
    }
}

/* What the transport's callbacks work on. */
struct receiving {
    const struct s3_request *request;
    struct s3_answer *answer;
    bool taken; /* the request's own taker has had something */
};

static void on_header(void *context, struct span line)
{
    s3_answer_header(((struct receiving *)context)->answer, line);
}

static bool on_body(void *context, struct span bytes)
{
    struct receiving *receiving = context;
    const struct s3_request *request = receiving->request;
    receiving->taken = true;
    return request->take(request->take_context, receiving->answer, bytes);
}

static enum status run_once(struct s3_http *http, const struct s3_request *request, bool fresh,
                            struct s3_answer *answer, bool *out_taken, struct err *err)
{
    struct receiving receiving = {.request = request, .answer = answer};
    struct s3_prepared prepared = {.lock_until = ""};
    struct transport_answer got;
    *answer = (struct s3_answer){.length = -1, .from = -1};
    enum status status = credentials_get(http->chain, clock_now_us(), &http->credentials, err);
    status =
        THEN(status, s3_prepare(&http->place, &http->options, &http->credentials,
                                clock_now_us() + http->clock_offset_us, request, &prepared, err));
    if (status == OK) {
        const struct transport_request send = {
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
        status = transport_run(http->transport, &send, &got, err);
    }
    *out_taken = receiving.taken;
    if (status == OK && got.http == 200 && *answer->checksum && prepared.checksum.size > 0 &&
        !span_is(buf_span(&prepared.checksum), answer->checksum)) {
        buf_fini(&got.body);
        status = err_set(err, ERR_NET, "%s keeps other bytes than were sent: checksum %.50s",
                         http->place.host, answer->checksum);
    }
    s3_prepared_fini(&prepared);
    if (status == OK) {
        answer->http = got.http;
        answer->body = got.body;
        if (answer->http < 200 || answer->http >= 300) {
            s3_error_read(answer);
            silence(http, answer);
        }
    }
    return status;
}

static bool is_run_out(const struct s3_answer *answer)
{
    return strcmp(answer->code, "ExpiredToken") == 0 ||
           strcmp(answer->code, "TokenRefreshRequired") == 0;
}

/* Something was wrong that is put right by now: true, send it once more. */
static bool mend(struct s3_http *http, const struct s3_answer *answer, struct mended *mended)
{
    if (strcmp(answer->code, "RequestTimeTooSkewed") == 0 && answer->date_us > 0 &&
        !mended->clock) {
        http->clock_offset_us = answer->date_us - clock_now_us();
        return mended->clock = true;
    }
    if (s3_error_is_region(&http->place, answer) && !mended->region) {
        return mended->region = s3_place_move(&http->place, answer->region);
    }
    if (is_run_out(answer) && !mended->credentials) {
        credentials_forget(http->chain);
        return mended->credentials = true;
    }
    return false;
}

/* The store does not take these keys: whoever rotates them may have put new ones where ours came
 * from, which the next request finds. */
static bool is_unknown_key(const struct s3_answer *answer)
{
    return strcmp(answer->code, "InvalidAccessKeyId") == 0 ||
           strcmp(answer->code, "SignatureDoesNotMatch") == 0 ||
           strcmp(answer->code, "InvalidToken") == 0;
}

enum status s3_http_pause(const struct s3_http *http, unsigned ms, struct err *err)
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
static bool again(struct s3_http *http, struct mended *mended)
{
    if (++mended->tries >= S3_TRIES || http->budget == 0) {
        return false;
    }
    http->budget--;
    return true;
}

enum status s3_http_run(struct s3_http *http, const struct s3_request *request,
                        struct s3_answer *out_answer, struct err *err)
{
    struct mended mended = {0};
    for (;;) {
        struct s3_answer answer;
        bool taken;
        enum status status =
            run_once(http, request, request->fresh || mended.tries > 0, &answer, &taken, err);
        bool later = status == OK
                         ? s3_error_is_passing(&answer)
                         : status == ERR_NET && !taken && transport_was_cut(http->transport);
        if (status == OK && !later && !mend(http, &answer, &mended)) {
            if (is_unknown_key(&answer)) {
                credentials_forget(http->chain);
            }
            http->budget += answer.http < 300 && http->budget < S3_RETRY_BUDGET;
            answer.tries = mended.tries;
            *out_answer = answer;
            return OK;
        }
        if (later && !again(http, &mended)) {
            if (status == OK) {
                answer.tries = mended.tries;
                *out_answer = answer;
            }
            return status;
        }
        if (status == OK) {
            s3_answer_fini(&answer);
        } else if (!later) {
            return status;
        }
        if (later) {
            status = s3_http_pause(http, (unsigned)S3_RETRY_MS << (mended.tries - 1), err);
            if (status != OK) {
                return status;
            }
        }
    }
}
