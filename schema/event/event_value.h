/* One value of an event as it is spelled, read as event.h reads it in its event. One thread for
 * each reader. */
#ifndef SCHEMA_EVENT_EVENT_VALUE_H
#define SCHEMA_EVENT_EVENT_VALUE_H

#include "schema/base/buf.h"
#include "schema/event/event.h"

/* Memory that is kept from value to value; zeroed to begin with. */
struct event_value_reader {
    struct arena arena;
    struct buf text;
};
void event_value_reader_fini(struct event_value_reader *reader);

/* Returns false to stop; the field lives until it returns. */
typedef bool event_value_each(void *context, const struct event_field *field);

/* Calls `each` with the fields that the value is to an event that has it at `path`: one for a
 * string, a number or a boolean, none for null and "", those of its elements for an array or an
 * object. `text`: a string without its quotes and not unescaped (is_string), or anything else as it
 * stands. A value that is no JSON has no fields. False: memory is out. */
MUST_USE bool event_value_fields(struct event_value_reader *reader, struct span path,
                                 struct span text, bool is_string, event_value_each *each,
                                 void *context);

#endif
