/* Brings the inbox into segments before a range leaves: here, under the archive's lock, or by a
 * signal to the steled that holds it, and then by looking until the rows are gone. */
#include "tools/stele/cli/index_wait.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "query/search/inbox_scan.h"
#include "schema/archive/inbox.h"
#include "tools/stele/cli/daemon_at_work.h"
#include "tools/stele/cli/index_inline.h"

enum { LOOK_EVERY_MS = 50 };
/* How long the daemon may show no movement. */
#define PATIENCE_US (30 * CLOCK_SECOND_US)

/* Does anything wait that is asked for, and up to which row? */
static enum status look(const struct day_iterator_options *search, bool *out_waits,
                        int64_t *out_newest, struct err *err)
{
    struct archive *archive = NULL;
    struct inbox_scan *waiting = NULL;
    struct inbox_state inbox = {0};
    size_t count = 0;
    enum status status = archive_open(search->path, ARCHIVE_READ, &archive, err);
    status = THEN(status, inbox_state(archive, &inbox, err));
    if (status == OK && inbox.count > 0) {
        status =
            inbox_scan_open(archive, search->query, search->from_us, search->to_us, &waiting, err);
        if (status == OK) {
            (void)inbox_scan_events(waiting, &count);
        }
    }
    inbox_scan_close(waiting);
    archive_close(archive);
    *out_waits = count > 0;
    *out_newest = inbox.newest_id;
    return status;
}

static enum status index_closed(const struct options *options, const char *dir,
                                const volatile sig_atomic_t *stop, struct err *err)
{
    struct archive *archive = NULL;
    enum status status = archive_open(dir, ARCHIVE_WRITE, &archive, err);
    status = THEN(status, index_inline(&options->config, archive, stop, err));
    archive_close(archive);
    return status;
}

/* Rows of the inbox up to `newest`. */
static enum status rows_left(struct archive *archive, int64_t newest, int64_t *out_left,
                             struct err *err)
{
    struct archive_cursor *cursor = NULL;
    enum status status = inbox_cursor_open(archive, 0, &cursor, err);
    *out_left = 0;
    while (status == OK) {
        struct inbox_row row;
        bool end = false;
        status = inbox_cursor_next(cursor, &row, &end, err);
        if (status != OK || end || row.id > newest) {
            break;
        }
        ++*out_left;
    }
    archive_cursor_close(cursor);
    return status;
}

static enum status wait_for(const char *dir, int64_t newest, const volatile sig_atomic_t *stop,
                            bool *out_done, struct err *err)
{
    struct archive *archive = NULL;
    int64_t least = INT64_MAX;
    int64_t moved_us = clock_monotonic_us();
    enum status status = archive_open(dir, ARCHIVE_READ, &archive, err);
    while (status == OK && !*out_done && !*stop) {
        int64_t left;
        status = rows_left(archive, newest, &left, err);
        *out_done = status == OK && left == 0;
        if (status != OK || *out_done) {
            break;
        }
        moved_us = left < least ? clock_monotonic_us() : moved_us;
        least = left < least ? left : least;
        char who[64];
        if (clock_monotonic_us() - moved_us > PATIENCE_US || archive_lock_holder(dir, who) == 0) {
            break;
        }
        const struct timespec pause = {.tv_nsec = LOOK_EVERY_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
    }
    archive_close(archive);
    return status;
}

static enum status ask_daemon(const struct options *options, const char *dir, int64_t newest,
                              const volatile sig_atomic_t *stop, const struct err *busy,
                              struct err *err)
{
    const char *verb = options->verb->name;
    bool done = false;
    long pid = daemon_at_work_pid(dir);
    if (pid == 0) {
        fprintf(stderr, "stele %s: events of the range wait in the inbox: %s\n", verb, busy->text);
        return OK;
    }
    if (kill((pid_t)pid, SIGUSR1) != 0) {
        fprintf(stderr,
                "stele %s: events of the range wait in the inbox, and steled (pid %ld) cannot be "
                "asked to index them: %s\n",
                verb, pid, strerrordesc_np(errno));
        return OK;
    }
    fprintf(stderr, "steled (pid %ld) holds %s: asking it to index its inbox\n", pid, dir);
    enum status status = wait_for(dir, newest, stop, &done, err);
    if (status == OK && !done) {
        fprintf(stderr, "stele %s: steled (pid %ld) has not indexed its inbox\n", verb, pid);
    }
    return status;
}

enum status index_wait(const struct options *options, const struct day_iterator_options *search,
                       const volatile sig_atomic_t *stop, struct err *err)
{
    struct stat st;
    bool waits = false;
    int64_t newest = 0;
    if (stat(search->path, &st) == 0 && S_ISREG(st.st_mode)) {
        return OK;
    }
    enum status status = look(search, &waits, &newest, err);
    if (status != OK || !waits) {
        return status;
    }
    struct archive_lock *lock = NULL;
    struct err why;
    status = archive_lock_take(search->path, "stele export", &lock, &why);
    if (status == OK) {
        status = index_closed(options, search->path, stop, err);
    } else if (status == ERR_BUSY) {
        status = ask_daemon(options, search->path, newest, stop, &why, err);
    } else {
        fprintf(stderr, "stele %s: events of the range wait in the inbox and stay there: %s\n",
                options->verb->name, why.text);
        status = OK;
    }
    archive_lock_release(lock);
    return status;
}
