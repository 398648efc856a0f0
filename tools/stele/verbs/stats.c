/* stele stats: what is in the archive, how much room it takes, and what came of all that arrived.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "schema/archive/inbox.h"
#include "schema/archive/legal_hold.h"
#include "schema/archive/quarantine_table.h"
#include "schema/index/deletion.h"
#include "schema/segment/segment_size.h"
#include "tools/stele/cli/options.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/verbs/stats_file.h"

static bool with_parts; /* --parts */

struct stats {
    char id[64];
    int64_t days;
    int64_t first_day_us;
    int64_t last_day_us;
    int64_t blocks;
    int64_t events;
    int64_t raw_bytes;
    int64_t frame_bytes; /* the events themselves, compressed */
    int64_t file_bytes;  /* segments and catalogue with their logs */
    int64_t oldest_us;   /* of event time, in segments; 0 when there is none */
    int64_t newest_us;
    int64_t quarantine;
    int64_t holds; /* in force */
    int64_t deleted_days;
    int64_t deleted_events;
    struct inbox_state inbox;
    int64_t counters[EVENT_COUNTER_COUNT];
    bool with_parts; /* parts are filled: every segment is read from end to end */
    int64_t parts[SEGMENT_SIZE_COUNT];
};

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

static enum status add_day(const char *dir, int64_t day_us, struct stats *stats, struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = archive_segment_path(dir, day_us, path, err);
    struct segment *segment = NULL;
    if (status == OK) {
        struct err why;
        status = segment_open(path, &segment, &why);
        if (status == ERR_NOT_FOUND) { /* deleted meanwhile */
            return OK;
        }
        if (status != OK) {
            *err = why;
        }
    }
    if (status != OK) {
        return status;
    }
    size_t count;
    const struct block_info *blocks = segment_blocks(segment, &count);
    for (size_t i = 0; i < count; i++) {
        const struct block_info *block = &blocks[i];
        stats->events += block->n_events;
        stats->raw_bytes += block->raw_bytes;
        stats->frame_bytes += block->frame_bytes;
        if (stats->oldest_us == 0 || block->time_min_us < stats->oldest_us) {
            stats->oldest_us = block->time_min_us;
        }
        if (block->time_max_us > stats->newest_us) {
            stats->newest_us = block->time_max_us;
        }
    }
    stats->blocks += (int64_t)count;
    stats->file_bytes += file_bytes(path);
    if (stats->with_parts) {
        status = segment_size_read(segment, stats->parts, err);
    }
    segment_close(segment);
    return status;
}

static enum status read_segments(const char *dir, struct stats *stats, struct err *err)
{
    int64_t *days = NULL;
    size_t count = 0;
    enum status status = archive_days(dir, &days, &count, err);
    for (size_t i = 0; i < count && status == OK; i++) {
        status = add_day(dir, days[i], stats, err);
    }
    if (status == OK && count > 0) {
        stats->days = (int64_t)count;
        stats->first_day_us = days[0];
        stats->last_day_us = days[count - 1];
    }
    free(days);
    return status;
}

static enum status count_quarantine(struct archive *archive, struct stats *stats, struct err *err)
{
    struct quarantine_cursor *cursor = NULL;
    enum status status = quarantine_cursor_open(archive, &cursor, err);
    for (bool end = false; status == OK && !end;) {
        struct quarantine_row row;
        status = quarantine_cursor_next(cursor, &row, &end, err);
        stats->quarantine += status == OK && !end;
    }
    quarantine_cursor_close(cursor);
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
        stats->file_bytes += file_bytes(path);
        status = read_segments(dir, stats, err);
    }
    return status;
}

static const char *size_text(int64_t bytes, char out[32])
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double size = (double)bytes;
    size_t unit = 0;
    while (size >= 1024 && unit < 4) {
        size /= 1024;
        unit++;
    }
    (void)snprintf(out, 32, unit == 0 ? "%.0f %s" : "%.1f %s", size, units[unit]);
    return out;
}

