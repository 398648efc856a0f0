/* Events out, in the order in which they are given, with a bounded number of posts under way; what
 * fails for now is sent again, what is refused is reported. One thread: the work is done inside
 * these calls.
 *
 * A batch holds its place until each of its events has its fate, also while it waits for its next
 * try. With one place nothing overtakes anything; with more, a batch that is tried again may arrive
 * behind later ones. Batches are reported as settled in order, however they were answered. */
#ifndef TOOLS_STELE_REPLAY_SENDER_H
#define TOOLS_STELE_REPLAY_SENDER_H

#include "tools/stele/replay/post_batch.h"

enum { SENDER_IN_FLIGHT_MAX = 256, SENDER_BATCH_EVENTS_MAX = 10000 };

struct sender_options {
    const struct destination *destination;
    size_t in_flight;    /* batches without a fate, 1 to SENDER_IN_FLIGHT_MAX */
    size_t batch_events; /* in one post; fluentd: always 1 */
    size_t batch_bytes;  /* of raw events in one post, but for a single larger one */
    int tries_max;       /* in a row without any success, of one batch */
    int64_t retry_wait_max_us;
    const atomic_bool *stop; /* set by a signal handler: calls return ERR_STOPPED */

    /* A batch whose events all have their fate, in order. An error ends the replay, and the batch
     * counts as not settled. */
    enum status (*on_settled)(void *context, const struct post_batch *batch, struct err *err);
    /* Something failed and is tried again after wait_us. */
    void (*on_again)(void *context, const struct err *why, int64_t wait_us);
    void *context;
};

struct sender_counts {
    int64_t posts;
    int64_t again; /* posts that had to be repeated, whole or in part */
    int64_t outcomes[RESPONSE_OUTCOME_REFUSED + 1];
};

struct sender;

MUST_USE enum status sender_open(const struct sender_options *options, struct sender **out_sender,
                                 struct err *err);
/* Gives up what is under way. NULL is fine. */
void sender_close(struct sender *sender);

/* Takes a copy of an event. Waits while there is no place for it. ERR_STOPPED; else the error that
 * ended the replay (ERR_NET: given up after tries_max; ERR_CONFIG, ERR_DENIED). */
MUST_USE enum status sender_add(struct sender *sender, struct span raw, int64_t time_us,
                                int64_t received_us, struct err *err);

/* Sends what has gathered for longer than 200 ms, and works for at most timeout_us. */
MUST_USE enum status sender_move(struct sender *sender, int64_t timeout_us, struct err *err);

/* Sends what has gathered and waits until everything is settled. */
MUST_USE enum status sender_flush(struct sender *sender, struct err *err);

/* After an error or a stop: waits a little for the answers to what is under way, starts nothing,
 * and tells what is settled thereby. */
void sender_wind_up(struct sender *sender);

const struct sender_counts *sender_counts(const struct sender *sender);

#endif
