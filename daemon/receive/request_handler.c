#include <stdio.h>

#include "daemon/process/metrics.h"
#include "daemon/receive/connection_internal.h"
#include "schema/event/source.h"

/* Larger buffers are given back after the request. */
enum { KEEP_BYTES_MAX = 64 * 1024 };

/* Accounts for the bodies kept in memory; false when they are too many. */
static bool budget_take(struct connection *connection, size_t bytes)
{
    struct connection_host *host = connection->host;
    int64_t more = (int64_t)bytes - connection->held_bytes;
    if (more > 0 && host->held_bytes + more > host->queue_bytes_max) {
        return false;
    }
    host->held_bytes += more;
    connection->held_bytes = (int64_t)bytes;
    return true;
}

/* Makes ready for the next request: what came behind this one moves to the front. */
static bool next_request(struct connection *connection)
{
    struct buf *in = &connection->in;
    size_t end = connection->request.end;
    memmove(in->data, in->data + end, in->size - end);
    in->size -= end;
    if (in->size == 0 && in->capacity > KEEP_BYTES_MAX) {
        buf_fini(in);
    }
    buf_add_span(in, buf_span(&connection->ahead));
    buf_fini(&connection->ahead);
    buf_fini(&connection->unpacked);
    (void)budget_take(connection, 0);
    connection->request = (struct http_request){0};
    connection->continue_sent = false;
    return buf_ok(in);
}

bool connection_exchange_flush(struct connection *connection)
{
    struct buf *out = &connection->out;
    size_t at = 0;
    while (at < out->size) {
        size_t n;
        enum tls_stream_io io =
            tls_stream_write(connection->stream, span_from(buf_span(out), at), &n);
        if (io == TLS_STREAM_CLOSED) {
            connection_free(connection);
            return false;
        }
        if (io != TLS_STREAM_DONE) {
            break;
        }
        at += n;
    }
    memmove(out->data, out->data + at, out->size - at);
    out->size -= at;
    event_loop_fd_set(connection->watch, out->size > 0 ? EVENT_LOOP_WRITE : EVENT_LOOP_READ);
    if (out->size == 0 && tls_stream_has_more(connection->stream)) {
        event_loop_fd_poke(connection->watch); /* what OpenSSL holds makes no socket readable */
    }
    return true;
}

bool connection_exchange_next(struct connection *connection)
{
    if (connection->linger_after) {
        connection_move(connection, CONNECTION_LINGER);
        buf_fini(&connection->in);
        tls_stream_end(connection->stream);
        return true;
    }
    if (connection->close_after || !next_request(connection)) {
        connection_free(connection);
        return false;
    }
    connection_move(connection, CONNECTION_READING);
    return true;
}

static const char *reason_of(int code)
{
    static const struct {
        int code;
        const char *reason;
    } reasons[] = {{200, "OK"},
                   {400, "Bad Request"},
                   {413, "Content Too Large"},
                   {417, "Expectation Failed"},
                   {431, "Request Header Fields Too Large"},
                   {501, "Not Implemented"},
                   {503, "Service Unavailable"},
                   {505, "HTTP Version Not Supported"}};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].code == code) {
            return reasons[i].reason;
        }
    }
    return "Error";
}

/* Answers, with no body whatever the code: a client that does not read bodies could not use the
 * connection again. False: the connection is freed. */
