/* Which file has a day: its own, or one of merged days (schema/index/merger.h). A day is in one of
 * them alone, but for the moment between the commit that takes it into a merged file and the
 * removal of its own, when both have the same and the merged one counts. Any thread. */
#ifndef SCHEMA_SEGMENT_SEGMENT_MAP_H
#define SCHEMA_SEGMENT_SEGMENT_MAP_H

#include "schema/file/file_stamp.h"
#include "schema/segment/segment.h"

/* A day of an archive and its file. */
struct segment_map_day {
    int64_t day_us;
    bool is_merged;
    int64_t file; /* the first day of the merged file, or the day: the same for the same file */
};

/* The days that have events in files, ascending; malloc'ed, free() it. ERR_CORRUPT, ERR_IO: a file
 * of merged days cannot be read, so that it is not known which days it has. */
MUST_USE enum status segment_map_read(const char *dir, struct segment_map_day **out_days,
                                      size_t *out_count, struct err *err);
/* The path of its file. */
MUST_USE enum status segment_map_path(const char *dir, const struct segment_map_day *day,
                                      char out[FILE_PATH_BYTES], struct err *err);

/* The days alone, in the same way. */
MUST_USE enum status segment_days(const char *dir, int64_t **out_days, size_t *out_count,
                                  struct err *err);

/* Opens the file that has the day, with the day selected. *segment: the file that is open, or NULL;
 * it is used again when it has the day, and closed otherwise; after a failure it is NULL.
 * ERR_NOT_FOUND: no file has the day. */
MUST_USE enum status segment_open_day(const char *dir, int64_t day_us, struct segment **segment,
                                      struct err *err);
/* The same for who looks at a day again only when its file has changed: what is seen is not older
 * than `stamp`, which was read before the call. Zeroed to begin with; look->segment is closed by
 * the caller in the end. */
struct segment_look {
    struct segment *segment;
    struct file_stamp stamp; /* of its file, before it was opened */
};
MUST_USE enum status segment_look_day(const char *dir, int64_t day_us,
                                      const struct file_stamp *stamp, struct segment_look *look,
                                      struct err *err);
/* The path of the file that has the day; that of its own file when none has. */
MUST_USE enum status segment_path_of_day(const char *dir, int64_t day_us, char out[FILE_PATH_BYTES],
                                         struct err *err);

#endif
