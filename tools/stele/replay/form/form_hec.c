/* Splunk's HTTP Event Collector, event endpoint: JSON objects one after the other, each with the
 * event and what Splunk is to note of it (Splunk, "Format events for HTTP Event Collector"). time
 * is in seconds, with microseconds here. */
#include <inttypes.h>

#include "tools/stele/replay/form/form.h"
#include "tools/stele/replay/form/json_one_line.h"

static void add_member(struct buf *body, const char *name, struct span value)
{
    if (value.size > 0) {
        buf_printf(body, ",\"%s\":", name);
        buf_add_json(body, value);
    }
}

void form_hec_add(const struct form_options *options, const struct replay_event *event,
                  struct buf *body)
{
    int64_t seconds = event->time_us / CLOCK_SECOND_US;
    int64_t rest_us = event->time_us % CLOCK_SECOND_US;
    if (rest_us < 0) {
        seconds--;
        rest_us += CLOCK_SECOND_US;
    }
    buf_printf(body, "{\"time\":%" PRId64 ".%06" PRId64, seconds, rest_us);
    add_member(body, "host", event->host);
    add_member(body, "source", span_str(options->source));
    add_member(body, "sourcetype", span_str(options->sourcetype));
    add_member(body, "index", span_str(options->index));
    buf_add_str(body, ",\"event\":");
    json_one_line_strict(event->raw, body);
    buf_add_str(body, "}\n");
}
