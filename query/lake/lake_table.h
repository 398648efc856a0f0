/* The table over what was shipped: a view whose rows are the events, made of nothing but the lines.
 *
 *   dt       the day an object is filed under: of the event, or of its arrival when it has no
 *            believable time
 *   time_us  microseconds since 1970 of the event's own time; NULL when it is not believable
 *   fields   every value with its path, as schema/event/event.h reads them: kind (s string, n
 * number, b boolean, f a number whose text this engine cannot write), value, low (the value in
 *            lower case), free (it is searched when no field is named)
 *   terms    for every value its words in order and its terms (schema/event/term.h), lower case,
 * each between spaces addresses  every address in it as 32 digits, IPv4 mapped into IPv6
 * (schema/event/observable.h) raw      the line
 *
 * and beside them the columns that everybody asks for, by their names in `stele sql`. */
#ifndef QUERY_LAKE_LAKE_TABLE_H
#define QUERY_LAKE_LAKE_TABLE_H

#include "query/lake/lake_engine.h"

#define LAKE_TABLE_NAME "teleport_audit_events"

enum { LAKE_TABLE_NAME_BYTES_MAX = 128 };

/* Where the objects are, in the parts that engines want. */
struct lake_table_location {
    const char *url;   /* "s3://bucket/prefix" or "file:///directory", no slash at the end */
    const char *https; /* of a bucket: https://host/bucket/prefix, or NULL */
};

/* A name for a table: letters, digits and _, with dots between catalogue, schema and table.
 * ERR_USAGE says so. */
MUST_USE enum status lake_table_name_check(const char *name, struct err *err);

/* Appends the statements that make the table of that name over what is at the place. ERR_USAGE:
 * this engine cannot read such a place. */
MUST_USE enum status lake_table_write(enum lake_engine engine, const char *name,
                                      const struct lake_table_location *location, struct buf *out,
                                      struct err *err);

#endif
