/* POSTs by libcurl's multi interface. Each place holds an easy handle that is used again and again;
 * connections are the multi handle's, and are kept open between posts. */
#include "tools/stele/replay/transport.h"

#include <stdlib.h>

#include "schema/base/clock.h"
#include "tools/stele/replay/curl_setup.h"

enum { IN_FLIGHT_MAX = 1024, RETRY_AFTER_S_MAX = 600 };

struct place {
    struct carrier *carrier;
    CURL *curl;
    struct post *post; /* NULL: free */
    char words[CURL_ERROR_SIZE];
};

struct carrier {
    const struct destination *destination;
    CURLM *multi;
    struct curl_slist *headers;
    size_t answer_bytes_max;
    bool answered; /* some post */
    size_t n_places;
    struct place places[];
};

static enum status add_header(struct carrier *carrier, const char *line, struct err *err)
{
    struct curl_slist *grown = curl_slist_append(carrier->headers, line);
    carrier->headers = grown ? grown : carrier->headers;
    return grown ? OK : err_nomem(err, "replay");
}

static enum status make_headers(struct carrier *carrier, struct err *err)
{
    const struct destination *destination = carrier->destination;
    struct buf line = BUF_INIT;
    buf_printf(&line, "Content-Type: %s", form_content_type(destination->form.form));
    buf_add_char(&line, '\0');
    enum status status = buf_status(&line, "replay", err);
    status = THEN(status, add_header(carrier, line.data, err));
    buf_fini(&line);
    status = THEN(status, add_header(carrier, "Expect:", err)); /* no waiting for 100 Continue */
    for (size_t i = 0; status == OK && i < destination->n_headers; i++) {
        status = add_header(carrier, destination->headers[i], err);
    }
    return status;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    const struct place *place = context;
    struct buf *answer = &place->post->answer;
    size_t bytes = size * count;
    size_t room = place->carrier->answer_bytes_max - answer->size;
    buf_add(answer, data, bytes < room ? bytes : room);
    return buf_ok(answer) ? bytes : 0;
}

static void http_close(struct carrier *carrier)
{
    if (!carrier) {
        return;
    }
    for (size_t i = 0; i < carrier->n_places; i++) {
        if (carrier->places[i].post) {
            (void)curl_multi_remove_handle(carrier->multi, carrier->places[i].curl);
        }
        curl_easy_cleanup(carrier->places[i].curl);
    }
    (void)curl_multi_cleanup(carrier->multi);
    for (struct curl_slist *at = carrier->headers; at; at = at->next) {
        explicit_bzero(at->data, strlen(at->data));
    }
    curl_slist_free_all(carrier->headers);
    free(carrier);
}

/* The forms whose answers are read want all of them. */
static size_t answer_bytes(enum form form)
{
    enum { EXCERPT_BYTES = 4096 };
    return form == FORM_HEC || form == FORM_BULK ? (size_t)CARRIER_ANSWER_BYTES_MAX : EXCERPT_BYTES;
}

enum status http_carrier_open(const struct destination *destination, size_t in_flight,
                              struct carrier **out_carrier, struct err *err)
{
    CHECK(in_flight > 0 && in_flight <= IN_FLIGHT_MAX);
    struct carrier *carrier = calloc(1, sizeof *carrier + in_flight * sizeof carrier->places[0]);
    if (!carrier) {
        return err_nomem(err, "replay");
    }
    carrier->destination = destination;
    carrier->answer_bytes_max = answer_bytes(destination->form.form);
    bool good = true;
    for (size_t i = 0; i < in_flight; i++) {
        carrier->places[i].carrier = carrier;
        carrier->places[i].curl = wire_new();
        good = good && carrier->places[i].curl;
    }
    carrier->n_places = in_flight;
    carrier->multi = curl_multi_init();
    enum status status =
        good && carrier->multi ? make_headers(carrier, err) : err_nomem(err, "replay");
    if (status != OK) {
        http_close(carrier);
        return status;
    }
    (void)curl_multi_setopt(carrier->multi, CURLMOPT_MAXCONNECTS, (long)in_flight);
    *out_carrier = carrier;
    return OK;
}

static enum status http_begin(struct carrier *carrier, struct post *post, struct err *err)
{
    struct place *place = carrier->places;
    while (place < carrier->places + carrier->n_places && place->post) {
        place++;
    }
    CHECK(place < carrier->places + carrier->n_places);
    CURL *curl = place->curl;
    curl_easy_reset(curl);
    wire_set(curl, carrier->destination, place->words);
    place->words[0] = '\0';
    buf_clear(&post->answer);
    (void)curl_easy_setopt(curl, CURLOPT_URL, post->url);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.size);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post->body.data);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, carrier->headers);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, place);
    (void)curl_easy_setopt(curl, CURLOPT_PRIVATE, place);
    if (curl_multi_add_handle(carrier->multi, curl) != CURLM_OK) {
        return err_nomem(err, "replay");
    }
    place->post = post;
    post->done = false;
    return OK;
}

static void finish(struct carrier *carrier, struct place *place, CURLcode code)
{
    struct post *post = place->post;
    CURL *curl = place->curl;
    curl_off_t after_s = 0;
    post->http = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &post->http);
    (void)curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &after_s);
    after_s = after_s < 0 ? 0 : after_s > RETRY_AFTER_S_MAX ? RETRY_AFTER_S_MAX : after_s;
    post->retry_after_us = after_s * CLOCK_SECOND_US;
    post->err = (struct err){.status = OK};
    /* a receiver that refuses may close before it has read all: its answer is what counts */
    if (code != CURLE_OK && !(code == CURLE_SEND_ERROR && post->http >= 300)) {
        (void)wire_error(carrier->destination, code, place->words, &post->err);
        if (!carrier->answered) {
            (void)wire_suspect(carrier->destination, &post->err);
        }
    } else {
        carrier->answered = true;
    }
    (void)curl_multi_remove_handle(carrier->multi, curl);
    place->post = NULL;
    post->done = true;
}

static bool take_done(struct carrier *carrier)
{
    bool any = false;
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(carrier->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            CURLcode code = message->data.result; /* the message is gone with the handle */
            struct place *place = NULL;
            (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &place);
            finish(carrier, place, code);
            any = true;
        }
    }
    return any;
}

static enum status http_wait(struct carrier *carrier, int64_t timeout_us, struct err *err)
{
    int running;
    CURLMcode code = curl_multi_perform(carrier->multi, &running);
    if (code == CURLM_OK && !take_done(carrier) && timeout_us > 0) {
        code = curl_multi_poll(carrier->multi, NULL, 0, (int)((timeout_us + 999) / 1000), NULL);
        if (code == CURLM_OK) {
            code = curl_multi_perform(carrier->multi, &running);
        }
        (void)take_done(carrier);
    }
    return code == CURLM_OK ? OK : err_set(err, ERR_NET, "libcurl: %s", curl_multi_strerror(code));
}

static void http_abandon(struct carrier *carrier, struct post *post)
{
    for (size_t i = 0; i < carrier->n_places; i++) {
        struct place *place = &carrier->places[i];
        if (place->post == post) {
            (void)curl_multi_remove_handle(carrier->multi, place->curl);
            place->post = NULL;
        }
    }
}

const struct carrier_ops http_carrier = {
    .begin = http_begin, .wait = http_wait, .abandon = http_abandon, .close = http_close};
