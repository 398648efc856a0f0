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

#include "schema/base/clock.h"
#include "tools/stele/replay/curl_setup.h"

enum { POLL_MS_MAX = 200, DRAIN_POLL_MS = 1, VERDICT_US = 1000 * 1000 };

/* More than a receive buffer of a receiver in its usual bounds. Twice that is kept at most, and a
 * post. */
enum { KEPT_BYTES = 4 * 1024 * 1024 };

struct carrier {
    const struct destination *destination;
    const atomic_bool *stop;
    CURL *curl;
    int socket;         /* -1: not connected */
    bool was_closed;    /* by the other side, with everything read */
    bool was_reset;     /* by it: what was sent last may not have been read */
    struct buf kept[2]; /* of this connection, older and newer posts */
    bool owed;          /* they are to be sent again */
    char words[CURL_ERROR_SIZE];
};

enum status syslog_carrier_open(const struct destination *destination, const atomic_bool *stop,
                                struct carrier **out_carrier, struct err *err)
{
    struct carrier *carrier = calloc(1, sizeof *carrier);
    if (!carrier) {
        return err_nomem(err, "replay");
    }
    *carrier = (struct carrier){.destination = destination, .stop = stop, .socket = -1};
    *out_carrier = carrier;
    return OK;
}

static void hang_up(struct carrier *carrier)
{
    curl_easy_cleanup(carrier->curl);
    carrier->curl = NULL;
    carrier->socket = -1;
}

static void syslog_close(struct carrier *carrier)
{
    if (carrier) {
        hang_up(carrier);
        buf_fini(&carrier->kept[0]);
        buf_fini(&carrier->kept[1]);
        free(carrier);
    }
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    const struct carrier *carrier = context;
    (void)down_total, (void)down, (void)up_total, (void)up;
    return atomic_load(carrier->stop);
}

/* After the end of what the other side sends: has it closed the connection with everything read?
 * TLS says goodbye in either case; with something unread, TCP resets the connection. */
static bool is_closed_well(const struct carrier *carrier)
{
    char c;
    struct pollfd poll_fd = {.fd = carrier->socket, .events = POLLIN};
    return poll(&poll_fd, 1, POLL_MS_MAX) == 1 &&
           recv(carrier->socket, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* What the other side sends is read away; its end is the connection's. TLS says here, after the
 * handshake, when a client certificate is not liked. */
static enum status check_peer(struct carrier *carrier, struct err *err)
{
    char scrap[512];
    size_t n = 0;
    CURLcode code;
    do {
        code = curl_easy_recv(carrier->curl, scrap, sizeof scrap, &n);
    } while (code == CURLE_OK && n > 0);
    if (code == CURLE_AGAIN) {
        return OK;
    }
    if (code == CURLE_OK) {
        carrier->was_closed = is_closed_well(carrier);
        carrier->was_reset = !carrier->was_closed;
        return err_set(err, ERR_NET, "%s has closed the connection", carrier->destination->host);
    }
    carrier->was_reset = true;
    return wire_error(carrier->destination, code, carrier->words, err);
}

static bool is_tls(const struct carrier *carrier)
{
    return strncmp(carrier->destination->url, "https:", 6) == 0;
}

/* In TLS 1.3 the other side judges our certificate after we may send already. Its tickets come
 * behind that judgement, and so does its alert: the first of them is waited for, as what is sent
 * into a connection that is refused would count as taken. A side that sends neither costs the
 * wait. */
static enum status await_verdict(struct carrier *carrier, struct err *err)
{
    int64_t end_us = clock_monotonic_us() + VERDICT_US;
    int ready = 0;
    while (ready == 0 && !atomic_load(carrier->stop) && clock_monotonic_us() < end_us) {
        struct pollfd poll_fd = {.fd = carrier->socket, .events = POLLIN};
        ready = poll(&poll_fd, 1, POLL_MS_MAX);
    }
    enum status status = check_peer(carrier, err);
    return status == OK ? OK : wire_suspect(carrier->destination, err);
}

static enum status hook_up(struct carrier *carrier, struct err *err)
{
    carrier->curl = wire_new();
    if (!carrier->curl) {
        return err_nomem(err, "replay");
    }
    CURL *curl = carrier->curl;
    carrier->words[0] = '\0';
    wire_set(curl, carrier->destination, carrier->words);
    (void)curl_easy_setopt(curl, CURLOPT_URL, carrier->destination->url);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_SSL_ENABLE_ALPN, 0L); /* it is not HTTP that follows */
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, carrier);
    CURLcode code = curl_easy_perform(curl);
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (code == CURLE_OK) {
        code = curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &fd);
    }
    if (code == CURLE_OK && fd == CURL_SOCKET_BAD) {
        code = CURLE_COULDNT_CONNECT;
    }
    if (code != CURLE_OK) {
        enum status status = wire_error(carrier->destination, code, carrier->words, err);
        hang_up(carrier);
        return status;
    }
    carrier->socket = fd;
    return is_tls(carrier) ? await_verdict(carrier, err) : OK;
}

static enum status stopped(const struct carrier *carrier, struct err *err)
{
    return err_set(err, ERR_STOPPED, "stopped while sending to %s", carrier->destination->host);
}

