#include "tools/stele/replay/form/replay_event.h"

enum status replay_event_read(struct span raw, int64_t time_us, int64_t received_us,
                              struct arena *arena, struct replay_event *out_event, struct err *err)
{
    struct event event;
    if (!event_parse(raw, received_us, arena, &event)) {
        return err_set(err, ERR_CORRUPT, "an event of the archive cannot be read as JSON");
    }
    struct span cluster = event_get(&event, "cluster_name");
    struct span host = event_get(&event, "server_hostname");
    *out_event = (struct replay_event){
        .raw = raw,
        .time_us = time_us,
        .time_is_arrival = event.time_is_arrival,
        .uid = event.uid,
        .type = event.type,
        .code = event.code,
        .sid = event_get(&event, "sid"),
        .host = host.size > 0 ? host : cluster,
        .cluster = cluster,
        .has_timestamp = event_get(&event, "@timestamp").size > 0,
    };
    return OK;
}
