/* A walk that gives files in the order S3 gives keys: by the bytes of the whole path. A folder is
 * sorted as its name with a slash behind it ("a-b" comes before "a/c", "a0" after it). Folders that
 * are open wait in a list, not on the stack. */
#include "daemon/ship/target/directory_target_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/base/clock.h"
#include "schema/base/vec.h"
#include "schema/file/file.h"

enum { DEPTH_MAX = 64, PIECE_BYTES = 256 * 1024 };

/* A folder under way. */
struct folder {
    VEC(char *) names; /* sorted; a folder's with a slash behind it */
    size_t next;
    size_t path_bytes; /* of walk.path, where names are put */
};

struct walk {
    const char *root;
    const struct target_list *list;
    struct target_passed passed;
    size_t root_bytes; /* of path: the key begins here */
    char path[FILE_PATH_BYTES];
    struct folder folders[DEPTH_MAX];
    size_t depth;
};

static int name_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void folder_fini(struct folder *folder)
{
    for (size_t i = 0; i < folder->names.count; i++) {
        free(folder->names.items[i]);
    }
    vec_fini(&folder->names);
}

/* Nothing below the name, or the name itself, begins with the prefix that is asked for. */
static bool is_beside(const struct walk *walk, const char *key)
{
    size_t want = strlen(walk->list->prefix);
    size_t have = strlen(key);
    return strncmp(key, walk->list->prefix, want < have ? want : have) != 0 ||
           (have < want && key[have - 1] != '/');
}

static enum status folder_add(struct walk *walk, struct folder *folder, const char *name, bool more,
                              struct err *err)
{
    size_t bytes = strlen(name) + 2;
    char *own = malloc(bytes);
    if (!own || !vec_push(&folder->names, own)) {
        free(own);
        return err_nomem(err, walk->root);
    }
    (void)snprintf(own, bytes, "%s%s", name, more ? "/" : "");
    return OK;
}

/* What a name is: a file, a folder, or something passed over (*out_pass). */
static enum status name_look(struct walk *walk, int fd, const char *name, struct folder *folder,
                             struct err *err)
{
    struct stat st;
    struct span text = span_str(name);
    if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? OK : err_errno(err, errno, "%s/%s", walk->path, name);
    }
    char key[FILE_PATH_BYTES];
    const char *above = folder->path_bytes > walk->root_bytes ? walk->path + walk->root_bytes : "";
    enum status status =
        file_path_format(key, err, "%s%s%s", above, name, S_ISDIR(st.st_mode) ? "/" : "");
    if (status != OK || is_beside(walk, key)) {
        return status;
    }
    if (S_ISREG(st.st_mode) && name[0] == '.' && span_ends(text, ".part")) {
        walk->passed.parts++;
    } else if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) {
        status = folder_add(walk, folder, name, S_ISDIR(st.st_mode), err);
    } else {
        walk->passed.others++;
    }
    return status;
}

/* Opens the folder walk->path (with a slash at its end). */
static enum status folder_open(struct walk *walk, struct err *err)
{
    if (walk->depth == DEPTH_MAX) {
        return err_set(err, ERR_LIMIT, "%s: over %d folders deep", walk->path, DEPTH_MAX);
    }
    DIR *dir = opendir(walk->path);
    if (!dir) {
        return walk->depth > 0 && errno == ENOENT ? OK : err_errno(err, errno, "%s", walk->path);
    }
    struct folder *folder = &walk->folders[walk->depth++];
    *folder = (struct folder){.path_bytes = strlen(walk->path)};
    enum status status = OK;
    while (status == OK) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry) {
            status = errno ? err_errno(err, errno, "%s", walk->path) : OK;
            break;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            status = name_look(walk, dirfd(dir), entry->d_name, folder, err);
        }
    }
    (void)closedir(dir);
    vec_sort(&folder->names, name_order);
    return status;
}

