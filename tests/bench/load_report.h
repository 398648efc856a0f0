/* What a run of the load client has seen. */
#ifndef TESTS_BENCH_LOAD_REPORT_H
#define TESTS_BENCH_LOAD_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { LATENCY_BUCKETS = 64 * 40, STATUS_MAX = 600, REPORT_CONNECTIONS_MAX = 10000 };

struct load_report {
    int64_t begun_us;
    int64_t ended_us;
    int64_t acks;       /* answers with status 200 */
    int64_t connects;   /* tried */
    int64_t handshakes; /* done (plain connections: connected) */
    int64_t losses; /* connections that ended while an event was on its way or being connected */
    int64_t timeouts;
    int64_t bodies; /* answers with a body, after which Go's client closes the connection */
    int64_t malformed;
    int64_t statuses[STATUS_MAX];
    int64_t latency_max_us;
    int64_t latency[LATENCY_BUCKETS]; /* 64 steps to each doubling */
    bool tells_first;
    unsigned n_first; /* connections with an answer */
    int64_t first_us[REPORT_CONNECTIONS_MAX];
};

void report_latency(struct load_report *report, int64_t latency_us);
/* From a connection's beginning to its first acknowledgement; once for each connection. */
void report_first(struct load_report *report, int64_t first_us);
/* The latency that `share` of all stay below or at, within 2 per cent. */
int64_t report_quantile(const struct load_report *report, double share);
/* Both sort first_us. */
void report_json(struct load_report *report, unsigned connections, FILE *file);
void report_text(struct load_report *report, unsigned connections, FILE *file);

#endif
