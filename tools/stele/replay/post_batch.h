/* Events on their way together: copies of their bytes, what is known of each, and the post that
 * carries those that are still to be sent. Settled once nothing is pending. One thread. */
#ifndef TOOLS_STELE_REPLAY_POST_BATCH_H
#define TOOLS_STELE_REPLAY_POST_BATCH_H

#include "tools/stele/replay/response.h"
#include "tools/stele/replay/transport.h"

struct out_item {
    size_t at; /* of its bytes in `bytes` */
    size_t size;
    int64_t time_us;
    int64_t received_us;
    enum fate fate;
    long http;        /* the status it was refused with; 0: it was not sent at all */
    size_t reason_at; /* in `reasons`, with a NUL; of a refused one */
};

enum out_state { OUT_GATHERING, OUT_READY, OUT_UNDER_WAY, OUT_SETTLED };

struct batch_out {
    enum out_state state;
    struct buf bytes;
    struct buf reasons;
    struct out_item *items;
    size_t count;
    size_t capacity;
    size_t pending;      /* items without a fate */
    int64_t since_us;    /* monotonic: when the first event came */
    int64_t next_try_us; /* monotonic; of OUT_READY */
    int tries;           /* without any event getting its fate */

    struct post post;
    struct buf url;
    struct buf body;
    size_t *sent; /* which items the post holds */
    size_t n_sent;
    size_t sent_most; /* so many at a time: fewer after a refusal of all together */
    bool wait;        /* some of them are to be sent again later, not at once */
};

/* NULL: out of memory. */
struct batch_out *batch_out_new(void);
void batch_out_free(struct batch_out *batch); /* NULL is fine */
/* As new, but keeps its memory. */
void batch_out_clear(struct batch_out *batch);

MUST_USE enum status batch_out_add(struct batch_out *batch, struct span raw, int64_t time_us,
                                   int64_t received_us, struct err *err);
struct span batch_out_raw(const struct batch_out *batch, size_t index);
const char *batch_out_reason(const struct batch_out *batch, size_t index);

/* Gives an item its fate (not FATE_PENDING). */
void batch_out_settle(struct batch_out *batch, size_t index, enum fate fate, long http,
                      const char *reason);

/* Makes the post of the first pending items, at most sent_most. What the form cannot hold is
 * refused here, so that n_sent may be 0 afterwards. arena is reset. */
MUST_USE enum status batch_out_encode(struct batch_out *batch,
                                      const struct destination *destination, struct arena *arena,
                                      struct err *err);

#endif
