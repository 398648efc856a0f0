/* Events on their way together: copies of their bytes, what is known of each, and the post that
 * carries those that are still to be sent. Settled once nothing is pending. One thread. */
#ifndef TOOLS_STELE_REPLAY_POST_BATCH_H
#define TOOLS_STELE_REPLAY_POST_BATCH_H

#include "schema/base/vec.h"
#include "tools/stele/replay/form/response.h"
#include "tools/stele/replay/transport.h"

struct post_batch_item {
    size_t at; /* of its bytes in `bytes` */
    size_t size;
    int64_t time_us;
    int64_t received_us;
    enum response_outcome outcome;
    long http;        /* the status it was refused with; 0: it was not sent at all */
    size_t reason_at; /* in `reasons`, with a NUL; of a refused one */
};

enum post_batch_state {
    POST_BATCH_GATHERING,
    POST_BATCH_READY,
    POST_BATCH_IN_FLIGHT,
    POST_BATCH_DONE
};

struct post_batch {
    enum post_batch_state state;
    struct buf bytes;
    struct buf reasons;
    VEC(struct post_batch_item) items;
    size_t pending;      /* items without a fate */
    int64_t since_us;    /* monotonic: when the first event came */
    int64_t next_try_us; /* monotonic; of POST_BATCH_READY */
    int tries;           /* without any event getting its fate */

    struct transport_post post;
    struct buf url;
    struct buf body;
    VEC(size_t) sent; /* which items the post holds */
    size_t sent_most; /* so many at a time: fewer after a refusal of all together */
    bool wait;        /* some of them are to be sent again later, not at once */
};

/* NULL: out of memory. */
struct post_batch *post_batch_new(void);
void post_batch_free(struct post_batch *batch); /* NULL is fine */
/* As new, but keeps its memory. */
void post_batch_clear(struct post_batch *batch);

MUST_USE enum status post_batch_add(struct post_batch *batch, struct span raw, int64_t time_us,
                                    int64_t received_us, struct err *err);
struct span post_batch_raw(const struct post_batch *batch, size_t index);
/* The event of an item. arena is reset. */
MUST_USE enum status post_batch_event(const struct post_batch *batch, size_t index,
                                      struct arena *arena, struct replay_event *out_event,
                                      struct err *err);
const char *post_batch_reason(const struct post_batch *batch, size_t index);

/* Gives an item its fate (not RESPONSE_OUTCOME_PENDING). */
void post_batch_set_outcome(struct post_batch *batch, size_t index, enum response_outcome outcome,
                            long http, const char *reason);

/* Makes the post of the first pending items, at most sent_most. What the form cannot hold is
 * refused here, so that `sent` may be empty afterwards. arena is reset. */
MUST_USE enum status post_batch_encode(struct post_batch *batch,
                                       const struct destination *destination, struct arena *arena,
                                       struct err *err);

#endif
