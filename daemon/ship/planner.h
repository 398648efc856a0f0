/* What waits to be shipped to one target: for each day, the blocks behind the last one that the
 * ledger holds for it. A day's file is looked into only when it has changed or something of it
 * waits, so that a pass does not grow with the archive's age. One thread. */
#ifndef DAEMON_SHIP_PLANNER_H
#define DAEMON_SHIP_PLANNER_H

#include "schema/archive/ledger.h"
#include "schema/file/file_stamp.h"
#include "schema/segment/segment_map.h"

struct planner;

struct planner_day {
    int64_t day_us;
    struct segment_map_day where;
    int64_t last_planned; /* block; -1 none */
    int64_t last_block;   /* of the segment; -1 none */
    int64_t blocks;       /* waiting */
    int64_t events;
    int64_t packed_bytes;    /* about: object_estimate */
    int64_t oldest_us;       /* arrival of the oldest waiting event; 0 when nothing waits */
    struct file_stamp stamp; /* of its file, before the look */
};

MUST_USE enum status planner_open(const char *archive_dir, const char *target,
                                  struct planner **out_planner, struct err *err);
/* NULL is fine. */
void planner_close(struct planner *planner);

/* Brings all days up to date, oldest first. A day that cannot be read keeps what was known of it;
 * the others are read all the same, and the first failure is returned in the end. */
MUST_USE enum status planner_refresh(struct planner *planner, struct archive *archive,
                                     struct err *err);
/* One day, after something of it was planned. */
MUST_USE enum status planner_refresh_day(struct planner *planner, struct archive *archive,
                                         size_t index, struct err *err);
/* Valid until the next refresh. */
const struct planner_day *planner_days(const struct planner *planner, size_t *out_count);

/* Arrival of a planned object's oldest event; when the plan was made, if the segment cannot say. */
int64_t planner_row_oldest(const char *archive_dir, const struct ledger_object *row);

/* Keeps the earlier of two times, of which 0 means none. */
void planner_older(int64_t *oldest_us, int64_t us);

#endif
