/* Frames over one connection, TCP or TLS, that libcurl opens (CURLOPT_CONNECT_ONLY) and this file
 * writes to. Syslog has no answers: a post counts as taken when the other side's TCP has
 * acknowledged every byte (SIOCOUTQ is 0) and has not closed or reset the connection by then. A
 * post whose connection broke before that is sent again as a whole.
 *
 * What the other side's TCP has and its program has not read is lost when that dies, and the
 * connection is reset then. (Closed with everything read, it ends without a reset.) So the last
 * KEPT_BYTES and more of what counted as taken are kept, and sent again in front of the next post
 * after a reset. */
#include "tools/stele/replay/transport.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "daemon/http/libcurl.h"
#include "schema/base/clock.h"

enum { POLL_MS_MAX = 200, DRAIN_POLL_MS = 1, VERDICT_US = 1000 * 1000 };

/* More than a receive buffer of a receiver in its usual bounds. Twice that is kept at most, and a
 * post. */
enum { KEPT_BYTES = 4 * 1024 * 1024 };

struct transport {
    const struct destination *destination;
    const atomic_bool *stop;
    CURL *curl;
    int socket;         /* -1: not connected */
    bool was_closed;    /* by the other side, with everything read */
    bool was_reset;     /* by it: what was sent last may not have been read */
    struct buf kept[2]; /* of this connection, older and newer posts */
    bool owed;          /* they are to be sent again */
    char words[CURL_SETUP_WORDS_BYTES];
};

static enum status syslog_open(const struct destination *destination, size_t in_flight,
                               const atomic_bool *stop, struct transport **out_transport,
                               struct err *err)
{
    CHECK(in_flight == 1);
    enum status status = libcurl_load(err);
    if (status != OK) {
        return status;
    }
    struct transport *transport = calloc(1, sizeof *transport);
    if (!transport) {
        return err_nomem(err, "replay");
    }
    *transport = (struct transport){.destination = destination, .stop = stop, .socket = -1};
    *out_transport = transport;
    return OK;
}

static enum status failed(struct transport *transport, CURLcode code, struct err *err)
{
    return curl_setup_error(&transport->destination->curl, transport->destination->host, (int)code,
                            transport->words, err);
}

static void hang_up(struct transport *transport)
{
    libcurl.easy_cleanup(transport->curl);
    transport->curl = NULL;
    transport->socket = -1;
}

static void syslog_close(struct transport *transport)
{
    if (transport) {
        hang_up(transport);
        buf_fini(&transport->kept[0]);
        buf_fini(&transport->kept[1]);
        free(transport);
    }
}

/* After the end of what the other side sends: has it closed the connection with everything read?
 * TLS says goodbye in either case; with something unread, TCP resets the connection. */
