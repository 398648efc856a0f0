/* POSTs by libcurl's multi interface. Each place holds an easy handle that is used again and again;
 * connections are the multi handle's, and are kept open between posts. */
#include "tools/stele/replay/transport.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/http/libcurl.h"
#include "schema/base/clock.h"

enum { IN_FLIGHT_MAX = 1024, RETRY_AFTER_S_MAX = 600 };

struct http_slot {
    struct transport *transport;
    CURL *curl;
    struct transport_post *post; /* NULL: free */
    char words[CURL_SETUP_WORDS_BYTES];
};

struct transport {
    const struct destination *destination;
    CURLM *multi;
    struct curl_slist *headers;
    size_t answer_bytes_max;
    bool answered; /* some post */
    size_t n_places;
    struct http_slot places[];
};

static enum status add_header(struct transport *transport, const char *line, struct err *err)
{
    struct curl_slist *grown = libcurl.slist_append(transport->headers, line);
    transport->headers = grown ? grown : transport->headers;
    return grown ? OK : err_nomem(err, "replay");
}

static enum status make_headers(struct transport *transport, struct err *err)
{
    const struct destination *destination = transport->destination;
    char line[64];
    (void)snprintf(line, sizeof line, "Content-Type: %s",
                   form_content_type(destination->form.form));
    enum status status = add_header(transport, line, err);
    status = THEN(status, add_header(transport, "Expect:", err)); /* no waiting for 100 Continue */
    for (size_t i = 0; status == OK && i < destination->n_headers; i++) {
        status = add_header(transport, destination->headers[i], err);
    }
    return status;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    const struct http_slot *place = context;
    struct buf *response = &place->post->response;
    size_t bytes = size * count;
    size_t room = place->transport->answer_bytes_max - response->size;
    buf_add(response, data, bytes < room ? bytes : room);
    return buf_ok(response) ? bytes : 0;
}

static void http_close(struct transport *transport)
{
    if (!transport) {
        return;
    }
    for (size_t i = 0; i < transport->n_places; i++) {
        if (transport->places[i].post) {
            (void)libcurl.multi_remove_handle(transport->multi, transport->places[i].curl);
        }
        libcurl.easy_cleanup(transport->places[i].curl);
    }
    (void)libcurl.multi_cleanup(transport->multi);
    for (struct curl_slist *at = transport->headers; at; at = at->next) {
        explicit_bzero(at->data, strlen(at->data));
    }
    libcurl.slist_free_all(transport->headers);
    free(transport);
}

/* The forms whose answers are read want all of them. */
static size_t answer_bytes(enum form form)
{
    enum { EXCERPT_BYTES = 4096 };
    return form == FORM_HEC || form == FORM_BULK ? (size_t)TRANSPORT_RESPONSE_BYTES_MAX
                                                 : EXCERPT_BYTES;
}

static enum status http_open(const struct destination *destination, size_t in_flight,
                             const atomic_bool *stop, struct transport **out_transport,
                             struct err *err)
{
    (void)stop;
    CHECK(in_flight > 0 && in_flight <= IN_FLIGHT_MAX);
    enum status status = libcurl_load(err);
    if (status != OK) {
        return status;
    }
    struct transport *transport =
        calloc(1, sizeof *transport + in_flight * sizeof transport->places[0]);
    if (!transport) {
        return err_nomem(err, "replay");
    }
    transport->destination = destination;
    transport->answer_bytes_max = answer_bytes(destination->form.form);
    bool good = true;
    for (size_t i = 0; i < in_flight; i++) {
        transport->places[i].transport = transport;
        transport->places[i].curl = libcurl.easy_init();
        good = good && transport->places[i].curl;
    }
    transport->n_places = in_flight;
    transport->multi = libcurl.multi_init();
    status = good && transport->multi ? make_headers(transport, err) : err_nomem(err, "replay");
    if (status != OK) {
        http_close(transport);
        return status;
    }
    (void)libcurl.multi_setopt(transport->multi, CURLMOPT_MAXCONNECTS, (long)in_flight);
    *out_transport = transport;
    return OK;
}

