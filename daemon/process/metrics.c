/* Atomics, and their text for Prometheus. Nothing is kept over a restart. */
#include "daemon/process/metrics.h"

#include <stdatomic.h>

#include "schema/base/clock.h"

static const struct {
    const char *name;
    const char *type;
    const char *help;
} metrics[] = {
#define X(name, type, help) {"stele_" #name, #type, help},
#include "daemon/process/metrics.def"
#undef X
};

/* Status codes the receiver answers with; the last one stands for all others. */
static const int codes[] = {200, 400, 413, 417, 431, 501, 503, 505, 0};
enum { CODE_COUNT = sizeof codes / sizeof codes[0] };

static const int64_t bounds_us[] = {250,   500,   1000,   2500,   5000,    10000,
                                    25000, 50000, 100000, 250000, 1000000, 5000000};
enum { BOUND_COUNT = sizeof bounds_us / sizeof bounds_us[0] };

static struct {
    _Atomic int64_t values[METRIC_COUNT];
    _Atomic int64_t requests[CODE_COUNT];
    _Atomic int64_t commits[BOUND_COUNT + 1]; /* in the bucket, not below it */
    _Atomic int64_t commit_us;
    _Atomic int64_t newest_us;
    _Atomic int64_t unshipped_us;
    _Atomic int64_t inbox_us;
    atomic_bool ships;
} counts;

void metrics_add(enum metric metric, int64_t n)
{
    atomic_fetch_add_explicit(&counts.values[metric], n, memory_order_relaxed);
}

void metrics_set(enum metric metric, int64_t value)
{
    atomic_store_explicit(&counts.values[metric], value, memory_order_relaxed);
}

int64_t metrics_get(enum metric metric)
{
    return atomic_load_explicit(&counts.values[metric], memory_order_relaxed);
}

void metrics_add_request(int code)
{
    size_t i = 0;
    while (i < CODE_COUNT - 1 && codes[i] != code) {
        i++;
    }
    atomic_fetch_add_explicit(&counts.requests[i], 1, memory_order_relaxed);
}

void metrics_add_commit(int64_t duration_us)
{
    size_t i = 0;
    while (i < BOUND_COUNT && duration_us > bounds_us[i]) {
        i++;
    }
    atomic_fetch_add_explicit(&counts.commits[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&counts.commit_us, duration_us, memory_order_relaxed);
}

void metrics_set_newest(int64_t time_us)
{
    atomic_store_explicit(&counts.newest_us, time_us, memory_order_relaxed);
}

void metrics_set_unshipped_since(int64_t time_us)
{
    atomic_store_explicit(&counts.unshipped_us, time_us, memory_order_relaxed);
    atomic_store_explicit(&counts.ships, true, memory_order_relaxed);
}

void metrics_set_inbox_since(int64_t time_us)
{
    atomic_store_explicit(&counts.inbox_us, time_us, memory_order_relaxed);
}

/* The older of the two that wait; 0: none. */
static int64_t unshipped_since(void)
{
    int64_t blocks_us = atomic_load_explicit(&counts.unshipped_us, memory_order_relaxed);
    int64_t inbox_us = atomic_load_explicit(&counts.inbox_us, memory_order_relaxed);
    return blocks_us == 0 || (inbox_us != 0 && inbox_us < blocks_us) ? inbox_us : blocks_us;
}

static void write_head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_age(struct buf *out, const char *name, int64_t age_us)
{
    age_us = age_us > 0 ? age_us : 0;
    buf_printf(out, "%s %lld.%03d\n", name, (long long)(age_us / CLOCK_SECOND_US),
               (int)(age_us % CLOCK_SECOND_US / 1000));
}

static void write_commits(struct buf *out)
{
    const char *name = "stele_commit_seconds";
    write_head(out, name, "histogram", "Time of one inbox transaction, fsync included.");
    int64_t total = 0;
    for (size_t i = 0; i < BOUND_COUNT; i++) {
        total += atomic_load_explicit(&counts.commits[i], memory_order_relaxed);
        buf_printf(out, "%s_bucket{le=\"%g\"} %lld\n", name, (double)bounds_us[i] / 1e6,
                   (long long)total);
    }
    total += atomic_load_explicit(&counts.commits[BOUND_COUNT], memory_order_relaxed);
    buf_printf(out, "%s_bucket{le=\"+Inf\"} %lld\n", name, (long long)total);
    buf_printf(out, "%s_sum %.6f\n%s_count %lld\n", name,
               (double)atomic_load_explicit(&counts.commit_us, memory_order_relaxed) / 1e6, name,
               (long long)total);
}

void metrics_write(int64_t now_us, struct buf *out)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        write_head(out, metrics[i].name, metrics[i].type, metrics[i].help);
        buf_printf(out, "%s %lld\n", metrics[i].name, (long long)metrics_get((enum metric)i));
    }
    write_head(out, "stele_requests_total", "counter", "Answers of the receiver by status code.");
    for (size_t i = 0; i < CODE_COUNT; i++) {
        int64_t n = atomic_load_explicit(&counts.requests[i], memory_order_relaxed);
        if (codes[i] != 0) {
            buf_printf(out, "stele_requests_total{code=\"%d\"} %lld\n", codes[i], (long long)n);
        } else if (n > 0) {
            buf_printf(out, "stele_requests_total{code=\"other\"} %lld\n", (long long)n);
        }
    }
    write_commits(out);
    int64_t newest_us = atomic_load_explicit(&counts.newest_us, memory_order_relaxed);
    write_head(out, "stele_newest_event_age_seconds", "gauge",
               "Time since an event last came in; absent before the first.");
    if (newest_us != 0) {
        write_age(out, "stele_newest_event_age_seconds", now_us - newest_us);
    }
    int64_t since_us = unshipped_since();
    write_head(out, "stele_ship_lag_seconds", "gauge",
               "How long the oldest event that is not shipped has been here; absent: no target.");
    if (atomic_load_explicit(&counts.ships, memory_order_relaxed)) {
        write_age(out, "stele_ship_lag_seconds", since_us == 0 ? 0 : now_us - since_us);
    }
    write_head(out, "stele_build_info", "gauge", "The program's version.");
    buf_printf(out, "stele_build_info{version=\"%s\"} 1\n", STELE_VERSION);
}