static enum status file_give(struct walk *walk, struct err *err)
{
    struct stat st;
    if (lstat(walk->path, &st) != 0) {
        return errno == ENOENT ? OK : err_errno(err, errno, "%s", walk->path);
    }
    const struct target_item item = {
        .key = walk->path + walk->root_bytes,
        .bytes = st.st_size,
        .modified_us = (int64_t)st.st_mtim.tv_sec * CLOCK_SECOND_US + st.st_mtim.tv_nsec / 1000,
    };
    return walk->list->each(walk->list->context, &item, err);
}

static enum status walk_step(struct walk *walk, struct err *err)
{
    struct folder *folder = &walk->folders[walk->depth - 1];
    if (folder->next == folder->names.count) {
        folder_fini(folder);
        walk->depth--;
        return OK;
    }
    const char *name = folder->names.items[folder->next++];
    size_t bytes = strlen(name);
    if (folder->path_bytes + bytes >= sizeof walk->path) {
        return err_set(err, ERR_LIMIT, "%s: a path of over %d bytes", walk->root, FILE_PATH_BYTES);
    }
    memcpy(walk->path + folder->path_bytes, name, bytes + 1);
    return name[bytes - 1] == '/' ? folder_open(walk, err) : file_give(walk, err);
}

enum status directory_target_list(struct target *target, const struct target_list *list,
                                  struct target_passed *out_passed, struct err *err)
{
    const char *root = directory_target_root(target);
    struct walk *walk = calloc(1, sizeof *walk);
    if (!walk) {
        return err_nomem(err, root);
    }
    walk->root = root;
    walk->list = list;
    enum status status =
        file_path_format(walk->path, err, "%s%s", root, strcmp(root, "/") == 0 ? "" : "/");
    walk->root_bytes = strlen(walk->path);
    status = THEN(status, folder_open(walk, err));
    while (status == OK && walk->depth > 0) {
        status = walk_step(walk, err);
    }
    while (walk->depth > 0) {
        folder_fini(&walk->folders[--walk->depth]);
    }
    *out_passed = walk->passed;
    free(walk);
    return status;
}

static enum status pieces_give(int fd, const char *path, struct digest_stream *digest,
                               target_take *take, void *context, int64_t *out_bytes,
                               struct err *err)
{
    char *piece = malloc(PIECE_BYTES);
    enum status status = piece ? OK : err_nomem(err, path);
    *out_bytes = 0;
    while (status == OK) {
        ssize_t n = read(fd, piece, PIECE_BYTES);
        if (n == 0) {
            break;
        }
        if (n > 0) {
            digest_stream_add(digest, span_of(piece, (size_t)n));
            *out_bytes += n;
            status = take ? take(context, span_of(piece, (size_t)n), err) : OK;
        } else if (errno != EINTR) {
            status = err_errno(err, errno, "%s", path);
        }
    }
    free(piece);
    return status;
}

enum status directory_target_read(const char *path, target_take *take, void *context,
                                  struct target_head *out_head, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return err_errno(err, errno, "%s", path);
    }
    struct stat st;
    enum status status = OK;
    int64_t bytes = 0;
    struct digest_stream *digest = digest_stream_new();
    if (fstat(fd, &st) != 0) {
        status = err_errno(err, errno, "%s", path);
    } else if (!S_ISREG(st.st_mode)) {
        status = err_set(err, ERR_EXISTS, "%s is not a file", path);
    } else if (!digest) {
        status = err_nomem(err, path);
    }
    status = THEN(status, pieces_give(fd, path, digest, take, context, &bytes, err));
    (void)close(fd);
    if (digest) {
        struct digest sha256 = digest_stream_finish(digest);
        if (status == OK) {
            *out_head = (struct target_head){.bytes = bytes, .has_sha256 = true, .sha256 = sha256};
        }
    }
    return status;
}

enum status directory_target_get(struct target *target, const char *key, target_take *take,
                                 void *context, struct target_head *out_head, struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_path_format(path, err, "%s/%s", directory_target_root(target), key);
    return THEN(status, directory_target_read(path, take, context, out_head, err));
}
