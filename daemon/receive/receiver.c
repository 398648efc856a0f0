#include "daemon/receive/receiver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/process/log.h"
#include "daemon/process/metrics.h"
#include "daemon/receive/connection.h"

enum {
    LISTEN_BACKLOG = 511,
    ACCEPT_TURN = 16, /* before others get their turn */
    HOST_TEXT_BYTES = INET6_ADDRSTRLEN + 4,
    DESCRIPTORS_KEPT = 256
};

struct receiver {
    struct connection_host host;
    int64_t connections_max;
    int fd;
    struct watch *listening;
    struct watch *done;
    bool accept_failed; /* no descriptors left, say: tried again by the sweep */
    bool is_tls;
    struct tls_context tls;
    const char *via;
    char url[RECEIVER_URL_BYTES];
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

static void address_text(const struct sockaddr_storage *address, char out[HOST_TEXT_BYTES],
                         int *out_port)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    out[0] = '\0';
    if (address->ss_family == AF_INET) {
        (void)inet_ntop(AF_INET, &v4->sin_addr, out, HOST_TEXT_BYTES);
        *out_port = ntohs(v4->sin_port);
    } else if (address->ss_family == AF_INET6) {
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
            (void)inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], out, HOST_TEXT_BYTES);
        } else {
            (void)inet_ntop(AF_INET6, &v6->sin6_addr, out, HOST_TEXT_BYTES);
        }
        *out_port = ntohs(v6->sin6_port);
    }
}

/* False when there is nothing more to accept. */
static bool accept_one(struct receiver *receiver)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    int fd =
        accept4(receiver->fd, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        int number = errno;
        bool nothing = number == EAGAIN || number == EINTR || number == ECONNABORTED;
        if (!nothing && !receiver->accept_failed) {
            char words[96];
            log_line(LOG_ERROR, "receive", "cannot accept connections: %s",
                     strerror_r(number, words, sizeof words));
            receiver->accept_failed = true;
            event_loop_fd_set(receiver->listening, 0);
        }
        return number == ECONNABORTED;
    }
    if (receiver->host.count >= receiver->connections_max) {
        metrics_add(METRIC_connections_refused_total, 1);
        (void)close(fd);
        return true;
    }
    int one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    char peer[HOST_TEXT_BYTES];
    int port = 0;
    address_text(&address, peer, &port);
    connection_open(&receiver->host, fd, receiver->is_tls ? &receiver->tls : NULL, receiver->via,
                    peer);
    return true;
}

static void on_connection(void *context, unsigned ready)
{
    (void)ready;
    struct receiver *receiver = context;
    for (int i = 0; i < ACCEPT_TURN && accept_one(receiver); i++) {
    }
}

static void take_done(struct receiver *receiver)
{
    struct writer_job *next;
    for (struct writer_job *job = writer_take_done(receiver->host.writer); job; job = next) {
        next = job->next;
        connection_stored(job);
    }
}

static void on_round_end(void *context, unsigned ready)
{
    (void)ready;
    struct receiver *receiver = context;
    connection_round_end(&receiver->host);
}

static void end_if_drained(struct receiver *receiver)
{
    if (receiver->host.stopping && !receiver->host.first) {
        event_loop_stop(receiver->host.loop);
    }
}

static void on_done(void *context, unsigned ready)
{
    (void)ready;
    struct receiver *receiver = context;
    take_done(receiver);
    end_if_drained(receiver);
}

static void on_sweep(void *context)
{
    struct receiver *receiver = context;
    connection_sweep(&receiver->host, clock_monotonic_us());
    if (receiver->accept_failed && !receiver->host.stopping) {
        receiver->accept_failed = false;
        event_loop_fd_set(receiver->listening, EVENT_LOOP_READ);
    }
    end_if_drained(receiver);
}

/* Often enough that a connection lives at most a quarter longer than it may. */
static int64_t sweep_interval(const struct config *config)
{
    int64_t shortest = config->receive_idle_timeout < config->receive_request_timeout
                           ? config->receive_idle_timeout
                           : config->receive_request_timeout;
    int64_t interval = shortest / 4;
    return interval < CLOCK_SECOND_US / 20 ? CLOCK_SECOND_US / 20
           : interval > CLOCK_SECOND_US    ? CLOCK_SECOND_US
                                           : interval;
}

