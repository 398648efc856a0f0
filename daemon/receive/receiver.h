/* The receiver: listens where receive.listen says, and answers requests when the writer has
 * stored them. Event loop's thread only. */
#ifndef DAEMON_RECEIVE_RECEIVER_H
#define DAEMON_RECEIVE_RECEIVER_H

#include "daemon/config/config.h"
#include "daemon/ingest/writer.h"
#include "daemon/receive/event_loop.h"

struct receiver;

/* Reads certificates, binds, listens. Loop and writer must outlive it. ERR_CONFIG for what the
 * configuration says wrong, ERR_IO when the address cannot be bound. */
MUST_USE enum status receiver_open(const struct config *config, struct event_loop *loop,
                                   struct writer *writer, struct receiver **out_receiver,
                                   struct err *err);
/* Closes all connections; the writer must have stopped, and its done jobs are taken here. NULL is
 * fine. */
void receiver_close(struct receiver *receiver);

/* "https://127.0.0.1:8888", with the port that was really bound. */
const char *receiver_url(const struct receiver *receiver);

/* Reads certificate, key and CA again, for connections from now on. A failure changes nothing. */
MUST_USE enum status receiver_reload(struct receiver *receiver, const struct config *config,
                                     struct err *err);

/* Takes no more connections, closes idle ones; the others close with their answer, and
 * event_loop_stop is called when none is left. True: none is left already. */
bool receiver_drain(struct receiver *receiver);

#endif
