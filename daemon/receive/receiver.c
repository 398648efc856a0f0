/* Sets up what a receiver is made of: the listening socket, TLS, the way to the writer. Event
 * loop's thread only. Requests become durable in the writer; this file carries its finished jobs
 * back to their connections. */
#include "daemon/receive/receiver.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "daemon/process/log.h"
#include "daemon/receive/listener.h"

enum { DESCRIPTORS_KEPT = 256 };

struct receiver {
    struct listener listener;
    struct request_queue queue;
    struct tls_context tls;
    struct watch *done;      /* the writer has finished jobs */
    struct watch *round_end; /* of the loop */
};

/* Connections must leave descriptors for the archive, uploads and the health page: raises the
 * process's limit as far as it goes, and takes fewer connections when that is not enough. */
static int64_t connections_allowed(int64_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return wanted;
    }
    rlim_t needed = (rlim_t)wanted + DESCRIPTORS_KEPT;
    if (limit.rlim_cur < needed) {
        limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) {
        return wanted;
    }
    int64_t most = (int64_t)limit.rlim_cur;
    int64_t allowed = most > 2 * DESCRIPTORS_KEPT ? most - DESCRIPTORS_KEPT : most / 2;
    allowed = allowed < wanted ? allowed : wanted;
    log_line(LOG_WARN, "receive",
             "at most %lld connections, not receive.connections_max = %lld: the system allows %lld "
             "open files (ulimit -n, LimitNOFILE)",
             (long long)allowed, (long long)wanted, (long long)most);
    return allowed;
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

static void on_round_end(void *context, unsigned ready)
{
    (void)ready;
    struct receiver *receiver = context;
    connection_round_end(&receiver->listener.host);
    answer_all(request_queue_submit(&receiver->queue));
}

static enum status start_watching(struct receiver *receiver, struct event_loop *loop,
                                  struct err *err)
{
    receiver->done =
        event_loop_fd_new(loop, writer_done_fd(receiver->queue.writer), on_done, receiver);
    receiver->round_end = event_loop_fd_new(loop, -1, on_round_end, receiver);
    if (!receiver->done || !receiver->round_end) {
        return err_nomem(err, "receive");
    }
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
    receiver->queue.writer = writer;
    receiver->queue.decoder = content_encoding_new();
    receiver->listener.name = "receive";
    receiver->listener.host = (struct connection_host){
        .loop = loop,
        .handle = request_store,
        .context = &receiver->queue,
        .tls = config->receive_tls ? &receiver->tls : NULL,
        .via = !config->receive_tls                         ? "http"
               : config->receive_require_client_certificate ? "mtls"
                                                            : "tls",
        .connections_max = connections_allowed(config->receive_connections_max),
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
    if (receiver->done) {
        answer_all(writer_take_done(receiver->queue.writer));
    }
    while (receiver->queue.gathered) {
        answer_all(request_queue_submit(&receiver->queue));
    }
    listener_close(&receiver->listener);
    event_loop_fd_free(receiver->round_end);
    event_loop_fd_free(receiver->done);
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
    return connection_drain(&receiver->listener.host);
}
