/* The one place that reads and writes sockets, moves connections between their states and frees
 * them, on the event loop's thread. What is to be done about a request is decided by request_read
 * and the host's handler. Functions below a callback never free: they move to CLOSED, and the
 * callback frees when it ends. Nothing is durable here: a request that is to be stored is answered
 * when the writer has committed it, and not before. */
#include "daemon/receive/connection.h"

#include <stddef.h>
#include <stdio.h>

#include "daemon/process/metrics.h"

enum {
    READ_BYTES = 16 * 1024,       /* one read */
    READ_TURN_BYTES = 256 * 1024, /* before others get their turn */
    AHEAD_BYTES_MAX = 64 * 1024,  /* read while the request before waits for the disk */
    LINGER_BYTES_MAX = 1024 * 1024,
    HANDSHAKES_A_ROUND = 4, /* a step of one takes up to a millisecond */
};

static void move(struct connection *connection, enum connection_state to)
{
    enum { CLOSED = 1U << CONNECTION_CLOSED };
    static const unsigned allowed[] = {
        [CONNECTION_HANDSHAKE] = 1U << CONNECTION_READING | CLOSED,
        [CONNECTION_READING] = 1U << CONNECTION_STORING | 1U << CONNECTION_WRITING | CLOSED,
        [CONNECTION_STORING] = 1U << CONNECTION_WRITING | 1U << CONNECTION_GONE,
        [CONNECTION_WRITING] = 1U << CONNECTION_READING | 1U << CONNECTION_LINGER | CLOSED,
        [CONNECTION_LINGER] = CLOSED,
        [CONNECTION_GONE] = CLOSED,
        [CONNECTION_CLOSED] = CLOSED,
    };
    CHECK(allowed[connection->state] & 1U << to);
    connection->state = to;
    connection->since_us = clock_monotonic_us();
    connection->place.reads = to == CONNECTION_READING;
}

void connection_note_places(struct connection_host *host)
{
    if (!host->quiet) {
        metrics_set(METRIC_connections, host->admission.count);
    }
    if (host->accept_later && !host->stopping) {
        host->accept_later = false;
        event_loop_fd_set(host->accepting, EVENT_LOOP_READ);
    }
}

static void close_stream(struct connection *connection)
{
    if (connection->stream) {
        event_loop_fd_free(connection->watch);
        tls_stream_free(connection->stream);
        connection->watch = NULL;
        connection->stream = NULL;
        admission_vacate(&connection->host->admission, &connection->place);
    }
}

void connection_free(struct connection *connection)
{
    struct connection_host *host = connection->host;
    CHECK(connection->state != CONNECTION_STORING);
    close_stream(connection);
    admission_leave(&host->admission, &connection->place);
    connection_note_places(host);
    request_fini(&connection->request);
    buf_fini(&connection->ahead);
    buf_fini(&connection->out);
    free(connection);
    if (host->stopping && !admission_next(&host->admission, NULL)) {
        event_loop_stop(host->loop);
    }
}

static void free_if_closed(struct connection *connection)
{
    if (connection->state == CONNECTION_CLOSED) {
        connection_free(connection);
    }
}

/* The client is gone. While the writer has the job only the socket goes. */
static void hang_up(struct connection *connection)
{
    if (connection->state != CONNECTION_STORING) {
        move(connection, CONNECTION_CLOSED);
        return;
    }
    close_stream(connection);
    connection_note_places(connection->host);
    move(connection, CONNECTION_GONE);
}

void connection_complain(struct connection *connection, const char *text)
{
    if (!connection->host->quiet) {
        log_limited(&connection->host->complaints, LOG_WARN, "receive", "%s: %s",
                    connection->request.peer, text);
    }
}

/* The client has shown what this port asks for. */
static void become_known(struct connection *connection)
{
    if (!connection->place.known && !connection->host->all_newcomers) {
        admission_know(&connection->host->admission, &connection->place);
        connection_note_places(connection->host);
    }
}

