/* What every user of libcurl tells it (handles are CURL *), and what its errors mean: http_client.c
 * here, and the transports of stele replay, which keep several requests, or a bare connection,
 * under way. */
#ifndef DAEMON_HTTP_CURL_SETUP_H
#define DAEMON_HTTP_CURL_SETUP_H

#include <stdatomic.h>

#include "schema/base/err.h"

enum { CURL_SETUP_WORDS_BYTES = 256 }; /* CURL_ERROR_SIZE */

/* Texts outlive the use. */
struct curl_setup {
    const char *ca;          /* PEM file; NULL or empty: the system's */
    const char *certificate; /* of the client, a PEM file; NULL: none */
    const char *key;         /* must not be encrypted */

    /* What to set, as error texts call it. */
    const char *ca_setting;
    const char *certificate_setting; /* NULL: client certificates cannot be set */
    const char *address_setting;     /* NULL: the address is in plain sight */
    const char *proxy_setting;
};

/* Sets what is the same for every use of a fresh or reset handle: no signals, HTTP/1.1, TLS 1.2 on,
 * certificates, no redirects. `stop` ends what is under way; NULL: nobody does. `words` is
 * CURLOPT_ERRORBUFFER. */
void curl_setup_set(void *curl, const struct curl_setup *setup, const atomic_bool *stop,
                    char words[CURL_SETUP_WORDS_BYTES]);

/* The CURLcode in our words, with what libcurl says in `words` (made printable here). `host` is the
 * other side, as error texts call it. err->detail is the code. */
enum status curl_setup_error(const struct curl_setup *setup, const char *host, int code,
                             char words[CURL_SETUP_WORDS_BYTES], struct err *err);

/* Of an error (status) of curl_setup_error over TLS, while nothing has got through yet: adds that
 * the other side may have refused us. Its alert can be lost when it resets the connection behind
 * it. */
enum status curl_setup_suspect(const struct curl_setup *setup, enum status status, struct err *err);

#endif
