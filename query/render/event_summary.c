#include "query/render/event_summary.h"

#include "query/render/event_type.h"

static const char usual_address[] = "addr.remote|addr_remote|identity.client_ip|src_addr|"
                                    "request.source_address|client_ip|remote_ip";
static const char usual_target[] =
    "kubernetes_cluster|desktop_name|desktop_addr|db_service|app_name|server_hostname|node_name|"
    "instance_id|vm_name|resource_name|name|token_name|access_list_name|dst_addr|server_id";

static struct span first_of(const struct event *event, const char *own, const char *usual)
{
    const struct event_field *field = event_type_field(event, span_str(*own ? own : usual));
    return field ? field->value : span_of(NULL, 0);
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
    const struct event_type *type = event_type_find(event);
    return (struct event_summary){
        .severity = event_code_severity(event->code),
        .type = event->type,
        .code = event->code,
        .actor = event_actor(event),
        .address = without_port(first_of(event, type->address, usual_address)),
        .target = first_of(event, type->target, usual_target),
    };
}
