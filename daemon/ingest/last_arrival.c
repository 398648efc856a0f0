#include "daemon/ingest/last_arrival.h"

#include <stdlib.h>

#include "schema/segment/segment_map.h"

static int64_t newest_in(struct segment *segment)
{
    size_t count;
    const struct block_info *blocks = segment_blocks(segment, &count);
    int64_t *times = count > 0 ? malloc(BLOCK_EVENTS_MAX * sizeof *times) : NULL;
    int64_t newest = 0;
    if (times && segment_arrivals(segment, blocks[count - 1].id, times, NULL) == OK) {
        for (uint32_t i = 0; i < blocks[count - 1].n_events; i++) {
            newest = times[i] > newest ? times[i] : newest;
        }
    }
    free(times);
    return newest;
}

int64_t last_arrival(const char *dir)
{
    int64_t *days;
    size_t count;
    struct segment *segment = NULL;
    struct err why;
    int64_t newest = 0;
    if (segment_days(dir, &days, &count, &why) != OK) {
        return 0;
    }
    if (count > 0 && segment_open_day(dir, days[count - 1], &segment, &why) == OK) {
        newest = newest_in(segment);
        segment_close(segment);
    }
    free(days);
    return newest;
}
