#include "schema/file/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "schema/base/random.h"
#include "schema/text/hex.h"

enum status atomic_file_open(struct atomic_file *file, const char *path, struct err *err)
{
    unsigned char salt[4];
    char hex[2 * sizeof salt + 1];
    random_fill(salt, sizeof salt);
    *file = (struct atomic_file){.fd = -1};
    enum status status =
        file_path_format(file->part, err, "%s.%s.part", path, hex_encode(salt, sizeof salt, hex));
    if (status != OK) {
        return status;
    }
    file->fd = open(file->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file->fd < 0) {
        return err_errno(err, errno, "%s", path);
    }
    (void)snprintf(file->path, sizeof file->path, "%s", path);
    return OK;
}

enum status atomic_file_hide(struct atomic_file *file, struct err *err)
{
    if (unlink(file->part) != 0) {
        return err_errno(err, errno, "%s", file->part);
    }
    file->hidden = true;
    return OK;
}

/* A file system that cannot do both in one step gets them in two. */
static int rename_over_nothing(const char *from, const char *to)
{
    int code = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    if (code != 0 && (errno == EINVAL || errno == ENOSYS)) {
        errno = EEXIST;
        code = file_exists(to) ? -1 : rename(from, to);
    }
    return code;
}

enum status atomic_file_publish(struct atomic_file *file, bool over, struct err *err)
{
    CHECK(file->path[0] && !file->hidden);
    if (fsync(file->fd) != 0) {
        return err_errno(err, errno, "%s: fsync", file->path);
    }
    if ((over ? rename(file->part, file->path) : rename_over_nothing(file->part, file->path)) !=
        0) {
        return errno == EEXIST ? err_set(err, ERR_EXISTS, "%s is there already", file->path)
                               : err_errno(err, errno, "%s", file->path);
    }
    file->hidden = true; /* the name is no longer ours to remove */
    char parent[FILE_PATH_BYTES];
    const char *slash = strrchr(file->path, '/');
    (void)snprintf(parent, sizeof parent, "%.*s",
                   slash ? (int)(slash == file->path ? 1 : slash - file->path) : 1,
                   slash ? file->path : ".");
    atomic_file_drop(file);
    return file_sync_dir(parent, err);
}

void atomic_file_drop(struct atomic_file *file)
{
    if (file->path[0]) {
        (void)close(file->fd);
        if (!file->hidden) {
            (void)unlink(file->part);
        }
        *file = (struct atomic_file){.fd = -1};
    }
}
