/* Which days of an archive have blocks, looked at again and again and cheaply: a day's file is
 * opened only when it, or its log, has changed. One thread. */
#ifndef DAEMON_WATCH_NEW_BLOCKS_H
#define DAEMON_WATCH_NEW_BLOCKS_H

#include "schema/archive/archive.h"
#include "schema/file/file_stamp.h"
#include "schema/segment/segment_map.h"
#include "schema/watch/watch_db.h"

struct new_blocks_day {
    struct watch_day there; /* its last block; 0: none */
    struct segment_map_day where;
    struct file_stamp stamp; /* of its file when it was read */
};

/* Zeroed to begin with. */
struct new_blocks {
    struct new_blocks_day *days; /* ascending */
    size_t count;
};

/* Looks at all of them. A day that cannot be read keeps what was known of it; the first of these is
 * in *out_bad (status OK: there is none) and looked at again the next time. */
MUST_USE enum status new_blocks_poll(struct new_blocks *scan, const char *dir, struct err *out_bad,
                                     struct err *err);
void new_blocks_fini(struct new_blocks *scan);

#endif
