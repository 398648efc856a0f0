/* A day under verification: its file as it was opened, its tasks, and what joins the blocks in
 * their order: the chain, the lists of observables, the words. Inside schema/verify/; the thread
 * that calls verify_days, but for what a task uses of it. */
#ifndef SCHEMA_VERIFY_VERIFY_DAY_H
#define SCHEMA_VERIFY_VERIFY_DAY_H

#include "schema/file/file.h"
#include "schema/verify/verify_days.h"
#include "schema/verify/verify_task.h"

/* A file of the day, or of it and others. */
struct verify_file {
    struct segment_vocabulary *shared; /* NULL: not open yet */
    int64_t created_us;                /* of the file that it is of */
    bool is_begun;                     /* its first day is */
    size_t days_left;                  /* that are not taken */
    /* of the task that has the file, then of the caller's thread */
    struct verify_word_table words;
    /* the caller's thread */
    struct verify_beside_row lists;
};
/* For one more handle of the file. */
void verify_file_share(const struct verify_file *file, struct segment *segment);
void verify_file_fini(struct verify_file *file);

struct verify_day {
    /* immutable while there are tasks */
    size_t number; /* of the day, from 0 */
    const char *dir;
    struct verify_segment verify;
    char where[CLOCK_TEXT_BYTES];
    const struct block_info *blocks;
    size_t n_blocks;
    enum status status; /* of opening it */
    struct err err;
    /* of the task that has the file, then of the caller's thread */
    struct segment *segment; /* NULL: it could not be opened */
    struct verify_file *file;
    bool has_file; /* it is the first day of its file */
    /* the caller's thread */
    bool is_begun;  /* its first task was given */
    size_t planned; /* blocks before it are in tasks */
    size_t blocks_at_once;
    struct digest chain; /* of the blocks so far */
    struct digest other; /* what it is if the proof that did not continue it is right */
};

/* Opens it. What fails is told with its first task. */
void verify_day_begin(struct verify_day *day, const struct verify_days *verify, size_t number,
                      struct verify_file *file);
/* Sets what its next task is; false: it has no more. It has one at least. */
bool verify_day_plan(struct verify_day *day, struct verify_task *task);
/* The next task is done: tells what it found; after the last, what all of the day comes to. */
MUST_USE enum status verify_day_take(struct verify_day *day, const struct verify_task *task,
                                     struct err *err);
void verify_day_end(struct verify_day *day);

#endif
