/* The window of posts under way. One thread moves everything: it starts posts in order, judges
 * answers, waits before a try, halves a batch that is too large, and settles batches in order. A
 * batch is settled when each of its events was taken or refused. */
#include "tools/stele/replay/sender.h"

#include <stdlib.h>

#include "schema/base/backoff.h"

#define LINGER_US  (INT64_C(200) * 1000)
#define ROUND_US   (INT64_C(100) * 1000) /* so often stop is looked at */
#define WIND_UP_US (INT64_C(5) * CLOCK_SECOND_US)

/* How many batches may wait, settled, behind the first that is not. */
enum { WINDOW_PER_PLACE = 4 };
#define WINDOW_BYTES_MAX (INT64_C(128) << 20)

struct sender {
    struct sender_options options;
    const struct transport_ops *ops;
    struct transport *transport;
    struct arena arena;
    struct post_batch *gathering; /* NULL: nothing has gathered */
    /* in order, from `first` on; `capacity` of the places are used */
    struct post_batch *ring[SENDER_IN_FLIGHT_MAX * WINDOW_PER_PLACE];
    size_t capacity;
    size_t first;
    size_t count;
    size_t active; /* of these, not settled */
    size_t bytes;
    struct post_batch *spare[SENDER_IN_FLIGHT_MAX * WINDOW_PER_PLACE + 1];
    size_t n_spare;
    struct sender_counts counts;
};

enum status sender_open(const struct sender_options *options, struct sender **out_sender,
                        struct err *err)
{
    CHECK(options->in_flight > 0 && options->in_flight <= SENDER_IN_FLIGHT_MAX);
    CHECK(options->batch_events > 0 && options->batch_events <= SENDER_BATCH_EVENTS_MAX);
    struct sender *sender = calloc(1, sizeof *sender);
    if (!sender) {
        return err_nomem(err, "replay");
    }
    sender->options = *options;
    sender->ops =
        options->destination->form.form == FORM_SYSLOG ? &transport_syslog : &transport_http;
    sender->capacity = options->in_flight * WINDOW_PER_PLACE;
    enum status status = sender->ops->open(options->destination, options->in_flight, options->stop,
                                           &sender->transport, err);
    if (status != OK) {
        sender_close(sender);
        return status;
    }
    *out_sender = sender;
    return OK;
}

static struct post_batch *at(const struct sender *sender, size_t index)
{
    return sender->ring[(sender->first + index) % sender->capacity];
}

void sender_close(struct sender *sender)
{
    if (!sender) {
        return;
    }
    sender->ops->close(sender->transport); /* lets go of all posts */
    for (size_t i = 0; i < sender->count; i++) {
        post_batch_free(at(sender, i));
    }
    for (size_t i = 0; i < sender->n_spare; i++) {
        post_batch_free(sender->spare[i]);
    }
    post_batch_free(sender->gathering);
    arena_fini(&sender->arena);
    free(sender);
}

const struct sender_counts *sender_counts(const struct sender *sender)
{
    return &sender->counts;
}

static void set_ready(struct post_batch *batch, int64_t next_try_us)
{
    batch->state = POST_BATCH_READY;
    batch->next_try_us = next_try_us;
}

/* Nothing of it got through: later again, unless that was so too often. */
static enum status again(struct sender *sender, struct post_batch *batch, const struct err *why,
                         struct err *err)
{
    const struct sender_options *options = &sender->options;
    sender->counts.again++;
    if (batch->tries >= options->tries_max) {
        return err_set(err, ERR_NET, "given up after %d tries: %s", batch->tries + 1, why->text);
    }
    int64_t wait_us = backoff_us(batch->tries, ERR_NET, options->retry_wait_max_us);
    wait_us = wait_us > batch->post.retry_after_us ? wait_us : batch->post.retry_after_us;
    batch->tries++;
    set_ready(batch, clock_monotonic_us() + wait_us);
    options->on_again(options->context, why, wait_us);
    return OK;
}

static void on_outcome(void *context, size_t index, enum response_outcome outcome, long http,
                       const char *reason)
{
    struct post_batch *batch = context;
    if (outcome == RESPONSE_OUTCOME_PENDING) {
        batch->wait = batch->wait || http == 429 || http >= 500 || http < 200;
    } else {
        post_batch_set_outcome(batch, batch->sent.items[index], outcome, http, reason);
    }
}

