/* What is asked of an event that was read: who did it, how bad it is, whether it is another one. */
#include "schema/base/hash64.h"
#include "schema/event/event.h"
#include "schema/text/ascii.h"

struct span event_get(const struct event *event, const char *path)
{
    struct span wanted = span_str(path);
    for (size_t i = 0; i < event->n_fields; i++) {
        if (span_equal(event->fields[i].path, wanted)) {
            return event->fields[i].value;
        }
    }
    return span_of(NULL, 0);
}

const char *const event_actor_fields[] = {"user",     "identity.user", "user_name",
                                          "reviewer", "updated_by",    "user.user",
                                          "bot_name", "integration",   NULL};

struct span event_actor(const struct event *event)
{
    for (size_t i = 0; event_actor_fields[i]; i++) {
        struct span actor = event_get(event, event_actor_fields[i]);
        if (actor.size > 0) {
            return actor;
        }
    }
    return span_of(NULL, 0);
}

enum event_severity event_code_severity(struct span code)
{
    static const char letters[] = "?iwes"; /* by severity */
    char last = code.size > 0 ? ascii_lower(code.data[code.size - 1]) : '?';
    for (int severity = EVENT_SEVERITY_INFO; severity <= EVENT_SEVERITY_STOP; severity++) {
        if (last == letters[severity]) {
            return (enum event_severity)severity;
        }
    }
    return EVENT_SEVERITY_NONE;
}

const char *event_severity_text(enum event_severity severity)
{
    static const char *const names[] = {"", "info", "warn", "error", "stop"};
    return names[severity];
}

uint32_t event_identity_hash(const struct event *event)
{
    return (uint32_t)hash64(event->uid.size > 0 ? event->uid : event->raw, 0) & 0xffffff;
}

bool event_same(const struct event *a, const struct event *b)
{
    if (a->uid.size == 0 || b->uid.size == 0) {
        return span_equal(a->raw, b->raw);
    }
    bool same_time = (a->time_is_arrival && b->time_is_arrival) || a->time_us == b->time_us;
    return same_time && span_equal(a->uid, b->uid) && span_equal(a->type, b->type) &&
           span_equal(a->code, b->code);
}
