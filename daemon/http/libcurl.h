/* libcurl, loaded when the first handle is made: with it come some 25 other libraries, and most
 * runs of stele need no network. Its functions are members of `libcurl`, without their "curl_":
 *
 *     (void)libcurl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
 *
 * A value given to easy_setopt or multi_setopt must have the very type that libcurl's manual names:
 * its macros that check this work on calls by name alone. */
#ifndef DAEMON_HTTP_LIBCURL_H
#define DAEMON_HTTP_LIBCURL_H

#include <curl/curl.h>

#include "schema/base/err.h"

#define LIBCURL_FUNCTIONS(X)                                                                       \
    X(easy_cleanup)                                                                                \
    X(easy_getinfo)                                                                                \
    X(easy_init)                                                                                   \
    X(easy_perform)                                                                                \
    X(easy_recv)                                                                                   \
    X(easy_reset)                                                                                  \
    X(easy_send)                                                                                   \
    X(easy_setopt)                                                                                 \
    X(easy_strerror)                                                                               \
    X(global_init)                                                                                 \
    X(multi_add_handle)                                                                            \
    X(multi_cleanup)                                                                               \
    X(multi_info_read)                                                                             \
    X(multi_init)                                                                                  \
    X(multi_perform)                                                                               \
    X(multi_poll)                                                                                  \
    X(multi_remove_handle)                                                                         \
    X(multi_setopt)                                                                                \
    X(multi_strerror)                                                                              \
    X(slist_append)                                                                                \
    X(slist_free_all)

struct libcurl {
#define X(name) __typeof__(&curl_##name) name;
    LIBCURL_FUNCTIONS(X)
#undef X
};

/* Set by libcurl_load; then it does not change. */
extern struct libcurl libcurl;

/* Loads and initialises it, once for all threads; any thread. ERR_CONFIG: it is not installed, or
 * lacks a function. It is never unloaded. */
MUST_USE enum status libcurl_load(struct err *err);

#endif
