/* The names of an archive's fields, for the columns of the table. One thread. */
#ifndef QUERY_SQL_NAMES_H
#define QUERY_SQL_NAMES_H

#include "query/sql/snapshot.h"
#include "schema/base/intern.h"

enum { NAMES_DAYS = 3, NAMES_INBOX_EVENTS = 2000 };

struct names {
    struct intern texts;     /* each once, with a NUL behind it */
    struct intern repeating; /* those whose values repeat in a newest block: the segment's
                              * vocabulary has them */
    int64_t events;          /* about how many there are in all */
};

/* Fields of the NAMES_DAYS newest segments and of the newest events of the inbox. One that stands
 * only within arrays, or in events that were kept whole, is told when the newest block of its day
 * has it. names_fini after either. */
MUST_USE enum status names_read(struct snapshot *snapshot, struct names *out_names,
                                struct err *err);
void names_fini(struct names *names);

#endif
