/* What became of each event that arrived: the totals over an archive's life. */
#ifndef SCHEMA_EVENT_EVENT_COUNTER_H
#define SCHEMA_EVENT_EVENT_COUNTER_H

enum event_counter {
#define X(name, text) EVENT_COUNTER_##name,
#include "schema/event/event_counter.def"
#undef X
    EVENT_COUNTER_COUNT
};

/* Its name in lower case, as the catalogue, metrics and stats have it. */
const char *event_counter_name(enum event_counter counter);

#endif