/* All together were refused: the half of them next, until the one at fault is alone. */
static void refused(struct post_batch *batch, const struct err *why)
{
    if (batch->sent.count == 1) {
        post_batch_set_outcome(batch, batch->sent.items[0], RESPONSE_OUTCOME_REFUSED,
                               batch->post.http, why->text);
        batch->sent_most = 1;
    } else {
        batch->sent_most = batch->sent.count / 2;
    }
    set_ready(batch, 0);
}

static enum status count_outcomes(struct sender *sender, struct post_batch *batch, size_t before,
                                  struct err *err)
{
    if (batch->pending < before) {
        batch->tries = 0;
        batch->sent_most = batch->sent_most < SIZE_MAX / 2 ? batch->sent_most * 2 : SIZE_MAX;
    }
    if (!batch->wait) {
        set_ready(batch, 0);
        return OK;
    }
    struct err why;
    (void)err_set(&why, ERR_NET, "%zu of %zu events were not taken for now", batch->pending,
                  batch->sent.count);
    return again(sender, batch, &why, err);
}

/* A post is done: what it means for its events. */
static enum status handle_response(struct sender *sender, struct post_batch *batch, struct err *err)
{
    const struct destination *destination = sender->options.destination;
    struct transport_post *post = &batch->post;
    size_t before = batch->pending;
    struct err why = post->err;
    sender->counts.posts++;
    batch->wait = false;
    set_ready(batch, 0);
    enum response_verdict response = why.status == OK               ? RESPONSE_EACH
                                     : status_retryable(why.status) ? RESPONSE_RETRY
                                                                    : RESPONSE_STOP;
    if (why.status == OK) {
        response = response_judge(destination->form.form, post->http, buf_span(&post->response),
                                  batch->sent.count, on_outcome, batch, &why);
        if (response != RESPONSE_EACH) {
            (void)err_wrap(&why, why.status, "%s", destination->host);
        }
    }
    if (why.status == ERR_STOPPED || why.status == ERR_NOMEM) {
        response = RESPONSE_STOP;
    }
    enum status status = buf_status(&batch->reasons, "replay", err);
    if (status != OK) {
        return status;
    }
    switch (response) {
    case RESPONSE_EACH:
        return count_outcomes(sender, batch, before, err);
    case RESPONSE_RETRY:
        return again(sender, batch, &why, err);
    case RESPONSE_REFUSED:
        refused(batch, &why);
        return OK;
    case RESPONSE_STOP:
        break;
    }
    (void)err_copy(err, &why);
    return why.status;
}

/* The first batches, as far as they are settled, leave. */
static enum status advance(struct sender *sender, struct err *err)
{
    enum status status = OK;
    while (status == OK && sender->count > 0 && at(sender, 0)->state == POST_BATCH_DONE) {
        struct post_batch *batch = at(sender, 0);
        status = sender->options.on_settled(sender->options.context, batch, err);
        if (status == OK) {
            for (size_t i = 0; i < batch->items.count; i++) {
                sender->counts.outcomes[batch->items.items[i].outcome]++;
            }
            sender->bytes -= batch->bytes.size;
            sender->first = (sender->first + 1) % sender->capacity;
            sender->count--;
            post_batch_clear(batch);
            sender->spare[sender->n_spare++] = batch;
        }
    }
    return status;
}

static void settle_if_done(struct sender *sender, struct post_batch *batch)
{
    if (batch->state == POST_BATCH_READY && batch->pending == 0) {
        batch->state = POST_BATCH_DONE;
        sender->active--;
    }
}

static enum status start(struct sender *sender, struct post_batch *batch, struct err *err)
{
    enum status status = post_batch_encode(batch, sender->options.destination, &sender->arena, err);
    settle_if_done(sender, batch);
    if (status != OK || batch->state == POST_BATCH_DONE || batch->sent.count == 0) {
        return status;
    }
    batch->state = POST_BATCH_IN_FLIGHT;
    status = sender->ops->begin(sender->transport, &batch->post, err);
    if (status != OK) {
        set_ready(batch, 0);
    }
    return status;
}

/* Starts what is due; *wait_us is cut down to the time until the next is. */
static enum status start_due(struct sender *sender, int64_t *wait_us, struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < sender->count; i++) {
        struct post_batch *batch = at(sender, i);
        if (batch->state != POST_BATCH_READY) {
            continue;
        }
        int64_t left_us = batch->next_try_us - clock_monotonic_us();
        if (left_us <= 0) {
            status = start(sender, batch, err);
            left_us = batch->state == POST_BATCH_IN_FLIGHT && !batch->post.done ? *wait_us : 0;
        }
        *wait_us = left_us < *wait_us ? left_us : *wait_us;
    }
    return status;
}

