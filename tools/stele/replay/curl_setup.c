#include "tools/stele/replay/curl_setup.h"

#include <pthread.h>

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void curl_start(void)
{
    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

CURL *curl_setup_new(void)
{
    (void)pthread_once(&curl_once, curl_start);
    return curl_easy_init();
}

void curl_setup_set(CURL *curl, const struct destination *destination, char words[CURL_ERROR_SIZE])
{
    const struct destination_options *options = destination->options;
    long timeout_ms = (long)(options->timeout_us / 1000);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "stele/" STELE_VERSION);
    (void)curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
    if (strncmp(destination->url, "http:", 5) == 0) {
        /* the way to a proxy would not be encrypted either */
        (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    }
    (void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (options->ca) {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, options->ca);
        (void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    if (options->certificate) {
        (void)curl_easy_setopt(curl, CURLOPT_SSLCERT, options->certificate);
        (void)curl_easy_setopt(curl, CURLOPT_SSLKEY, options->key);
        /* an encrypted key is an error, and nobody is asked at the terminal */
        (void)curl_easy_setopt(curl, CURLOPT_KEYPASSWD, "");
    }
}

enum status curl_setup_error(const struct destination *destination, CURLcode code,
                             char words[CURL_ERROR_SIZE], struct err *err)
{
    const struct destination_options *options = destination->options;
    const char *host = destination->host;
    for (char *at = words; *at; at++) {
        *at = *at < ' ' || *at > '~' ? '?' : *at;
    }
    const char *why = *words ? words : curl_easy_strerror(code);
    enum status status;
    if (code == CURLE_ABORTED_BY_CALLBACK) {
        status = err_set(err, ERR_STOPPED, "stopped during a request to %s", host);
    } else if (code == CURLE_PEER_FAILED_VERIFICATION) {
        status = err_set(err, ERR_CONFIG,
                         "the certificate of %s is not trusted: set --ca to its CA's PEM file (%s)",
                         host, why);
    } else if (code == CURLE_SSL_CACERT_BADFILE) {
        status = err_set(err, ERR_CONFIG, "--ca: cannot read %s", options->ca ? options->ca : "");
    } else if (code == CURLE_SSL_CERTPROBLEM) {
        status = err_set(err, ERR_CONFIG,
                         "--cert or --key: %s (PEM files that belong together; the key without a "
                         "password)",
                         why);
    } else if (strstr(why, " alert ") && !strstr(why, "internal error")) {
        /* the other side says no in TLS itself */
        status = err_set(err, ERR_DENIED, "%s refuses the connection: %s (%s)", host, why,
                         options->certificate ? "check --cert and --key"
                                              : "it may want a client certificate: --cert, --key");
    } else if (code == CURLE_COULDNT_RESOLVE_HOST) {
        status = err_set(err, ERR_NET, "no address for %s (%s)", host, why);
    } else if (code == CURLE_COULDNT_CONNECT) {
        status = err_set(err, ERR_NET, "cannot connect to %s: is it up? (%s)", host, why);
    } else if (code == CURLE_OPERATION_TIMEDOUT) {
        status = err_set(err, ERR_NET, "no answer from %s in time (%s)", host, why);
    } else if (code == CURLE_OUT_OF_MEMORY) {
        status = err_nomem(err, "replay");
    } else {
        status = err_set(err, ERR_NET, "request to %s failed (%s)", host, why);
    }
    if (err) {
        err->detail = (long)code;
    }
    return status;
}

enum status curl_setup_suspect(const struct destination *destination, struct err *err)
{
    bool cut = err->detail == CURLE_SEND_ERROR || err->detail == CURLE_RECV_ERROR ||
               err->detail == CURLE_GOT_NOTHING || err->detail == CURLE_SSL_CONNECT_ERROR;
    if (err->status == ERR_NET && cut && strncmp(destination->url, "https:", 6) == 0) {
        struct err plain = *err;
        (void)err_set(err, ERR_NET, "%.400s; %s", plain.text,
                      destination->options->certificate
                          ? "does it trust --cert and --key?"
                          : "it may want a client certificate: --cert, --key");
        err->detail = plain.detail;
    }
    return err->status;
}
