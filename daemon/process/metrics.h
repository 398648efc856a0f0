/* What the daemon counts, since it started, as /metrics gives it (Prometheus text, format 0.0.4).
 * Any thread; each value is an atomic of its own. */
#ifndef DAEMON_PROCESS_METRICS_H
#define DAEMON_PROCESS_METRICS_H

#include "schema/base/buf.h"

enum metric {
#define X(name, type, help) METRIC_##name,
#include "daemon/process/metrics.def"
#undef X
    METRIC_COUNT
};

void metrics_add(enum metric metric, int64_t n);
void metrics_set(enum metric metric, int64_t value);
int64_t metrics_get(enum metric metric);

/* One answer of the receiver with that status code. */
void metrics_add_request(int code);
/* One transaction of `seconds_us` microseconds. */
void metrics_add_commit(int64_t duration_us);
/* When the newest event came in; 0 (the beginning) leaves the age out. */
void metrics_set_newest(int64_t time_us);
/* Since when the oldest event in blocks that is not shipped has been waiting; 0: none. Before the
 * first call there is no lag to show. */
void metrics_set_unshipped_since(int64_t time_us);
/* When the oldest request in the inbox came in; 0: none. It is not shipped either. */
void metrics_set_inbox_since(int64_t time_us);

void metrics_write(int64_t now_us, struct buf *out);

#endif
