/* The last label of a host name: whether it is a top-level domain, and whether a name is a public
 * suffix (publicsuffix.org), which names no one. */
#ifndef QUERY_IOC_TOP_LEVEL_H
#define QUERY_IOC_TOP_LEVEL_H

#include <stdbool.h>

enum top_level {
    TOP_LEVEL_NONE,        /* of no root that is known: the end of a file's name, mostly */
    TOP_LEVEL_ROOT,        /* in the root zone, or of special use (RFC 6761, ...) */
    TOP_LEVEL_ALTERNATIVE, /* of an alternative root (Emercoin, OpenNIC, ...), and no kind of file
                            */
    TOP_LEVEL_UNCLEAR,     /* of an alternative root, and a kind of file, too */
};

/* `name` is a normal domain (schema/event/observable.h). Any thread. */
enum top_level top_level_of(const char *name);
/* Not hosts under a suffix of a provider that gives a name to each machine (*.compute-1.x.com). */
bool top_level_is_public_suffix(const char *name);

#endif
