#include "daemon/process/health.h"
#include "daemon/process/metrics.h"
#include "daemon/process/wakeup.h"
#include "tests/support/test.h"

static bool has(const struct buf *text, const char *line)
{
    char *found = memmem(text->data, text->size, line, strlen(line));
    return found && (found == text->data || found[-1] == '\n');
}

TEST(text)
{
    struct buf text = BUF_INIT;
    metrics_add(METRIC_received_total, 3);
    metrics_set(METRIC_connections, 2);
    metrics_add_request(200);
    metrics_add_request(200);
    metrics_add_request(413);
    metrics_add_request(418);
    metrics_add_commit(250);
    metrics_add_commit(251);
    metrics_add_commit(6000000);
    metrics_write(CLOCK_DAY_US, &text);
    EXPECT(has(&text, "# TYPE stele_received_total counter\nstele_received_total 3\n"));
    EXPECT(has(&text, "# TYPE stele_connections gauge\nstele_connections 2\n"));
    EXPECT(has(&text, "stele_requests_total{code=\"200\"} 2\n"));
    EXPECT(has(&text, "stele_requests_total{code=\"413\"} 1\n"));
    EXPECT(has(&text, "stele_requests_total{code=\"other\"} 1\n"));
    EXPECT(has(&text, "stele_commit_seconds_bucket{le=\"0.00025\"} 1\n"));
    EXPECT(has(&text, "stele_commit_seconds_bucket{le=\"0.0005\"} 2\n"));
    EXPECT(has(&text, "stele_commit_seconds_bucket{le=\"5\"} 2\n"));
    EXPECT(has(&text, "stele_commit_seconds_bucket{le=\"+Inf\"} 3\n"));
    EXPECT(has(&text, "stele_commit_seconds_sum 6.000501\nstele_commit_seconds_count 3\n"));
    EXPECT(!has(&text, "stele_newest_event_age_seconds "));
    EXPECT(!has(&text, "stele_ship_lag_seconds "));
    metrics_set_newest(CLOCK_DAY_US - 1500000);
    metrics_set_unshipped_since(0);
    buf_clear(&text);
    metrics_write(CLOCK_DAY_US, &text);
    EXPECT(has(&text, "stele_newest_event_age_seconds 1.500\n"));
    EXPECT(has(&text, "stele_ship_lag_seconds 0.000\n"));
    metrics_set_unshipped_since(1);
    buf_clear(&text);
    metrics_write(CLOCK_DAY_US, &text);
    EXPECT(has(&text, "stele_ship_lag_seconds 86399.999\n"));
    /* an indexer that stands still is a lag, too */
    metrics_set_unshipped_since(0);
    metrics_set_inbox_since(CLOCK_DAY_US - 2000000);
    buf_clear(&text);
    metrics_write(CLOCK_DAY_US, &text);
    EXPECT(has(&text, "stele_ship_lag_seconds 2.000\n"));
    metrics_set_unshipped_since(1);
    buf_clear(&text);
    metrics_write(CLOCK_DAY_US, &text);
    EXPECT(has(&text, "stele_ship_lag_seconds 86399.999\n"));
    buf_fini(&text);
}

TEST(the_bell_forgets_nothing)
{
    struct wakeup wakeup;
    wakeup_init(&wakeup);
    EXPECT_INT(wakeup_wait(&wakeup, clock_monotonic_us() + 1000), 0);
    wakeup_signal(&wakeup, WAKEUP_WORK);
    wakeup_signal(&wakeup, WAKEUP_NOW);
    EXPECT_INT(wakeup_wait(&wakeup, 0), WAKEUP_WORK | WAKEUP_NOW);
    EXPECT_INT(wakeup_wait(&wakeup, 0), 0);
    wakeup_signal(&wakeup, WAKEUP_STOP);
    EXPECT_INT(wakeup_wait(&wakeup, 0), WAKEUP_STOP);
    EXPECT_INT(wakeup_wait(&wakeup, 0), WAKEUP_STOP);
    wakeup_fini(&wakeup);
}

TEST(health_names_the_first_reason)
{
    struct health health;
    char reason[ERR_TEXT_BYTES] = "";
    health_init(&health);
    EXPECT(health_get(&health, reason));
    health_set(&health, HEALTH_INDEXER, "index");
    health_set(&health, HEALTH_WRITER, "disk");
    EXPECT(!health_get(&health, reason));
    EXPECT_STR(reason, "disk");
    health_set(&health, HEALTH_WRITER, NULL);
    EXPECT(!health_get(&health, reason));
    EXPECT_STR(reason, "index");
    health_set(&health, HEALTH_INDEXER, NULL);
    EXPECT(health_get(&health, reason));
    health_fini(&health);
}

TEST_MAIN(TEST_ENTRY(text), TEST_ENTRY(the_bell_forgets_nothing),
          TEST_ENTRY(health_names_the_first_reason))
