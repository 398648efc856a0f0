/* The handler behind the port of serve.listen: a table of routes. Sockets, limits and time are the
 * receiver's connections: one request, one answer, closed. */
#include "daemon/serve/server.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "daemon/process/metrics.h"
#include "daemon/receive/listener.h"
#include "schema/text/ascii.h"

enum { SERVE_HEAD_BYTES_MAX = 16 * 1024, SERVE_BODY_BYTES_MAX = 1024 };

struct server {
    struct listener listener;
    struct health *health;
    char hosts[CONFIG_TEXT_BYTES]; /* serve.hosts */
};

/* GET always comes with HEAD, which connection and response do: the body is left out. */
#define ROUTE_GET "GET, HEAD"

/* What answers a path: code, type and body. */
typedef void route_answer(struct server *server, const struct request *request,
                          struct http_response *response);
struct route {
    const char *path;
    const char *allow; /* its methods: ROUTE_GET */
    route_answer *answer;
};

static bool is_same(struct span a, struct span b)
{
    return a.size == b.size && strncasecmp(a.data, b.data, a.size) == 0;
}

/* One of the names of serve.hosts, in any case. */
static bool is_configured(const struct server *server, struct span host)
{
    for (struct span rest = span_str(server->hosts); rest.size > 0;) {
        size_t size = span_find(rest, ' ');
        if (size > 0 && is_same(span_of(rest.data, size), host)) {
            return true;
        }
        rest = span_from(rest, size + 1);
    }
    return false;
}

/* Host without its port and brackets. Size 0: it is not one. */
static struct span bare_host(struct span host, bool *out_bracket)
{
    *out_bracket = span_starts(host, "[");
    const char *end = memchr(host.data, *out_bracket ? ']' : ':', host.size);
    struct span bare = span_of(host.data, end ? (size_t)(end - host.data) : host.size);
    struct span rest = span_from(host, bare.size);
    if (*out_bracket) {
        rest = span_from(rest, end != NULL);
        bare = end ? span_from(bare, 1) : span_of(NULL, 0);
    }
    int64_t port;
    bool good =
        rest.size == 0 || (span_starts(rest, ":") && rest.size <= 6 &&
                           (rest.size == 1 || ascii_read_number(span_from(rest, 1), &port)));
    return good ? bare : span_of(NULL, 0);
}

/* A web page could reach this port under a name that it has resolve to an address of this machine
 * (DNS rebinding): so only what a page's author cannot give out is taken, which are addresses,
 * localhost and the names of serve.hosts; on a loopback address only loopback's own. */
static bool is_host_allowed(const struct server *server, struct span host)
{
    char name[INET6_ADDRSTRLEN];
    unsigned char address[sizeof(struct in6_addr)];
    bool bracket;
    struct span bare = bare_host(host, &bracket);
    if (is_configured(server, bare) || (!bracket && is_same(bare, span_str("localhost")))) {
        return true;
    }
    if (bare.size == 0 || bare.size >= sizeof name) {
        return false;
    }
    (void)snprintf(name, sizeof name, "%.*s", SPAN_FMT(bare));
    return inet_pton(bracket ? AF_INET6 : AF_INET, name, address) == 1 &&
           (!server->listener.loopback || config_host_is_loopback(name));
}

static void answer_health(struct server *server, const struct request *request,
                          struct http_response *response)
{
    (void)request;
    char reason[ERR_TEXT_BYTES];
    bool good = health_get(server->health, reason);
    response->code = good ? 200 : 503;
    buf_printf(&response->body, "%s\n", good ? "ok" : reason);
}

static void answer_metrics(struct server *server, const struct request *request,
                           struct http_response *response)
{
    (void)server;
    (void)request;
    response->type = "text/plain; version=0.0.4";
    metrics_write(clock_now_us(), &response->body);
}

static const struct route routes[] = {
    {"/healthz", ROUTE_GET, answer_health},
    {"/metrics", ROUTE_GET, answer_metrics},
};

static const struct route *find_route(struct span path)
{
    const char *query = memchr(path.data, '?', path.size);
    path.size = query ? (size_t)(query - path.data) : path.size;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (span_is(path, routes[i].path)) {
            return &routes[i];
        }
    }
    return NULL;
}

static bool takes(const struct route *route, struct span method)
{
    for (struct span rest = span_str(route->allow); rest.size > 0;) {
        size_t size = span_find(rest, ',');
        if (size == method.size && memcmp(rest.data, method.data, size) == 0) {
            return true;
        }
        rest = span_from(rest, size + 2);
    }
    return false;
}

static void refuse(struct http_response *response, int code, const char *text)
{
    response->code = code;
    buf_add_str(&response->body, text);
}

static enum request_verdict serve(void *context, struct request *request,
                                  struct http_response *response)
{
    struct server *server = context;
    const struct http_request *http = &request->http;
    const char *start = request->in.data;
    struct span method = span_of(start, http->method_size);
    const struct route *route = find_route(span_of(start + http->path_at, http->path_size));
    response->head = span_is(method, "HEAD");
    response->close = true;
    response->type = "text/plain";
    response->code = 200;
    if (http->several_hosts || (http->host_at == 0 && !http->is_1_0)) {
        refuse(response, 400, "A request has one Host.\n");
    } else if (http->host_at != 0 &&
               !is_host_allowed(server, span_of(start + http->host_at, http->host_size))) {
        refuse(response, 421,
               "Host must be an address of this machine, localhost, or a name of serve.hosts.\n");
    } else if (!route) {
        refuse(response, 404, "There is /healthz and /metrics.\n");
    } else if (!takes(route, method)) {
        response->allow = route->allow;
        refuse(response, 405, "This is not one of the methods that are answered.\n");
    } else {
        route->answer(server, request, response);
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
    struct admission_share share = admission_divide(config->receive_connections_max);
    server->health = health;
    memcpy(server->hosts, config->serve_hosts, sizeof server->hosts);
    server->listener.name = "serve";
    server->listener.host = (struct connection_host){
        .loop = loop,
        .name = server->listener.name,
        .handle = serve,
        .context = server,
        .via = "http",
        .quiet = true,
        .all_newcomers = true,
        .admission = {.places_max = share.serve, .newcomers_max = share.serve},
        .idle_timeout_us = ADMISSION_NEWCOMER_US,
        .request_timeout_us = ADMISSION_NEWCOMER_US,
        .budget = {.limits = {.head_bytes_max = SERVE_HEAD_BYTES_MAX,
                              .body_bytes_max = SERVE_BODY_BYTES_MAX},
                   .bytes_max = share.serve * SERVE_BODY_BYTES_MAX},
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
