#include "tools/stele/verbs/stats_sums.h"

#include <sys/stat.h>

#include "schema/base/file.h"

int64_t stats_sums_file_bytes(const char *path)
{
    int64_t bytes = 0;
    static const char *const endings[] = {"", "-wal"};
    for (size_t i = 0; i < 2; i++) {
        char name[FILE_PATH_BYTES];
        struct stat st;
        if (file_path_format(name, NULL, "%s%s", path, endings[i]) == OK && stat(name, &st) == 0) {
            bytes += st.st_size;
        }
    }
    return bytes;
}

enum status stats_sums_add(struct stats_sums *sums, struct segment *segment, struct err *err)
{
    size_t count;
    const struct block_info *blocks = segment_blocks(segment, &count);
    for (size_t i = 0; i < count; i++) {
        const struct block_info *block = &blocks[i];
        sums->events += block->n_events;
        sums->raw_bytes += block->raw_bytes;
        sums->frame_bytes += block->frame_bytes;
        if (sums->oldest_us == 0 || block->time_min_us < sums->oldest_us) {
            sums->oldest_us = block->time_min_us;
        }
        if (block->time_max_us > sums->newest_us) {
            sums->newest_us = block->time_max_us;
        }
    }
    sums->blocks += (int64_t)count;
    return sums->with_parts ? segment_size_read(segment, sums->parts, err) : OK;
}
