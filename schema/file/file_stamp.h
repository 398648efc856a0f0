/* Whether a day's file is as it was: size and time of the file and of its WAL. Any thread.
 */
#ifndef SCHEMA_FILE_FILE_STAMP_H
#define SCHEMA_FILE_FILE_STAMP_H

#include "schema/file/file.h"

struct file_stamp {
    int64_t bytes[2];
    int64_t changed_us[2];
    bool stable; /* a change since the look would show */
};

struct file_stamp file_stamp_read(const char *path);
/* False also when `a` was taken so soon after a change that another one might not show. */
bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);

#endif
