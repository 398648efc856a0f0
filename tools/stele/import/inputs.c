#include "tools/stele/import/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

void inputs_fini(struct inputs *inputs)
{
    for (size_t i = 0; i < inputs->paths.count; i++) {
        free(inputs->paths.items[i]);
    }
    vec_fini(&inputs->paths);
    inputs->bytes = 0;
}

static enum status add_path(struct inputs *inputs, const char *path, int64_t bytes, struct err *err)
{
    if (inputs->paths.count == INPUTS_FILES_MAX) {
        return err_set(err, ERR_LIMIT, "%s: more than %d files", path, INPUTS_FILES_MAX);
    }
    char *copy = strdup(path);
    if (!copy || !vec_push(&inputs->paths, copy)) {
        free(copy);
        return err_nomem(err, path);
    }
    inputs->bytes += bytes;
    return OK;
}

static bool ends_as(struct span name, const char *const *endings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (name.size > strlen(endings[i]) && span_ends(name, endings[i])) {
            return true;
        }
    }
    return false;
}

static bool is_log(const char *name)
{
    static const char *const packings[] = {".gz", ".zst"};
    static const char *const kinds[] = {".log", ".ndjson", ".jsonl", ".json", ".csv"};
    static const char *const recordings[] = {".tar", ".chunks"};
    struct span rest = span_str(name);
    if (!ends_as(rest, packings, 2)) {
        return ends_as(rest, kinds, 5);
    }
    rest.size = (size_t)(strrchr(name, '.') - name);
    return !ends_as(rest, recordings, 2);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int by_name(const void *a, const void *b)
{
    const char *first = *(char *const *)a;
    const char *second = *(char *const *)b;
    int order = strcmp(base_name(first), base_name(second));
    return order ? order : strcmp(first, second);
}

static enum status add_dir(struct inputs *inputs, const char *path, int depth, struct err *err);

static enum status add_entry(struct inputs *inputs, const char *dir, const char *name, int depth,
                             struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_path_format(path, err, "%s/%s", dir, name);
    if (status != OK) {
        return status;
    }
    struct stat st;
    if (lstat(path, &st) != 0) {
        return err_errno(err, errno, "%s", path);
    }
    if (S_ISDIR(st.st_mode) && depth < INPUTS_DEPTH_MAX) {
        return add_dir(inputs, path, depth + 1, err);
    }
    return S_ISREG(st.st_mode) && is_log(name) ? add_path(inputs, path, st.st_size, err) : OK;
}

static enum status add_dir(struct inputs *inputs, const char *path, int depth, struct err *err)
{
    DIR *dir = opendir(path);
    if (!dir) {
        return err_errno(err, errno, "%s", path);
    }
    enum status status = OK;
    for (struct dirent *entry; status == OK && (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] != '.') {
            status = add_entry(inputs, path, entry->d_name, depth, err);
        }
    }
    (void)closedir(dir);
    return status;
}

enum status inputs_add(struct inputs *inputs, const char *word, struct err *err)
{
    if (strcmp(word, "-") == 0) {
        return add_path(inputs, word, 0, err);
    }
    struct stat st;
    if (stat(word, &st) != 0) {
        return err_errno(err, errno, "%s", word);
    }
    if (!S_ISDIR(st.st_mode)) {
        return add_path(inputs, word, S_ISREG(st.st_mode) ? st.st_size : 0, err);
    }
    size_t before = inputs->paths.count;
    enum status status = add_dir(inputs, word, 1, err);
    size_t added = inputs->paths.count - before;
    if (status == OK && added == 0) {
        return err_set(err, ERR_NOT_FOUND,
                       "%s: no log files in it (.log, .ndjson, .jsonl, .json, .csv, .gz, .zst)",
                       word);
    }
    if (status == OK) {
        qsort(inputs->paths.items + before, added, sizeof *inputs->paths.items, by_name);
    }
    return status;
}
