/* A client that behaves as the event handler does: one event a POST, serially on each of its
 * connections, Go's headers, the same event again until it is answered 200. One thread. */
#ifndef TESTS_BENCH_LOAD_CLIENT_H
#define TESTS_BENCH_LOAD_CLIENT_H

#include "tests/bench/load_report.h"
#include "tests/bench/load_stream.h"

#include "schema/base/span.h"

struct load_options {
    struct stream_setup setup;
    char path[1024];
    unsigned connections; /* at most REPORT_CONNECTIONS_MAX; all connect at once */
    int64_t seconds_us;   /* no new event after this; 0: until the events are through */
    int64_t timeout_us; /* a whole exchange; then the connection is closed and the event repeated */
    int64_t backoff_us; /* first wait after a failure, doubled up to 100 times this */
    int64_t give_up_us; /* with no acknowledgement for so long; 0: never */
    int acked_fd;       /* every acknowledged uid goes here, a line each; -1: nowhere */
    /* The next event; false when there is none. Both spans live until the next call. */
    bool (*next)(void *context, struct span *out_event, struct span *out_uid);
    void *context;
};

/* ERR_NET: gave up; ERR_IO: the file of acknowledged uids. The report is filled in any case. */
MUST_USE enum status load_run(const struct load_options *options, struct load_report *report,
                              struct err *err);

#endif
