/* What carries posts to a destination: HTTP requests, several at a time, or a syslog connection.
 * One thread. */
#ifndef TOOLS_STELE_REPLAY_TRANSPORT_H
#define TOOLS_STELE_REPLAY_TRANSPORT_H

#include <stdatomic.h>

#include "tools/stele/replay/destination.h"

/* One body on its way, and what came of it. The caller owns it, and url and body, until `done`. */
struct transport_post {
    const char *url;
    struct span body;

    /* filled by the carrier */
    bool done;
    struct err err;         /* OK: there is an answer. ERR_NET: none came, another try may work.
                               ERR_CONFIG, ERR_DENIED: nothing goes through until that is mended.
                               ERR_STOPPED, ERR_NOMEM. */
    long http;              /* its status; of syslog 200: the other side's TCP has it all */
    int64_t retry_after_us; /* what the answer asks for; 0: nothing */
    struct buf response;    /* its body, cut at TRANSPORT_RESPONSE_BYTES_MAX; buf_fini it */
};

enum { TRANSPORT_RESPONSE_BYTES_MAX = 32 * 1024 * 1024 };

struct transport; /* of the kind that ops belong to */

struct transport_ops {
    /* The destination outlives the transport, and so does `stop`, which ends waiting early and may
     * be set by a signal handler. in_flight: posts at a time; syslog connects with the first post,
     * sends within begin, and takes one at a time. */
    enum status (*open)(const struct destination *destination, size_t in_flight,
                        const atomic_bool *stop, struct transport **out_transport, struct err *err);
    /* Starts a post; at most as many at a time as open was told. It may be done on return. */
    enum status (*begin)(struct transport *transport, struct transport_post *post, struct err *err);
    /* Moves what is under way, at most for timeout_us; returns as soon as a post is done. */
    enum status (*wait)(struct transport *transport, int64_t timeout_us, struct err *err);
    /* Gives up what is under way. NULL is fine. */
    void (*close)(struct transport *transport);
};

extern const struct transport_ops transport_http;
extern const struct transport_ops transport_syslog;

#endif
