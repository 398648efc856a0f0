/* The forms in which events are sent, as pure functions over bytes: what is appended to a body for
 * one event. A failed buffer sticks (schema/base/buf.h) and is looked at by the caller.
 *
 *   fluentd  the bytes as they came, one event a POST, as teleport-event-handler sends them
 *   ndjson   a line each
 *   hec      Splunk's HTTP Event Collector: envelopes one after the other
 *   bulk     Elasticsearch and OpenSearch: an action line and a document line
 *   syslog   RFC 5424 messages, framed by octet counting (RFC 6587 3.4.1, RFC 5425 4.3) */
#ifndef TOOLS_STELE_REPLAY_FORM_FORM_H
#define TOOLS_STELE_REPLAY_FORM_FORM_H

#include "schema/base/buf.h"
#include "tools/stele/replay/form/replay_event.h"

enum form { FORM_FLUENTD, FORM_NDJSON, FORM_HEC, FORM_BULK, FORM_SYSLOG };

/* "fluentd", ...; false when there is no such form. */
bool form_find(const char *name, enum form *out_form);
const char *form_name(enum form form);
const char *form_content_type(enum form form);

/* What an event's envelope says beside what is in the event. Texts may be NULL: left out. */
struct form_options {
    enum form form;
    const char *index;      /* hec, bulk */
    const char *source;     /* hec */
    const char *sourcetype; /* hec */
    bool update;            /* bulk: action index (writes over) instead of create (once) */
    int facility;           /* syslog, 0 to 23 */
    size_t frame_bytes_max; /* syslog: a longer message is refused */
};

/* Appends the event to a body. ERR_LIMIT: the receiver would not take it (a syslog message over
 * frame_bytes_max), and body is as it was. */
MUST_USE enum status form_add(const struct form_options *options, const struct replay_event *event,
                              struct buf *body, struct err *err);

/* The single forms, as form_add calls them. */
void form_hec_add(const struct form_options *options, const struct replay_event *event,
                  struct buf *body);
void form_bulk_add(const struct form_options *options, const struct replay_event *event,
                   struct buf *body);
MUST_USE enum status form_syslog_add(const struct form_options *options,
                                     const struct replay_event *event, struct buf *body,
                                     struct err *err);

/* The document's _id: UID-HEX, where HEX are 16 digits of a digest over time, event and code (what
 * makes two arrivals one event); without a uid, or with one of more than 128 bytes, the SHA-256
 * of the bytes. The same event always has the same, so a document that is sent again is the same
 * document. */
enum { FORM_ID_BYTES = 160 };
const char *form_bulk_id(const struct replay_event *event, char out[FORM_ID_BYTES]);

/* Where an event goes: url, or for an event with a sid session_url "." SID ".log", as the event
 * handler does it. sid is percent-encoded; one of more than 128 bytes counts as none. Appends the
 * URL with a NUL. */
void form_fluentd_url(const char *url, const char *session_url, const struct replay_event *event,
                      struct buf *out);

#endif
