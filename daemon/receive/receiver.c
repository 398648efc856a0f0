/* Sets up what a receiver is made of: the listening socket, TLS, the way to the writer. Event
 * loop's thread only. Requests become durable in the writer; this file carries its finished jobs
 * back to their connections. */
#include "daemon/receive/receiver.h"

#include <stdlib.h>

#include "daemon/process/log.h"
#include "daemon/receive/connection.h"
#include "daemon/receive/listener.h"

struct receiver {
    struct listener listener;
    struct request_queue queue;
    struct tls_context tls;
    struct watch *done;      /* the writer has finished jobs */
    struct watch *unpacked;  /* the unpacker has */
    struct watch *round_end; /* of the loop */
};

/* Few: who shows a certificate does so at once. */
static int64_t newcomers_max(int64_t places)
{
    enum { LEAST = 64, PART = 4 };
    int64_t part = places / PART > LEAST ? places / PART : LEAST;
    return part < places ? part : places;
}

static int64_t connections_allowed(int64_t wanted)
{
    struct admission_share share = admission_divide(wanted);
    if (share.receive < wanted) {
        log_line(LOG_WARN, "receive",
                 "at most %lld connections, not receive.connections_max = %lld: the system allows "
                 "%lld open files (ulimit -n, LimitNOFILE)",
                 (long long)share.receive, (long long)wanted, (long long)share.descriptors);
    }
    return share.receive;
}

static void answer_all(struct writer_job *jobs)
{
    struct writer_job *next;
    for (struct writer_job *job = jobs; job; job = next) {
        next = job->next;
        connection_stored(job);
    }
}

static void on_done(void *context, unsigned ready)
{
    (void)ready;
    struct receiver *receiver = context;
    answer_all(writer_take_done(receiver->queue.writer));
}

static void take_unpacked(struct receiver *receiver)
{
    struct unpacker_job *next;
    for (struct unpacker_job *job = unpacker_take_done(receiver->queue.unpacker); job; job = next) {
        next = job->next;
        connection_unpacked(&receiver->queue, job);
    }
}

static void on_unpacked(void *context, unsigned ready)
{
    (void)ready;
    take_unpacked(context);
}

static void on_round_end(void *context, unsigned ready)
{
    (void)ready;
    struct receiver *receiver = context;
    connection_host_round_end(&receiver->listener.host);
    answer_all(request_queue_submit(&receiver->queue));
}

static enum status start_watching(struct receiver *receiver, struct event_loop *loop,
                                  struct err *err)
{
    receiver->done =
        event_loop_fd_new(loop, writer_done_fd(receiver->queue.writer), on_done, receiver);
    receiver->unpacked =
        event_loop_fd_new(loop, unpacker_done_fd(receiver->queue.unpacker), on_unpacked, receiver);
    receiver->round_end = event_loop_fd_new(loop, -1, on_round_end, receiver);
    if (!receiver->done || !receiver->unpacked || !receiver->round_end) {
        return err_nomem(err, "receive");
    }
    event_loop_fd_set(receiver->unpacked, EVENT_LOOP_READ);
    event_loop_fd_set(receiver->done, EVENT_LOOP_READ);
    receiver->listener.host.round_end = receiver->round_end;
    receiver->queue.round_end = receiver->round_end;
    return OK;
}

/* A certificate that is out of date stops only the clients, and they do not say so here. */
static enum status open_tls(const struct config *config, struct tls_context *out_context,
                            struct err *err)
{
    enum status status = tls_context_open(config, out_context, err);
    if (status == OK && tls_certificate_is_out_of_date(out_context)) {
        log_line(LOG_WARN, "receive",
                 "receive.certificate: %s is out of date: clients will refuse it; put a new one in "
                 "its place and send SIGHUP (stele check tells the dates)",
                 config->receive_certificate);
    }
    return status;
}

enum status receiver_open(const struct config *config, struct event_loop *loop,
                          struct writer *writer, struct receiver **out_receiver, struct err *err)
{
    struct receiver *receiver = calloc(1, sizeof *receiver);
    if (!receiver) {
        return err_nomem(err, "receive");
    }
    int64_t places = connections_allowed(config->receive_connections_max);
    receiver->queue.writer = writer;
    receiver->queue.decoder = content_encoding_new();
    receiver->listener.name = "receive";
    receiver->listener.host = (struct connection_host){
        .loop = loop,
        .name = receiver->listener.name,
        .handle = request_store,
        .context = &receiver->queue,
        .tls = config->receive_tls ? &receiver->tls : NULL,
        .via = !config->receive_tls                         ? "http"
               : config->receive_require_client_certificate ? "mtls"
                                                            : "tls",
        .admission = {.places_max = places, .newcomers_max = newcomers_max(places)},
        .idle_timeout_us = config->receive_idle_timeout,
        .request_timeout_us = config->receive_request_timeout,
        .budget = {.limits = {.head_bytes_max = (size_t)config->receive_header_bytes_max,
                              .body_bytes_max = (size_t)config->receive_body_bytes_max},
                   .bytes_max = config->receive_queue_bytes_max},
    };
    enum status status = receiver->queue.decoder ? OK : err_nomem(err, "receive");
    if (status == OK && config->receive_tls) {
        status = open_tls(config, &receiver->tls, err);
    }
    status = THEN(status, unpacker_start(&receiver->queue.unpacker, err));
    status = THEN(status, start_watching(receiver, loop, err));
    status = THEN(status, listener_open(&receiver->listener, config->receive_listen, err));
    if (status != OK) {
        receiver_close(receiver);
        return status;
    }
    *out_receiver = receiver;
    return OK;
}

void receiver_close(struct receiver *receiver)
{
    if (!receiver) {
        return;
    }
    unpacker_stop(receiver->queue.unpacker);
    if (receiver->unpacked) {
        take_unpacked(receiver);
    }
    if (receiver->done) {
        answer_all(writer_take_done(receiver->queue.writer));
    }
    while (receiver->queue.gathered) {
        answer_all(request_queue_submit(&receiver->queue));
    }
    listener_close(&receiver->listener);
    event_loop_fd_free(receiver->round_end);
    event_loop_fd_free(receiver->done);
    event_loop_fd_free(receiver->unpacked);
    unpacker_free(receiver->queue.unpacker);
    tls_context_close(&receiver->tls);
    content_encoding_free(receiver->queue.decoder);
    free(receiver);
}

const char *receiver_url(const struct receiver *receiver)
{
    return receiver->listener.url;
}

enum status receiver_reload(struct receiver *receiver, const struct config *config, struct err *err)
{
    if (!receiver->listener.host.tls) {
        return OK;
    }
    struct tls_context fresh;
    enum status status = open_tls(config, &fresh, err);
    if (status != OK) {
        return status;
    }
    tls_context_close(&receiver->tls);
    receiver->tls = fresh;
    return OK;
}

bool receiver_drain(struct receiver *receiver)
{
    listener_stop(&receiver->listener);
    return connection_host_drain(&receiver->listener.host);
}
