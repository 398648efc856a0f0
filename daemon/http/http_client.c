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

struct transport {
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
    const struct transport_request *request;
    bool headers_end; /* of the last answer: interim ones come before it */
    struct transport *transport;
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

enum status transport_open(const struct config *config, const atomic_bool *const *cancel,
                           struct transport **out_transport, struct err *err)
{
    enum status status = proxy_check(config->ship_proxy, err);
    if (status != OK) {
        return status;
    }
    (void)pthread_once(&curl_once, curl_start);
    struct transport *transport = calloc(1, sizeof *transport);
    if (!transport) {
        return err_nomem(err, "ship");
    }
    transport->cancel = cancel;
    transport->timeout_us = config->ship_timeout > 0 ? config->ship_timeout : 60 * CLOCK_SECOND_US;
    const char *bundle = getenv("AWS_CA_BUNDLE");
    const char *ca = *config->ship_s3_ca ? config->ship_s3_ca : bundle ? bundle : "";
    int n = snprintf(transport->ca, sizeof transport->ca, "%s", ca);
    (void)snprintf(transport->proxy, sizeof transport->proxy, "%s", config->ship_proxy);
    transport->curl = curl_easy_init();
    if (!transport->curl || n >= (int)sizeof transport->ca) {
        bool nomem = !transport->curl;
        transport_close(transport);
        return nomem ? err_nomem(err, "ship")
                     : err_set(err, ERR_CONFIG, "AWS_CA_BUNDLE: the path is too long");
    }
    *out_transport = transport;
    return OK;
}

void transport_close(struct transport *transport)
{
    if (transport) {
        curl_easy_cleanup(transport->curl);
        free(transport);
    }
}

/* libcurl hands over headers line by line and the body in pieces. */

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
    struct sink *sink = context;
    const struct transport_request *request = sink->request;
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
    (void)curl_easy_getinfo(sink->transport->curl, CURLINFO_RESPONSE_CODE, &http);
    bool good = http >= 200 && http < 300;
    size_t most = sink->request->body_bytes_max;
    size_t bytes = size * count;
    if (good && sink->request->on_body) {
        sink->transport->refused =
            !sink->request->on_body(sink->request->context, span_of(data, bytes));
        return sink->transport->refused ? 0 : bytes;
    }
    size_t room = (good ? most : TRANSPORT_ERROR_BODY_BYTES_MAX) - body->size;
    if (bytes > room && good && most > 0) {
        return 0; /* longer than what is expected: an error of the transfer */
    }
    buf_add(body, data, bytes < room ? bytes : room);
    return buf_ok(body) ? bytes : 0;
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    const struct transport *transport = context;
    (void)down_total, (void)down, (void)up_total, (void)up;
    return transport->cancel && *transport->cancel && atomic_load(*transport->cancel);
}

static enum status make_headers(const struct transport_request *request, struct curl_slist **out,
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

static void set_transport(struct transport *transport, const struct transport_request *request)
{
    CURL *curl = transport->curl;
    int64_t timeout_us = request->timeout_us > 0 ? request->timeout_us : transport->timeout_us;
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
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transport->words);
    (void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (*transport->ca) {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, transport->ca);
        (void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    if (request->direct) {
        (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    } else if (*transport->proxy) {
        (void)curl_easy_setopt(curl, CURLOPT_PROXY, transport->proxy);
        /* the CA of the store may have signed the proxy too */
        (void)curl_easy_setopt(curl, CURLOPT_PROXY_CAINFO, *transport->ca ? transport->ca : NULL);
    }
    if (request->fresh) {
        (void)curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    }
    (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transport);
}

static void set_request(struct transport *transport, const struct transport_request *request,
                        const struct curl_slist *headers, struct sink *sink)
{
    CURL *curl = transport->curl;
    curl_easy_reset(curl); /* keeps connections and DNS */
    set_transport(transport, request);
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
static enum status transport_error(struct transport *transport, const char *host, CURLcode code,
                                   struct err *err)
{
    for (char *at = transport->words; *at; at++) {
        *at = *at < ' ' || *at > '~' ? '?' : *at;
    }
    const char *words = *transport->words ? transport->words : curl_easy_strerror(code);
    enum status status;
    if (code == CURLE_ABORTED_BY_CALLBACK || (code == CURLE_WRITE_ERROR && transport->refused)) {
        status = err_set(err, ERR_STOPPED, "stopped during a request to %s", host);
    } else if (code == CURLE_PEER_FAILED_VERIFICATION) {
        status = err_set(err, ERR_CONFIG,
                         "the certificate of %s is not trusted: set ship.s3_ca to its CA's PEM "
                         "file (%s)",
                         host, words);
    } else if (code == CURLE_SSL_CACERT_BADFILE) {
        status = err_set(err, ERR_CONFIG, "ship.s3_ca: cannot read %s", transport->ca);
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

enum status transport_run(struct transport *transport, const struct transport_request *request,
                          struct transport_answer *out_answer, struct err *err)
{
    CHECK(request->method && request->url && request->host);
    struct transport_answer answer = {0};
    struct sink sink = {.request = request, .transport = transport, .body = &answer.body};
    struct curl_slist *headers = NULL;
    transport->words[0] = '\0';
    transport->refused = false;
    enum status status = make_headers(request, &headers, err);
    if (status != OK) {
        return status;
    }
    set_request(transport, request, headers, &sink);
    CURLcode code = curl_easy_perform(transport->curl);
    transport->was_cut = code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR ||
                         code == CURLE_SEND_ERROR || code == CURLE_PARTIAL_FILE;
    (void)curl_easy_getinfo(transport->curl, CURLINFO_RESPONSE_CODE, &answer.http);
    curl_slist_free_all(headers);
    if (code == CURLE_OK && !sink.headers_end) {
        /* to libcurl it is a whole answer */
        transport->was_cut = true;
        buf_fini(&answer.body);
        return err_set(err, ERR_NET, "request to %s failed (the answer breaks off in its headers)",
                       request->host);
    }
    /* a store that refuses may close before it has read all: its answer is what counts */
    if (code != CURLE_OK && !(code == CURLE_SEND_ERROR && answer.http >= 300)) {
        buf_fini(&answer.body);
        return transport_error(transport, request->host, code, err);
    }
    *out_answer = answer;
    return OK;
}

bool transport_was_cut(const struct transport *transport)
{
    return transport->was_cut;
}