/* Waits until the socket can be written to (or read from: TLS may want that first). */
static enum status wait_for_room(struct carrier *carrier, int64_t give_up_us, struct err *err)
{
    if (atomic_load(carrier->stop)) {
        return stopped(carrier, err);
    }
    if (clock_monotonic_us() > give_up_us) {
        return err_set(err, ERR_NET, "%s takes nothing any more", carrier->destination->host);
    }
    struct pollfd poll_fd = {.fd = carrier->socket, .events = POLLOUT};
    (void)poll(&poll_fd, 1, POLL_MS_MAX);
    return check_peer(carrier, err);
}

static enum status write_bytes(struct carrier *carrier, struct span bytes, struct err *err)
{
    int64_t patience_us = carrier->destination->options->timeout_us;
    int64_t give_up_us = clock_monotonic_us() + patience_us;
    while (bytes.size > 0) {
        size_t n = 0;
        CURLcode code = curl_easy_send(carrier->curl, bytes.data, bytes.size, &n);
        if (code == CURLE_OK) {
            bytes = span_from(bytes, n);
            give_up_us = clock_monotonic_us() + patience_us;
            continue;
        }
        carrier->was_reset = carrier->was_reset || code != CURLE_AGAIN;
        enum status status = code == CURLE_AGAIN
                                 ? wait_for_room(carrier, give_up_us, err)
                                 : wire_error(carrier->destination, code, carrier->words, err);
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

/* What the other side's TCP has not acknowledged. */
static enum status bytes_left(const struct carrier *carrier, int *out_left, struct err *err)
{
    return ioctl(carrier->socket, SIOCOUTQ, out_left) == 0
               ? OK
               : err_errno(err, errno, "connection to %s", carrier->destination->host);
}

/* Until the other side's TCP has everything. */
static enum status drain(struct carrier *carrier, struct err *err)
{
    int64_t give_up_us = clock_monotonic_us() + carrier->destination->options->timeout_us;
    int before = 0;
    for (;;) {
        int left;
        enum status status = bytes_left(carrier, &left, err);
        if (status != OK) {
            return status;
        }
        status = check_peer(carrier, err);
        if (carrier->was_closed && bytes_left(carrier, &left, NULL) == OK && left == 0) {
            return OK; /* it has read all of it, and gone */
        }
        if (status != OK || left == 0) {
            return status;
        }
        int64_t now_us = clock_monotonic_us();
        if (left != before) {
            before = left;
            give_up_us = now_us + carrier->destination->options->timeout_us;
        }
        if (now_us > give_up_us) {
            return err_set(err, ERR_NET, "%s acknowledges nothing any more",
                           carrier->destination->host);
        }
        (void)poll(NULL, 0, DRAIN_POLL_MS);
    }
}

static void forget(struct carrier *carrier)
{
    buf_clear(&carrier->kept[0]);
    buf_clear(&carrier->kept[1]);
    carrier->owed = false;
}

static void keep(struct carrier *carrier, struct span body)
{
    if (carrier->kept[1].size >= KEPT_BYTES) {
        struct buf older = carrier->kept[1];
        carrier->kept[1] = carrier->kept[0];
        carrier->kept[0] = older;
        buf_clear(&carrier->kept[1]);
    }
    buf_add_span(&carrier->kept[1], body);
    if (!buf_ok(&carrier->kept[1])) {
        buf_clear(&carrier->kept[1]); /* no memory for it: as if there were no such care */
    }
}

/* Ends the connection, and says whether what went over it before is to be sent again. */
static void break_off(struct carrier *carrier)
{
    if (carrier->curl) {
        hang_up(carrier);
    }
    if (carrier->was_reset) {
        carrier->owed = true;
    } else if (!carrier->owed) {
        forget(carrier);
    }
    carrier->was_reset = carrier->was_closed = false;
}

static enum status write_post(struct carrier *carrier, struct span body, struct err *err)
{
    enum status status = OK;
    for (int i = 0; status == OK && carrier->owed && i < 2; i++) {
        status = write_bytes(carrier, buf_span(&carrier->kept[i]), err);
    }
    status = THEN(status, write_bytes(carrier, body, err));
    status = THEN(status, drain(carrier, err));
    carrier->owed = carrier->owed && status != OK;
    return status;
}

static enum status syslog_begin(struct carrier *carrier, struct post *post, struct err *err)
{
    (void)err;
    post->err = (struct err){.status = OK};
    post->http = 0;
    post->retry_after_us = 0;
    enum status status = OK;
    if (carrier->socket >= 0 && check_peer(carrier, &post->err) != OK) {
        break_off(carrier); /* while nothing was on its way: no failure yet */
        post->err = (struct err){.status = OK};
    }
    if (carrier->socket < 0) {
        status = hook_up(carrier, &post->err);
    }
    status = THEN(status, write_post(carrier, post->body, &post->err));
    if (status == OK) {
        post->err = (struct err){.status = OK}; /* closed with all of it read is no failure */
        post->http = 200;
        keep(carrier, post->body);
    } else {
        break_off(carrier);
    }
    post->done = true;
    return OK;
}

static enum status syslog_wait(struct carrier *carrier, int64_t timeout_us, struct err *err)
{
    (void)err;
    if (timeout_us > 0 && !atomic_load(carrier->stop)) {
        (void)poll(NULL, 0, (int)((timeout_us + 999) / 1000));
    }
    return OK;
}

/* Posts are done when begin returns. */
static void syslog_abandon(struct carrier *carrier, struct post *post)
{
    (void)carrier, (void)post;
}

const struct carrier_ops syslog_carrier = {
    .begin = syslog_begin, .wait = syslog_wait, .abandon = syslog_abandon, .close = syslog_close};
