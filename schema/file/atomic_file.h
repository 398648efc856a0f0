/* A file that is made under another name beside its own, and gets its own only when it is whole:
 * PATH.xxxxxxxx.part. What a killed process leaves is a .part file, never a PATH; a hidden one has
 * no name at all, so that nothing of it is left in any directory. One thread. */
#ifndef SCHEMA_FILE_ATOMIC_FILE_H
#define SCHEMA_FILE_ATOMIC_FILE_H

#include "schema/file/file.h"

struct atomic_file {
    char path[FILE_PATH_BYTES]; /* what it is to become; empty: not open */
    char part[FILE_PATH_BYTES]; /* its name until then */
    int fd;                     /* read and write */
    bool hidden;
};

/* Makes the .part file, empty, mode 0600. */
MUST_USE enum status atomic_file_open(struct atomic_file *file, const char *path, struct err *err);

/* Takes the name away; the file is there as long as somebody has it open. */
MUST_USE enum status atomic_file_hide(struct atomic_file *file, struct err *err);

/* fsyncs it, gives it its name, fsyncs the directory. Unless `over`, ERR_EXISTS when there is a
 * file of that name. After OK the file is closed. Not for a hidden one. */
MUST_USE enum status atomic_file_publish(struct atomic_file *file, bool over, struct err *err);

/* Closes and removes it; nothing to do when it was published or never open. */
void atomic_file_drop(struct atomic_file *file);

#endif
