/* What of one block goes out, made by any thread: all of it, packed, or the lines that match. */
#ifndef TOOLS_STELE_EXPORT_EXPORT_BLOCK_H
#define TOOLS_STELE_EXPORT_EXPORT_BLOCK_H

#include "query/eval/plan.h"
#include "tools/stele/export/export_parts.h"

/* A thread, with a plan of its own and what it packs with. */
struct export_worker {
    const struct day_iterator *iterator;
    struct object_codec_stream *packer;
    bool is_callers;   /* reads with the day's own plan */
    struct plan *mine; /* else with this one, of the day that was begun as number: */
    int64_t number;
};
void export_worker_fini(struct export_worker *worker);

struct export_block {
    const struct block_info *info;
    const struct export_parts_day *day;
    int64_t number;             /* of the day: those begun before it */
    struct plan_leaves *leaves; /* of the day's plan; NULL: other threads do not work on it */
    enum object_codec codec;
    bool sizes_only;
    /* The outcome. */
    bool is_left; /* nothing was done: the thread could not open the day as it was planned */
    enum status status;
    struct err err;
    size_t matches;
    struct block_lines lines; /* its ndjson, of a block that all match (unless no one needs it) */
    struct buf packed;        /* the same packed, unless it goes out as it is */
    struct buf some;          /* of a block that not all match: the lines that do */
};
void export_block_fini(struct export_block *block);

/* Every block is compared with its digest before any of it is handed out. For struct
 * ordered_work_options. */
void export_block_run(void *worker, void *block);
/* The same with the day's own plan, in the caller's thread. */
void export_block_run_with(struct export_worker *worker, struct export_block *block,
                           struct plan *plan);

#endif