static enum status bind_socket(struct receiver *receiver, const char *listen_text, struct err *err)
{
    char host[CONFIG_TEXT_BYTES];
    int port;
    struct sockaddr_storage address = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
    if (!config_split_listen(listen_text, host, &port)) {
        return err_set(err, ERR_CONFIG, "receive.listen: \"%s\" is not an address with a port",
                       listen_text);
    }
    const char *name = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    socklen_t size = sizeof *v4;
    if (inet_pton(AF_INET, name, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
    } else {
        CHECK(inet_pton(AF_INET6, name, &v6->sin6_addr) == 1);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        size = sizeof *v6;
    }
    int one = 1;
    receiver->fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (receiver->fd < 0 ||
        setsockopt(receiver->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(receiver->fd, (struct sockaddr *)&address, size) != 0 ||
        listen(receiver->fd, LISTEN_BACKLOG) != 0 ||
        getsockname(receiver->fd, (struct sockaddr *)&address, &size) != 0) {
        return err_errno(err, errno, "receive.listen: cannot listen on %s", listen_text);
    }
    char bound[HOST_TEXT_BYTES];
    address_text(&address, bound, &port);
    bool bracket = address.ss_family == AF_INET6;
    (void)snprintf(receiver->url, sizeof receiver->url, "%s://%s%s%s:%d",
                   receiver->is_tls ? "https" : "http", bracket ? "[" : "", bound,
                   bracket ? "]" : "", port);
    return OK;
}

static enum status start_watching(struct receiver *receiver, const struct config *config,
                                  struct err *err)
{
    struct event_loop *loop = receiver->host.loop;
    receiver->listening = event_loop_fd_new(loop, receiver->fd, on_connection, receiver);
    receiver->done =
        event_loop_fd_new(loop, writer_done_fd(receiver->host.writer), on_done, receiver);
    receiver->host.round_end = event_loop_fd_new(loop, -1, on_round_end, receiver);
    if (!receiver->listening || !receiver->done || !receiver->host.round_end) {
        return err_nomem(err, "receive");
    }
    event_loop_fd_set(receiver->listening, EVENT_LOOP_READ);
    event_loop_fd_set(receiver->done, EVENT_LOOP_READ);
    return event_loop_every(loop, sweep_interval(config), on_sweep, receiver, err);
}

/* A certificate out of date stops nobody but the clients, who do not say so here. */
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
    receiver->fd = -1;
    receiver->is_tls = config->receive_tls;
    receiver->via = !config->receive_tls                         ? "http"
                    : config->receive_require_client_certificate ? "mtls"
                                                                 : "tls";
    receiver->connections_max = connections_allowed(config->receive_connections_max);
    receiver->host = (struct connection_host){
        .loop = loop,
        .writer = writer,
        .decoder = content_encoding_new(),
        .limits = {.head_bytes_max = (size_t)config->receive_header_bytes_max,
                   .body_bytes_max = (size_t)config->receive_body_bytes_max},
        .queue_bytes_max = config->receive_queue_bytes_max,
        .idle_timeout_us = config->receive_idle_timeout,
        .request_timeout_us = config->receive_request_timeout,
    };
    enum status status = receiver->host.decoder ? OK : err_nomem(err, "receive");
    if (status == OK && receiver->is_tls) {
        status = open_tls(config, &receiver->tls, err);
    }
    status = THEN(status, bind_socket(receiver, config->receive_listen, err));
    status = THEN(status, start_watching(receiver, config, err));
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
        take_done(receiver);
    }
    while (receiver->host.gathered) {
        connection_round_end(&receiver->host);
    }
    connection_close_all(&receiver->host);
    event_loop_fd_free(receiver->host.round_end);
    event_loop_fd_free(receiver->listening);
    event_loop_fd_free(receiver->done);
    if (receiver->fd >= 0) {
        (void)close(receiver->fd);
    }
    tls_context_close(&receiver->tls);
    content_encoding_free(receiver->host.decoder);
    free(receiver);
}

const char *receiver_url(const struct receiver *receiver)
{
    return receiver->url;
}

enum status receiver_reload(struct receiver *receiver, const struct config *config, struct err *err)
{
    if (!receiver->is_tls) {
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
    receiver->host.stopping = true;
    event_loop_fd_set(receiver->listening, 0);
    (void)shutdown(receiver->fd, SHUT_RDWR);
    connection_stop_idle(&receiver->host);
    return receiver->host.first == NULL;
}
