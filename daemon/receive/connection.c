#include "daemon/receive/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/process/log.h"
#include "daemon/process/metrics.h"
#include "daemon/receive/connection_internal.h"

enum {
    READ_BYTES = 16 * 1024,       /* one read */
    READ_TURN_BYTES = 256 * 1024, /* before others get their turn */
    AHEAD_BYTES_MAX = 64 * 1024,  /* read while the request before waits for the disk */
    KEEP_BYTES_MAX = 64 * 1024,   /* larger buffers are given back after the request */
    LINGER_BYTES_MAX = 1024 * 1024,
    HANDSHAKES_A_ROUND = 4, /* a step of one takes up to a millisecond */
};

#define LINGER_US (2 * CLOCK_SECOND_US)
#define IDLE_US   (2 * CLOCK_SECOND_US)

void connection_free(struct connection *connection)
{
    struct connection_host *host = connection->host;
    CHECK(connection->state != CONNECTION_STORING);
    if (connection->stream) {
        event_loop_fd_free(connection->watch);
        tls_stream_free(connection->stream);
        metrics_set(METRIC_connections, --host->count);
    }
    host->held_bytes -= connection->held_bytes;
    *(connection->previous ? &connection->previous->next : &host->first) = connection->next;
    if (connection->next) {
        connection->next->previous = connection->previous;
    }
    buf_fini(&connection->in);
    buf_fini(&connection->ahead);
    buf_fini(&connection->unpacked);
    buf_fini(&connection->out);
    free(connection);
}

void connection_move(struct connection *connection, enum connection_state to)
{
    static const unsigned allowed[] = {
        [CONNECTION_HANDSHAKE] = 1U << CONNECTION_READING,
        [CONNECTION_READING] = 1U << CONNECTION_STORING | 1U << CONNECTION_WRITING,
        [CONNECTION_STORING] = 1U << CONNECTION_WRITING | 1U << CONNECTION_GONE,
        [CONNECTION_WRITING] = 1U << CONNECTION_READING | 1U << CONNECTION_LINGER,
        [CONNECTION_LINGER] = 0,
        [CONNECTION_GONE] = 0,
    };
    CHECK(allowed[connection->state] & 1U << to);
    connection->state = to;
    connection->since_us = clock_monotonic_us();
}

/* The client is gone. While the writer has the job only the socket goes. */
static void hang_up(struct connection *connection)
{
    if (connection->state != CONNECTION_STORING) {
        connection_free(connection);
        return;
    }
    event_loop_fd_free(connection->watch);
    connection->watch = NULL;
    tls_stream_free(connection->stream);
    connection->stream = NULL;
    metrics_set(METRIC_connections, --connection->host->count);
    connection_move(connection, CONNECTION_GONE);
}

/* One read, to where the state wants it. False: the connection is freed, or GONE. */
static bool read_some(struct connection *connection, size_t *out_size, bool *out_again)
{
    char waste[READ_BYTES];
    struct buf *to = connection->state == CONNECTION_STORING   ? &connection->ahead
                     : connection->state == CONNECTION_READING ? &connection->in
                                                               : NULL;
    if (to && !buf_reserve(to, READ_BYTES)) {
        hang_up(connection);
        return false;
    }
    enum tls_stream_io io =
        tls_stream_read(connection->stream, to ? to->data + to->size : waste, READ_BYTES, out_size);
    if (io == TLS_STREAM_CLOSED) {
        hang_up(connection);
        return false;
    }
    if (io != TLS_STREAM_DONE) {
        *out_again = false;
        return true;
    }
    *out_again = tls_stream_has_more(connection->stream) || *out_size == READ_BYTES;
    if (!to) {
        connection->lingered_bytes += *out_size;
        if (connection->lingered_bytes > LINGER_BYTES_MAX) {
            connection_free(connection);
            return false;
        }
        return true;
    }
    if (connection->state == CONNECTION_READING && to->size == 0) {
        connection->since_us = clock_monotonic_us();
    }
    to->size += *out_size;
    return true;
}

static void on_readable(struct connection *connection)
{
    size_t turn = 0;
    bool again = true;
    while (again && turn < READ_TURN_BYTES) {
        size_t size = 0;
        if (!read_some(connection, &size, &again)) {
            return;
        }
        turn += size;
        if (size > 0 && !connection_exchange_input(connection)) {
            return;
        }
        if (connection->state == CONNECTION_WRITING) {
            return; /* reading goes on when the answer is out */
        }
        if (connection->state == CONNECTION_STORING && connection->ahead.size >= AHEAD_BYTES_MAX) {
            event_loop_fd_set(connection->watch, 0);
            return;
        }
    }
    if (again) {
        /* What OpenSSL holds makes no socket readable. */
        event_loop_fd_poke(connection->watch);
    }
}

void connection_complain(struct connection *connection, const char *text)
{
    struct connection_host *host = connection->host;
    int64_t now_us = clock_monotonic_us();
    if (host->complaint_us != 0 && now_us - host->complaint_us < CLOCK_SECOND_US) {
        host->complaints++;
        return;
    }
    host->complaint_us = now_us;
    if (host->complaints > 0) {
        log_line(LOG_WARN, "receive", "%lld more complaints since the last one",
                 (long long)host->complaints);
        host->complaints = 0;
    }
    log_line(LOG_WARN, "receive", "%s: %s", connection->peer, text);
}

