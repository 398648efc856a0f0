/* An archive as one statement sees it: the inbox read first, then days opened when asked for and
 * kept for the next question (why nothing is missed and nothing seen twice:
 * query/search/day_iterator.c). One thread. */
#ifndef QUERY_SQL_SNAPSHOT_H
#define QUERY_SQL_SNAPSHOT_H

#include "query/search/inbox_scan.h"

enum { SNAPSHOT_OPEN_MAX = 32, SNAPSHOT_NAME_DAYS = 3 };

/* A value of the day's dictionary. */
struct snapshot_value {
    struct span text; /* data NULL: not read yet */
    bool is_plain;    /* can only have come from a JSON string */
};

/* What is known of how the events of the day write a field. */
enum snapshot_shape { SNAPSHOT_SHAPE_UNKNOWN, SNAPSHOT_SHAPE_PLAIN, SNAPSHOT_SHAPE_OPEN };

struct snapshot_day {
    int64_t day_us;
    bool has_file;                           /* as the directory was read */
    bool is_open;                            /* what follows is filled */
    struct segment *segment;                 /* NULL: only the inbox has events of it */
    const struct inbox_scan_event **waiting; /* by time */
    size_t n_waiting;
    struct snapshot_value *values;
    size_t n_values;
    uint8_t *shapes; /* enum snapshot_shape, by field of the segment */
    struct arena arena;
    unsigned users;
    uint64_t used;
};

struct snapshot;

/* path: an archive's directory, one day's file, or a copy. */
MUST_USE enum status snapshot_open(const char *path, struct snapshot **out_snapshot,
                                   struct err *err);
/* NULL is fine. No day may be in use. */
void snapshot_close(struct snapshot *snapshot);

/* Days, ascending. */
size_t snapshot_day_count(const struct snapshot *snapshot);
/* Can it hold events of these times? A single file can hold any (query/search/day_iterator.h). */
bool snapshot_day_within(const struct snapshot *snapshot, size_t i, int64_t from_us, int64_t to_us);
/* Opens it, or hands out the one that is open, until snapshot_release. */
MUST_USE enum status snapshot_day(struct snapshot *snapshot, size_t i,
                                  struct snapshot_day **out_day, struct err *err);
/* NULL is fine. */
void snapshot_release(struct snapshot_day *day);

/* A value of the day's dictionary; lives as long as the day is open. */
MUST_USE enum status snapshot_value(struct snapshot_day *day, uint32_t value,
                                    const struct snapshot_value **out_value, struct err *err);

/* Names of the fields of the newest days and of the inbox, some more than once, and about how many
 * events there are. The names live as long as the snapshot. */
struct snapshot_names {
    const char **items; /* free() it */
    size_t count;
    int64_t events;
};
MUST_USE enum status snapshot_names(struct snapshot *snapshot, struct snapshot_names *out_names,
                                    struct err *err);

#endif
