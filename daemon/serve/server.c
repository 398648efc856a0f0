/* The handler behind the port of serve.listen. Sockets, limits and time are the receiver's
 * connections: one request, one answer, closed. */
#include "daemon/serve/server.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "daemon/process/metrics.h"
#include "daemon/receive/listener.h"

enum { SERVE_HEAD_BYTES_MAX = 16 * 1024, SERVE_BODY_BYTES_MAX = 1024, SERVE_CONNECTIONS_MAX = 32 };

#define SERVE_TIMEOUT_US (10 * CLOCK_SECOND_US)

struct server {
    struct listener listener;
    struct health *health;
};

/* An address, or localhost; a port may follow. */
static bool is_local_name(struct span host)
{
    char name[INET6_ADDRSTRLEN];
    unsigned char address[sizeof(struct in6_addr)];
    bool bracket = host.size > 0 && host.data[0] == '[';
    const char *end = memchr(host.data, bracket ? ']' : ':', host.size);
    struct span bare = span_of(host.data, end ? (size_t)(end - host.data) : host.size);
    bare = bracket ? span_from(bare, 1) : bare;
    if (bare.size >= sizeof name || (bracket && !end)) {
        return false;
    }
    (void)snprintf(name, sizeof name, "%.*s", SPAN_FMT(bare));
    return strcasecmp(name, "localhost") == 0 ||
           inet_pton(bracket ? AF_INET6 : AF_INET, name, address) == 1;
}

/* A web page could reach a port of this machine's own under a name that it has resolve to 127.0.0.1
 * (DNS rebinding); a port that is open to others is theirs to name. */
static bool is_host_valid(const struct server *server, const struct request *request)
{
    const struct http_request *http = &request->http;
    struct span host = span_of(request->in.data + http->host_at, http->host_size);
    return !http->several_hosts &&
           (http->host_at == 0 || !server->listener.loopback || is_local_name(host));
}

static void write_health(struct server *server, struct http_response *response)
{
    char reason[ERR_TEXT_BYTES];
    bool good = health_get(server->health, reason);
    response->code = good ? 200 : 503;
    buf_printf(&response->body, "%s\n", good ? "ok" : reason);
}

static enum request_verdict serve(void *context, struct request *request,
                                  struct http_response *response)
{
    struct server *server = context;
    const char *start = request->in.data;
    struct span method = span_of(start, request->http.method_size);
    struct span path = span_of(start + request->http.path_at, request->http.path_size);
    const char *query = memchr(path.data, '?', path.size);
    path.size = query ? (size_t)(query - path.data) : path.size;
    response->head = span_is(method, "HEAD");
    response->close = true;
    response->type = "text/plain";
    response->code = 200;
    if (!is_host_valid(server, request)) {
        response->code = 400;
        buf_add_str(&response->body, "Host must be an address or localhost.\n");
    } else if (!response->head && !span_is(method, "GET")) {
        response->code = 405;
        buf_add_str(&response->body, "Only GET and HEAD are answered.\n");
    } else if (span_is(path, "/healthz")) {
        write_health(server, response);
    } else if (span_is(path, "/metrics")) {
        response->type = "text/plain; version=0.0.4";
        metrics_write(clock_now_us(), &response->body);
    } else {
        response->code = 404;
        buf_add_str(&response->body, "There is /healthz and /metrics.\n");
    }
    if (!buf_ok(&response->body)) {
        response->code = 503;
        buf_fini(&response->body);
    }
    return REQUEST_ANSWER;
}

enum status server_open(const struct config *config, struct event_loop *loop, struct health *health,
                        struct server **out_server, struct err *err)
{
    struct server *server = calloc(1, sizeof *server);
    if (!server) {
        return err_nomem(err, "serve");
    }
    server->health = health;
    server->listener.name = "serve";
    server->listener.host = (struct connection_host){
        .loop = loop,
        .handle = serve,
        .context = server,
        .via = "http",
        .quiet = true,
        .connections_max = SERVE_CONNECTIONS_MAX,
        .idle_timeout_us = SERVE_TIMEOUT_US,
        .request_timeout_us = SERVE_TIMEOUT_US,
        .budget = {.limits = {.head_bytes_max = SERVE_HEAD_BYTES_MAX,
                              .body_bytes_max = SERVE_BODY_BYTES_MAX},
                   .bytes_max = SERVE_CONNECTIONS_MAX * SERVE_BODY_BYTES_MAX},
    };
    enum status status = listener_open(&server->listener, config->serve_listen, err);
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
        listener_close(&server->listener);
        free(server);
    }
}

const char *server_url(const struct server *server)
{
    return server->listener.url;
}
