/* A socket that listens, and the clock of its connections. Event loop's thread only. */
#ifndef DAEMON_RECEIVE_LISTENER_H
#define DAEMON_RECEIVE_LISTENER_H

#include "daemon/receive/connection_host.h"

enum { LISTENER_URL_BYTES = 128 };

struct listener {
    struct connection_host host; /* filled by the owner; used by the connections */
    const char *name;            /* of the part: "receive", "serve" */
    int fd;
    struct watch *watch;
    bool accept_failed;           /* no descriptors left, say: tried again each round of expiry */
    bool loopback;                /* the address is this machine's alone */
    char url[LISTENER_URL_BYTES]; /* "https://127.0.0.1:8888", with the port that was bound */
};

/* Binds NAME.listen, and takes connections from now on. What was opened when it fails is closed by
 * listener_close. ERR_CONFIG, ERR_IO, ERR_NOMEM. */
MUST_USE enum status listener_open(struct listener *listener, const char *listen_text,
                                   struct err *err);
/* Takes no more connections; those that are there go on. */
void listener_stop(struct listener *listener);
/* Closes all connections, and the socket. A zeroed one is fine. */
void listener_close(struct listener *listener);

#endif
