/* The events that satisfy a query, with all that the archive knows of them, in the order in which
 * it keeps them: days, blocks, slots, then what waits in the inbox. Events of the same time so keep
 * the order in which a search shows them. One thread; each block is unpacked once. */
#ifndef QUERY_SEARCH_EXTRACT_H
#define QUERY_SEARCH_EXTRACT_H

#include "query/search/day_iterator.h"
#include "schema/copy/copy_writer.h"

/* The event's spans live until return. A failure ends the extraction. */
typedef enum status extract_each(void *context, const struct copy_event *event, struct err *err);

struct extract {
    extract_each *each;
    void *context;
    int64_t events; /* found */
};

/* The iterator is new and goes oldest first. ERR of `each`, or of what cannot be read. */
MUST_USE enum status extract_run(struct day_iterator *iterator, struct extract *extract,
                                 struct err *err);

#endif