/* Writes what waits in `out`, and watches the socket for what is to come. */
static void flush(struct connection *connection)
{
    struct buf *out = &connection->out;
    size_t at = 0;
    enum tls_stream_io io = buf_ok(out) ? TLS_STREAM_DONE : TLS_STREAM_CLOSED;
    while (io == TLS_STREAM_DONE && at < out->size) {
        size_t n = 0;
        io = tls_stream_write(connection->stream, span_from(buf_span(out), at), &n);
        at += io == TLS_STREAM_DONE ? n : 0;
    }
    if (io == TLS_STREAM_CLOSED) {
        move(connection, CONNECTION_CLOSED);
        return;
    }
    memmove(out->data, out->data + at, out->size - at);
    out->size -= at;
    event_loop_fd_set(connection->watch, out->size > 0 ? EVENT_LOOP_WRITE : EVENT_LOOP_READ);
    if (out->size == 0 && tls_stream_has_more(connection->stream)) {
        event_loop_fd_poke(connection->watch); /* what OpenSSL holds makes no socket readable */
    }
}

/* WRITING, and the answer is out: on to the next request, or the end. */
static void next(struct connection *connection)
{
    struct request *request = &connection->request;
    if (connection->linger_after) {
        move(connection, CONNECTION_LINGER);
        buf_fini(&request->in);
        tls_stream_end(connection->stream);
        return;
    }
    request_next(request);
    buf_add_span(&request->in, buf_span(&connection->ahead));
    buf_fini(&connection->ahead);
    bool over = connection->close_after || !buf_ok(&request->in);
    move(connection, over ? CONNECTION_CLOSED : CONNECTION_READING);
}

static void flush_answer(struct connection *connection)
{
    flush(connection);
    if (connection->state == CONNECTION_WRITING && connection->out.size == 0) {
        next(connection);
    }
}

/* Frees the response's body. */
static void answer(struct connection *connection, struct http_response *response)
{
    response->close = response->close || connection->host->stopping;
    connection->close_after = response->close;
    connection->linger_after = response->linger;
    if (response->complaint) {
        connection_complain(connection, response->complaint);
    }
    if (!connection->host->quiet) {
        metrics_add_request(response->code);
    }
    http_response_write(response, &connection->out);
    buf_fini(&response->body);
    move(connection, CONNECTION_WRITING);
    flush_answer(connection);
}

/* Reads requests out of what has come, as far as it goes, and answers or submits them. */
static void handle_input(struct connection *connection)
{
    const struct connection_host *host = connection->host;
    struct request *request = &connection->request;
    while (connection->state == CONNECTION_READING && request->in.size > 0) {
        struct http_response response = {0};
        enum request_verdict verdict = request_read(request, &response);
        if (request->http.state != HTTP_REQUEST_STATE_HEAD) {
            become_known(connection);
        }
        if (verdict == REQUEST_WHOLE) {
            connection->close_after = response.close;
            verdict = host->handle(host->context, request, &response);
        }
        switch (verdict) {
        case REQUEST_ANSWER:
            answer(connection, &response);
            break;
        case REQUEST_SUBMITTED:
            move(connection, CONNECTION_STORING);
            break;
        case REQUEST_CONTINUE:
            buf_add_str(&connection->out, "HTTP/1.1 100 Continue\r\n\r\n");
            flush(connection);
            return;
        case REQUEST_WHOLE:
        case REQUEST_MORE:
            return;
        }
    }
}

void connection_stored(struct writer_job *job)
{
    struct connection *connection = (struct connection *)job;
    if (connection->state == CONNECTION_GONE) {
        connection_free(connection);
        return;
    }
    /* Anything but "stored" must make the sender try again. */
    struct http_response response = {.code = job->status == OK ? 200 : 503,
                                     .close = connection->close_after};
    answer(connection, &response);
    handle_input(connection);
    free_if_closed(connection);
}