static enum status http_begin(struct transport *transport, struct transport_post *post,
                              struct err *err)
{
    struct http_slot *place = transport->places;
    while (place < transport->places + transport->n_places && place->post) {
        place++;
    }
    CHECK(place < transport->places + transport->n_places);
    CURL *curl = place->curl;
    libcurl.easy_reset(curl);
    const struct destination *destination = transport->destination;
    long timeout_ms = (long)(destination->options->timeout_us / 1000);
    curl_setup_set(curl, &destination->curl, NULL, place->words);
    (void)libcurl.easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
    (void)libcurl.easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    if (!destination_is_tls(destination)) {
        /* the way to a proxy would not be encrypted either */
        (void)libcurl.easy_setopt(curl, CURLOPT_PROXY, "");
    }
    buf_clear(&post->response);
    (void)libcurl.easy_setopt(curl, CURLOPT_URL, post->url);
    (void)libcurl.easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.size);
    (void)libcurl.easy_setopt(curl, CURLOPT_POSTFIELDS, post->body.data);
    (void)libcurl.easy_setopt(curl, CURLOPT_HTTPHEADER, transport->headers);
    (void)libcurl.easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)libcurl.easy_setopt(curl, CURLOPT_WRITEDATA, place);
    (void)libcurl.easy_setopt(curl, CURLOPT_PRIVATE, place);
    if (libcurl.multi_add_handle(transport->multi, curl) != CURLM_OK) {
        return err_nomem(err, "replay");
    }
    place->post = post;
    post->done = false;
    return OK;
}

static void finish(struct transport *transport, struct http_slot *place, CURLcode code)
{
    struct transport_post *post = place->post;
    CURL *curl = place->curl;
    curl_off_t after_s = 0;
    post->http = 0;
    (void)libcurl.easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &post->http);
    (void)libcurl.easy_getinfo(curl, CURLINFO_RETRY_AFTER, &after_s);
    after_s = after_s < 0 ? 0 : after_s > RETRY_AFTER_S_MAX ? RETRY_AFTER_S_MAX : after_s;
    post->retry_after_us = after_s * CLOCK_SECOND_US;
    post->err = (struct err){.status = OK};
    /* a receiver that refuses may close before it has read all: its answer is what counts */
    if (code != CURLE_OK && !(code == CURLE_SEND_ERROR && post->http >= 300)) {
        (void)curl_setup_error(&transport->destination->curl, transport->destination->host,
                               (int)code, place->words, &post->err);
        if (!transport->answered && destination_is_tls(transport->destination)) {
            (void)curl_setup_suspect(&transport->destination->curl, post->err.status, &post->err);
        }
    } else {
        transport->answered = true;
    }
    (void)libcurl.multi_remove_handle(transport->multi, curl);
    place->post = NULL;
    post->done = true;
}

static bool finish_transfers(struct transport *transport)
{
    bool any = false;
    int left;
    CURLMsg *message;
    while ((message = libcurl.multi_info_read(transport->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            CURLcode code = message->data.result; /* the message is gone with the handle */
            struct http_slot *place = NULL;
            (void)libcurl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &place);
            finish(transport, place, code);
            any = true;
        }
    }
    return any;
}

static enum status http_wait(struct transport *transport, int64_t timeout_us, struct err *err)
{
    int running;
    CURLMcode code = libcurl.multi_perform(transport->multi, &running);
    if (code == CURLM_OK && !finish_transfers(transport) && timeout_us > 0) {
        code =
            libcurl.multi_poll(transport->multi, NULL, 0, (int)((timeout_us + 999) / 1000), NULL);
        if (code == CURLM_OK) {
            code = libcurl.multi_perform(transport->multi, &running);
        }
        (void)finish_transfers(transport);
    }
    return code == CURLM_OK ? OK
                            : err_set(err, ERR_NET, "libcurl: %s", libcurl.multi_strerror(code));
}

const struct transport_ops transport_http = {
    .open = http_open, .begin = http_begin, .wait = http_wait, .close = http_close};
