/* One easy handle, set up for each request: it keeps connections and addresses between them. What
 * is the same for every use of libcurl is in curl_setup.c; here are the limits of time and size. */
#include "daemon/http/http_client.h"

#include <stdlib.h>
#include <strings.h>

#include "daemon/http/libcurl.h"
#include "schema/base/clock.h"

enum {
    CONNECT_TIMEOUT_MS_MAX = 15 * 1000,
    BYTES_PER_SECOND_MIN = 32 * 1024, /* a slower upload than this is given up in the end */
};

struct http_client {
    struct http_client_options options;
    char *ca;
    char *proxy;
    CURL *curl;
    bool was_cut;
    bool refused; /* by on_body */
    char words[CURL_SETUP_WORDS_BYTES];
};

struct sink {
    const struct http_client_request *request;
    bool headers_end; /* of the last answer: interim ones come before it */
    struct http_client *client;
    struct buf *body;
};

enum status http_client_open(const struct http_client_options *options,
                             struct http_client **out_client, struct err *err)
{
    enum status status = libcurl_load(err);
    if (status != OK) {
        return status;
    }
    struct http_client *client = calloc(1, sizeof *client);
    if (client) {
        client->ca = strdup(options->setup.ca ? options->setup.ca : "");
        client->proxy = strdup(options->proxy ? options->proxy : "");
        client->curl = libcurl.easy_init();
        client->options = *options;
        client->options.setup.ca = client->ca;
    }
    if (!client || !client->ca || !client->proxy || !client->curl) {
        http_client_close(client);
        return err_nomem(err, "HTTP");
    }
    *out_client = client;
    return OK;
}

void http_client_close(struct http_client *client)
{
    if (client) {
        libcurl.easy_cleanup(client->curl);
        free(client->ca);
        free(client->proxy);
        free(client);
    }
}

/* libcurl hands over headers line by line and the body in pieces. */

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
    struct sink *sink = context;
    const struct http_client_request *request = sink->request;
    struct span line = span_of(data, size * count);
    sink->headers_end = span_is(line, "\r\n") || span_is(line, "\n");
    if (request->on_header) {
        request->on_header(request->context, line);
    }
    return line.size;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct sink *sink = context;
    struct buf *body = sink->body;
    long http = 0;
    (void)libcurl.easy_getinfo(sink->client->curl, CURLINFO_RESPONSE_CODE, &http);
    bool good = http >= 200 && http < 300;
    size_t most = sink->request->body_bytes_max;
    size_t bytes = size * count;
    if (good && sink->request->on_body) {
        sink->client->refused =
            !sink->request->on_body(sink->request->context, span_of(data, bytes));
        return sink->client->refused ? 0 : bytes;
    }
    size_t room = (good ? most : HTTP_CLIENT_ERROR_BODY_BYTES_MAX) - body->size;
    if (bytes > room && good && most > 0) {
        return 0; /* longer than what is expected: an error of the transfer */
    }
    buf_add(body, data, bytes < room ? bytes : room);
    return buf_ok(body) ? bytes : 0;
}

/* Adds a line made of both texts, and wipes its copy: it may be secret. */
static enum status add_header(struct curl_slist **list, struct span name, struct span value,
                              struct err *err)
{
    struct buf line = BUF_INIT;
    buf_add_span(&line, name);
    buf_add_str(&line, ": ");
    buf_add_span(&line, value);
    buf_add_char(&line, '\0');
    struct curl_slist *grown = buf_ok(&line) ? libcurl.slist_append(*list, line.data) : NULL;
    if (line.data) {
        explicit_bzero(line.data, line.size);
    }
    buf_fini(&line);
    *list = grown ? grown : *list;
    return grown ? OK : err_nomem(err, "HTTP");
}

static enum status make_headers(const struct http_client_request *request, struct curl_slist **out,
                                struct err *err)
{
    bool typed = false;
    enum status status = OK;
    for (size_t i = 0; i < request->n_headers && status == OK; i++) {
        const struct http_pair *header = &request->headers[i];
        typed = typed || span_is(header->name, "content-type");
        status = add_header(out, header->name, header->value, err);
    }
    if (status == OK && !typed) {
        /* libcurl would make a body a form */
        status = add_header(out, span_str("Content-Type"), span_str(""), err);
    }
    return status;
}

