/* stele stats: what is in the archive, how much room it takes, and what came of all that arrived.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "schema/archive/inbox.h"
#include "schema/archive/legal_hold.h"
#include "schema/archive/quarantine_table.h"
#include "schema/copy/copy_case.h"
#include "schema/index/deletion.h"
#include "schema/segment/segment_map.h"
#include "schema/segment/segment_size.h"
#include "schema/text/json_writer.h"
#include "tools/stele/cli/options.h"

static bool with_parts; /* --parts */

/* What segments hold, summed: of an archive's days, or of one file. */
struct stats_sums {
    int64_t blocks;
    int64_t events;
    int64_t raw_bytes;
    int64_t stored_bytes; /* the events themselves, as columns */
    int64_t whole_lines;  /* events that were not cut into columns */
    int64_t file_bytes;   /* segments and catalogue with their logs */
    int64_t oldest_us;    /* of event time; 0 when there is no event */
    int64_t newest_us;
    bool with_parts; /* parts are summed: every segment is read from end to end */
    int64_t parts[SEGMENT_SIZE_COUNT];
};

struct stats {
    char id[64]; /* of the archive, or of the one that a copy is of */
    int64_t days;
    int64_t first_day_us;
    int64_t last_day_us;
    struct stats_sums sums;
    int64_t quarantine;
    int64_t holds; /* in force */
    int64_t deleted_days;
    int64_t deleted_events;
    struct inbox_state inbox;
    int64_t counters[EVENT_COUNTER_COUNT];
};

/* Of the file and its log; 0: not there. */
static int64_t file_bytes(const char *path)
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

