#include "schema/event/event_counter.h"

const char *event_counter_name(enum event_counter counter)
{
    static const char *const names[] = {
#define X(name, text) #name,
#include "schema/event/event_counter.def"
#undef X
    };
    return names[counter];
}
