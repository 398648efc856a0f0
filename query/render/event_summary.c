#include "query/render/event_summary.h"

static const char *const address_fields[] = {
    "addr.remote", "identity.client_ip", "src_addr", "request.source_address",
    "client_ip",   "remote_ip",          NULL};
static const char *const target_fields[] = {"server_hostname", "db_service",   "kubernetes_cluster",
                                            "app_name",        "desktop_name", "desktop_addr",
                                            "node_name",       "instance_id",  "dst_addr",
                                            "resource_name",   "name",         "token_name",
                                            "bot_name",        "server_id",    NULL};
static const char *const detail_fields[] = {
    "command", "db_query", "query",   "path",    "program",   "request_path",
    "url",     "reason",   "error",   "message", "exitError", "initial_command",
    "method",  "login",    "db_name", NULL};

static struct span first_of(const struct event *event, const char *const *fields)
{
    for (size_t i = 0; fields[i]; i++) {
        struct span value = event_get(event, fields[i]);
        if (value.size > 0) {
            return value;
        }
    }
    return span_of(NULL, 0);
}

/* host:port and [v6]:port lose the port; a bare IPv6 address (two colons) has none. */
static struct span without_port(struct span address)
{
    if (address.size > 0 && address.data[0] == '[') {
        const char *end = memchr(address.data, ']', address.size);
        return end ? span_of(address.data + 1, (size_t)(end - address.data) - 1) : address;
    }
    const char *colon = address.size ? memchr(address.data, ':', address.size) : NULL;
    const char *last = address.size ? memrchr(address.data, ':', address.size) : NULL;
    return colon && colon == last ? span_of(address.data, (size_t)(colon - address.data)) : address;
}

struct event_summary event_summary_of(const struct event *event)
{
    return (struct event_summary){
        .severity = event_code_severity(event->code),
        .type = event->type,
        .code = event->code,
        .actor = event_actor(event),
        .address = without_port(first_of(event, address_fields)),
        .target = first_of(event, target_fields),
        .detail = first_of(event, detail_fields),
    };
}
