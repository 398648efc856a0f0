/* A replay as the command line asks for it: events out of the archive in order of time, at their
 * pace, to a sender; what comes of them into files and words. One thread. */
#ifndef TOOLS_STELE_REPLAY_REPLAY_RUN_H
#define TOOLS_STELE_REPLAY_REPLAY_RUN_H

#include "query/search/search_run.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/cli/verb.h"
#include "tools/stele/replay/rate.h"
#include "tools/stele/replay/rejects_file.h"
#include "tools/stele/replay/resume_file.h"
#include "tools/stele/replay/sender.h"

struct replay_run {
    /* set by the caller */
    const struct verb *verb; /* for messages */
    struct day_iterator_options search;
    const char *dest;                /* as given */
    struct destination *destination; /* NULL: a dry run to nowhere */
    struct sender_options sender;    /* without the callbacks */
    struct rate rate;
    const char *speed;          /* as given */
    struct resume_file *resume; /* or NULL */
    const char *resume_path;
    struct rejects_file *refused; /* or NULL */
    const char *refused_path;

    /* of the run */
    struct sender *out;
    struct progress progress;
    int64_t hits;  /* looked at by this run and not settled before */
    int64_t bytes; /* of these */
    int64_t first_us;
    int64_t last_us;
    int64_t told_us; /* monotonic: the last line about a failure */
    enum status status;
    struct err *err;
};

/* Sends and says what came of it. Returns the exit code: 0 all taken, 1 nothing to send, 3 some
 * were refused; else as the error says, after a line on how to go on. */
int replay_run(struct replay_run *run);

/* Says what would be sent and how long it takes. Returns the exit code. */
int replay_run_dry(struct replay_run *run);

#endif