static void print_number(const char *name, int64_t number)
{
    char text[32];
    printf("%-17s %s\n", name, progress_number(number, text));
}

static void print_parts(const struct stats *stats)
{
    for (int i = 0; i < SEGMENT_SIZE_COUNT; i++) {
        char text[32];
        printf("%-17s %s", segment_size_part_name((enum segment_size_part)i),
               size_text(stats->parts[i], text));
        if (stats->events > 0) {
            printf(" (%.1f bytes an event)", (double)stats->parts[i] / (double)stats->events);
        }
        printf("\n");
    }
}

static void print_table(const char *dir, const struct stats *stats)
{
    char text[CLOCK_TEXT_BYTES];
    char more[32];
    printf("%-17s %s (%s)\n", "archive", dir, stats->id);
    print_number("events", stats->events);
    if (stats->events > 0) {
        printf("%-17s %s\n", "oldest", clock_format(stats->oldest_us, text));
        printf("%-17s %s\n", "newest", clock_format(stats->newest_us, text));
        printf("%-17s %" PRId64 ", %s to ", "days", stats->days,
               clock_format_day(stats->first_day_us, text));
        printf("%s\n", clock_format_day(stats->last_day_us, text));
    }
    print_number("blocks", stats->blocks);
    printf("%-17s %s\n", "raw", size_text(stats->raw_bytes, more));
    printf("%-17s %s\n", "compressed", size_text(stats->frame_bytes, more));
    printf("%-17s %s", "files", size_text(stats->file_bytes, more));
    if (stats->events > 0) {
        printf(" (%.0f bytes an event, of %.0f)", (double)stats->file_bytes / (double)stats->events,
               (double)stats->raw_bytes / (double)stats->events);
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
    if (stats->with_parts) {
        print_parts(stats);
    }
}

static void print_time(const char *name, int64_t time_us)
{
    char text[CLOCK_TEXT_BYTES];
    if (time_us == 0) {
        printf("\"%s\":null,", name);
    } else {
        printf("\"%s\":\"%s\",", name, clock_format(time_us, text));
    }
}

static void print_json(const char *dir, const struct stats *stats)
{
    struct buf name = BUF_INIT;
    buf_add_json(&name, span_str(dir));
    printf("{\"archive\":%.*s,\"id\":\"%s\",", SPAN_FMT(buf_span(&name)), stats->id);
    buf_fini(&name);
    print_time("oldest", stats->oldest_us);
    print_time("newest", stats->newest_us);
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        {"events", stats->events},
        {"days", stats->days},
        {"blocks", stats->blocks},
        {"raw_bytes", stats->raw_bytes},
        {"frame_bytes", stats->frame_bytes},
        {"file_bytes", stats->file_bytes},
        {"inbox", stats->inbox.count},
        {"quarantine", stats->quarantine},
        {"holds", stats->holds},
        {"deleted_days", stats->deleted_days},
        {"deleted_events", stats->deleted_events},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        printf("\"%s\":%" PRId64 ",", numbers[i].name, numbers[i].value);
    }
    printf("\"counters\":{");
    for (int i = 0; i < EVENT_COUNTER_COUNT; i++) {
        printf("%s\"%s\":%" PRId64, i ? "," : "", event_counter_name((enum event_counter)i),
               stats->counters[i]);
    }
    if (stats->with_parts) {
        printf("},\"parts\":{");
        for (int i = 0; i < SEGMENT_SIZE_COUNT; i++) {
            printf("%s\"%s\":%" PRId64, i ? "," : "",
                   segment_size_part_name((enum segment_size_part)i), stats->parts[i]);
        }
    }
    printf("}}\n");
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    (void)out_code;
    const char *path = options->archive;
    bool json = options->form == OUTPUT_JSON;
    struct stats stats = {.with_parts = with_parts};
    struct stat st;
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
        return stats_file(path, json, with_parts, err);
    }
    enum status status = read_stats(path, &stats, err);
    if (status == OK && json) {
        print_json(path, &stats);
    } else if (status == OK) {
        print_table(path, &stats);
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
