/* The files that an argument of import names. */
#ifndef TOOLS_STELE_IMPORT_INPUTS_H
#define TOOLS_STELE_IMPORT_INPUTS_H

#include "schema/base/vec.h"
#include "schema/file/file.h"

enum { INPUTS_FILES_MAX = 1000000, INPUTS_DEPTH_MAX = 16 };

/* Zeroed to begin with. */
struct inputs {
    VEC(char *) paths;
    int64_t bytes; /* of all of them together; standard input counts as 0 */
};

/* Adds a file, "-", or a directory's log files: regular files named .log, .ndjson, .jsonl, .json or
 * .csv, or packed, .gz or .zst (Fluentd's objects in S3 have no name in front of it), in it and in
 * the directories below; but no packed parts of recordings (.tar, .chunks). Links are not followed,
 * so that Teleport's events.log is not read beside the file it points to. In order of the files'
 * names, which for Teleport's logs is the order of their days. ERR_NOT_FOUND: none there. */
MUST_USE enum status inputs_add(struct inputs *inputs, const char *word, struct err *err);
void inputs_fini(struct inputs *inputs);

#endif
