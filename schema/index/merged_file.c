#include "schema/index/merged_file.h"

#include <stdlib.h>

#include "schema/archive/archive.h"

static int64_t year_start(int64_t day_us)
{
    struct clock_date date = clock_date_of_days(clock_day_start(day_us) / CLOCK_DAY_US);
    date.month = date.day = 1;
    return clock_days_of_date(date) * CLOCK_DAY_US;
}

struct merged_file merged_file_of(struct segment *segment, int64_t first_us)
{
    struct merged_file file = {.first_us = first_us, .last_us = first_us};
    size_t count;
    int64_t day_us = segment_day_us(segment);
    segment_select_all(segment);
    const struct block_info *blocks = segment_blocks(segment, &count);
    for (size_t i = 0; i < count; i++) {
        file.events += blocks[i].n_events;
        file.last_us = blocks[i].day_us > file.last_us ? blocks[i].day_us : file.last_us;
    }
    (void)segment_select_day(segment, day_us);
    return file;
}

bool merged_file_takes(const struct merged_file *file, int64_t day_us)
{
    return year_start(day_us) == year_start(file->first_us) &&
           (file->last_us >= day_us || file->events < MERGED_FILE_EVENTS_MAX);
}

int64_t merged_file_new_first(const struct merged_file *before, int64_t day_us)
{
    bool is_first =
        before->first_us == INT64_MIN || year_start(before->first_us) != year_start(day_us);
    return is_first ? year_start(day_us) : day_us;
}

enum status merged_file_before(const char *dir, int64_t day_us, int64_t *out_first_us,
                               struct err *err)
{
    int64_t *firsts = NULL;
    size_t count = 0;
    enum status status = archive_merged_files(dir, &firsts, &count, err);
    *out_first_us = INT64_MIN;
    for (size_t i = 0; status == OK && i < count && firsts[i] <= day_us; i++) {
        *out_first_us = firsts[i];
    }
    free(firsts);
    return status;
}
