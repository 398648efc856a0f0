/* An archive as one statement sees it: the inbox read first, then days opened when asked for and
 * kept for the next question (why nothing is missed and nothing seen twice:
 * query/search/day_iterator.c). One thread. */
#ifndef QUERY_SQL_SNAPSHOT_H
#define QUERY_SQL_SNAPSHOT_H

#include "query/search/inbox_scan.h"
#include "query/sql/json_path.h"

enum { SNAPSHOT_OPEN_MAX = 32 };

struct snapshot_day {
    int64_t day_us;
    bool has_file;                           /* as the directory was read */
    bool is_open;                            /* what follows is filled */
    struct segment *segment;                 /* NULL: only the inbox has events of it */
    const struct inbox_scan_event **waiting; /* by time */
    size_t n_waiting;
    struct json_path_value *values; /* of the vocabulary, by id; NULL: none is read yet */
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

/* What waits; NULL of a file. */
const struct inbox_scan *snapshot_inbox(const struct snapshot *snapshot);

/* Days, ascending. */
size_t snapshot_day_count(const struct snapshot *snapshot);
/* Can it hold events of these times? A single file can hold any (query/search/day_iterator.h). */
bool snapshot_day_within(const struct snapshot *snapshot, size_t i, int64_t from_us, int64_t to_us);
/* Opens it, or hands out the one that is open, until snapshot_release. */
MUST_USE enum status snapshot_day(struct snapshot *snapshot, size_t i,
                                  struct snapshot_day **out_day, struct err *err);
/* NULL is fine. */
void snapshot_release(struct snapshot_day *day);

/* A value of the vocabulary of the day's segment; lives as long as the day is open. */
MUST_USE enum status snapshot_value(struct snapshot_day *day, const struct vocabulary *vocabulary,
                                    uint32_t id, const struct json_path_value **out_value,
                                    struct err *err);

#endif