static bool is_closed_well(const struct transport *transport)
{
    char c;
    struct pollfd poll_fd = {.fd = transport->socket, .events = POLLIN};
    return poll(&poll_fd, 1, POLL_MS_MAX) == 1 &&
           recv(transport->socket, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* What the other side sends is read away; its end is the connection's. TLS says here, after the
 * handshake, when a client certificate is not liked. */
static enum status check_peer(struct transport *transport, struct err *err)
{
    char scrap[512];
    size_t n = 0;
    CURLcode code;
    do {
        code = libcurl.easy_recv(transport->curl, scrap, sizeof scrap, &n);
    } while (code == CURLE_OK && n > 0);
    if (code == CURLE_AGAIN) {
        return OK;
    }
    if (code == CURLE_OK) {
        transport->was_closed = is_closed_well(transport);
        transport->was_reset = !transport->was_closed;
        return err_set(err, ERR_NET, "%s has closed the connection", transport->destination->host);
    }
    transport->was_reset = true;
    return failed(transport, code, err);
}

/* In TLS 1.3 the other side judges our certificate after we may send already. Its tickets come
 * behind that judgement, and so does its alert: the first of them is waited for, as what is sent
 * into a connection that is refused would count as taken. A side that sends neither costs the
 * wait. */
static enum status await_verdict(struct transport *transport, struct err *err)
{
    int64_t end_us = clock_monotonic_us() + VERDICT_US;
    int ready = 0;
    while (ready == 0 && !atomic_load(transport->stop) && clock_monotonic_us() < end_us) {
        struct pollfd poll_fd = {.fd = transport->socket, .events = POLLIN};
        ready = poll(&poll_fd, 1, POLL_MS_MAX);
    }
    enum status status = check_peer(transport, err);
    return status == OK ? OK : curl_setup_suspect(&transport->destination->curl, status, err);
}

static enum status hook_up(struct transport *transport, struct err *err)
{
    transport->curl = libcurl.easy_init();
    if (!transport->curl) {
        return err_nomem(err, "replay");
    }
    CURL *curl = transport->curl;
    const struct destination *destination = transport->destination;
    long timeout_ms = (long)(destination->options->timeout_us / 1000);
    curl_setup_set(curl, &destination->curl, transport->stop, transport->words);
    (void)libcurl.easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
    (void)libcurl.easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    (void)libcurl.easy_setopt(curl, CURLOPT_URL, destination->url);
    (void)libcurl.easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    (void)libcurl.easy_setopt(curl, CURLOPT_SSL_ENABLE_ALPN, 0L); /* it is not HTTP that follows */
    (void)libcurl.easy_setopt(curl, CURLOPT_PROXY, "");
    CURLcode code = libcurl.easy_perform(curl);
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (code == CURLE_OK) {
        code = libcurl.easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &fd);
    }
    if (code == CURLE_OK && fd == CURL_SOCKET_BAD) {
        code = CURLE_COULDNT_CONNECT;
    }
    if (code != CURLE_OK) {
        enum status status = failed(transport, code, err);
        hang_up(transport);
        return status;
    }
    transport->socket = fd;
    return destination_is_tls(transport->destination) ? await_verdict(transport, err) : OK;
}

/* Waits until the socket can be written to (or read from: TLS may want that first). */
static enum status wait_for_room(struct transport *transport, int64_t give_up_us, struct err *err)
{
    if (atomic_load(transport->stop)) {
        return err_set(err, ERR_STOPPED, "stopped while sending to %s",
                       transport->destination->host);
    }
    if (clock_monotonic_us() > give_up_us) {
        return err_set(err, ERR_NET, "%s takes nothing any more", transport->destination->host);
    }
    struct pollfd poll_fd = {.fd = transport->socket, .events = POLLOUT};
    (void)poll(&poll_fd, 1, POLL_MS_MAX);
    return check_peer(transport, err);
}

static enum status write_bytes(struct transport *transport, struct span bytes, struct err *err)
{
    int64_t patience_us = transport->destination->options->timeout_us;
    int64_t give_up_us = clock_monotonic_us() + patience_us;
    while (bytes.size > 0) {
        size_t n = 0;
        CURLcode code = libcurl.easy_send(transport->curl, bytes.data, bytes.size, &n);
        if (code == CURLE_OK) {
            bytes = span_from(bytes, n);
            give_up_us = clock_monotonic_us() + patience_us;
            continue;
        }
        transport->was_reset = transport->was_reset || code != CURLE_AGAIN;
        enum status status = code == CURLE_AGAIN ? wait_for_room(transport, give_up_us, err)
                                                 : failed(transport, code, err);
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

/* What the other side's TCP has not acknowledged. */
static enum status bytes_left(const struct transport *transport, int *out_left, struct err *err)
{
    return ioctl(transport->socket, SIOCOUTQ, out_left) == 0
               ? OK
               : err_errno(err, errno, "connection to %s", transport->destination->host);
}

/* Until the other side's TCP has everything. */
static enum status drain(struct transport *transport, struct err *err)
{
    int64_t give_up_us = clock_monotonic_us() + transport->destination->options->timeout_us;
    int before = 0;
    for (;;) {
        int left;
        enum status status = bytes_left(transport, &left, err);
        if (status != OK) {
            return status;
        }
        status = check_peer(transport, err);
        if (transport->was_closed && bytes_left(transport, &left, NULL) == OK && left == 0) {
            return OK; /* it has read all of it, and gone */
        }
        if (status != OK || left == 0) {
            return status;
        }
        int64_t now_us = clock_monotonic_us();
        if (left != before) {
            before = left;
            give_up_us = now_us + transport->destination->options->timeout_us;
        }
        if (now_us > give_up_us) {
            return err_set(err, ERR_NET, "%s acknowledges nothing any more",
                           transport->destination->host);
        }
        (void)poll(NULL, 0, DRAIN_POLL_MS);
    }
}

static void forget(struct transport *transport)
{
    buf_clear(&transport->kept[0]);
    buf_clear(&transport->kept[1]);
    transport->owed = false;
}

static void keep(struct transport *transport, struct span body)
{
    if (transport->kept[1].size >= KEPT_BYTES) {
        struct buf older = transport->kept[1];
        transport->kept[1] = transport->kept[0];
        transport->kept[0] = older;
        buf_clear(&transport->kept[1]);
    }
    buf_add_span(&transport->kept[1], body);
    if (!buf_ok(&transport->kept[1])) {
        buf_clear(&transport->kept[1]); /* no memory for it: as if there were no such care */
    }
}

/* Ends the connection, and says whether what went over it before is to be sent again. */
static void break_off(struct transport *transport)
{
    if (transport->curl) {
        hang_up(transport);
    }
    if (transport->was_reset) {
        transport->owed = true;
    } else if (!transport->owed) {
        forget(transport);
    }
    transport->was_reset = transport->was_closed = false;
}

static enum status write_post(struct transport *transport, struct span body, struct err *err)
{
    enum status status = OK;
    for (int i = 0; status == OK && transport->owed && i < 2; i++) {
        status = write_bytes(transport, buf_span(&transport->kept[i]), err);
    }
    status = THEN(status, write_bytes(transport, body, err));
    status = THEN(status, drain(transport, err));
    transport->owed = transport->owed && status != OK;
    return status;
}

static enum status syslog_begin(struct transport *transport, struct transport_post *post,
                                struct err *err)
{
    (void)err;
    post->err = (struct err){.status = OK};
    post->http = 0;
    post->retry_after_us = 0;
    enum status status = OK;
    if (transport->socket >= 0 && check_peer(transport, &post->err) != OK) {
        break_off(transport); /* while nothing was on its way: no failure yet */
        post->err = (struct err){.status = OK};
    }
    if (transport->socket < 0) {
        status = hook_up(transport, &post->err);
    }
    status = THEN(status, write_post(transport, post->body, &post->err));
    if (status == OK) {
        post->err = (struct err){.status = OK}; /* closed with all of it read is no failure */
        post->http = 200;
        keep(transport, post->body);
    } else {
        break_off(transport);
    }
    post->done = true;
    return OK;
}

static enum status syslog_wait(struct transport *transport, int64_t timeout_us, struct err *err)
{
    (void)err;
    if (timeout_us > 0 && !atomic_load(transport->stop)) {
        (void)poll(NULL, 0, (int)((timeout_us + 999) / 1000));
    }
    return OK;
}

const struct transport_ops transport_syslog = {
    .open = syslog_open, .begin = syslog_begin, .wait = syslog_wait, .close = syslog_close};
