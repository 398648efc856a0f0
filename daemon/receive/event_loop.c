/* libevent's core, used on one thread: no locks, no buffers, no finalizers. A watch is freed before
 * its descriptor is closed: no descriptor of another thread can take over its number in between. */
#include "daemon/receive/event_loop.h"

#include <stdlib.h>

#include <event2/event.h>

#include "schema/base/clock.h"
#include "schema/event/event.h"

enum { LOOP_CALLS_MAX = 16 };

/* A signal or a timer. */
struct loop_entry {
    struct event *event;
    event_loop_call *call;
    void *context;
};

struct event_loop {
    struct event_base *base;
    struct loop_entry entries[LOOP_CALLS_MAX];
    size_t n_entries;
};

enum status event_loop_open(struct event_loop **out_loop, struct err *err)
{
    struct event_loop *loop = calloc(1, sizeof *loop);
    if (loop) {
        loop->base = event_base_new();
    }
    if (!loop || !loop->base) {
        free(loop);
        return err_set(err, ERR_NOMEM, "event loop: cannot be made");
    }
    *out_loop = loop;
    return OK;
}

void event_loop_close(struct event_loop *loop)
{
    if (!loop) {
        return;
    }
    for (size_t i = 0; i < loop->n_entries; i++) {
        event_free(loop->entries[i].event);
    }
    event_base_free(loop->base);
    free(loop);
}

static void on_entry(evutil_socket_t number, short what, void *context)
{
    (void)number;
    (void)what;
    struct loop_entry *entry = context;
    entry->call(entry->context);
}

static enum status add_entry(struct event_loop *loop, int number, short what, int64_t interval_us,
                             event_loop_call *call, void *context, struct err *err)
{
    CHECK(loop->n_entries < LOOP_CALLS_MAX);
    struct timeval interval = {.tv_sec = (time_t)(interval_us / CLOCK_SECOND_US),
                               .tv_usec = (suseconds_t)(interval_us % CLOCK_SECOND_US)};
    struct loop_entry *entry = &loop->entries[loop->n_entries];
    entry->call = call;
    entry->context = context;
    entry->event = event_new(loop->base, number, (short)(what | EV_PERSIST), on_entry, entry);
    if (!entry->event) {
        return err_nomem(err, "event loop");
    }
    loop->n_entries++;
    return event_add(entry->event, interval_us > 0 ? &interval : NULL) == 0
               ? OK
               : err_set(err, ERR_IO, "event loop: cannot wait for signals or time");
}

enum status event_loop_on_signal(struct event_loop *loop, int number, event_loop_call *call,
                                 void *context, struct err *err)
{
    return add_entry(loop, number, EV_SIGNAL, 0, call, context, err);
}

enum status event_loop_every(struct event_loop *loop, int64_t interval_us, event_loop_call *call,
                             void *context, struct err *err)
{
    return add_entry(loop, -1, 0, interval_us, call, context, err);
}

struct watch {
    struct event *event;
    struct event_base *base;
    int fd;
    unsigned what;
    event_loop_fd_call *call;
    void *context;
};

static void on_ready(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    struct watch *watch = context;
    watch->call(watch->context, (what & EV_READ ? EVENT_LOOP_READ : 0U) |
                                    (what & EV_WRITE ? EVENT_LOOP_WRITE : 0U));
}

struct watch *event_loop_fd_new(struct event_loop *loop, int fd, event_loop_fd_call *call,
                                void *context)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch) {
        return NULL;
    }
    *watch = (struct watch){.base = loop->base, .fd = fd, .call = call, .context = context};
    watch->event = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_ready, watch);
    if (!watch->event) {
        free(watch);
        return NULL;
    }
    return watch;
}

void event_loop_fd_free(struct watch *watch)
{
    if (watch) {
        event_free(watch->event);
        free(watch);
    }
}

void event_loop_fd_set(struct watch *watch, unsigned what)
{
    if (watch->what == what) {
        return;
    }
    short flags =
        (short)((what & EVENT_LOOP_READ ? EV_READ : 0) | (what & EVENT_LOOP_WRITE ? EV_WRITE : 0));
    (void)event_del(watch->event);
    watch->what = what;
    if (what) {
        CHECK(event_assign(watch->event, watch->base, watch->fd, (short)(flags | EV_PERSIST),
                           on_ready, watch) == 0);
        CHECK(event_add(watch->event, NULL) == 0);
    }
}

void event_loop_fd_poke(struct watch *watch)
{
    event_active(watch->event, EV_READ, 1);
}

void event_loop_run(struct event_loop *loop, int64_t duration_us)
{
    struct timeval limit = {.tv_sec = (time_t)(duration_us / CLOCK_SECOND_US),
                            .tv_usec = (suseconds_t)(duration_us % CLOCK_SECOND_US)};
    if (duration_us > 0) {
        (void)event_base_loopexit(loop->base, &limit);
    }
    (void)event_base_dispatch(loop->base);
}

void event_loop_stop(struct event_loop *loop)
{
    (void)event_base_loopbreak(loop->base);
}
