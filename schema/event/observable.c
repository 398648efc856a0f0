/* Finding observables by field; the shapes are in observable_scan.c. */
#include "schema/event/observable_internal.h"

#include "schema/event/source.h"

#define NAME(text) (text), sizeof(text) - 1

/* What a field holds by its name (Teleport: events.proto, and metadata of each event type). */
static const struct {
    const char *path;
    size_t size;
    struct observable_field field;
} known_fields[] = {
    {NAME("uid"), {.kind = OBSERVABLE_FIELD_NOTHING}},
    {NAME("time"), {.kind = OBSERVABLE_FIELD_NOTHING}},
    {NAME(SOURCE_FIELD), {.kind = OBSERVABLE_FIELD_NOTHING}},
    {NAME(SOURCE_MARK_FIELD), {.kind = OBSERVABLE_FIELD_NOTHING}},
    {NAME("user"), {.kind = OBSERVABLE_USER}},
    {NAME("login"), {.kind = OBSERVABLE_USER}},
    {NAME("user_name"), {.kind = OBSERVABLE_USER}},
    {NAME("username"), {.kind = OBSERVABLE_USER}},
    {NAME("name"), {.kind = OBSERVABLE_USER}},
    {NAME("impersonator"), {.kind = OBSERVABLE_USER}},
    {NAME("delegator"), {.kind = OBSERVABLE_USER}},
    {NAME("reviewer"), {.kind = OBSERVABLE_USER}},
    {NAME("updated_by"), {.kind = OBSERVABLE_USER}},
    {NAME("participants"), {.kind = OBSERVABLE_USER}},
    {NAME("invited"), {.kind = OBSERVABLE_USER}},
    {NAME("db_user"), {.kind = OBSERVABLE_USER}},
    {NAME("kubernetes_users"), {.kind = OBSERVABLE_USER}},
    {NAME("windows_user"), {.kind = OBSERVABLE_USER}},
    {NAME("aws_assumed_role"), {.kind = OBSERVABLE_USER}},
    {NAME("identity.user"), {.kind = OBSERVABLE_USER}},
    {NAME("identity.impersonator"), {.kind = OBSERVABLE_USER}},
    {NAME("identity.logins"), {.kind = OBSERVABLE_USER}},
    {NAME("identity.kubernetes_users"), {.kind = OBSERVABLE_USER}},
    {NAME("identity.bot_name"), {.kind = OBSERVABLE_USER}},
    {NAME("members.member_name"), {.kind = OBSERVABLE_USER}},
    {NAME("removed_members"), {.kind = OBSERVABLE_USER}},
    {NAME("attributes.sub"), {.kind = OBSERVABLE_USER}},
    {NAME("attributes.actor"), {.kind = OBSERVABLE_USER}},
    {NAME("sid"), {.kind = OBSERVABLE_SESSION}},
    {NAME("session_id"), {.kind = OBSERVABLE_SESSION}},
    {NAME("serial_number"), {.kind = OBSERVABLE_SERIAL}},
    {NAME("certificate.serial_number"), {.kind = OBSERVABLE_SERIAL}},
    {NAME("user_agent"), {.kind = OBSERVABLE_AGENT}},
    {NAME("program"), {.kind = OBSERVABLE_FILE, .words_are_files = true}},
    {NAME("path"), {.kind = OBSERVABLE_FILE, .words_are_files = true}},
    {NAME("target_path"), {.kind = OBSERVABLE_FILE, .words_are_files = true}},
    {NAME("file_path"), {.kind = OBSERVABLE_FILE, .words_are_files = true}},
    {NAME("filename"), {.kind = OBSERVABLE_FILE, .words_are_files = true}},
    {NAME("directory_name"), {.kind = OBSERVABLE_FILE, .words_are_files = true}},
    {NAME("working_directory"), {.kind = OBSERVABLE_FILE, .words_are_files = true}},
    {NAME("location"), {.kind = OBSERVABLE_FILE, .words_are_files = true}},
    {NAME("file_transfer_stats.path"), {.kind = OBSERVABLE_FILE, .words_are_files = true}},
    {NAME("command"), {.kind = OBSERVABLE_FILE, .words_are_files = true}},
    {NAME("argv"), {.kind = OBSERVABLE_FIELD_SHAPES, .words_are_files = true}},
    {NAME("initial_command"), {.kind = OBSERVABLE_FILE, .words_are_files = true}},
};

/* headers.User-Agent, in any case. */
static bool is_agent_header(struct span path)
{
    static const char name[] = "user-agent";
    enum { NAME_BYTES = sizeof name - 1 };
    if (path.size < NAME_BYTES) {
        return false;
    }
    struct span last = span_from(path, path.size - NAME_BYTES);
    bool whole = path.size == NAME_BYTES || path.data[path.size - NAME_BYTES - 1] == '.';
    return whole && (last.data[4] == '-' || last.data[4] == '_') &&
           strncasecmp(last.data, name, 4) == 0 && strncasecmp(last.data + 5, name + 5, 5) == 0;
}

struct observable_field observable_field(struct span path)
{
    for (size_t i = 0; i < sizeof known_fields / sizeof known_fields[0]; i++) {
        if (path.size == known_fields[i].size &&
            memcmp(path.data, known_fields[i].path, path.size) == 0) {
            return known_fields[i].field;
        }
    }
    return (struct observable_field){.kind = is_agent_header(path) ? (int)OBSERVABLE_AGENT
                                                                   : OBSERVABLE_FIELD_SHAPES};
}

void observable_scanner_fini(struct observable_scanner *observer)
{
    buf_fini(&observer->normal);
    buf_fini(&observer->decoded);
}

bool observable_scan_value(struct observable_scanner *observer,
                           const struct observable_field *field, const struct event_field *value,
                           observable_each *each, void *context)
{
    struct observable_scan scan = {.observer = observer,
                                   .field = field,
                                   .at = {.field = value->path, .value = value->value},
                                   .each = each,
                                   .context = context};
    if (field->kind == OBSERVABLE_FIELD_NOTHING) {
        return true;
    }
    if (field->kind == OBSERVABLE_FILE) {
        observable_scan_emit_file(&scan, value->value);
    } else if (field->kind != OBSERVABLE_FIELD_SHAPES) {
        enum observable_kind kind = (enum observable_kind)field->kind;
        (void)observable_scan_emit(&scan, kind, value->value,
                                   kind == OBSERVABLE_SESSION  ? observable_session
                                   : kind == OBSERVABLE_SERIAL ? observable_serial
                                                               : NULL);
    }
    if (value->kind == EVENT_STRING) {
        observable_scan_text(&scan, value->value);
    }
    return buf_ok(&observer->normal) && buf_ok(&observer->decoded);
}

bool observable_scan_event(struct observable_scanner *observer, const struct event *event,
                           observable_each *each, void *context)
{
    buf_clear(&observer->normal);
    buf_clear(&observer->decoded);
    for (size_t i = 0; i < event->n_fields; i++) {
        const struct observable_field field = observable_field(event->fields[i].path);
        if (!observable_scan_value(observer, &field, &event->fields[i], each, context)) {
            return false;
        }
    }
    return true;
}