static void on_handshake(struct connection *connection)
{
    struct err err;
    enum tls_stream_io io = tls_stream_handshake(connection->stream, &err);
    if (io == TLS_STREAM_CLOSED) {
        metrics_add(METRIC_tls_handshake_failures_total, 1);
        connection_complain(connection, err.text);
        connection_free(connection);
        return;
    }
    if (io != TLS_STREAM_DONE) {
        event_loop_fd_set(connection->watch,
                          io == TLS_STREAM_WANT_WRITE ? EVENT_LOOP_WRITE : EVENT_LOOP_READ);
        return;
    }
    if (tls_stream_is_tls(connection->stream)) {
        metrics_add(METRIC_tls_handshakes_total, 1);
    }
    connection_move(connection, CONNECTION_READING);
    event_loop_fd_set(connection->watch, EVENT_LOOP_READ);
    on_readable(connection);
}

/* When hundreds connect at once, those that are connected get their turn between them. Who is
 * turned away stays ready and comes again in the next round. */
static bool can_shake_hands(struct connection_host *host)
{
    if (host->handshakes == 0) {
        event_loop_fd_poke(host->round_end);
    }
    if (host->handshakes == HANDSHAKES_A_ROUND) {
        return false;
    }
    host->handshakes++;
    return true;
}

static void on_ready(void *context, unsigned ready)
{
    struct connection *connection = context;
    if (connection->state == CONNECTION_HANDSHAKE) {
        if (can_shake_hands(connection->host)) {
            on_handshake(connection);
        }
        return;
    }
    if (ready & EVENT_LOOP_WRITE) {
        if (!connection_exchange_flush(connection) || connection->out.size > 0) {
            return;
        }
        if (connection->state == CONNECTION_WRITING &&
            (!connection_exchange_next(connection) || !connection_exchange_input(connection))) {
            return;
        }
    }
    if (connection->state != CONNECTION_WRITING) {
        on_readable(connection);
    }
}

void connection_open(struct connection_host *host, int fd, const struct tls_context *tls,
                     const char *via, const char *peer)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) {
        (void)close(fd);
        return;
    }
    connection->stream = tls_stream_new(fd, tls);
    if (!connection->stream) {
        free(connection);
        return;
    }
    connection->watch = event_loop_fd_new(host->loop, fd, on_ready, connection);
    if (!connection->watch) {
        tls_stream_free(connection->stream);
        free(connection);
        return;
    }
    connection->host = host;
    connection->via = via;
    (void)snprintf(connection->peer, sizeof connection->peer, "%s", peer);
    connection->next = host->first;
    if (host->first) {
        host->first->previous = connection;
    }
    host->first = connection;
    metrics_set(METRIC_connections, ++host->count);
    connection->since_us = clock_monotonic_us();
    if (tls) {
        event_loop_fd_set(connection->watch, EVENT_LOOP_READ);
    } else {
        on_handshake(connection);
    }
}

static bool is_over(const struct connection *connection, int64_t now_us)
{
    const struct connection_host *host = connection->host;
    int64_t age_us = now_us - connection->since_us;
    switch (connection->state) {
    case CONNECTION_HANDSHAKE:
    case CONNECTION_WRITING:
        return age_us > host->request_timeout_us;
    case CONNECTION_READING:
        return age_us >
               (connection->in.size > 0 ? host->request_timeout_us : host->idle_timeout_us);
    case CONNECTION_LINGER:
        return age_us > LINGER_US;
    case CONNECTION_STORING:
    case CONNECTION_GONE:
        break;
    }
    return false;
}

/* An idle connection needs no memory for a request. */
static void release_idle(struct connection *connection, int64_t now_us)
{
    if (connection->state == CONNECTION_READING && connection->in.size == 0 &&
        now_us - connection->since_us > IDLE_US) {
        buf_fini(&connection->in);
    }
}

void connection_sweep(struct connection_host *host, int64_t now_us)
{
    struct connection *next;
    for (struct connection *connection = host->first; connection; connection = next) {
        next = connection->next;
        if (is_over(connection, now_us)) {
            if (connection->state != CONNECTION_LINGER && connection->in.size > 0) {
                metrics_add(METRIC_connections_cut_total, 1);
                connection_complain(
                    connection, "cut off, the request took longer than receive.request_timeout");
            }
            connection_free(connection);
        } else {
            release_idle(connection, now_us);
        }
    }
}

void connection_stop_idle(struct connection_host *host)
{
    struct connection *next;
    for (struct connection *connection = host->first; connection; connection = next) {
        next = connection->next;
        bool idle = connection->state == CONNECTION_READING && connection->in.size == 0;
        if (idle || connection->state == CONNECTION_HANDSHAKE ||
            connection->state == CONNECTION_LINGER) {
            connection_free(connection);
        }
    }
}

void connection_close_all(struct connection_host *host)
{
    struct connection *next;
    for (struct connection *connection = host->first; connection; connection = next) {
        next = connection->next;
        connection_free(connection);
    }
}
