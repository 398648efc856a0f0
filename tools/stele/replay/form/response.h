/* What a receiver's answer says of the events that were sent. Pure. */
#ifndef TOOLS_STELE_REPLAY_FORM_RESPONSE_H
#define TOOLS_STELE_REPLAY_FORM_RESPONSE_H

#include "tools/stele/replay/form/form.h"

/* Of one event. */
enum response_outcome {
    RESPONSE_OUTCOME_PENDING, /* nothing is known; or: it is to be sent again */
    RESPONSE_OUTCOME_TAKEN,
    RESPONSE_OUTCOME_THERE,   /* bulk: the same document was there already */
    RESPONSE_OUTCOME_UPDATED, /* bulk: a document was written over */
    RESPONSE_OUTCOME_REFUSED,
};

/* Of the whole request. */
enum response_verdict {
    RESPONSE_EACH,    /* `each` was called for every event, in order */
    RESPONSE_RETRY,   /* nothing was taken, and it may be later: send all again */
    RESPONSE_REFUSED, /* refused for what it holds: with one event it is that event; with more, some
                       of them may be taken alone */
    RESPONSE_STOP,    /* nothing can go through until somebody mends something: err says what */
};

/* reason is one printable line, and lives until return; "" for what is not refused. */
typedef void response_each(void *context, size_t index, enum response_outcome outcome, long http,
                           const char *reason);

/* count events were sent in this form, and the answer is http with this body. err is filled for
 * each answer but RESPONSE_EACH. Never holds a secret: it cites the receiver's words alone, made
 * printable and short. */
enum response_verdict response_judge(enum form form, long http, struct span body, size_t count,
                                     response_each *each, void *context, struct err *err);

#endif