static enum status handle_finished(struct sender *sender, struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < sender->count; i++) {
        struct post_batch *batch = at(sender, i);
        if (batch->state == POST_BATCH_IN_FLIGHT && batch->post.done) {
            status = handle_response(sender, batch, err);
            settle_if_done(sender, batch);
        }
    }
    return status;
}

static enum status work(struct sender *sender, int64_t timeout_us, struct err *err)
{
    int64_t wait_us = timeout_us < ROUND_US ? timeout_us : ROUND_US;
    enum status status = start_due(sender, &wait_us, err);
    status = THEN(status, sender->ops->wait(sender->transport, wait_us, err));
    status = THEN(status, handle_finished(sender, err));
    return THEN(status, advance(sender, err));
}

static enum status stopped(const struct sender *sender, struct err *err)
{
    return atomic_load(sender->options.stop) ? err_set(err, ERR_STOPPED, "interrupted") : OK;
}

/* The gathered batch takes its place in the window, which is waited for. */
static enum status push(struct sender *sender, struct err *err)
{
    struct post_batch *batch = sender->gathering;
    enum status status = stopped(sender, err);
    while (status == OK &&
           (sender->active == sender->options.in_flight || sender->count == sender->capacity ||
            (sender->count > 0 && sender->bytes + batch->bytes.size > (size_t)WINDOW_BYTES_MAX))) {
        status = work(sender, ROUND_US, err);
        status = THEN(status, stopped(sender, err));
    }
    if (status != OK) {
        return status;
    }
    sender->gathering = NULL;
    set_ready(batch, 0);
    sender->ring[(sender->first + sender->count) % sender->capacity] = batch;
    sender->count++;
    sender->active++;
    sender->bytes += batch->bytes.size;
    return work(sender, 0, err);
}

enum status sender_add(struct sender *sender, struct span raw, int64_t time_us, int64_t received_us,
                       struct err *err)
{
    const struct sender_options *options = &sender->options;
    struct post_batch *batch = sender->gathering;
    enum status status = OK;
    if (batch && batch->bytes.size + raw.size > options->batch_bytes) {
        status = push(sender, err);
    }
    if (status == OK && !sender->gathering) {
        sender->gathering =
            sender->n_spare > 0 ? sender->spare[--sender->n_spare] : post_batch_new();
        if (!sender->gathering) {
            return err_nomem(err, "replay");
        }
        sender->gathering->since_us = clock_monotonic_us();
    }
    status = THEN(status, post_batch_add(sender->gathering, raw, time_us, received_us, err));
    if (status == OK && sender->gathering->items.count >= options->batch_events) {
        status = push(sender, err);
    }
    return status;
}

enum status sender_move(struct sender *sender, int64_t timeout_us, struct err *err)
{
    struct post_batch *batch = sender->gathering;
    bool due = batch && clock_monotonic_us() - batch->since_us >= LINGER_US;
    enum status status = due ? push(sender, err) : OK;
    status = THEN(status, stopped(sender, err));
    return THEN(status, work(sender, timeout_us, err));
}

enum status sender_flush(struct sender *sender, struct err *err)
{
    enum status status = sender->gathering ? push(sender, err) : OK;
    while (status == OK && sender->count > 0) {
        status = stopped(sender, err);
        status = THEN(status, work(sender, ROUND_US, err));
    }
    return status;
}

void sender_wind_up(struct sender *sender)
{
    struct err err;
    int64_t end_us = clock_monotonic_us() + WIND_UP_US;
    enum status status = OK;
    for (;;) {
        bool any = false;
        for (size_t i = 0; i < sender->count; i++) {
            struct post_batch *batch = at(sender, i);
            any = any || (batch->state == POST_BATCH_IN_FLIGHT && !batch->post.done);
        }
        if (!any || status != OK || clock_monotonic_us() > end_us) {
            break;
        }
        status = sender->ops->wait(sender->transport, ROUND_US, &err);
    }
    for (size_t i = 0; i < sender->count; i++) {
        struct post_batch *batch = at(sender, i);
        if (batch->state == POST_BATCH_IN_FLIGHT && batch->post.done && !batch->post.err.status) {
            (void)handle_response(sender, batch, &err);
            settle_if_done(sender, batch);
        }
    }
    (void)advance(sender, &err);
}
