#include "daemon/http/curl_setup.h"

#include <string.h>

#include "daemon/http/libcurl.h"

_Static_assert(CURL_SETUP_WORDS_BYTES == CURL_ERROR_SIZE, "libcurl writes so much");

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    (void)down_total, (void)down, (void)up_total, (void)up;
    return atomic_load((const atomic_bool *)context);
}

void curl_setup_set(void *curl, const struct curl_setup *setup, const atomic_bool *stop,
                    char words[CURL_SETUP_WORDS_BYTES])
{
    words[0] = '\0';
    (void)libcurl.easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
    (void)libcurl.easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)libcurl.easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)libcurl.easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)libcurl.easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    (void)libcurl.easy_setopt(curl, CURLOPT_USERAGENT, "stele/" STELE_VERSION);
    (void)libcurl.easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)libcurl.easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (setup->ca && *setup->ca) {
        (void)libcurl.easy_setopt(curl, CURLOPT_CAINFO, setup->ca);
        (void)libcurl.easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    if (setup->certificate) {
        (void)libcurl.easy_setopt(curl, CURLOPT_SSLCERT, setup->certificate);
        (void)libcurl.easy_setopt(curl, CURLOPT_SSLKEY, setup->key);
        /* an encrypted key is an error, without a question at the terminal */
        (void)libcurl.easy_setopt(curl, CURLOPT_KEYPASSWD, "");
    }
    if (stop) {
        (void)libcurl.easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        (void)libcurl.easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
        (void)libcurl.easy_setopt(curl, CURLOPT_XFERINFODATA, stop);
    }
}

/* The other side says no in TLS itself. */
static bool is_refused(const struct curl_setup *setup, const char *why)
{
    return setup->certificate_setting && strstr(why, " alert ") && !strstr(why, "internal error");
}

static enum status translate(const struct curl_setup *setup, const char *host, int code,
                             const char *why, struct err *err)
{
    const char *address = setup->address_setting;
    switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
        return err_set(err, ERR_STOPPED, "stopped during a request to %s", host);
    case CURLE_PEER_FAILED_VERIFICATION:
        return err_set(err, ERR_CONFIG,
                       "the certificate of %s is not trusted: set %s to its CA's PEM file (%s)",
                       host, setup->ca_setting, why);
    case CURLE_SSL_CACERT_BADFILE:
        return err_set(err, ERR_CONFIG, "%s: cannot read %s", setup->ca_setting,
                       setup->ca ? setup->ca : "");
    case CURLE_COULDNT_RESOLVE_PROXY:
        return err_set(err, ERR_NET, "no address for the proxy: check %s (%s)",
                       setup->proxy_setting ? setup->proxy_setting : "HTTPS_PROXY", why);
    case CURLE_COULDNT_RESOLVE_HOST:
        return err_set(err, ERR_NET, "no address for %s%s%s (%s)", host, address ? ": check " : "",
                       address ? address : "", why);
    case CURLE_COULDNT_CONNECT:
        return err_set(err, ERR_NET, "cannot connect to %s: is it up? (%s)", host, why);
    case CURLE_OPERATION_TIMEDOUT:
        return err_set(err, ERR_NET, "no answer from %s in time (%s)", host, why);
    case CURLE_OUT_OF_MEMORY:
        return err_nomem(err, "libcurl");
    default:
        return err_set(err, ERR_NET, "request to %s failed (%s)", host, why);
    }
}

enum status curl_setup_error(const struct curl_setup *setup, const char *host, int code,
                             char words[CURL_SETUP_WORDS_BYTES], struct err *err)
{
    /* what libcurl cites of the server goes to terminals */
    for (char *at = words; *at; at++) {
        *at = *at < ' ' || *at > '~' ? '?' : *at;
    }
    const char *why = *words ? words : libcurl.easy_strerror((CURLcode)code);
    enum status status;
    if (code == CURLE_SSL_CERTPROBLEM && setup->certificate_setting) {
        status = err_set(err, ERR_CONFIG,
                         "%s: %s (PEM files that belong together; the key without a password)",
                         setup->certificate_setting, why);
    } else if (is_refused(setup, why)) {
        status = err_set(err, ERR_DENIED, "%s refuses the connection: %s (%s %s)", host, why,
                         setup->certificate ? "check" : "it may want a client certificate:",
                         setup->certificate_setting);
    } else {
        status = translate(setup, host, code, why, err);
    }
    if (err) {
        err->detail = code;
    }
    return status;
}

enum status curl_setup_suspect(const struct curl_setup *setup, enum status status, struct err *err)
{
    if (!err) {
        return status;
    }
    bool cut = err->detail == CURLE_SEND_ERROR || err->detail == CURLE_RECV_ERROR ||
               err->detail == CURLE_GOT_NOTHING || err->detail == CURLE_SSL_CONNECT_ERROR;
    if (err->status == ERR_NET && cut) {
        struct err plain = *err;
        (void)err_set(err, ERR_NET, "%.400s; %s %s", plain.text,
                      setup->certificate ? "is the certificate trusted there? See"
                                         : "it may want a client certificate:",
                      setup->certificate_setting);
        err->detail = plain.detail;
    }
    return status;
}
