#include "tests/bench/load_report.h"

#include <stdlib.h>

#include "schema/base/err.h"

/* Below 64 one bucket a microsecond; above, the number's highest 6 bits below its first. */
static size_t bucket_of(int64_t us)
{
    uint64_t value = us > 0 ? (uint64_t)us : 0;
    if (value < 64) {
        return (size_t)value;
    }
    unsigned shift = 57U - (unsigned)__builtin_clzll(value);
    size_t bucket = (shift + 1) * 64U + (size_t)((value >> shift) & 63);
    return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

static int64_t bucket_value(size_t bucket)
{
    if (bucket < 64) {
        return (int64_t)bucket;
    }
    return (int64_t)(64 + bucket % 64) << (bucket / 64 - 1);
}

void report_latency(struct load_report *report, int64_t latency_us)
{
    report->latency[bucket_of(latency_us)]++;
    if (latency_us > report->latency_max_us) {
        report->latency_max_us = latency_us;
    }
}

int64_t report_quantile(const struct load_report *report, double share)
{
    CHECK(share > 0 && share <= 1);
    double below = 0;
    for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
        below += (double)report->latency[i];
        if (below >= share * (double)report->acks && below > 0) {
            return bucket_value(i);
        }
    }
    return 0;
}

void report_first(struct load_report *report, int64_t first_us)
{
    CHECK(report->n_first < REPORT_CONNECTIONS_MAX);
    report->first_us[report->n_first++] = first_us;
}

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

struct first {
    int64_t p50;
    int64_t p99;
    int64_t max;
};

static struct first first_times(struct load_report *report)
{
    const int64_t *us = report->first_us;
    unsigned n = report->n_first;
    qsort(report->first_us, n, sizeof *us, compare_times);
    return n == 0 ? (struct first){0}
                  : (struct first){
                        .p50 = us[(n - 1) / 2], .p99 = us[(n - 1) * 99 / 100], .max = us[n - 1]};
}

static double report_seconds(const struct load_report *report)
{
    double seconds = (double)(report->ended_us - report->begun_us) / 1e6;
    return seconds > 0 ? seconds : 1e-6;
}

void report_json(struct load_report *report, unsigned connections, FILE *file)
{
    const struct load_report *r = report;
    fprintf(file, "{\"connections\":%u,\"seconds\":%.3f,\"acks\":%lld,\"acks_per_second\":%.1f,",
            connections, report_seconds(r), (long long)r->acks,
            (double)r->acks / report_seconds(r));
    fprintf(file, "\"latency_us\":{\"p50\":%lld,\"p90\":%lld,\"p99\":%lld,\"max\":%lld},",
            (long long)report_quantile(r, 0.5), (long long)report_quantile(r, 0.9),
            (long long)report_quantile(r, 0.99), (long long)r->latency_max_us);
    if (r->tells_first) {
        struct first first = first_times(report);
        fprintf(file, "\"first_us\":{\"connections\":%u,\"p50\":%lld,\"p99\":%lld,\"max\":%lld},",
                r->n_first, (long long)first.p50, (long long)first.p99, (long long)first.max);
    }
    fprintf(file,
            "\"connects\":%lld,\"handshakes\":%lld,\"losses\":%lld,\"timeouts\":%lld,"
            "\"bodies\":%lld,\"malformed\":%lld,\"refused\":{",
            (long long)r->connects, (long long)r->handshakes, (long long)r->losses,
            (long long)r->timeouts, (long long)r->bodies, (long long)r->malformed);
    const char *comma = "";
    for (int status = 0; status < STATUS_MAX; status++) {
        if (r->statuses[status] && status != 200) {
            fprintf(file, "%s\"%d\":%lld", comma, status, (long long)r->statuses[status]);
            comma = ",";
        }
    }
    fputs("}}\n", file);
}

void report_text(struct load_report *report, unsigned connections, FILE *file)
{
    const struct load_report *r = report;
    fprintf(file, "%u connections, %.1f s: %lld acknowledged, %.0f/s\n", connections,
            report_seconds(r), (long long)r->acks, (double)r->acks / report_seconds(r));
    fprintf(file, "latency p50 %.2f ms, p90 %.2f ms, p99 %.2f ms, max %.2f ms\n",
            (double)report_quantile(r, 0.5) / 1e3, (double)report_quantile(r, 0.9) / 1e3,
            (double)report_quantile(r, 0.99) / 1e3, (double)r->latency_max_us / 1e3);
    if (r->tells_first) {
        struct first first = first_times(report);
        fprintf(file, "first answer p50 %.2f ms, p99 %.2f ms, max %.2f ms on %u connections\n",
                (double)first.p50 / 1e3, (double)first.p99 / 1e3, (double)first.max / 1e3,
                r->n_first);
    }
    fprintf(file,
            "%lld handshakes, %lld lost connections, %lld time-outs, %lld answers with a "
            "body, %lld malformed\n",
            (long long)r->handshakes, (long long)r->losses, (long long)r->timeouts,
            (long long)r->bodies, (long long)r->malformed);
    for (int status = 0; status < STATUS_MAX; status++) {
        if (r->statuses[status] && status != 200) {
            fprintf(file, "status %d: %lld times\n", status, (long long)r->statuses[status]);
        }
    }
}
