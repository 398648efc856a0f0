#include "query/aggregate/aggregate.h"
#include "query/search/parallel_scan.h"
#include "schema/block/bitmap.h"

struct count_worker {
    int64_t total;
};

static enum status count_waiting(void *worker, const struct day_iterator_day *day, struct err *err)
{
    (void)err;
    ((struct count_worker *)worker)->total += (int64_t)day->n_waiting;
    return OK;
}

static enum status count_block(void *worker, struct plan *plan, const struct block_info *info,
                               const struct bitmap *map, struct err *err)
{
    (void)plan;
    (void)info;
    (void)err;
    ((struct count_worker *)worker)->total += (int64_t)bitmap_count(map);
    return OK;
}

enum status aggregate_count(struct day_iterator *iterator, int64_t *out_count, struct err *err)
{
    static const struct parallel_scan_ops ops = {.waiting = count_waiting, .block = count_block};
    struct parallel_scan_options options = {.ops = &ops,
                                            .n_workers = parallel_scan_workers(iterator)};
    struct count_worker workers[PARALLEL_SCAN_WORKERS_MAX] = {{0}};
    for (size_t i = 0; i < options.n_workers; i++) {
        options.workers[i] = &workers[i];
    }
    enum status status = parallel_scan_run(iterator, &options, err);
    int64_t total = 0;
    for (size_t i = 0; i < options.n_workers; i++) {
        total += workers[i].total;
    }
    if (status == OK) {
        *out_count = total;
    }
    return status;
}
