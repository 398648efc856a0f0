/* An epoll loop over connections that are small state machines:
 *
 *   REST -> CONNECT -> SEND -> RECEIVE -> SEND (next event) ... -> END
 *     ^________|________|________|   lost, timed out or refused: the same event after a pause
 *
 * A uid is written to the file of acknowledged ones after its 200 was read and before the next
 * event is sent, so that the file never runs ahead of the answers. */
#include "tests/bench/load_client.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "schema/base/buf.h"
#include "schema/base/clock.h"

enum { ANSWER_BYTES_MAX = 16384, EPOLL_BATCH = 256, TICK_MS = 5 };

enum phase { PHASE_REST, PHASE_CONNECT, PHASE_SEND, PHASE_RECEIVE, PHASE_END };

struct connection {
    enum phase phase;
    struct stream *stream;
    struct buf request;
    size_t sent;
    char uid[160];
    size_t uid_size;
    char answer[ANSWER_BYTES_MAX];
    size_t answer_size;
    int64_t sent_us;  /* when the exchange began */
    int64_t begun_us; /* when it first began to connect */
    bool answered;    /* an event was acknowledged */
    int64_t wake_us;  /* PHASE_REST: when to try again */
    int64_t pause_us;
};

struct load {
    const struct load_options *options;
    struct load_report *report;
    struct stream_context *context;
    struct connection *connections;
    unsigned n_ended;
    int epoll;
    struct buf head; /* of every request, up to its Content-Length */
    int64_t now_us;
    int64_t last_ack_us;
    bool stop;
    enum status status;
    struct err cause; /* why the last connection was lost */
    struct err *err;
};

static void load_fail(struct load *load, enum status status)
{
    load->status = status;
    load->stop = true;
}

/* Takes the next event for the connection, or ends it. */
static bool take_event(struct load *load, struct connection *c)
{
    const struct load_options *o = load->options;
    struct span event;
    struct span uid;
    bool late = o->seconds_us && load->now_us - load->report->begun_us >= o->seconds_us;
    if (late || load->stop || !o->next(o->context, &event, &uid)) {
        c->phase = PHASE_END;
        load->n_ended++;
        return false;
    }
    CHECK(uid.size < sizeof c->uid);
    memcpy(c->uid, uid.data, uid.size);
    c->uid[uid.size] = '\n';
    c->uid_size = uid.size + 1;
    static const char tail[] =
        "\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n";
    buf_clear(&c->request);
    buf_add_span(&c->request, buf_span(&load->head));
    buf_printf(&c->request, "%zu", event.size);
    buf_add(&c->request, tail, sizeof tail - 1);
    buf_add_span(&c->request, event);
    CHECK(buf_ok(&c->request));
    return true;
}

static void begin_send(struct load *load, struct connection *c)
{
    c->phase = PHASE_SEND;
    c->sent = 0;
    c->answer_size = 0;
    c->sent_us = load->now_us;
}

/* The event stays; after a pause it goes out again, on a new connection if this one is gone. */
static void rest(struct load *load, struct connection *c)
{
    int64_t most = load->options->backoff_us * 100;
    c->pause_us = c->pause_us ? c->pause_us * 2 : load->options->backoff_us;
    if (c->pause_us > most) {
        c->pause_us = most;
    }
    c->phase = PHASE_REST;
    c->wake_us = load->now_us + c->pause_us;
}

static void drop(struct connection *c)
{
    stream_close(c->stream);
    c->stream = NULL;
}

static void lose(struct load *load, struct connection *c)
{
    load->report->losses++;
    drop(c);
    rest(load, c);
}

static void begin_connect(struct load *load, struct connection *c)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    load->report->connects++;
    c->sent_us = load->now_us;
    if (c->begun_us == 0) {
        c->begun_us = load->now_us;
    }
    if (stream_open(load->context, &c->stream, &load->cause) != OK) {
        lose(load, c);
        return;
    }
    c->phase = PHASE_CONNECT;
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, tls_stream_fd(c->stream), &event) != 0) {
        load_fail(load, err_errno(load->err, errno, "epoll"));
    }
}

static void acknowledged(struct load *load, struct connection *c)
{
    load->report->acks++;
    load->last_ack_us = load->now_us;
    c->pause_us = 0;
    report_latency(load->report, load->now_us - c->sent_us);
    if (!c->answered) {
        c->answered = true;
        report_first(load->report, load->now_us - c->begun_us);
    }
    if (load->options->acked_fd >= 0 &&
        write(load->options->acked_fd, c->uid, c->uid_size) != (ssize_t)c->uid_size) {
        load_fail(load, err_errno(load->err, errno, "acknowledged uids"));
    }
}

/* Content-Length of the answer; -1 when there is none. */
static long answer_length(const char *head)
{
    const char *at = strcasestr(head, "\r\ncontent-length:");
    return at ? strtol(at + strlen("\r\ncontent-length:"), NULL, 10) : -1;
}

/* A whole head has come. Go's client reads no body: an answer that has one, or asks to close,
 * costs the connection. */
