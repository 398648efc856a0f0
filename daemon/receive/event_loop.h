/* The event loop that receiver and server share: sockets, time and signals. libevent is behind it
 * (its `struct event` and the archive's cannot meet in one file). One thread. */
#ifndef DAEMON_RECEIVE_EVENT_LOOP_H
#define DAEMON_RECEIVE_EVENT_LOOP_H

#include <stdint.h>

#include "schema/base/err.h"

struct event_base;
struct loop;

MUST_USE enum status loop_open(struct loop **out_loop, struct err *err);
void loop_close(struct loop *loop);
struct event_base *loop_base(struct loop *loop);

typedef void loop_call(void *context);
/* Calls back on the loop's thread when the signal has come. */
MUST_USE enum status loop_on_signal(struct loop *loop, int number, loop_call *call, void *context,
                                    struct err *err);
/* Calls back each interval_us, as long as the loop lives. */
MUST_USE enum status loop_every(struct loop *loop, int64_t interval_us, loop_call *call,
                                void *context, struct err *err);

/* A file descriptor that is watched, level-triggered. To begin with for nothing. */
struct watch;
enum { WATCH_READ = 1, WATCH_WRITE = 2 };
typedef void watch_call(void *context, unsigned ready);
/* NULL: out of memory. The descriptor stays the caller's and must outlive the watch; -1: there is
 * none, and watch_poke alone calls back. */
struct watch *watch_new(struct loop *loop, int fd, watch_call *call, void *context);
/* NULL is fine. Nothing is called back afterwards. */
void watch_free(struct watch *watch);
void watch_set(struct watch *watch, unsigned what);
/* Calls back with WATCH_READ, whatever the descriptor, after all that is ready in this round of the
 * loop. */
void watch_poke(struct watch *watch);

/* Runs until loop_stop, or at most duration_us (0: without end). */
void loop_run(struct loop *loop, int64_t duration_us);
/* From a callback. */
void loop_stop(struct loop *loop);

#endif
