/* The event loop that receiver and server share: sockets, time and signals. libevent is behind it
 * (its `struct event` and the archive's cannot meet in one file). One thread. */
#ifndef DAEMON_RECEIVE_EVENT_LOOP_H
#define DAEMON_RECEIVE_EVENT_LOOP_H

#include <stdint.h>

#include "schema/base/err.h"

struct event_loop;

MUST_USE enum status event_loop_open(struct event_loop **out_loop, struct err *err);
void event_loop_close(struct event_loop *loop);

typedef void event_loop_call(void *context);
/* Calls back on the loop's thread when the signal has come. */
MUST_USE enum status event_loop_on_signal(struct event_loop *loop, int number,
                                          event_loop_call *call, void *context, struct err *err);
/* Calls back each interval_us, as long as the loop lives. */
MUST_USE enum status event_loop_every(struct event_loop *loop, int64_t interval_us,
                                      event_loop_call *call, void *context, struct err *err);

/* A file descriptor that is watched, level-triggered. To begin with for nothing. */
struct watch;
enum { EVENT_LOOP_READ = 1, EVENT_LOOP_WRITE = 2 };
typedef void event_loop_fd_call(void *context, unsigned ready);
/* NULL: out of memory. The descriptor stays the caller's and must outlive the watch; -1: there is
 * none, and event_loop_fd_poke alone calls back. */
struct watch *event_loop_fd_new(struct event_loop *loop, int fd, event_loop_fd_call *call,
                                void *context);
/* NULL is fine. Nothing is called back afterwards. */
void event_loop_fd_free(struct watch *watch);
void event_loop_fd_set(struct watch *watch, unsigned what);
/* Calls back with EVENT_LOOP_READ, whatever the descriptor, after all that is ready in this round
 * of the loop. */
void event_loop_fd_poke(struct watch *watch);

/* Runs until event_loop_stop, or at most duration_us (0: without end). */
void event_loop_run(struct event_loop *loop, int64_t duration_us);
/* From a callback. */
void event_loop_stop(struct event_loop *loop);

#endif