/* Adds what the segment holds; not the bytes of its file. */
static enum status add_segment(struct stats_sums *sums, struct segment *segment, struct err *err)
{
    size_t count;
    const struct block_info *blocks = segment_blocks(segment, &count);
    for (size_t i = 0; i < count; i++) {
        const struct block_info *block = &blocks[i];
        sums->events += block->n_events;
        sums->raw_bytes += block->raw_bytes;
        sums->stored_bytes += block->stored_bytes;
        sums->whole_lines += block->whole_lines;
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

static enum status add_file(const char *dir, const struct segment_map_day *day, struct stats *stats,
                            struct err *err)
{
    char path[FILE_PATH_BYTES];
    struct segment *segment = NULL;
    enum status status = segment_map_path(dir, day, path, err);
    status = THEN(status, segment_open(path, &segment, err));
    if (status == OK) {
        stats->sums.file_bytes += file_bytes(path);
        status = add_segment(&stats->sums, segment, err);
        segment_close(segment);
    } else if (status == ERR_NOT_FOUND) {
        status = OK; /* deleted meanwhile */
    }
    return status;
}

/* The file of day number i is that of a day before it. */
static bool is_counted(const struct segment_map_day *days, size_t i)
{
    size_t k = 0;
    while (k < i && !(days[i].is_merged && days[k].is_merged && days[k].file == days[i].file)) {
        k++;
    }
    return k < i;
}

static enum status read_segments(const char *dir, struct stats *stats, struct err *err)
{
    struct segment_map_day *days = NULL;
    size_t count = 0;
    enum status status = segment_map_read(dir, &days, &count, err);
    for (size_t i = 0; i < count && status == OK; i++) {
        status = is_counted(days, i) ? OK : add_file(dir, &days[i], stats, err);
    }
    if (status == OK && count > 0) {
        stats->days = (int64_t)count;
        stats->first_day_us = days[0].day_us;
        stats->last_day_us = days[count - 1].day_us;
    }
    free(days);
    return status;
}

static enum status count_quarantine(struct archive *archive, struct stats *stats, struct err *err)
{
    struct archive_cursor *cursor = NULL;
    enum status status = quarantine_cursor_open(archive, &cursor, err);
    for (bool end = false; status == OK && !end;) {
        struct quarantine_row row;
        status = quarantine_cursor_next(cursor, &row, &end, err);
        stats->quarantine += status == OK && !end;
    }
    archive_cursor_close(cursor);
    return status;
}

static enum status count_gone(struct archive *archive, struct stats *stats, struct err *err)
{
    struct legal_hold *holds = NULL;
    struct deletion *gone = NULL;
    size_t n_holds = 0;
    size_t n_gone = 0;
    enum status status = legal_hold_list(archive, false, &holds, &n_holds, err);
    status = THEN(status, deletion_list(archive, 0, &gone, &n_gone, err));
    stats->holds = (int64_t)n_holds;
    stats->deleted_days = (int64_t)n_gone;
    for (size_t i = 0; i < n_gone; i++) {
        stats->deleted_events += gone[i].events;
    }
    free(holds);
    free(gone);
    return status;
}

static enum status read_stats(const char *dir, struct stats *stats, struct err *err)
{
    struct archive *archive = NULL;
    enum status status = archive_open(dir, ARCHIVE_READ, &archive, err);
    if (status != OK) {
        return status;
    }
    (void)snprintf(stats->id, sizeof stats->id, "%s", archive_id(archive));
    status = archive_read_begin(archive, err);
    if (status == OK) {
        status = archive_counters(archive, stats->counters, err);
        status = THEN(status, inbox_state(archive, &stats->inbox, err));
        status = THEN(status, count_quarantine(archive, stats, err));
        status = THEN(status, count_gone(archive, stats, err));
        archive_read_end(archive);
    }
    archive_close(archive);
    char path[FILE_PATH_BYTES];
    status = THEN(status, file_path_format(path, err, "%s/archive.db", dir));
    if (status == OK) {
        stats->sums.file_bytes += file_bytes(path);
        status = read_segments(dir, stats, err);
    }
    return status;
}

static void print_text(const char *name, const char *text)
{
    printf("%-17s %s\n", name, text);
}

static void print_number(const char *name, int64_t number)
{
    print_text(name, output_number(number).text);
}

static void print_times(const struct stats_sums *sums)
{
    if (sums->events > 0) {
        print_text("oldest", output_time(sums->oldest_us).text);
        print_text("newest", output_time(sums->newest_us).text);
    }
}

static void print_parts(const struct stats_sums *sums)
{
    for (int i = 0; i < SEGMENT_SIZE_COUNT; i++) {
        printf("%-17s %s", segment_size_part_name((enum segment_size_part)i),
               output_size(sums->parts[i]).text);
        if (sums->events > 0) {
            printf(" (%.1f bytes an event)", (double)sums->parts[i] / (double)sums->events);
        }
        printf("\n");
    }
}

static void print_table(const char *dir, const struct stats *stats)
{
    const struct stats_sums *sums = &stats->sums;
    printf("%-17s %s (%s)\n", "archive", dir, stats->id);
    print_number("events", sums->events);
    print_times(sums);
    if (sums->events > 0) {
        printf("%-17s %" PRId64 ", %s to %s\n", "days", stats->days,
               output_day(stats->first_day_us).text, output_day(stats->last_day_us).text);
    }
    print_number("blocks", sums->blocks);
    print_text("raw", output_size(sums->raw_bytes).text);
    print_text("compressed", output_size(sums->stored_bytes).text);
    print_number("whole lines", sums->whole_lines);
    printf("%-17s %s", "files", output_size(sums->file_bytes).text);
    if (sums->events > 0) {
        printf(" (%.0f bytes an event, of %.0f)", (double)sums->file_bytes / (double)sums->events,
               (double)sums->raw_bytes / (double)sums->events);
    }
    printf("\n");
    print_number("in the inbox", stats->inbox.count);
    print_number("in quarantine", stats->quarantine);
    print_number("holds in force", stats->holds);
    print_number("deleted days", stats->deleted_days);
    print_number("deleted events", stats->deleted_events);
    for (int i = 0; i < EVENT_COUNTER_COUNT; i++) {
        print_number(event_counter_name((enum event_counter)i), stats->counters[i]);
    }
    if (sums->with_parts) {
        print_parts(sums);
    }
}

/* The table of one file. */
static void print_file(const char *path, const struct stats *stats)
{
    const struct stats_sums *sums = &stats->sums;
    print_text("file", path);
    if (stats->id[0]) {
        print_text("copy of archive", stats->id);
    }
    print_number("events", sums->events);
    print_times(sums);
    print_number("blocks", sums->blocks);
    print_number("raw bytes", sums->raw_bytes);
    print_number("compressed", sums->stored_bytes);
    print_number("whole lines", sums->whole_lines);
    print_number("file bytes", sums->file_bytes);
    for (int i = 0; sums->with_parts && i < SEGMENT_SIZE_COUNT; i++) {
        print_number(segment_size_part_name((enum segment_size_part)i), sums->parts[i]);
    }
}

/* What only the catalogue of an archive knows. */
static void add_catalogue(struct json_writer *json, const struct stats *stats)
{
    json_int(json, "inbox", stats->inbox.count);
    json_int(json, "quarantine", stats->quarantine);
    json_int(json, "holds", stats->holds);
    json_int(json, "deleted_days", stats->deleted_days);
    json_int(json, "deleted_events", stats->deleted_events);
    json_object(json, "counters");
    for (int i = 0; i < EVENT_COUNTER_COUNT; i++) {
        json_int(json, event_counter_name((enum event_counter)i), stats->counters[i]);
    }
    json_end(json);
}

static enum status print_json(const char *path, bool is_file, const struct stats *stats,
                              struct err *err)
{
    const struct stats_sums *sums = &stats->sums;
    struct buf out = BUF_INIT;
    struct json_writer json = {.out = &out};
    json_object(&json, NULL);
    json_text(&json, "archive", path);
    json_text(&json, "id", stats->id);
    json_time(&json, "oldest", sums->events > 0 ? sums->oldest_us : INT64_MIN);
    json_time(&json, "newest", sums->events > 0 ? sums->newest_us : INT64_MIN);
    json_int(&json, "events", sums->events);
    if (is_file) {
        json_null(&json, "days");
    } else {
        json_int(&json, "days", stats->days);
    }
    json_int(&json, "blocks", sums->blocks);
    json_int(&json, "raw_bytes", sums->raw_bytes);
    json_int(&json, "stored_bytes", sums->stored_bytes);
    json_int(&json, "whole_lines", sums->whole_lines);
    json_int(&json, "file_bytes", sums->file_bytes);
    if (is_file) {
        json_null(&json, "inbox");
        json_null(&json, "quarantine");
        json_null(&json, "counters");
    } else {
        add_catalogue(&json, stats);
    }
    if (sums->with_parts) {
        json_object(&json, "parts");
        for (int i = 0; i < SEGMENT_SIZE_COUNT; i++) {
            json_int(&json, segment_size_part_name((enum segment_size_part)i), sums->parts[i]);
        }
        json_end(&json);
    }
    enum status status = output_json_end(&json, err);
    buf_fini(&out);
    return status;
}

static enum status read_file(const char *path, struct stats *stats, struct err *err)
{
    struct segment *segment = NULL;
    struct copy_header header;
    enum status status = segment_open(path, &segment, err);
    if (status == OK && copy_header_open(path, &header, NULL) == OK) {
        (void)snprintf(stats->id, sizeof stats->id, "%.*s", SPAN_FMT(header.facts.archive_id));
        copy_header_fini(&header);
    }
    stats->sums.file_bytes = file_bytes(path);
    status = THEN(status, add_segment(&stats->sums, segment, err));
    segment_close(segment);
    return status;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    (void)out_code;
    const char *path = options->archive;
    struct stats stats = {.sums.with_parts = with_parts};
    struct stat st;
    bool is_file = stat(path, &st) == 0 && S_ISREG(st.st_mode);
    enum status status = is_file ? read_file(path, &stats, err) : read_stats(path, &stats, err);
    if (status == OK && options->form == OUTPUT_JSON) {
        return print_json(path, is_file, &stats, err);
    }
    if (status == OK) {
        (is_file ? print_file : print_table)(path, &stats);
    }
    return status;
}

static const struct option_entry entries[] = {
    {"parts", NULL, "also where the bytes are; reads every day file in full", .flag = &with_parts},
};

const struct verb verb_stats = {
    .name = "stats",
    .summary = "show what is in the archive and how much space it takes",
    VERB_OPTIONS(entries),
    .forms = OUTPUT_TABLE_JSON,
    .needs = VERB_NEEDS_ARCHIVE_OR_COPY,
    .run = run,
};
