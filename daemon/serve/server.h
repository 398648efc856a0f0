/* Health and metrics over plain HTTP: GET and HEAD of /healthz and /metrics. Event loop's thread
 * only. */
#ifndef DAEMON_SERVE_SERVER_H
#define DAEMON_SERVE_SERVER_H

#include "daemon/config/config.h"
#include "daemon/process/health.h"
#include "daemon/receive/event_loop.h"

struct server;

/* Binds serve.listen. Loop and health must outlive it. */
MUST_USE enum status server_open(const struct config *config, struct event_loop *loop,
                                 struct health *health, struct server **out_server,
                                 struct err *err);
void server_close(struct server *server);
/* "http://127.0.0.1:8889", with the port that was really bound. */
const char *server_url(const struct server *server);

#endif