static void finish(struct load *load, struct connection *c)
{
    struct load_report *r = load->report;
    long status = strncmp(c->answer, "HTTP/1.1 ", 9) == 0 ? strtol(c->answer + 9, NULL, 10) : 0;
    if (status < 100 || status >= STATUS_MAX) {
        r->malformed++;
        drop(c);
        rest(load, c);
        return;
    }
    if (status == 100) {
        c->answer_size = 0;
        return;
    }
    r->statuses[status]++;
    bool body = answer_length(c->answer) != 0;
    r->bodies += body;
    if (body || strcasestr(c->answer, "\r\nconnection: close")) {
        drop(c);
    }
    if (status != 200) {
        rest(load, c);
        return;
    }
    acknowledged(load, c);
    if (!take_event(load, c)) {
        return;
    }
    if (c->stream) {
        begin_send(load, c);
    } else {
        begin_connect(load, c);
    }
}

static bool step_send(struct load *load, struct connection *c)
{
    size_t moved = 0;
    enum stream_result result =
        tls_stream_write(c->stream, c->request.data + c->sent, c->request.size - c->sent, &moved);
    if (result == STREAM_LOST) {
        lose(load, c);
    } else if (result == TLS_STREAM_DONE) {
        c->sent += moved;
        if (c->sent == c->request.size) {
            c->phase = PHASE_RECEIVE;
        }
        return true;
    }
    return false;
}

static bool step_receive(struct load *load, struct connection *c)
{
    size_t moved = 0;
    enum stream_result result = tls_stream_read(c->stream, c->answer + c->answer_size,
                                                sizeof c->answer - 1 - c->answer_size, &moved);
    if (result == STREAM_WAIT) {
        return false;
    }
    if (result == STREAM_LOST) {
        lose(load, c);
        return false;
    }
    c->answer_size += moved;
    c->answer[c->answer_size] = '\0';
    if (strstr(c->answer, "\r\n\r\n")) {
        load->now_us = clock_monotonic_us();
        finish(load, c);
    } else if (c->answer_size + 1 == sizeof c->answer) {
        load->report->malformed++;
        lose(load, c);
    }
    return true;
}

/* Goes on until the connection must wait. */
static void drive(struct load *load, struct connection *c)
{
    bool more = true;
    while (more && c->stream) {
        if (c->phase == PHASE_CONNECT) {
            enum stream_result result = stream_ready(c->stream, &load->cause);
            more = result == TLS_STREAM_DONE;
            if (more) {
                load->report->handshakes++;
                begin_send(load, c);
            } else if (result == STREAM_LOST) {
                lose(load, c);
            }
        } else if (c->phase == PHASE_SEND) {
            more = step_send(load, c);
        } else if (c->phase == PHASE_RECEIVE) {
            more = step_receive(load, c);
        } else {
            more = false;
        }
    }
}

static void tick(struct load *load)
{
    const struct load_options *o = load->options;
    for (unsigned i = 0; i < o->connections; i++) {
        struct connection *c = &load->connections[i];
        bool under_way =
            c->phase == PHASE_CONNECT || c->phase == PHASE_SEND || c->phase == PHASE_RECEIVE;
        if (under_way && load->now_us - c->sent_us > o->timeout_us) {
            load->report->timeouts++;
            drop(c);
            rest(load, c);
        } else if (c->phase == PHASE_REST && load->now_us >= c->wake_us) {
            if (c->stream) {
                begin_send(load, c);
                drive(load, c);
            } else {
                begin_connect(load, c);
            }
        }
    }
    if (o->give_up_us && load->now_us - load->last_ack_us > o->give_up_us) {
        load_fail(load, err_set(load->err, ERR_NET,
                                "nothing was acknowledged for %lld s; last trouble: %s",
                                (long long)(o->give_up_us / CLOCK_SECOND_US),
                                load->cause.text[0] ? load->cause.text : "none"));
    }
}

static void loop(struct load *load)
{
    struct epoll_event events[EPOLL_BATCH];
    int64_t last_tick_us = 0;
    while (load->n_ended < load->options->connections && load->status == OK) {
        int n = epoll_wait(load->epoll, events, EPOLL_BATCH, TICK_MS);
        load->now_us = clock_monotonic_us();
        for (int i = 0; i < n; i++) {
            drive(load, events[i].data.ptr);
        }
        if (load->now_us - last_tick_us >= TICK_MS * 1000) {
            last_tick_us = load->now_us;
            tick(load);
        }
    }
}

enum status load_run(const struct load_options *options, struct load_report *report,
                     struct err *err)
{
    struct load load = {.options = options, .report = report, .err = err, .epoll = -1};
    load.status = stream_context_new(&options->setup, &load.context, err);
    if (load.status != OK) {
        return load.status;
    }
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.connections = calloc(options->connections, sizeof *load.connections);
    CHECK(load.epoll >= 0 && load.connections);
    buf_printf(&load.head,
               "POST %s HTTP/1.1\r\nHost: %s:%s\r\nUser-Agent: Go-http-client/1.1\r\n"
               "Content-Length: ",
               options->path, options->setup.host, options->setup.port);
    CHECK(buf_ok(&load.head));
    load.now_us = load.last_ack_us = report->begun_us = clock_monotonic_us();
    for (unsigned i = 0; i < options->connections; i++) {
        if (take_event(&load, &load.connections[i])) {
            begin_connect(&load, &load.connections[i]);
        }
    }
    loop(&load);
    report->ended_us = clock_monotonic_us();
    for (unsigned i = 0; i < options->connections; i++) {
        stream_close(load.connections[i].stream);
        buf_fini(&load.connections[i].request);
    }
    buf_fini(&load.head);
    free(load.connections);
    (void)close(load.epoll);
    stream_context_free(load.context);
    return load.status;
}
