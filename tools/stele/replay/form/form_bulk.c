/* The bulk API of Elasticsearch and OpenSearch: an action line and a document line for each event.
 * The action is create, which a data stream takes too and which leaves a document alone that is
 * there; or index, which writes over it. A document has @timestamp in front, which data streams and
 * Kibana go by, unless the event has one. */
#include <stdio.h>

#include "schema/crypto/digest.h"
#include "schema/event/json_text.h"
#include "tools/stele/replay/form/form.h"
#include "tools/stele/replay/form/json_one_line.h"

enum { UID_BYTES_MAX = 128, ID_DIGITS = 16 };

const char *form_bulk_id(const struct replay_event *event, char out[FORM_ID_BYTES])
{
    char hex[DIGEST_HEX_BYTES];
    if (event->uid.size == 0 || event->uid.size > UID_BYTES_MAX) {
        struct digest digest = digest_sha256(event->raw);
        (void)snprintf(out, FORM_ID_BYTES, "%s", digest_hex(&digest, hex));
        return out;
    }
    struct buf text = BUF_INIT;
    buf_printf(&text, "%lld", event->time_is_arrival ? 0LL : (long long)event->time_us);
    buf_add_char(&text, '\0');
    buf_add_span(&text, event->type);
    buf_add_char(&text, '\0');
    buf_add_span(&text, event->code);
    CHECK(buf_ok(&text)); /* a few bytes */
    struct digest digest = digest_sha256(buf_span(&text));
    buf_fini(&text);
    (void)snprintf(out, FORM_ID_BYTES, "%.*s-%.*s", SPAN_FMT(event->uid), ID_DIGITS,
                   digest_hex(&digest, hex));
    return out;
}

static void add_document(const struct replay_event *event, struct buf *body)
{
    size_t brace = span_find(event->raw, '{');
    CHECK(brace < event->raw.size);
    if (event->has_timestamp) {
        json_one_line_strict(event->raw, body);
    } else {
        char time[CLOCK_TEXT_BYTES];
        buf_printf(body, "{\"@timestamp\":\"%s\"", clock_format(event->time_us, time));
        struct span rest = span_from(event->raw, json_text_skip_space(event->raw, brace + 1));
        buf_add_str(body, span_starts(rest, "}") ? "" : ",");
        json_one_line_strict(rest, body);
    }
    buf_add_char(body, '\n');
}

void form_bulk_add(const struct form_options *options, const struct replay_event *event,
                   struct buf *body)
{
    char id[FORM_ID_BYTES];
    buf_printf(body, "{\"%s\":{", options->update ? "index" : "create");
    if (options->index && *options->index) {
        buf_add_str(body, "\"_index\":");
        buf_add_json(body, span_str(options->index));
        buf_add_char(body, ',');
    }
    buf_add_str(body, "\"_id\":");
    buf_add_json(body, span_str(form_bulk_id(event, id)));
    buf_add_str(body, "}}\n");
    add_document(event, body);
}
