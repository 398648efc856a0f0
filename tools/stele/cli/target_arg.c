#include "tools/stele/cli/target_arg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum status target_arg_settings(struct config *config, const struct option_values *values,
                                struct err *err)
{
    for (size_t i = 0; i < values->count; i++) {
        enum status status = config_set(config, values->items[i], err);
        if (status != OK) {
            return err_wrap(err, status, "--set");
        }
    }
    return OK;
}

enum status target_arg_size(struct config *config, const char *size, struct err *err)
{
    char assignment[128];
    (void)snprintf(assignment, sizeof assignment, "ship.object_bytes_max=%.90s", size);
    struct err why;
    if (config_set(config, assignment, &why) != OK || config->ship_object_bytes_max < 1) {
        return err_set(err, ERR_USAGE,
                       "--object-bytes: \"%.90s\" is not a size: bytes, or with KiB, MiB or GiB",
                       size);
    }
    return OK;
}

/* The directory's own path; what is not there yet is named below what is. */
static enum status absolute(const char *word, char out[FILE_PATH_BYTES], struct err *err)
{
    char there[FILE_PATH_BYTES];
    enum status status = file_path_format(there, err, "%s", word);
    size_t kept = strlen(there);
    while (status == OK && kept > 0) {
        there[kept] = '\0';
        char *found = realpath(there, NULL);
        if (found) {
            status = file_path_format(out, err, "%s%s", found, word + kept);
            free(found);
            return status;
        }
        if (errno != ENOENT) {
            return err_errno(err, errno, "%s", there);
        }
        while (kept > 0 && there[kept - 1] == '/') {
            kept--;
        }
        while (kept > 0 && there[kept - 1] != '/') {
            kept--;
        }
        while (kept > 1 && there[kept - 1] == '/') {
            kept--;
        }
    }
    char here[FILE_PATH_BYTES];
    if (status == OK && !getcwd(here, sizeof here)) {
        status = err_errno(err, errno, "the working directory");
    }
    return THEN(status, file_path_format(out, err, "%s/%s", here, word));
}

enum status target_arg_set(struct config *config, const char *word, struct err *err)
{
    char path[FILE_PATH_BYTES] = "";
    bool is_url = strstr(word, "://") != NULL;
    if (!*word) {
        return err_set(err, ERR_USAGE, "the name of the target must not be empty");
    }
    enum status status = is_url ? OK : absolute(word, path, err);
    if (status != OK) {
        return status;
    }
    int n = snprintf(config->ship_target, sizeof config->ship_target, "%s%s",
                     is_url ? "" : "file://", is_url ? word : path);
    return n < (int)sizeof config->ship_target ? OK
                                               : err_set(err, ERR_USAGE, "%s is too long", word);
}
