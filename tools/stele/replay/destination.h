/* Where a replay goes, as the command line says it, checked: addresses, TLS files, secrets. Secrets
 * come from files or the environment alone and are never told in an error. */
#ifndef TOOLS_STELE_REPLAY_DESTINATION_H
#define TOOLS_STELE_REPLAY_DESTINATION_H

#include "daemon/http/curl_setup.h"
#include "tools/stele/replay/form/form.h"

enum { DESTINATION_URL_BYTES = 2048, DESTINATION_HEADERS_MAX = 32 };

/* As it was given; NULL: not given. The texts outlive the destination. */
struct destination_options {
    const char *dest;
    const char *as;
    const char *session_dest;
    const char *ca;
    const char *certificate;
    const char *key;
    const char *token_file;
    const char *login_file;
    const char *header_file;
    const char *index;
    const char *source;
    const char *sourcetype;
    const char *facility;
    const char *frame_max;
    bool update;
    bool allow_remote_plain;
    int64_t timeout_us; /* for one request, or for a syslog connection to move */
};

struct destination {
    struct form_options form;
    char url[DESTINATION_URL_BYTES]; /* what requests go to; of syslog: http(s)://host:port */
    char session_url[DESTINATION_URL_BYTES]; /* of fluentd */
    char host[256];                          /* as error texts call it */
    char *headers[DESTINATION_HEADERS_MAX];  /* "Name: value"; owned, wiped at the end */
    size_t n_headers;
    struct curl_setup curl;
    const struct destination_options *options;
};

/* Takes URL schemes http and https, and for syslog tcp and tls. Without `as` the URL tells the
 * form: tcp and tls syslog, a path with /_bulk bulk, /services/collector hec, else fluentd. The
 * paths of hec and bulk are completed when they are missing. ERR_USAGE, ERR_CONFIG. */
MUST_USE enum status destination_open(const struct destination_options *options,
                                      struct destination *out_destination, struct err *err);
static inline bool destination_is_tls(const struct destination *destination)
{
    return strncmp(destination->url, "https:", 6) == 0;
}
/* Wipes what is secret. A zeroed destination is fine. */
void destination_close(struct destination *destination);

#endif