static bool queue_response(struct connection *connection, int code)
{
    static const char good[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
                               "Connection: keep-alive\r\n\r\n";
    if (connection->host->stopping) {
        connection->close_after = true;
    }
    if (code == 200 && !connection->close_after) {
        buf_add(&connection->out, good, sizeof good - 1);
    } else {
        buf_printf(&connection->out,
                   "HTTP/1.1 %d %s\r\nContent-Length: 0\r\n%sConnection: %s\r\n\r\n", code,
                   reason_of(code), code == 503 ? "Retry-After: 1\r\n" : "",
                   connection->close_after ? "close" : "keep-alive");
    }
    metrics_add_request(code);
    connection_move(connection, CONNECTION_WRITING);
    if (!buf_ok(&connection->out)) {
        connection_free(connection);
        return false;
    }
    return connection_exchange_flush(connection) &&
           (connection->out.size > 0 || connection_exchange_next(connection));
}

/* What is wrong with a request that is refused, for the operator. */
static const char *complaint_of(int code)
{
    switch (code) {
    case 413:
        return "413: the request is larger than receive.body_bytes_max";
    case 431:
        return "431: the headers are larger than receive.header_bytes_max";
    case 503:
        return "503: more requests wait for the disk than receive.queue_bytes_max";
    default:
        return "the request is not HTTP/1.1 as it should be";
    }
}

/* Answers before the request is read to its end. */
static bool refuse(struct connection *connection, int code)
{
    connection_complain(connection, complaint_of(code));
    connection->close_after = true;
    connection->linger_after = true;
    return queue_response(connection, code);
}

static void fill_source(struct connection *connection)
{
    struct inbox_item *item = &connection->job.item;
    struct span path =
        span_of(connection->in.data + connection->request.path_at, connection->request.path_size);
    item->source = (struct source){0};
    source_from_path(path, connection->tag, sizeof connection->tag, &item->source);
    item->source.via = span_str(connection->via);
    item->source.peer = span_str(connection->peer);
    (void)snprintf(connection->certificate, sizeof connection->certificate, "%s",
                   tls_stream_certificate(connection->stream));
    item->source.certificate = span_str(connection->certificate);
    if (item->source.certificate.size == 0 && strcmp(connection->via, "mtls") == 0) {
        item->source.via = span_str("tls");
    }
}

/* The body as it is to be stored. 0, or the status code to refuse it with. */
static int unpack(struct connection *connection, struct span body)
{
    struct inbox_item *item = &connection->job.item;
    struct connection_host *host = connection->host;
    item->body = body;
    item->fault = EVENT_FAULT_NONE;
    if (connection->request.encoding == HTTP_REQUEST_IDENTITY) {
        return 0;
    }
    struct err err;
    enum status status =
        content_encoding_decode(host->decoder, connection->request.encoding, body,
                                host->limits.body_bytes_max, &connection->unpacked, &err);
    if (status == OK) {
        item->body = buf_span(&connection->unpacked);
        return budget_take(connection, body.size + connection->unpacked.size) ? 0 : 503;
    }
    if (status == ERR_FORMAT) {
        item->fault = EVENT_FAULT_BAD_ENCODING;
        return 0;
    }
    return status == ERR_LIMIT ? 413 : 503;
}

/* Requests that are read in one round of the loop go to the writer together when the round ends: it
 * would otherwise begin with the first one alone, and the others would wait for the next fsync. A
 * request that is alone in its round waits for nothing. */
static void gather(struct connection *connection)
{
    struct connection_host *host = connection->host;
    struct writer_job *job = &connection->job;
    job->next = NULL;
    if (host->gathered) {
        host->gathered_last->next = job;
    } else {
        host->gathered = job;
        event_loop_fd_poke(host->round_end);
    }
    host->gathered_last = job;
    connection_move(connection, CONNECTION_STORING);
}

void connection_round_end(struct connection_host *host)
{
    struct writer_job *first = host->gathered;
    host->gathered = NULL;
    host->handshakes = 0;
    if (!first || writer_submit(host->writer, first, host->gathered_last) == OK) {
        return;
    }
    struct writer_job *next;
    for (struct writer_job *job = first; job; job = next) {
        next = job->next;
        job->status = ERR_STOPPED;
        connection_stored(job);
    }
}

/* The request is whole. False: the connection is freed. */
static bool handle_request(struct connection *connection)
{
    struct http_request *request = &connection->request;
    connection->close_after = !request->keep_alive;
    if (request->no_content || request->body_size == 0) {
        return queue_response(connection, 200);
    }
    int refusal =
        unpack(connection, span_of(connection->in.data + request->body_at, request->body_size));
    if (refusal != 0) {
        connection_complain(connection, complaint_of(refusal));
        return queue_response(connection, refusal);
    }
    if (connection->job.item.body.size == 0) {
        return queue_response(connection, 200);
    }
    fill_source(connection);
    connection->job.item.received_us = clock_now_us();
    gather(connection);
    return true;
}

bool connection_exchange_input(struct connection *connection)
{
    while (connection->state == CONNECTION_READING && connection->in.size > 0) {
        enum http_request_step step =
            http_request_feed(&connection->request, &connection->in, &connection->host->limits);
        if (step == HTTP_REQUEST_REFUSE) {
            return refuse(connection, connection->request.refusal);
        }
        if (!budget_take(connection, connection->request.body_size)) {
            return refuse(connection, 503);
        }
        if (step == HTTP_REQUEST_DONE) {
            if (!handle_request(connection)) {
                return false;
            }
            continue;
        }
        if (connection->request.wants_continue && !connection->continue_sent &&
            connection->request.body_size == 0) {
            buf_add_str(&connection->out, "HTTP/1.1 100 Continue\r\n\r\n");
            connection->continue_sent = true;
            if (!buf_ok(&connection->out)) {
                connection_free(connection);
                return false;
            }
            return connection_exchange_flush(connection);
        }
        break;
    }
    return true;
}

void connection_stored(struct writer_job *job)
{
    struct connection *connection = (struct connection *)job;
    if (connection->state == CONNECTION_GONE) {
        connection_free(connection);
        return;
    }
    /* Anything but "stored" must make the sender try again. */
    if (queue_response(connection, job->status == OK ? 200 : 503)) {
        (void)connection_exchange_input(connection);
    }
}
