/* A thread that unpacks large bodies, so that the event loop does not stand still meanwhile. The
 * loop submits and takes back; start, stop and free belong to the main thread, which is the loop's.
 * A body that waits is taken before those of the sender that was served last. */
#ifndef DAEMON_RECEIVE_UNPACKER_H
#define DAEMON_RECEIVE_UNPACKER_H

#include "daemon/receive/content_encoding.h"

/* The unpacker's from unpacker_submit until it comes back; what it points to lives as long. */
struct unpacker_job {
    struct unpacker_job *next;
    const char *sender; /* who waits for it: certificate or address */
    enum http_request_encoding encoding;
    struct span packed;
    size_t bytes_max;
    struct buf *out;    /* as content_encoding_decode fills it */
    enum status status; /* the same; ERR_STOPPED: not begun */
};

struct unpacker;
MUST_USE enum status unpacker_start(struct unpacker **out_unpacker, struct err *err);
/* Ends the body under way, begins no other, joins. NULL is fine. What was submitted can be taken
 * back afterwards. */
void unpacker_stop(struct unpacker *unpacker);
/* Stopped, and nothing left to take back. NULL is fine. */
void unpacker_free(struct unpacker *unpacker);

void unpacker_submit(struct unpacker *unpacker, struct unpacker_job *job);
/* Readable when jobs are done. */
int unpacker_done_fd(const struct unpacker *unpacker);
/* All done jobs, linked by next; NULL when there are none. Clears unpacker_done_fd. */
struct unpacker_job *unpacker_take_done(struct unpacker *unpacker);

#endif
