/* Which file of merged days takes a day that is over: those of a year share one until it
 * has about a million events, and then the next one. The days of a file lie before the first day of
 * the next one, so that a day is found by the names of the files (schema/segment/segment_map.h). */
#ifndef SCHEMA_INDEX_MERGED_FILE_H
#define SCHEMA_INDEX_MERGED_FILE_H

#include "schema/segment/segment.h"

enum { MERGED_FILE_EVENTS_MAX = 1000000 };

struct merged_file {
    int64_t first_us; /* its name; INT64_MIN: there is none */
    int64_t last_us;  /* the last day that it has */
    int64_t events;
};

/* What an open file holds. */
struct merged_file merged_file_of(struct segment *segment, int64_t first_us);
/* Whether the day goes into it: it is of the same year, and there is room or later days are in it
 * already. */
bool merged_file_takes(const struct merged_file *file, int64_t day_us);
/* The first day by which a new file for the day is named, behind one that does not take it: that of
 * the year, or the day itself when the one before is of its year. */
int64_t merged_file_new_first(const struct merged_file *before, int64_t day_us);
/* The name of the file that could have the day, by its first day: the last one not behind it;
 * INT64_MIN: none. */
MUST_USE enum status merged_file_before(const char *dir, int64_t day_us, int64_t *out_first_us,
                                        struct err *err);

#endif
