/* Connections as they come and go: a place for each, a newcomer that makes room for another, those
 * that are over their time, the end of all. */
#include "daemon/receive/connection_host.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/process/metrics.h"
#include "daemon/receive/connection.h"

#define LINGER_US (2 * CLOCK_SECOND_US)
#define IDLE_US   (2 * CLOCK_SECOND_US)
#define CROWD_US  (60 * CLOCK_SECOND_US)

static struct connection *connection_of(struct admission_place *place)
{
    return (struct connection *)((char *)place - offsetof(struct connection, place));
}

/* NULL: the first, and behind the last. */
static struct connection *next_of(const struct connection_host *host,
                                  const struct connection *connection)
{
    struct admission_place *next =
        admission_next(&host->admission, connection ? &connection->place : NULL);
    return next ? connection_of(next) : NULL;
}

/* Frees everything again when anything fails; the socket too. */
static struct connection *new_connection(struct connection_host *host, int fd)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) {
        (void)close(fd);
        return NULL;
    }
    connection->stream = tls_stream_new(fd, host->tls);
    connection->watch = connection->stream
                            ? event_loop_fd_new(host->loop, fd, connection_on_ready, connection)
                            : NULL;
    if (!connection->watch) {
        tls_stream_free(connection->stream);
        free(connection);
        return NULL;
    }
    return connection;
}

/* One line a minute says what happens while others crowd the port. */
static void say_crowd(struct connection_host *host)
{
    struct connection_host_crowd *crowd = &host->crowd;
    const struct admission *admission = &host->admission;
    int64_t now_us = clock_monotonic_us();
    if (crowd->said_us != 0 && now_us - crowd->said_us < CROWD_US) {
        return;
    }
    if (crowd->refused > 0) {
        log_line(LOG_WARN, host->name,
                 "%lld connections closed at once: all %lld places are taken by senders "
                 "(%s.connections_max)",
                 (long long)crowd->refused, (long long)admission->places_max, host->name);
    } else {
        log_line(LOG_WARN, host->name,
                 "clients connect and do not say who they are: for each new one the oldest silent "
                 "one of %lld is closed, %lld so far",
                 (long long)admission->newcomers_max, (long long)crowd->evicted);
    }
    *crowd = (struct connection_host_crowd){.said_us = now_us};
}

static void evict(struct connection_host *host, struct admission_place *victim)
{
    if (!host->quiet) {
        metrics_add(METRIC_newcomers_closed_total, 1);
    }
    host->crowd.evicted++;
    say_crowd(host);
    connection_free(connection_of(victim));
}

static void refuse(struct connection_host *host, int fd)
{
    if (!host->quiet) {
        metrics_add(METRIC_connections_refused_total, 1);
    }
    host->crowd.refused++;
    say_crowd(host);
    (void)close(fd);
}

bool connection_host_may_accept(struct connection_host *host)
{
    struct admission_place *victim;
    host->accept_later =
        admission_ask(&host->admission, clock_monotonic_us(), &victim) == ADMISSION_LATER;
    return !host->accept_later;
}

void connection_host_open(struct connection_host *host, int fd, const char *peer)
{
    struct admission_place *victim = NULL;
    switch (admission_ask(&host->admission, clock_monotonic_us(), &victim)) {
    case ADMISSION_EVICT:
        evict(host, victim);
        break;
    case ADMISSION_FULL:
    case ADMISSION_LATER:
        refuse(host, fd);
        return;
    case ADMISSION_ROOM:
        break;
    }
    struct connection *connection = new_connection(host, fd);
    if (!connection) {
        return;
    }
    connection->host = host;
    connection->request.budget = &host->budget;
    (void)snprintf(connection->request.peer, sizeof connection->request.peer, "%s", peer);
    connection->since_us = clock_monotonic_us();
    admission_enter(&host->admission, &connection->place, fd, connection->since_us);
    connection_note_places(host);
    if (host->tls) {
        event_loop_fd_set(connection->watch, EVENT_LOOP_READ);
    } else {
        connection_on_handshake(connection);
        if (connection->state == CONNECTION_CLOSED) {
            connection_free(connection);
        }
    }
}

static bool is_over(const struct connection *connection, int64_t now_us)
{
    const struct connection_host *host = connection->host;
    int64_t age_us = now_us - connection->since_us;
    const struct admission_place *place = &connection->place;
    if (!place->known && now_us - place->since_us > ADMISSION_NEWCOMER_US) {
        return connection->stream != NULL && connection->state != CONNECTION_STORING;
    }
    switch (connection->state) {
    case CONNECTION_HANDSHAKE:
    case CONNECTION_WRITING:
        return age_us > host->request_timeout_us;
    case CONNECTION_READING:
        return age_us >
               (connection->request.in.size > 0 ? host->request_timeout_us : host->idle_timeout_us);
    case CONNECTION_LINGER:
        return age_us > LINGER_US;
    case CONNECTION_STORING:
    case CONNECTION_GONE:
    case CONNECTION_CLOSED:
        break;
    }
    return false;
}

static bool is_idle(const struct connection *connection)
{
    return connection->state == CONNECTION_READING && connection->request.in.size == 0;
}

void connection_host_expire(struct connection_host *host, int64_t now_us)
{
    struct connection *following;
    for (struct connection *connection = next_of(host, NULL); connection; connection = following) {
        following = next_of(host, connection);
        if (is_over(connection, now_us)) {
            if (connection->state != CONNECTION_LINGER && connection->request.in.size > 0) {
                if (!host->quiet) {
                    metrics_add(METRIC_connections_cut_total, 1);
                }
                connection_complain(
                    connection,
                    connection->place.known
                        ? "cut off, the request took longer than receive.request_timeout"
                        : "cut off, no whole head of a request came in 5 s");
            }
            connection_free(connection);
        } else if (is_idle(connection) && now_us - connection->since_us > IDLE_US) {
            buf_fini(&connection->request.in); /* an idle connection needs no memory */
        }
    }
}

bool connection_host_drain(struct connection_host *host)
{
    host->stopping = true;
    struct connection *following;
    for (struct connection *connection = next_of(host, NULL); connection; connection = following) {
        following = next_of(host, connection);
        if (is_idle(connection) || connection->state == CONNECTION_HANDSHAKE ||
            connection->state == CONNECTION_LINGER) {
            connection_free(connection);
        }
    }
    return next_of(host, NULL) == NULL;
}

void connection_host_close_all(struct connection_host *host)
{
    for (struct connection *connection; (connection = next_of(host, NULL)) != NULL;) {
        connection_free(connection);
    }
}

void connection_host_round_end(struct connection_host *host)
{
    host->handshakes = 0;
}
