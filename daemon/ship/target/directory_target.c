/* A directory as a target. An object is durable when its bytes are synced under a hidden name,
 * named without taking the name from another file, and the folder is synced. The caller's thread.
 */
#include "daemon/ship/target/directory_target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/ship/target/directory_target_read.h"

enum { DIRECTORY_MODE = 0750, FILE_MODE = 0640 };

/* One spelling for one directory: under two, the ledger would know two targets and all would be
 * shipped again. ".." cannot be told without looking at the disk. */
static enum status add_path(struct buf *out, struct span path)
{
    bool any = false;
    while (path.size > 0) {
        struct span name = span_of(path.data, span_find(path, '/'));
        path = span_from(path, name.size + 1);
        if (span_is(name, "..")) {
            return ERR_CONFIG;
        }
        if (name.size > 0 && !span_is(name, ".")) {
            buf_add_char(out, '/');
            buf_add_span(out, name);
            any = true;
        }
    }
    if (!any) {
        buf_add_char(out, '/');
    }
    return OK;
}

enum status directory_target_url(const struct config *config, char out[TARGET_URL_BYTES],
                                 struct err *err)
{
    struct span path = span_from(span_str(config->ship_target), strlen("file://"));
    if (!span_starts(path, "/")) {
        return err_set(err, ERR_CONFIG,
                       "ship.target: \"%s\": the directory must be absolute: file:///var/lib/...",
                       config->ship_target);
    }
    struct buf url = BUF_INIT;
    buf_add_str(&url, "file://");
    enum status status = add_path(&url, path);
    buf_add_char(&url, '\0');
    if (status != OK) {
        status = err_set(err, ERR_CONFIG,
                         "ship.target: \"%s\": the directory must be given without \"..\"",
                         config->ship_target);
    } else if (!buf_ok(&url)) {
        status = buf_status(&url, "ship", err);
    } else if (url.size > TARGET_URL_BYTES) {
        status = err_set(err, ERR_CONFIG, "ship.target is too long");
    } else {
        memcpy(out, url.data, url.size);
    }
    buf_fini(&url);
    return status;
}

static enum status head(struct target *target, const char *key, struct target_head *out_head,
                        struct err *err)
{
    return directory_target_get(target, key, NULL, NULL, out_head, err);
}

static enum status write_temp(const char *temp, struct span bytes, struct err *err)
{
    int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (fd < 0) {
        return err_errno(err, errno, "%s", temp);
    }
    enum status status = file_write_all(fd, bytes, temp, err);
    if (status == OK && fsync(fd) != 0) {
        status = err_errno(err, errno, "%s: fsync", temp);
    }
    if (close(fd) != 0 && status == OK) {
        status = err_errno(err, errno, "%s", temp);
    }
    return status;
}

/* The name may be there since a moment before a crash and not be on disk yet. With other bytes it
 * may count, too: the caller looks what they hold. */
static enum status compare(const char *path, const char *parent, const struct target_object *object,
                           enum target_put *out_put, struct err *err)
{
    struct target_head there;
    enum status status = file_sync_dir(parent, err);
    status = THEN(status, directory_target_read(path, NULL, NULL, &there, err));
    if (status != OK) {
        return status;
    }
    if (there.bytes != (int64_t)object->bytes.size ||
        memcmp(&there.sha256, object->sha256, sizeof there.sha256) != 0) {
        return err_set(err, ERR_EXISTS,
                       "%s is there already with other bytes: move it away to ship again", path);
    }
    *out_put = TARGET_WAS_THERE;
    return OK;
}

/* Gives the temporary file its name, unless the name is taken (*out_taken). */
static enum status name_temp(const char *temp, const char *path, bool *out_taken, struct err *err)
{
    *out_taken = false;
    if (renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE) == 0) {
        return OK;
    }
    if (errno == EINVAL || errno == ENOSYS || errno == ENOTSUP) {
        /* a file system without it (NFS): a second name, which link never takes from another */
        if (link(temp, path) == 0) {
            (void)unlink(temp);
            return OK;
        }
    }
    *out_taken = errno == EEXIST;
    return *out_taken ? OK : err_errno(err, errno, "%s", path);
}

static enum status put(struct target *target, const struct target_object *object,
                       enum target_put *out_put, struct err *err)
{
    char path[FILE_PATH_BYTES];
    char parent[FILE_PATH_BYTES];
    char temp[FILE_PATH_BYTES];
    const char *slash = strrchr(object->key, '/');
    int folder = slash ? (int)(slash - object->key) : 0;
    enum status status =
        file_path_format(path, err, "%s/%s", directory_target_root(target), object->key);
    status = THEN(status, file_path_format(parent, err, "%s/%.*s", directory_target_root(target),
                                           folder, object->key));
    /* The dot in front: a program that watches the directory must not take it for an object. One
     * name for each key: what a crash leaves is written over by the next try. */
    status = THEN(status, file_path_format(temp, err, "%s/.%s.part", parent,
                                           slash ? slash + 1 : object->key));
    status = THEN(status, file_make_dir(parent, DIRECTORY_MODE, err));
    if (status == OK && file_exists(path)) {
        return compare(path, parent, object, out_put, err);
    }
    if (status != OK) {
        return status;
    }
    bool taken = false;
    status = write_temp(temp, object->bytes, err);
    status = THEN(status, name_temp(temp, path, &taken, err));
    if (status != OK || taken) {
        (void)unlink(temp);
    }
    if (status == OK && taken) {
        return compare(path, parent, object, out_put, err);
    }
    status = THEN(status, file_sync_dir(parent, err));
    if (status == OK) {
        *out_put = TARGET_CREATED;
    }
    return status;
}

/* The directory, or what is there of the way to it, must be writable: the rest is made. */
static enum status check(struct target *target, struct err *err)
{
    char path[FILE_PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s", directory_target_root(target));
    char *slash;
    while (!file_exists(path) && (slash = strrchr(path, '/')) != NULL && slash != path) {
        *slash = '\0';
    }
    const char *nearest = file_exists(path) ? path : "/";
    struct stat st;
    if (stat(nearest, &st) != 0 || access(nearest, W_OK | X_OK) != 0) {
        return err_errno(err, errno, "%s: cannot write", nearest);
    }
    return S_ISDIR(st.st_mode) ? OK : err_set(err, ERR_CONFIG, "%s is not a directory", nearest);
}

static void directory_close(struct target *target)
{
    free(target);
}

static const struct target_ops ops = {.put = put,
                                      .head = head,
                                      .list = directory_target_list,
                                      .get = directory_target_get,
                                      .check = check,
                                      .close = directory_close};

enum status directory_target_open(const struct config *config, struct target **out_target,
                                  struct err *err)
{
    struct target *target = calloc(1, sizeof *target);
    if (!target) {
        return err_nomem(err, "ship");
    }
    target->ops = &ops;
    enum status status = directory_target_url(config, target->url, err);
    if (status != OK) {
        free(target);
        return status;
    }
    *out_target = target;
    return OK;
}
