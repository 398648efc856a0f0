/* What one thread does at once: some blocks of a day, or the day's file as a whole, or both. All it
 * finds is kept in the task, for the day to tell in order. Inside schema/verify/. */
#ifndef SCHEMA_VERIFY_VERIFY_TASK_H
#define SCHEMA_VERIFY_VERIFY_TASK_H

#include <stdatomic.h>

#include "schema/verify/verify_beside.h"
#include "schema/verify/verify_block.h"
#include "schema/verify/verify_findings.h"
#include "schema/verify/verify_words.h"

/* How far all threads are, by events and by days and blocks. */
struct verify_pace {
    struct verify_report *report; /* its progress is called in the caller's thread */
    size_t n_days;
    _Atomic int64_t events;
    _Atomic int64_t billionths;
};

/* A thread, with memory and a handle of its own. Zeroed but for what says otherwise. */
struct verify_worker {
    struct verify_pace *pace; /* set by the caller */
    bool is_callers;          /* set by the caller */
    struct segment *segment;  /* NULL: none is open */
    size_t day;               /* whose it is */
    struct block_lines lines; /* BLOCK_LINES_INIT */
    struct verify_words words;
    struct verify_beside beside;
};
void verify_worker_fini(struct verify_worker *worker);

/* Of a block, for the day. */
struct verify_task_block {
    struct verify_block_outcome block;
    size_t n_findings; /* so many are kept when the block itself is done: the chain comes next */
    struct verify_beside_list list;
    bool has_words;
    uint64_t words;
    size_t n_findings_all; /* and so many when all of it is */
};

struct verify_day;
struct verify_task {
    struct verify_day *day;
    bool is_first; /* of the day */
    bool has_file; /* pages and words of the file; its blocks are then read with the day's handle */
    bool is_last;  /* of the day */
    size_t from;   /* of the day's blocks */
    size_t to;
    /* The outcome. */
    struct verify_findings findings;
    size_t n_file_findings; /* of the file's pages: they come first */
    VEC(struct verify_task_block) blocks;
    bool is_left; /* nothing was done: the thread could not open the day as it was planned */
    enum status status;
    struct err err;
};
void verify_task_fini(struct verify_task *task);

/* For struct ordered_work_options. */
void verify_task_run(void *worker, void *task);
/* The same with the day's handle, which no other task uses at the time. */
void verify_task_run_with(struct verify_worker *worker, struct verify_task *task,
                          struct segment *segment);

#endif
