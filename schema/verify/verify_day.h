/* A day under verification: its file as it was opened, its tasks, and what joins the blocks in
 * their order: the chain, the lists of observables, the words. Inside schema/verify/; the thread
 * that calls verify_days, but for what a task uses of it. */
#ifndef SCHEMA_VERIFY_VERIFY_DAY_H
#define SCHEMA_VERIFY_VERIFY_DAY_H

#include "schema/file/file.h"
#include "schema/verify/verify_days.h"
#include "schema/verify/verify_task.h"

struct verify_day {
    /* immutable while there are tasks */
    size_t number; /* of the day, from 0 */
    struct verify_segment verify;
    char path[FILE_PATH_BYTES];
    char where[CLOCK_TEXT_BYTES];
    const struct block_info *blocks;
    size_t n_blocks;
    enum status status; /* of opening it */
    struct err err;
    /* of the task that has the file, then of the caller's thread */
    struct segment *segment; /* NULL: it could not be opened */
    struct verify_word_table words;
    /* the caller's thread */
    bool is_begun;  /* its file is in a task */
    size_t planned; /* blocks before it are in tasks */
    size_t blocks_at_once;
    struct digest chain; /* of the blocks so far */
    struct digest other; /* what it is if the proof that did not continue it is right */
    struct verify_beside_row lists;
};

/* Opens it. What fails is told with its first task. */
void verify_day_begin(struct verify_day *day, const struct verify_days *verify, size_t number);
/* Sets what its next task is; false: it has no more. It has one at least. */
bool verify_day_plan(struct verify_day *day, struct verify_task *task);
/* The next task is done: tells what it found; after the last, what all of the day comes to. */
MUST_USE enum status verify_day_take(struct verify_day *day, const struct verify_task *task,
                                     struct err *err);
void verify_day_end(struct verify_day *day);

#endif
