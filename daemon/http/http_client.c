#include "daemon/http/http_client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/base/clock.h"

enum {
    CONNECT_TIMEOUT_MS_MAX = 15 * 1000,
    BYTES_PER_SECOND_MIN = 32 * 1024, /* a slower upload than this is given up in the end */
};

struct http_client {
    char ca[CONFIG_TEXT_BYTES];
    char proxy[CONFIG_TEXT_BYTES];
    int64_t timeout_us;
    const atomic_bool *const *cancel;
    CURL *curl;
    bool was_cut;
    bool refused; /* by on_body */
    char words[CURL_ERROR_SIZE];
};

struct sink {
    const struct http_client_request *request;
    bool headers_end; /* of the last answer: interim ones come before it */
    struct http_client *client;
    struct buf *body;
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void curl_start(void)
{
    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

/* Its value may hold a password: it is not told. */
static enum status proxy_check(const char *proxy, struct err *err)
{
    static const char *const schemes[] = {"http://", "https://", "socks5://", "socks5h://", NULL};
    struct span rest = span_of(NULL, 0);
    for (size_t i = 0; schemes[i] && !rest.size; i++) {
        size_t n = strlen(schemes[i]);
        rest = strncmp(proxy, schemes[i], n) == 0 ? span_str(proxy + n) : rest;
    }
    for (size_t i = 0; i < rest.size; i++) {
        rest.size = rest.data[i] > ' ' && rest.data[i] < 127 ? rest.size : 0;
    }
    return !*proxy || rest.size > 0
               ? OK
               : err_set(err, ERR_CONFIG, "ship.proxy is not of the form http://host:port");
}

enum status http_client_open(const struct config *config, const atomic_bool *const *cancel,
                             struct http_client **out_transport, struct err *err)
{
    enum status status = proxy_check(config->ship_proxy, err);
    if (status != OK) {
        return status;
    }
    (void)pthread_once(&curl_once, curl_start);
    struct http_client *client = calloc(1, sizeof *client);
    if (!client) {
        return err_nomem(err, "ship");
    }
    client->cancel = cancel;
    client->timeout_us = config->ship_timeout > 0 ? config->ship_timeout : 60 * CLOCK_SECOND_US;
    const char *bundle = getenv("AWS_CA_BUNDLE");
    const char *ca = *config->ship_s3_ca ? config->ship_s3_ca : bundle ? bundle : "";
    int n = snprintf(client->ca, sizeof client->ca, "%s", ca);
    (void)snprintf(client->proxy, sizeof client->proxy, "%s", config->ship_proxy);
    client->curl = curl_easy_init();
    if (!client->curl || n >= (int)sizeof client->ca) {
        bool nomem = !client->curl;
        http_client_close(client);
        return nomem ? err_nomem(err, "ship")
                     : err_set(err, ERR_CONFIG, "AWS_CA_BUNDLE: the path is too long");
    }
    *out_transport = client;
    return OK;
}

void http_client_close(struct http_client *client)
{
    if (client) {
        curl_easy_cleanup(client->curl);
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
    (void)curl_easy_getinfo(sink->client->curl, CURLINFO_RESPONSE_CODE, &http);
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

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    const struct http_client *client = context;
    (void)down_total, (void)down, (void)up_total, (void)up;
    return client->cancel && *client->cancel && atomic_load(*client->cancel);
}

static enum status make_headers(const struct http_client_request *request, struct curl_slist **out,
                                struct err *err)
{
    bool typed = false;
    struct curl_slist *list = NULL;
    enum status status = OK;
    for (size_t i = 0; i < request->n_headers && status == OK; i++) {
        struct buf line = BUF_INIT;
        typed = typed || span_is(request->headers[i].name, "content-type");
        buf_add_span(&line, request->headers[i].name);
        buf_add_str(&line, ": ");
        buf_add_span(&line, request->headers[i].value);
        buf_add_char(&line, '\0');
        struct curl_slist *grown = buf_ok(&line) ? curl_slist_append(list, line.data) : NULL;
        if (grown) {
            list = grown;
        } else {
            status = err_nomem(err, "ship");
        }
        if (line.data) {
            explicit_bzero(line.data, line.size);
        }
        buf_fini(&line);
    }
    if (status == OK && !typed) {
        /* libcurl would make a body a form */
        struct curl_slist *grown = curl_slist_append(list, "Content-Type:");
        list = grown ? grown : list;
        status = grown ? OK : err_nomem(err, "ship");
    }
    if (status != OK) {
        curl_slist_free_all(list);
        return status;
    }
    *out = list;
    return OK;
}

static void set_transport(struct http_client *client, const struct http_client_request *request)
{
    CURL *curl = client->curl;
    int64_t timeout_us = request->timeout_us > 0 ? request->timeout_us : client->timeout_us;
    long timeout_ms = (long)(timeout_us / 1000);
    long connect_ms = timeout_ms < CONNECT_TIMEOUT_MS_MAX ? timeout_ms : CONNECT_TIMEOUT_MS_MAX;
    long stall_s = timeout_ms / 1000 > 0 ? timeout_ms / 1000 : 1;
    size_t bytes = request->body.size + request->body_bytes_max;
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "stele/" STELE_VERSION);
    (void)curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stall_s);
    /* the time for an answer, and what a slow line needs for the bytes; a body of any length may
     * take any time, as long as it does not stall */
    long most_ms = timeout_ms + (long)(bytes / BYTES_PER_SECOND_MIN) * 1000;
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, request->on_body ? 0 : most_ms);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->words);
    (void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (*client->ca) {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, client->ca);
        (void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    if (request->direct) {
        (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    } else if (*client->proxy) {
        (void)curl_easy_setopt(curl, CURLOPT_PROXY, client->proxy);
        /* the CA of the store may have signed the proxy too */
        (void)curl_easy_setopt(curl, CURLOPT_PROXY_CAINFO, *client->ca ? client->ca : NULL);
    }
    if (request->fresh) {
        (void)curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    }
    (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, client);
}

static void set_request(struct http_client *client, const struct http_client_request *request,
                        const struct curl_slist *headers, struct sink *sink)
{
    CURL *curl = client->curl;
    curl_easy_reset(curl); /* keeps connections and DNS */
    set_transport(client, request);
    (void)curl_easy_setopt(curl, CURLOPT_URL, request->url);
    if (strcmp(request->method, "HEAD") == 0) {
        (void)curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (strcmp(request->method, "PUT") == 0 || strcmp(request->method, "POST") == 0) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
                               request->body.size ? request->body.data : "");
        (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    } else {
        (void)curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    }
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, sink);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, sink);
}

