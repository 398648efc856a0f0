#include "tools/stele/verbs/stats_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "schema/copy/copy_case.h"
#include "schema/segment/segment_size.h"
#include "tools/stele/cli/progress.h"

struct sums {
    char id[64]; /* of the archive that a copy is of; else empty */
    int64_t events;
    int64_t blocks;
    int64_t raw_bytes;
    int64_t frame_bytes;
    int64_t file_bytes;
    int64_t oldest_us;
    int64_t newest_us;
    int64_t parts[SEGMENT_SIZE_COUNT];
};

static enum status read_sums(const char *path, bool with_parts, struct sums *sums, struct err *err)
{
    struct segment *segment = NULL;
    struct copy_header header;
    struct stat st;
    size_t count;
    enum status status = segment_open(path, &segment, err);
    if (status != OK) {
        return status;
    }
    if (copy_header_open(path, &header, NULL) == OK) {
        (void)snprintf(sums->id, sizeof sums->id, "%.*s", SPAN_FMT(header.facts.archive_id));
        copy_header_fini(&header);
    }
    const struct block_info *blocks = segment_blocks(segment, &count);
    sums->blocks = (int64_t)count;
    sums->oldest_us = count > 0 ? INT64_MAX : 0;
    for (size_t i = 0; i < count; i++) {
        const struct block_info *block = &blocks[i];
        sums->events += block->n_events;
        sums->raw_bytes += block->raw_bytes;
        sums->frame_bytes += block->frame_bytes;
        sums->oldest_us =
            block->time_min_us < sums->oldest_us ? block->time_min_us : sums->oldest_us;
        sums->newest_us =
            block->time_max_us > sums->newest_us ? block->time_max_us : sums->newest_us;
    }
    sums->file_bytes = stat(path, &st) == 0 ? st.st_size : 0;
    if (with_parts) {
        status = segment_size_read(segment, sums->parts, err);
    }
    segment_close(segment);
    return status;
}

static void print_number(const char *name, int64_t number)
{
    char text[32];
    printf("%-17s %s\n", name, progress_number(number, text));
}

static void print_table(const char *path, bool with_parts, const struct sums *sums)
{
    char text[CLOCK_TEXT_BYTES];
    printf("%-17s %s\n", "file", path);
    if (sums->id[0]) {
        printf("%-17s %s\n", "copy of archive", sums->id);
    }
    print_number("events", sums->events);
    if (sums->events > 0) {
        printf("%-17s %s\n", "oldest", clock_format(sums->oldest_us, text));
        printf("%-17s %s\n", "newest", clock_format(sums->newest_us, text));
    }
    print_number("blocks", sums->blocks);
    print_number("raw bytes", sums->raw_bytes);
    print_number("compressed", sums->frame_bytes);
    print_number("file bytes", sums->file_bytes);
    for (int i = 0; with_parts && i < SEGMENT_SIZE_COUNT; i++) {
        print_number(segment_size_part_name((enum segment_size_part)i), sums->parts[i]);
    }
}

static void print_time(const char *name, int64_t events, int64_t time_us)
{
    char text[CLOCK_TEXT_BYTES];
    if (events == 0) {
        printf("\"%s\":null,", name);
    } else {
        printf("\"%s\":\"%s\",", name, clock_format(time_us, text));
    }
}

static void print_json(const char *path, bool with_parts, const struct sums *sums)
{
    struct buf name = BUF_INIT;
    buf_add_json(&name, span_str(path));
    printf("{\"archive\":%.*s,\"id\":\"%s\",", SPAN_FMT(buf_span(&name)), sums->id);
    buf_fini(&name);
    print_time("oldest", sums->events, sums->oldest_us);
    print_time("newest", sums->events, sums->newest_us);
    printf("\"events\":%" PRId64 ",\"days\":null,\"blocks\":%" PRId64 ",\"raw_bytes\":%" PRId64 ",",
           sums->events, sums->blocks, sums->raw_bytes);
    printf("\"frame_bytes\":%" PRId64 ",\"file_bytes\":%" PRId64 ",", sums->frame_bytes,
           sums->file_bytes);
    printf("\"inbox\":null,\"quarantine\":null,\"counters\":null");
    for (int i = 0; with_parts && i < SEGMENT_SIZE_COUNT; i++) {
        printf("%s\"%s\":%" PRId64, i ? "," : ",\"parts\":{",
               segment_size_part_name((enum segment_size_part)i), sums->parts[i]);
    }
    printf("%s}\n", with_parts ? "}" : "");
}

enum status stats_file(const char *path, bool json, bool with_parts, struct err *err)
{
    struct sums sums = {.id = ""};
    enum status status = read_sums(path, with_parts, &sums, err);
    if (status == OK && json) {
        print_json(path, with_parts, &sums);
    } else if (status == OK) {
        print_table(path, with_parts, &sums);
    }
    return status;
}
