#include "tools/stele/replay/rejects_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "schema/file/file.h"
#include "tools/stele/replay/form/json_one_line.h"

enum { UID_BYTES_MAX = 256 };

struct rejects_file {
    char path[2][FILE_PATH_BYTES]; /* events, reasons */
    int fd[2];
    struct arena arena;
    struct buf lines[2];
    bool dirty;
};

enum status rejects_file_open(const char *path, struct rejects_file **out_files, struct err *err)
{
    struct rejects_file *files = calloc(1, sizeof *files);
    if (!files) {
        return err_nomem(err, "replay");
    }
    files->fd[0] = files->fd[1] = -1;
    enum status status = file_path_format(files->path[0], err, "%s", path);
    status = THEN(status, file_path_format(files->path[1], err, "%s.reasons", path));
    for (int i = 0; status == OK && i < 2; i++) {
        files->fd[i] = open(files->path[i], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (files->fd[i] < 0) {
            status = err_errno(err, errno, "--refused: %s", files->path[i]);
        }
    }
    if (status != OK) {
        rejects_file_close(files);
        return status;
    }
    *out_files = files;
    return OK;
}

void rejects_file_close(struct rejects_file *files)
{
    if (files) {
        for (int i = 0; i < 2; i++) {
            if (files->fd[i] >= 0) {
                (void)close(files->fd[i]);
            }
            buf_fini(&files->lines[i]);
        }
        arena_fini(&files->arena);
        free(files);
    }
}

/* A uid as one column: what would break the line is a question mark. */
static void add_uid(struct span uid, struct buf *out)
{
    for (size_t i = 0; i < uid.size && i < UID_BYTES_MAX; i++) {
        char c = uid.data[i];
        buf_add_char(out, (unsigned char)c < ' ' || c == 127 ? '?' : c);
    }
    if (uid.size == 0) {
        buf_add_char(out, '-');
    }
}

static enum status add_event(struct rejects_file *files, const struct post_batch *batch,
                             size_t index, struct err *err)
{
    struct buf *events = &files->lines[0];
    struct buf *reasons = &files->lines[1];
    long http = batch->items.items[index].http;
    struct replay_event event;
    enum status status = post_batch_event(batch, index, &files->arena, &event, err);
    if (status != OK) {
        return status;
    }
    json_one_line_add(event.raw, events);
    buf_add_char(events, '\n');
    add_uid(event.uid, reasons);
    if (http > 0) {
        buf_printf(reasons, "\t%ld\t", http);
    } else {
        buf_add_str(reasons, "\t-\t");
    }
    buf_printf(reasons, "%s\n", post_batch_reason(batch, index));
    return OK;
}

enum status rejects_file_add(struct rejects_file *files, const struct post_batch *batch,
                             struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < batch->items.count; i++) {
        if (batch->items.items[i].outcome == RESPONSE_OUTCOME_REFUSED) {
            status = add_event(files, batch, i, err);
            files->dirty = true;
        }
    }
    for (int i = 0; status == OK && i < 2; i++) {
        struct buf *lines = &files->lines[i];
        status = buf_status(lines, "replay", err);
        if (status == OK) {
            status = file_write_all(files->fd[i], buf_span(lines), files->path[i], err);
            status = status == OK ? OK : err_wrap(err, status, "--refused");
        }
        buf_clear(lines);
    }
    return status;
}

enum status rejects_file_sync(struct rejects_file *files, struct err *err)
{
    for (int i = 0; files->dirty && i < 2; i++) {
        if (fsync(files->fd[i]) != 0 && errno != EINVAL) {
            return err_errno(err, errno, "--refused: %s", files->path[i]);
        }
    }
    files->dirty = false;
    return OK;
}