static void set_limits(struct http_client *client, const struct http_client_request *request)
{
    CURL *curl = client->curl;
    int64_t timeout_us = request->timeout_us > 0 ? request->timeout_us : client->options.timeout_us;
    long timeout_ms = (long)(timeout_us / 1000);
    long connect_ms = timeout_ms < CONNECT_TIMEOUT_MS_MAX ? timeout_ms : CONNECT_TIMEOUT_MS_MAX;
    long stall_s = timeout_ms / 1000 > 0 ? timeout_ms / 1000 : 1;
    size_t bytes = request->body.size + request->body_bytes_max;
    (void)libcurl.easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    (void)libcurl.easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)libcurl.easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stall_s);
    /* the time for an answer, and what a slow line needs for the bytes; a body of any length may
     * take any time, as long as it does not stall */
    long most_ms = timeout_ms + (long)(bytes / BYTES_PER_SECOND_MIN) * 1000;
    (void)libcurl.easy_setopt(curl, CURLOPT_TIMEOUT_MS, request->on_body ? 0 : most_ms);
}

static void set_route(struct http_client *client, const struct http_client_request *request)
{
    CURL *curl = client->curl;
    if (request->direct) {
        (void)libcurl.easy_setopt(curl, CURLOPT_PROXY, "");
    } else if (*client->proxy) {
        (void)libcurl.easy_setopt(curl, CURLOPT_PROXY, client->proxy);
        /* the CA of the store may have signed the proxy too */
        (void)libcurl.easy_setopt(curl, CURLOPT_PROXY_CAINFO, *client->ca ? client->ca : NULL);
    }
    if (request->fresh) {
        (void)libcurl.easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
        (void)libcurl.easy_setopt(curl, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    }
}

static void set_request(struct http_client *client, const struct http_client_request *request,
                        const struct curl_slist *headers, struct sink *sink)
{
    CURL *curl = client->curl;
    const struct http_client_options *options = &client->options;
    libcurl.easy_reset(curl); /* keeps connections and DNS */
    curl_setup_set(curl, &options->setup, options->cancel ? *options->cancel : NULL, client->words);
    set_limits(client, request);
    set_route(client, request);
    (void)libcurl.easy_setopt(curl, CURLOPT_URL, request->url);
    if (strcmp(request->method, "HEAD") == 0) {
        (void)libcurl.easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (strcmp(request->method, "PUT") == 0 || strcmp(request->method, "POST") == 0) {
        (void)libcurl.easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                                  (curl_off_t)request->body.size);
        (void)libcurl.easy_setopt(curl, CURLOPT_POSTFIELDS,
                                  request->body.size ? request->body.data : "");
        (void)libcurl.easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    } else {
        (void)libcurl.easy_setopt(curl, CURLOPT_HTTPGET, 1L);
        (void)libcurl.easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    }
    (void)libcurl.easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)libcurl.easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    (void)libcurl.easy_setopt(curl, CURLOPT_HEADERDATA, sink);
    (void)libcurl.easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)libcurl.easy_setopt(curl, CURLOPT_WRITEDATA, sink);
}

enum status http_client_run(struct http_client *client, const struct http_client_request *request,
                            struct http_client_response *out_response, struct err *err)
{
    CHECK(request->method && request->url && request->host);
    struct http_client_response response = {0};
    struct sink sink = {.request = request, .client = client, .body = &response.body};
    struct curl_slist *headers = NULL;
    client->refused = false;
    enum status status = make_headers(request, &headers, err);
    if (status != OK) {
        libcurl.slist_free_all(headers);
        return status;
    }
    set_request(client, request, headers, &sink);
    CURLcode code = libcurl.easy_perform(client->curl);
    client->was_cut = code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR ||
                      code == CURLE_SEND_ERROR || code == CURLE_PARTIAL_FILE;
    (void)libcurl.easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &response.http);
    libcurl.slist_free_all(headers);
    if (code == CURLE_OK && !sink.headers_end) {
        /* to libcurl it is a whole answer */
        client->was_cut = true;
        buf_fini(&response.body);
        return err_set(err, ERR_NET, "request to %s failed (the answer breaks off in its headers)",
                       request->host);
    }
    /* a store that refuses may close before it has read all: its answer is what counts */
    if (code != CURLE_OK && !(code == CURLE_SEND_ERROR && response.http >= 300)) {
        buf_fini(&response.body);
        code = client->refused ? CURLE_ABORTED_BY_CALLBACK : code;
        return curl_setup_error(&client->options.setup, request->host, (int)code, client->words,
                                err);
    }
    *out_response = response;
    return OK;
}

bool http_client_was_cut(const struct http_client *client)
{
    return client->was_cut;
}
