/* Whole files and paths. On the caller's thread; file_write and file_sync_dir return when the bytes
 * and the name are on disk. */
#include "schema/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum status file_path_format(char out[FILE_PATH_BYTES], struct err *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(out, FILE_PATH_BYTES, format, args);
    va_end(args);
    if (n < 0 || n >= FILE_PATH_BYTES) {
        return err_set(err, ERR_LIMIT, "path is longer than %d bytes", FILE_PATH_BYTES - 1);
    }
    return OK;
}

bool file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

enum status file_read(const char *path, size_t max_bytes, struct buf *out, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_errno(err, errno, "%s", path);
    }
    size_t start = out->size;
    enum status status = OK;
    for (;;) {
        if (!buf_reserve(out, 64 * 1024)) {
            status = err_nomem(err, path);
            break;
        }
        ssize_t n = read(fd, out->data + out->size, out->capacity - out->size);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            status = err_errno(err, errno, "%s", path);
            break;
        }
        out->size += (size_t)n;
        if (out->size - start > max_bytes) {
            status = err_set(err, ERR_LIMIT, "%s: more than %zu bytes", path, max_bytes);
            break;
        }
        if (n == 0) {
            break;
        }
    }
    (void)close(fd);
    return status;
}

enum status file_write_all(int fd, struct span bytes, const char *name, struct err *err)
{
    while (bytes.size > 0) {
        ssize_t n = write(fd, bytes.data, bytes.size);
        if (n < 0 && errno != EINTR) {
            return err_errno(err, errno, "%s", name);
        }
        bytes = span_from(bytes, n > 0 ? (size_t)n : 0);
    }
    return OK;
}

static void path_parent(const char *path, char out[FILE_PATH_BYTES])
{
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    if (!slash) {
        (void)snprintf(out, FILE_PATH_BYTES, ".");
    } else {
        (void)snprintf(out, FILE_PATH_BYTES, "%.*s", n ? (int)n : 1, path);
    }
}

enum status file_write(const char *path, struct span bytes, mode_t mode, struct err *err)
{
    char temp[FILE_PATH_BYTES];
    enum status status = file_path_format(temp, err, "%s.tmp-%d", path, (int)getpid());
    if (status != OK) {
        return status;
    }
    int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0) {
        return err_errno(err, errno, "%s", temp);
    }
    status = file_write_all(fd, bytes, temp, err);
    if (status == OK && fsync(fd) != 0) {
        status = err_errno(err, errno, "%s: fsync", temp);
    }
    if (close(fd) != 0 && status == OK) {
        status = err_errno(err, errno, "%s", temp);
    }
    if (status == OK && rename(temp, path) != 0) {
        status = err_errno(err, errno, "%s", path);
    }
    if (status != OK) {
        (void)unlink(temp);
        return status;
    }
    char parent[FILE_PATH_BYTES];
    path_parent(path, parent);
    return file_sync_dir(parent, err);
}

enum status file_sync_dir(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return err_errno(err, errno, "%s", path);
    }
    enum status status = OK;
    if (fsync(fd) != 0 && errno != EINVAL) {
        status = err_errno(err, errno, "%s: fsync", path);
    }
    (void)close(fd);
    return status;
}

static enum status dir_make_one(const char *path, mode_t mode, struct err *err)
{
    if (mkdir(path, mode) == 0) {
        char parent[FILE_PATH_BYTES];
        path_parent(path, parent);
        return file_sync_dir(parent, err);
    }
    int number = errno;
    struct stat st;
    if (number == EEXIST && stat(path, &st) == 0) {
        return S_ISDIR(st.st_mode) ? OK
                                   : err_set(err, ERR_IO, "%s is there and not a directory", path);
    }
    return err_errno(err, number, "%s", path);
}

enum status file_make_dir(const char *path, mode_t mode, struct err *err)
{
    char part[FILE_PATH_BYTES];
    enum status status = file_path_format(part, err, "%s", path);
    for (char *slash = part + 1; status == OK && (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        status = dir_make_one(part, mode, err);
        *slash = '/';
    }
    return THEN(status, dir_make_one(part, mode, err));
}