void connection_unpacked(struct request_queue *queue, struct unpacker_job *job)
{
    struct request *request = (struct request *)((char *)job - offsetof(struct request, unpack));
    struct connection *connection = (struct connection *)request;
    if (connection->state == CONNECTION_GONE) {
        connection_free(connection);
        return;
    }
    struct http_response response = {.close = connection->close_after};
    if (request_unpacked(queue, request, &response) == REQUEST_ANSWER) {
        answer(connection, &response);
        handle_input(connection);
        free_if_closed(connection);
    }
}

/* Reads whatever the state: WRITING waits until the answer is out. */
static bool can_read(const struct connection *connection)
{
    return connection->state == CONNECTION_READING || connection->state == CONNECTION_STORING ||
           connection->state == CONNECTION_LINGER;
}

/* One read, to where the state wants it. Returns how much; *out_again: there may be more. */
static size_t read_some(struct connection *connection, bool *out_again)
{
    char waste[READ_BYTES];
    struct buf *to = connection->state == CONNECTION_STORING   ? &connection->ahead
                     : connection->state == CONNECTION_READING ? &connection->request.in
                                                               : NULL;
    size_t size = 0;
    *out_again = false;
    if (to && !buf_reserve(to, READ_BYTES)) {
        hang_up(connection);
        return 0;
    }
    enum tls_stream_io io =
        tls_stream_read(connection->stream, to ? to->data + to->size : waste, READ_BYTES, &size);
    if (io == TLS_STREAM_CLOSED) {
        hang_up(connection);
    }
    if (io != TLS_STREAM_DONE) {
        return 0;
    }
    *out_again = tls_stream_has_more(connection->stream) || size == READ_BYTES;
    if (!to) {
        connection->lingered_bytes += size;
        if (connection->lingered_bytes > LINGER_BYTES_MAX) {
            move(connection, CONNECTION_CLOSED);
        }
        return size;
    }
    if (connection->state == CONNECTION_READING && to->size == 0) {
        connection->since_us = clock_monotonic_us();
    }
    to->size += size;
    return size;
}

static void on_readable(struct connection *connection)
{
    size_t turn = 0;
    bool again = true;
    while (again && turn < READ_TURN_BYTES && can_read(connection)) {
        size_t size = read_some(connection, &again);
        turn += size;
        if (size > 0) {
            handle_input(connection);
        }
        if (connection->state == CONNECTION_STORING && connection->ahead.size >= AHEAD_BYTES_MAX) {
            event_loop_fd_set(connection->watch, 0);
            return;
        }
    }
    if (again && can_read(connection)) {
        event_loop_fd_poke(connection->watch); /* what OpenSSL holds makes no socket readable */
    }
}

void connection_on_handshake(struct connection *connection)
{
    struct err err;
    struct request *request = &connection->request;
    enum tls_stream_io io = tls_stream_handshake(connection->stream, &err);
    if (io == TLS_STREAM_CLOSED) {
        metrics_add(METRIC_tls_handshake_failures_total, 1);
        connection_complain(connection, err.text);
        move(connection, CONNECTION_CLOSED);
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
    const char *certificate = tls_stream_certificate(connection->stream);
    (void)snprintf(request->certificate, sizeof request->certificate, "%s", certificate);
    request->via = connection->host->via;
    if (!certificate[0] && strcmp(request->via, "mtls") == 0) {
        request->via = "tls";
    }
    if (certificate[0]) {
        become_known(connection);
    }
    move(connection, CONNECTION_READING);
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

void connection_on_ready(void *context, unsigned ready)
{
    struct connection *connection = context;
    connection->place.spoke = connection->place.spoke || (ready & EVENT_LOOP_READ);
    if (connection->state == CONNECTION_HANDSHAKE) {
        if (can_shake_hands(connection->host)) {
            connection_on_handshake(connection);
        }
    } else {
        if (ready & EVENT_LOOP_WRITE) {
            flush_answer(connection);
            handle_input(connection);
        }
        if (can_read(connection) && connection->out.size == 0) {
            on_readable(connection);
        }
    }
    free_if_closed(connection);
}
