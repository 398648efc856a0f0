/* Accepting, and the timer that closes connections which are over their time. Event loop's thread.
 */
#include "daemon/receive/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/config/config.h"

enum {
    LISTEN_BACKLOG = 511,
    ACCEPT_TURN = 16, /* before others get their turn */
    HOST_TEXT_BYTES = INET6_ADDRSTRLEN + 4,
};

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
static bool accept_one(struct listener *listener)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    if (!connection_host_may_accept(&listener->host)) {
        event_loop_fd_set(listener->watch, 0);
        return false;
    }
    int fd =
        accept4(listener->fd, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        int number = errno;
        bool nothing = number == EAGAIN || number == EINTR || number == ECONNABORTED;
        if (!nothing && !listener->accept_failed) {
            char words[96];
            log_line(LOG_ERROR, listener->name, "cannot accept connections: %s",
                     strerror_r(number, words, sizeof words));
            listener->accept_failed = true;
            event_loop_fd_set(listener->watch, 0);
        }
        return number == ECONNABORTED;
    }
    int one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    char peer[HOST_TEXT_BYTES];
    int port = 0;
    address_text(&address, peer, &port);
    connection_host_open(&listener->host, fd, peer);
    return true;
}

static void on_connection(void *context, unsigned ready)
{
    (void)ready;
    for (int i = 0; i < ACCEPT_TURN && accept_one(context); i++) {
    }
}

static void on_expire(void *context)
{
    struct listener *listener = context;
    connection_host_expire(&listener->host, clock_monotonic_us());
    if ((listener->accept_failed || listener->host.accept_later) && !listener->host.stopping) {
        listener->accept_failed = false;
        listener->host.accept_later = false;
        event_loop_fd_set(listener->watch, EVENT_LOOP_READ);
    }
}

/* Often enough that a connection lives at most a quarter longer than it may. */
static int64_t expire_interval(const struct connection_host *host)
{
    int64_t shortest = host->idle_timeout_us < host->request_timeout_us ? host->idle_timeout_us
                                                                        : host->request_timeout_us;
    int64_t interval = shortest / 4;
    return interval < CLOCK_SECOND_US / 20 ? CLOCK_SECOND_US / 20
           : interval > ADMISSION_GRACE_US ? ADMISSION_GRACE_US
                                           : interval;
}

static enum status bind_socket(struct listener *listener, const char *listen_text, struct err *err)
{
    char host[CONFIG_TEXT_BYTES];
    int port;
    struct sockaddr_storage address = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
    if (!config_split_listen(listen_text, host, &port)) {
        return err_set(err, ERR_CONFIG, "%s.listen: \"%s\" is not an address with a port",
                       listener->name, listen_text);
    }
    const char *name = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    socklen_t size = sizeof *v4;
    if (inet_pton(AF_INET, name, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        listener->loopback = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    } else {
        CHECK(inet_pton(AF_INET6, name, &v6->sin6_addr) == 1);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        listener->loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
        size = sizeof *v6;
    }
    int one = 1;
    listener->fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0 ||
        setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(listener->fd, (struct sockaddr *)&address, size) != 0 ||
        listen(listener->fd, LISTEN_BACKLOG) != 0 ||
        getsockname(listener->fd, (struct sockaddr *)&address, &size) != 0) {
        return err_errno(err, errno, "%s.listen: cannot listen on %s", listener->name, listen_text);
    }
    char bound[HOST_TEXT_BYTES];
    address_text(&address, bound, &port);
    bool bracket = address.ss_family == AF_INET6;
    (void)snprintf(listener->url, sizeof listener->url, "%s://%s%s%s:%d",
                   listener->host.tls ? "https" : "http", bracket ? "[" : "", bound,
                   bracket ? "]" : "", port);
    return OK;
}

enum status listener_open(struct listener *listener, const char *listen_text, struct err *err)
{
    struct event_loop *loop = listener->host.loop;
    listener->fd = -1;
    enum status status = bind_socket(listener, listen_text, err);
    if (status != OK) {
        return status;
    }
    listener->watch = event_loop_fd_new(loop, listener->fd, on_connection, listener);
    if (!listener->watch) {
        return err_nomem(err, listener->name);
    }
    listener->host.accepting = listener->watch;
    event_loop_fd_set(listener->watch, EVENT_LOOP_READ);
    return event_loop_every(loop, expire_interval(&listener->host), on_expire, listener, err);
}

void listener_stop(struct listener *listener)
{
    event_loop_fd_set(listener->watch, 0);
    (void)shutdown(listener->fd, SHUT_RDWR);
}

void listener_close(struct listener *listener)
{
    connection_host_close_all(&listener->host);
    event_loop_fd_free(listener->watch);
    if (listener->fd > 0) {
        (void)close(listener->fd);
    }
}
