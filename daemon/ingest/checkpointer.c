#include "daemon/ingest/checkpointer.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "daemon/process/log.h"
#include "daemon/process/wakeup.h"
#include "schema/base/file.h"

/* What the first pass leaves is what came during it; the second leaves a fraction of that. */
enum { PASSES = 2 };

struct checkpointer {
    char dir[FILE_PATH_BYTES]; /* immutable after start */
    pthread_t thread;
    struct wakeup wakeup;
    atomic_bool done;
    struct archive *archive; /* the thread's own; NULL: to be opened */
};

static void run(struct checkpointer *checkpointer)
{
    struct err err;
    enum status status = OK;
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
}

static void *checkpointer_main(void *context)
{
    struct checkpointer *checkpointer = context;
    while (!(wakeup_wait(&checkpointer->wakeup, INT64_MAX) & WAKEUP_STOP)) {
        run(checkpointer);
        atomic_store(&checkpointer->done, true);
    }
    archive_close(checkpointer->archive);
    return NULL;
}

enum status checkpointer_start(const char *dir, struct checkpointer **out_checkpointer,
                               struct err *err)
{
    struct checkpointer *checkpointer = calloc(1, sizeof *checkpointer);
    if (!checkpointer) {
        return err_nomem(err, "checkpointer");
    }
    wakeup_init(&checkpointer->wakeup);
    enum status status = file_path_format(checkpointer->dir, err, "%s", dir);
    if (status == OK) {
        int failed = pthread_create(&checkpointer->thread, NULL, checkpointer_main, checkpointer);
        status = failed ? err_errno(err, failed, "checkpoint thread") : OK;
    }
    if (status != OK) {
        wakeup_fini(&checkpointer->wakeup);
        free(checkpointer);
        return status;
    }
    *out_checkpointer = checkpointer;
    return OK;
}

void checkpointer_stop(struct checkpointer *checkpointer)
{
    if (checkpointer) {
        wakeup_signal(&checkpointer->wakeup, WAKEUP_STOP);
        CHECK(pthread_join(checkpointer->thread, NULL) == 0);
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
