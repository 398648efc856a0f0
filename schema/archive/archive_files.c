/* Which files of events an archive's directory has: segments/YYYY/YYYY-MM-DD.db of a day,
 * segments/merged/from-YYYY-MM-DD.db of a run of days. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "schema/archive/archive.h"
#include "schema/base/clock.h"
#include "schema/base/vec.h"
#include "schema/file/file.h"

#define MERGED_NAME "from-"

static int compare_days(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* opendir in two steps: the thread sanitizer does not know that opendir makes a descriptor, and
 * takes its closedir for a race with the previous owner of the number. */
static DIR *open_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *handle = fd >= 0 ? fdopendir(fd) : NULL;
    if (!handle && fd >= 0) {
        int number = errno;
        (void)close(fd);
        errno = number;
    }
    return handle;
}

struct days VEC_OF(int64_t);

/* Adds the days of the names PREFIX2026-11-23.db in a folder. */
static enum status list_folder(const char *path, const char *prefix, struct days *days,
                               struct err *err)
{
    DIR *handle = open_folder(path);
    if (!handle) {
        return errno == ENOENT || errno == ENOTDIR ? OK : err_errno(err, errno, "%s", path);
    }
    size_t skip = strlen(prefix);
    enum status status = OK;
    for (const struct dirent *entry; status == OK && (entry = readdir(handle)) != NULL;) {
        struct span name = span_str(entry->d_name);
        int64_t day_us;
        if (name.size == skip + 13 && span_starts(name, prefix) && span_ends(name, ".db") &&
            clock_parse_day(span_of(name.data + skip, 10), &day_us) && !vec_push(days, day_us)) {
            status = err_nomem(err, path);
        }
    }
    (void)closedir(handle);
    return status;
}

enum status archive_day_files(const char *dir, int64_t **out_days, size_t *out_count,
                              struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_path_format(path, err, "%s/segments", dir);
    if (status != OK) {
        return status;
    }
    struct days days = {0};
    DIR *handle = open_folder(path);
    if (!handle && errno != ENOENT) {
        return err_errno(err, errno, "%s", path);
    }
    for (const struct dirent *entry; status == OK && handle && (entry = readdir(handle)) != NULL;) {
        if (entry->d_name[0] != '.') {
            status = file_path_format(path, err, "%s/segments/%s", dir, entry->d_name);
            status = THEN(status, list_folder(path, "", &days, err));
        }
    }
    if (handle) {
        (void)closedir(handle);
    }
    vec_sort(&days, compare_days);
    vec_hand_over(&days, status, out_days, out_count);
    return status;
}

/* DAY.db-wal or DAY.db-shm, without DAY.db beside it. */
static bool is_stray(const char *folder, const char *name)
{
    char path[FILE_PATH_BYTES];
    struct span text = span_str(name);
    return text.size == 17 && (span_ends(text, ".db-wal") || span_ends(text, ".db-shm")) &&
           file_path_format(path, NULL, "%s/%.13s", folder, name) == OK && !file_exists(path);
}

static enum status remove_stray(const char *folder, struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = OK;
    DIR *handle = open_folder(folder);
    for (const struct dirent *entry; status == OK && handle && (entry = readdir(handle)) != NULL;) {
        if (is_stray(folder, entry->d_name)) {
            status = file_path_format(path, err, "%s/%s", folder, entry->d_name);
            if (status == OK && unlink(path) != 0 && errno != ENOENT) {
                status = err_errno(err, errno, "%s", path);
            }
        }
    }
    if (handle) {
        (void)closedir(handle);
    }
    return status;
}

enum status archive_remove_stray_logs(const char *dir, struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_path_format(path, err, "%s/segments", dir);
    DIR *handle = status == OK ? open_folder(path) : NULL;
    for (const struct dirent *entry; status == OK && handle && (entry = readdir(handle)) != NULL;) {
        if (entry->d_name[0] != '.') {
            status = file_path_format(path, err, "%s/segments/%s", dir, entry->d_name);
            status = THEN(status, remove_stray(path, err));
        }
    }
    if (handle) {
        (void)closedir(handle);
    }
    return status;
}

enum status archive_merged_files(const char *dir, int64_t **out_firsts, size_t *out_count,
                                 struct err *err)
{
    char path[FILE_PATH_BYTES];
    struct days firsts = {0};
    enum status status = file_path_format(path, err, "%s/segments/merged", dir);
    status = THEN(status, list_folder(path, MERGED_NAME, &firsts, err));
    vec_sort(&firsts, compare_days);
    vec_hand_over(&firsts, status, out_firsts, out_count);
    return status;
}

enum status archive_merged_path(const char *dir, int64_t first_us, char out[4096], struct err *err)
{
    char day[CLOCK_TEXT_BYTES];
    clock_format_day(first_us, day);
    return file_path_format(out, err, "%s/segments/merged/" MERGED_NAME "%s.db", dir, day);
}

enum status archive_segment_path(const char *dir, int64_t day_us, char out[4096], struct err *err)
{
    char day[CLOCK_TEXT_BYTES];
    clock_format_day(day_us, day);
    return file_path_format(out, err, "%s/segments/%.4s/%s.db", dir, day, day);
}
