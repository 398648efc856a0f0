#include "daemon/ingest/checkpointer.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "daemon/process/log.h"
#include "daemon/process/worker.h"
#include "schema/file/file.h"

/* What the first pass leaves is what came during it; the second leaves a fraction of that. */
enum { PASSES = 2 };

struct checkpointer {
    char dir[FILE_PATH_BYTES]; /* immutable after start */
    struct worker worker;
    struct wakeup wakeup;
    atomic_bool done;
    struct archive *archive; /* the thread's own; NULL: to be opened */
};

static int64_t run_pass(void *context, unsigned bits)
{
    struct checkpointer *checkpointer = context;
    struct err err;
    enum status status = OK;
    if (bits == 0) {
        return INT64_MAX; /* the start: nothing is asked yet */
    }
    if (!checkpointer->archive) {
        status = archive_open(checkpointer->dir, ARCHIVE_WRITE, &checkpointer->archive, &err);
    }
    for (int i = 0; i < PASSES && status == OK; i++) {
        status = archive_checkpoint(checkpointer->archive, &err);
    }
    if (status != OK) {
        log_line(LOG_DEBUG, "checkpoint", "%s", err.text);
        archive_close(checkpointer->archive);
        checkpointer->archive = NULL;
    }
    atomic_store(&checkpointer->done, true);
    return INT64_MAX;
}

enum status checkpointer_start(const char *dir, struct checkpointer **out_checkpointer,
                               struct err *err)
{
    struct checkpointer *checkpointer = calloc(1, sizeof *checkpointer);
    if (!checkpointer) {
        return err_nomem(err, "checkpointer");
    }
    wakeup_init(&checkpointer->wakeup);
    checkpointer->worker = (struct worker){.name = "checkpoint",
                                           .wakeup = &checkpointer->wakeup,
                                           .pass = run_pass,
                                           .context = checkpointer};
    enum status status = file_path_format(checkpointer->dir, err, "%s", dir);
    status = THEN(status, worker_start(&checkpointer->worker, err));
    if (status != OK) {
        checkpointer_stop(checkpointer);
        return status;
    }
    *out_checkpointer = checkpointer;
    return OK;
}

void checkpointer_stop(struct checkpointer *checkpointer)
{
    if (checkpointer) {
        worker_stop(&checkpointer->worker);
        archive_close(checkpointer->archive);
        wakeup_fini(&checkpointer->wakeup);
        free(checkpointer);
    }
}

void checkpointer_ask(struct checkpointer *checkpointer)
{
    wakeup_signal(&checkpointer->wakeup, WAKEUP_WORK);
}

bool checkpointer_take_done(struct checkpointer *checkpointer)
{
    return atomic_exchange(&checkpointer->done, false);
}
