/* How far a replay is, in a small text file, so that it can go on where it stopped: the time of the
 * last event that is settled, with all before it, and which events of that very time are. Written
 * beside and renamed over, so that it is always whole. One thread.
 *
 * Events of one time are known by their bytes' digests and not by their number: what came into the
 * archive meanwhile may stand between them. RESUME_FILE_TIES_MAX of them are noted; what is over it
 * is sent again. Form, a line each: stele-replay 1 dest | as | query | from | to "TEXT AS IT WAS
 * GIVEN"      what is replayed, and where to range FROM_US TO_US what the times meant at the start
 *   position TIME_US
 *   settled COUNT REFUSED
 *   done 0|1                                                  1: the whole range is settled
 *   tie HEX                                                   for each event of TIME_US: 128 bits
 *                                                             of SHA-256 */
#ifndef TOOLS_STELE_REPLAY_RESUME_FILE_H
#define TOOLS_STELE_REPLAY_RESUME_FILE_H

#include "schema/file/file.h"
#include "tools/stele/replay/post_batch.h"

enum { RESUME_FILE_TIES_MAX = 4096, RESUME_FILE_TIE_DIGITS = 32 };

/* What is replayed; texts as given, "" when not given. They outlive the file. */
struct resume_file_options {
    const char *dest;
    const char *as;
    const char *query;
    const char *from;
    const char *to;
};

struct resume_file_tie {
    char hex[RESUME_FILE_TIE_DIGITS + 1];
};

/* How far it is. */
struct resume_file_place {
    int64_t position_us; /* INT64_MIN: nothing is settled */
    int64_t settled;     /* events of all runs */
    int64_t refused;     /* of these */
    bool done;           /* the whole range is settled */
    struct resume_file_tie ties[RESUME_FILE_TIES_MAX];
    size_t n_ties;
};

struct resume_file {
    struct resume_file_place now;
    struct resume_file_place begun; /* as it was read: resume_file_has goes by this */
    /* of resume_file.c alone */
    char path[FILE_PATH_BYTES];
    struct buf what;    /* the lines of what is replayed */
    int64_t written_us; /* monotonic */
    bool dirty;
};

/* Reads the file when there is one: then *from_us and *to_us become what they were at the start.
 * ERR_USAGE: it is of another destination, form, query or range. ERR_FORMAT: it is another kind of
 * file. */
MUST_USE enum status resume_file_open(const char *path, const struct resume_file_options *what,
                                      int64_t *from_us, int64_t *to_us,
                                      struct resume_file **out_file, struct err *err);
/* Writes nothing. NULL is fine. */
void resume_file_close(struct resume_file *file);

/* This event was settled by an earlier run. */
bool resume_file_has(const struct resume_file *file, int64_t time_us, struct span raw);

/* Notes a settled batch in memory. Batches come in order of time. */
void resume_file_note(struct resume_file *file, const struct post_batch *batch);
void resume_file_finish(struct resume_file *file);
/* True when something is noted and the last write is a second ago. */
bool resume_file_due(const struct resume_file *file);
/* On disk (fsync) when it returns OK. */
MUST_USE enum status resume_file_write(struct resume_file *file, struct err *err);

#endif
