/* On the main thread, which is the event loop's: starts each part, runs the loop, ends each part.
 * The order, and why, stands at start and stop. */
#include "daemon/service.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/ingest/indexer_thread.h"
#include "daemon/ingest/last_arrival.h"
#include "daemon/process/log.h"
#include "daemon/process/metrics.h"
#include "daemon/receive/receiver.h"
#include "daemon/retention/retention_guest.h"
#include "daemon/retention/retention_plan.h"
#include "daemon/seal/seal_thread.h"
#include "daemon/serve/server.h"
#include "daemon/ship/ship_thread.h"
#include "daemon/watch/watch_thread.h"

/* Requests that are still coming in get this long when the daemon stops. */
#define DRAIN_US (3 * CLOCK_SECOND_US)

struct service {
    const struct config *config;
    service_reload *reload;
    void *reload_context;
    struct archive_lock *lock;
    struct event_loop *loop;
    struct health health;
    struct wakeup index_wakeup;
    struct wakeup ship_wakeup;
    struct wakeup watch_wakeup;
    struct wakeup seal_wakeup;
    struct writer *writer;
    struct indexer_thread *indexer;
    struct ship_thread *shipper; /* NULL: no target */
    struct watch_thread *watch;
    struct seal_thread *sealer;
    struct retention_guest *guest; /* NULL: nothing is deleted */
    struct receiver *receiver;
    struct server *server; /* NULL: serve.listen is empty */
};

static void on_stop(void *context)
{
    struct service *service = context;
    log_line(LOG_INFO, "steled", "stopping");
    event_loop_stop(service->loop);
}

static void on_reload(void *context)
{
    struct service *service = context;
    struct err err;
    struct config *fresh = malloc(sizeof *fresh);
    if (!fresh) {
        log_line(LOG_ERROR, "steled", "certificates not read again: out of memory");
        return;
    }
    enum status status = service->reload(service->reload_context, fresh, &err);
    status = THEN(status, receiver_reload(service->receiver, fresh, &err));
    if (status == OK) {
        log_line(LOG_INFO, "receive", "certificates read again, for new connections");
    } else {
        log_line(LOG_ERROR, "receive", "certificates stay as they were: %s", err.text);
    }
    free(fresh);
}

static void on_now(void *context)
{
    struct service *service = context;
    log_line(LOG_INFO, "steled", "index and ship now");
    wakeup_signal(&service->index_wakeup, WAKEUP_NOW);
}

static enum status start_signals(struct service *service, struct err *err)
{
    static const struct {
        int number;
        event_loop_call *call;
    } signals[] = {{SIGTERM, on_stop}, {SIGINT, on_stop}, {SIGHUP, on_reload}, {SIGUSR1, on_now}};
    /* A client that closes while it is written to; a file at the limit of `ulimit -f`: both are
     * errors of the call and no reason to die. */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    enum status status = OK;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0] && status == OK; i++) {
        status =
            event_loop_on_signal(service->loop, signals[i].number, signals[i].call, service, err);
    }
    return status;
}

static enum status start_threads(struct service *service, struct err *err)
{
    const struct config *config = service->config;
    bool ships = config->ship_target[0] != '\0';
    int64_t wait_us = config->index_max_wait;
    if (ships && config->ship_interval < wait_us) {
        wait_us = config->ship_interval; /* only what is indexed can be shipped */
    }
    enum status status = writer_start(config->archive_dir, &service->health, &service->index_wakeup,
                                      &service->writer, err);
    if (status == OK && ships) {
        status = ship_thread_start(config, &service->ship_wakeup, &service->seal_wakeup,
                                   &service->shipper, err);
    }
    status = THEN(status, watch_thread_start(config, &service->watch_wakeup, &service->watch, err));
    if (status == OK && retention_is_on(config)) {
        status = retention_guest_new(config, &service->guest, err);
    }
    status = THEN(status, seal_thread_start(config, &service->seal_wakeup, &service->sealer, err));
    if (status == OK) {
        struct indexer_thread_options options = {
            .dir = config->archive_dir,
            .compression_level = (int)config->index_compression_level,
            .max_wait_us = wait_us,
            .merge_after_us = config->index_merge_after,
            .writer = service->writer,
            .health = &service->health,
            .wakeup = &service->index_wakeup,
            .next = {&service->watch_wakeup, ships ? &service->ship_wakeup : NULL},
            .guest = {.look = retention_guest_has_work,
                      .act = retention_guest_run,
                      .context = service->guest,
                      .every_us = service->guest ? config->retention_interval : 0},
        };
        status = indexer_thread_start(&options, &service->indexer, err);
    }
    return status;
}

/* Signals first, so that none is missed; the lock before anything is written; the sockets last,
 * when requests can be stored. */
static enum status start(struct service *service, struct err *err)
{
    const struct config *config = service->config;
    enum status status = event_loop_open(&service->loop, err);
    status = THEN(status, start_signals(service, err));
    status = THEN(status, archive_lock_take(config->archive_dir, "steled", &service->lock, err));
    if (status == OK) {
        metrics_set_newest(last_arrival(config->archive_dir));
        status = start_threads(service, err);
    }
    if (status == OK && config->serve_listen[0]) {
        status = server_open(config, service->loop, &service->health, &service->server, err);
    }
    return THEN(status,
                receiver_open(config, service->loop, service->writer, &service->receiver, err));
}

/* The receiver answers what is under way; then the threads end; answers of a last batch go out
 * when the receiver closes. What is in the inbox stays there for the next start. */
static void stop(struct service *service)
{
    if (service->receiver && !receiver_drain(service->receiver)) {
        event_loop_run(service->loop, DRAIN_US);
    }
    indexer_thread_stop(service->indexer);
    retention_guest_free(service->guest);
    ship_thread_stop(service->shipper);
    seal_thread_stop(service->sealer);
    watch_thread_stop(service->watch);
    if (service->writer) {
        writer_stop(service->writer);
    }
    receiver_close(service->receiver);
    server_close(service->server);
    writer_free(service->writer);
    archive_lock_release(service->lock);
    event_loop_close(service->loop);
}

static void say_ready(const struct service *service)
{
    char health[192] = "";
    if (service->server) {
        (void)snprintf(health, sizeof health, ", health on %s", server_url(service->server));
    }
    if (!service->shipper) {
        log_line(LOG_WARN, "ship", "ship.target is not set: nothing is shipped");
    } else {
        log_line(LOG_INFO, "ship", "to %s", ship_thread_target(service->shipper));
    }
    seal_thread_say(service->sealer);
    (void)fprintf(stderr, "ready: events on %s%s\n", receiver_url(service->receiver), health);
}

enum status service_run(const struct config *config, service_reload *reload, void *context,
                        struct err *err)
{
    struct service service = {.config = config, .reload = reload, .reload_context = context};
    health_init(&service.health);
    wakeup_init(&service.index_wakeup);
    wakeup_init(&service.ship_wakeup);
    wakeup_init(&service.watch_wakeup);
    wakeup_init(&service.seal_wakeup);
    enum status status = start(&service, err);
    if (status == OK) {
        say_ready(&service);
        event_loop_run(service.loop, 0);
    }
    stop(&service);
    wakeup_fini(&service.seal_wakeup);
    wakeup_fini(&service.watch_wakeup);
    wakeup_fini(&service.ship_wakeup);
    wakeup_fini(&service.index_wakeup);
    health_fini(&service.health);
    return status;
}
