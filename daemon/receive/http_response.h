/* An answer: what is written to the client, and what becomes of its connection. */
#ifndef DAEMON_RECEIVE_HTTP_RESPONSE_H
#define DAEMON_RECEIVE_HTTP_RESPONSE_H

#include "schema/base/buf.h"

struct http_response {
    int code;
    bool close;            /* the connection, after the answer */
    bool linger;           /* closed while the client may still be sending */
    bool head;             /* to HEAD: the body's size, without the body */
    const char *type;      /* of the body; NULL: no body */
    const char *allow;     /* with 405: the methods that are answered; else NULL */
    struct buf body;       /* freed by connection.c */
    const char *complaint; /* for the operator; NULL: nothing is wrong */
};

void http_response_write(const struct http_response *response, struct buf *out);

#endif