/* libcurl's reasons in our words; what it cites of the server goes to terminals. */
static enum status transport_error(struct http_client *client, const char *host, CURLcode code,
                                   struct err *err)
{
    for (char *at = client->words; *at; at++) {
        *at = *at < ' ' || *at > '~' ? '?' : *at;
    }
    const char *words = *client->words ? client->words : curl_easy_strerror(code);
    enum status status;
    if (code == CURLE_ABORTED_BY_CALLBACK || (code == CURLE_WRITE_ERROR && client->refused)) {
        status = err_set(err, ERR_STOPPED, "stopped during a request to %s", host);
    } else if (code == CURLE_PEER_FAILED_VERIFICATION) {
        status = err_set(err, ERR_CONFIG,
                         "the certificate of %s is not trusted: set ship.s3_ca to its CA's PEM "
                         "file (%s)",
                         host, words);
    } else if (code == CURLE_SSL_CACERT_BADFILE) {
        status = err_set(err, ERR_CONFIG, "ship.s3_ca: cannot read %s", client->ca);
    } else if (code == CURLE_COULDNT_RESOLVE_PROXY) {
        status = err_set(err, ERR_NET, "no address for the proxy: check ship.proxy (%s)", words);
    } else if (code == CURLE_COULDNT_RESOLVE_HOST) {
        status = err_set(err, ERR_NET, "no address for %s: check ship.s3_endpoint and DNS (%s)",
                         host, words);
    } else if (code == CURLE_COULDNT_CONNECT) {
        status = err_set(err, ERR_NET, "cannot connect to %s: is the server up? (%s)", host, words);
    } else if (code == CURLE_OPERATION_TIMEDOUT) {
        status = err_set(err, ERR_NET, "no answer from %s in time (%s)", host, words);
    } else if (code == CURLE_OUT_OF_MEMORY) {
        status = err_nomem(err, "ship");
    } else {
        status = err_set(err, ERR_NET, "request to %s failed (%s)", host, words);
    }
    if (err) {
        err->detail = (long)code;
    }
    return status;
}

enum status http_client_run(struct http_client *client, const struct http_client_request *request,
                            struct http_client_response *out_answer, struct err *err)
{
    CHECK(request->method && request->url && request->host);
    struct http_client_response answer = {0};
    struct sink sink = {.request = request, .client = client, .body = &answer.body};
    struct curl_slist *headers = NULL;
    client->words[0] = '\0';
    client->refused = false;
    enum status status = make_headers(request, &headers, err);
    if (status != OK) {
        return status;
    }
    set_request(client, request, headers, &sink);
    CURLcode code = curl_easy_perform(client->curl);
    client->was_cut = code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR ||
                      code == CURLE_SEND_ERROR || code == CURLE_PARTIAL_FILE;
    (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &answer.http);
    curl_slist_free_all(headers);
    if (code == CURLE_OK && !sink.headers_end) {
        /* to libcurl it is a whole answer */
        client->was_cut = true;
        buf_fini(&answer.body);
        return err_set(err, ERR_NET, "request to %s failed (the answer breaks off in its headers)",
                       request->host);
    }
    /* a store that refuses may close before it has read all: its answer is what counts */
    if (code != CURLE_OK && !(code == CURLE_SEND_ERROR && answer.http >= 300)) {
        buf_fini(&answer.body);
        return transport_error(client, request->host, code, err);
    }
    *out_answer = answer;
    return OK;
}

bool http_client_was_cut(const struct http_client *client)
{
    return client->was_cut;
}
