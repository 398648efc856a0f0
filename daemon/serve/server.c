#include "daemon/serve/server.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "daemon/process/metrics.h"

enum { SERVE_HEAD_BYTES_MAX = 16 * 1024, SERVE_BODY_BYTES_MAX = 1024, SERVE_TIMEOUT_S = 10 };

struct server {
    struct evhttp *http;
    struct health *health;
    char url[128];
};

static void reply(struct evhttp_request *request, int code, const char *type, const void *data,
                  size_t size)
{
    struct evbuffer *body = evbuffer_new();
    if (!body || evbuffer_add(body, data, size) != 0 ||
        evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", type) != 0) {
        code = 503;
    }
    evhttp_send_reply(request, code, NULL, body);
    if (body) {
        evbuffer_free(body);
    }
}

static void on_healthz(struct evhttp_request *request, void *context)
{
    struct server *server = context;
    char reason[ERR_TEXT_BYTES + 1];
    if (health_get(server->health, reason)) {
        reply(request, 200, "text/plain", "ok\n", 3);
    } else {
        size_t size = strlen(reason);
        reason[size++] = '\n';
        reply(request, 503, "text/plain", reason, size);
    }
}

static void on_metrics(struct evhttp_request *request, void *context)
{
    (void)context;
    struct buf text = BUF_INIT;
    metrics_write(clock_now_us(), &text);
    reply(request, buf_ok(&text) ? 200 : 503, "text/plain; version=0.0.4", text.data, text.size);
    buf_fini(&text);
}

static void on_other(struct evhttp_request *request, void *context)
{
    (void)context;
    static const char text[] = "There is /healthz and /metrics.\n";
    reply(request, 404, "text/plain", text, sizeof text - 1);
}

static void accept_again(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)evconnlistener_enable(context);
}

/* No descriptors left, say. The client still waits, so without a pause this would be called again
 * at once, and so on. */
static void on_accept_failed(struct evconnlistener *listener, void *context)
{
    (void)context;
    static const struct timeval pause = {.tv_sec = 1};
    if (event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT, accept_again, listener,
                        &pause) == 0) {
        (void)evconnlistener_disable(listener);
    }
}

static enum status bind_server(struct server *server, const char *listen_text, struct err *err)
{
    char host[CONFIG_TEXT_BYTES];
    int port;
    if (!config_split_listen(listen_text, host, &port)) {
        return err_set(err, ERR_CONFIG, "serve.listen: \"%s\" is not an address with a port",
                       listen_text);
    }
    const char *name = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    struct evhttp_bound_socket *bound =
        evhttp_bind_socket_with_handle(server->http, name, (uint16_t)port);
    if (!bound) {
        return err_errno(err, EVUTIL_SOCKET_ERROR(), "serve.listen: cannot listen on %s",
                         listen_text);
    }
    evconnlistener_set_error_cb(evhttp_bound_socket_get_listener(bound), on_accept_failed);
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {.v6 = {0}};
    socklen_t size = sizeof address;
    if (getsockname(evhttp_bound_socket_get_fd(bound), &address.any, &size) == 0) {
        port =
            ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
    }
    bool bracket = strchr(name, ':') != NULL;
    (void)snprintf(server->url, sizeof server->url, "http://%s%.80s%s:%d", bracket ? "[" : "", name,
                   bracket ? "]" : "", port);
    return OK;
}

enum status server_open(const struct config *config, struct event_loop *loop, struct health *health,
                        struct server **out_server, struct err *err)
{
    struct server *server = calloc(1, sizeof *server);
    if (server) {
        server->http = evhttp_new(event_loop_base(loop));
    }
    if (!server || !server->http) {
        free(server);
        return err_nomem(err, "serve");
    }
    server->health = health;
    evhttp_set_allowed_methods(server->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
    evhttp_set_max_headers_size(server->http, SERVE_HEAD_BYTES_MAX);
    evhttp_set_max_body_size(server->http, SERVE_BODY_BYTES_MAX);
    evhttp_set_timeout(server->http, SERVE_TIMEOUT_S);
    evhttp_set_gencb(server->http, on_other, NULL);
    enum status status = bind_server(server, config->serve_listen, err);
    if (status == OK && (evhttp_set_cb(server->http, "/healthz", on_healthz, server) != 0 ||
                         evhttp_set_cb(server->http, "/metrics", on_metrics, NULL) != 0)) {
        status = err_nomem(err, "serve");
    }
    if (status != OK) {
        server_close(server);
        return status;
    }
    *out_server = server;
    return OK;
}

void server_close(struct server *server)
{
    if (server) {
        evhttp_free(server->http);
        free(server);
    }
}

const char *server_url(const struct server *server)
{
    return server->url;
}
