/* The list of a segment's blocks, and the day of it that is looked at. */
#include <stdlib.h>

#include "schema/segment/segment_internal.h"

bool segment_is_day(int64_t day_us)
{
    const int64_t most = INT64_C(1) << 60;
    return day_us > -most && day_us < most && day_us == clock_day_start(day_us);
}

/* Where the blocks of the day from that number on begin. */
static size_t place_of(const struct segment *segment, int64_t day_us, int64_t number)
{
    size_t low = 0;
    size_t high = segment->blocks.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct block_info *info = &segment->blocks.items[middle];
        bool is_before = info->day_us != day_us ? info->day_us < day_us : info->number < number;
        *(is_before ? &low : &high) = is_before ? middle + 1 : middle;
    }
    return low;
}

enum status segment_block_append(struct segment *segment, const struct block_info *info,
                                 struct err *err)
{
    size_t at = place_of(segment, info->day_us, info->number);
    if (!vec_push(&segment->blocks, *info)) {
        return err_nomem(err, segment->path);
    }
    struct block_info *items = segment->blocks.items;
    memmove(items + at + 1, items + at, (segment->blocks.count - 1 - at) * sizeof *items);
    items[at] = *info;
    if (at >= segment->view_at && at <= segment->view_at + segment->view_count) {
        segment->view_count++;
    } else if (at < segment->view_at) {
        segment->view_at++;
    }
    segment->last_id = info->id > segment->last_id ? info->id : segment->last_id;
    return vec_push(&segment->ids, info->id) ? OK : err_nomem(err, segment->path);
}

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void segment_blocks_sort(struct segment *segment)
{
    vec_sort(&segment->ids, compare_ids);
    segment_select_all(segment);
}

void segment_blocks_trim(struct segment *segment, int64_t last_id)
{
    bool is_all = segment->view_count == segment->blocks.count;
    bool is_none = segment->view_count == 0; /* no day is selected that it has */
    int64_t day_us = is_all || is_none ? 0 : segment->blocks.items[segment->view_at].day_us;
    size_t count = 0;
    for (size_t i = 0; i < segment->blocks.count; i++) {
        if (segment->blocks.items[i].id <= last_id) {
            segment->blocks.items[count++] = segment->blocks.items[i];
        }
    }
    if (count == segment->blocks.count) {
        return;
    }
    segment->blocks.count = count;
    while (segment->ids.count > 0 && *vec_last(&segment->ids) > last_id) {
        segment->ids.count--;
    }
    if (is_all) {
        segment_select_all(segment);
    } else {
        (void)segment_select_day(segment, day_us);
    }
}

const int64_t *segment_block_ids(const struct segment *segment, size_t *out_count)
{
    *out_count = segment->ids.count;
    return segment->ids.items;
}

void segment_select_all(struct segment *segment)
{
    segment->view_at = 0;
    segment->view_count = segment->blocks.count;
}

bool segment_select_day(struct segment *segment, int64_t day_us)
{
    segment->view_at = place_of(segment, day_us, 0);
    segment->view_count = place_of(segment, day_us + 1, 0) - segment->view_at;
    return segment->view_count > 0;
}

enum status segment_list_days(const struct segment *segment, int64_t **out_days, size_t *out_count,
                              struct err *err)
{
    int64_t *days = malloc((segment->blocks.count + 1) * sizeof *days);
    size_t count = 0;
    if (!days) {
        return err_nomem(err, segment->path);
    }
    for (size_t i = 0; i < segment->blocks.count; i++) {
        int64_t day_us = segment->blocks.items[i].day_us;
        if (count == 0 || days[count - 1] != day_us) {
            days[count++] = day_us;
        }
    }
    *out_days = days;
    *out_count = count;
    return OK;
}

bool segment_has_day(const struct segment *segment, int64_t day_us)
{
    return place_of(segment, day_us, 0) < place_of(segment, day_us + 1, 0);
}

const struct block_info *segment_blocks(const struct segment *segment, size_t *out_count)
{
    *out_count = segment->view_count;
    return segment->view_count > 0 ? segment->blocks.items + segment->view_at : NULL;
}

const struct block_info *segment_block(const struct segment *segment, int64_t block)
{
    /* Ids go up by one in the order of the blocks but for late ones and where some are gone. */
    size_t count = segment->blocks.count;
    const struct block_info *items = segment->blocks.items;
    size_t guess = count > 0 && block >= items[0].id ? (size_t)(block - items[0].id) : count;
    if (guess < count && items[guess].id == block) {
        return &items[guess];
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i].id == block) {
            return &items[i];
        }
    }
    return NULL;
}
