/* Counts what an import would store, file by file, and says which shapes it found. */
#include "tools/stele/import/import_dry.h"

#include <stdio.h>

#include "schema/archive/inbox.h"
#include "schema/event/source.h"
#include "tools/stele/cli/progress.h"

static void count_tag(struct import_dry_file *file, struct span tag)
{
    char text[IMPORT_DRY_TAG_BYTES];
    struct source source = {0};
    source_from_tag(tag, text, sizeof text, &source);
    size_t i = 0;
    while (i < file->n_tags && (strcmp(file->tags[i].text, text) != 0 ||
                                file->tags[i].session_stream != source.session_stream)) {
        i++;
    }
    if (i == IMPORT_DRY_TAGS_MAX) {
        file->other_tags++;
        return;
    }
    if (i == file->n_tags) {
        file->n_tags++;
        file->tags[i] = (struct import_dry_tag){.session_stream = source.session_stream};
        memcpy(file->tags[i].text, text, sizeof text);
    }
    file->tags[i].events++;
}

static void count_time(struct import_dry_file *file, const struct record *record, int64_t now_us)
{
    bool own = !record->event.time_is_arrival;
    if (!own && record->received_us == now_us) {
        return;
    }
    int64_t time_us = record->event.time_us;
    bool first = file->own_time + file->prefix_time == 0;
    file->first_us = first || time_us < file->first_us ? time_us : file->first_us;
    file->last_us = first || time_us > file->last_us ? time_us : file->last_us;
    file->own_time += own;
    file->prefix_time += !own;
}

static void count_fault(struct import_dry_file *file, const struct record *record, int64_t line)
{
    if (file->faults++ > 0) {
        return;
    }
    struct span raw = record->event.raw;
    file->fault = record->fault;
    file->fault_line = line;
    file->sample_size = raw.size < IMPORT_DRY_SAMPLE_BYTES ? raw.size : IMPORT_DRY_SAMPLE_BYTES;
    if (file->sample_size > 0) {
        memcpy(file->sample, raw.data, file->sample_size);
    }
}

enum status import_dry_add(struct import_dry_file *file, struct records *records, struct err *err)
{
    struct record record;
    while (records_next(records, &record)) {
        if (record.fault != EVENT_FAULT_NONE) {
            count_fault(file, &record, file->faults == 0 ? records_line(records) : 0);
            continue;
        }
        file->events++;
        file->forms[record.form]++;
        file->wrappers[record.wrapper]++;
        count_time(file, &record, records->now_us);
        if (record.tag.size > 0) {
            count_tag(file, record.tag);
        }
    }
    return records->nomem ? err_nomem(err, "import") : OK;
}

static void print_counts(const char *what, const char *separator, int64_t count)
{
    char number[32];
    printf("%s%s %s", separator, what, progress_number(count, number));
}

static void print_shape(const struct import_dry_file *file, const char *name, const char *packing)
{
    size_t kinds = 0;
    for (size_t i = 0; i < RECORD_FORM_COUNT; i++) {
        kinds += file->forms[i] > 0;
    }
    printf("%s: %s%s%s", name, packing, *packing ? ", " : "", kinds == 0 ? "no events" : "");
    const char *separator = "";
    for (size_t i = 0; i < RECORD_FORM_COUNT; i++) {
        if (file->forms[i] > 0 && kinds == 1) {
            printf("%s", record_form_text((enum record_form)i));
        } else if (file->forms[i] > 0) {
            print_counts(record_form_text((enum record_form)i), separator, file->forms[i]);
            separator = "; ";
        }
    }
    printf("\n");
}

static void print_events(const struct import_dry_file *file)
{
    char number[32];
    char from[CLOCK_TEXT_BYTES];
    char to[CLOCK_TEXT_BYTES];
    printf("  events      %s", progress_number(file->events, number));
    if (file->own_time + file->prefix_time > 0) {
        printf(", %s to %s", clock_format(file->first_us, from), clock_format(file->last_us, to));
    }
    printf("\n");
    int64_t none = file->events - file->own_time - file->prefix_time;
    if (file->own_time < file->events) {
        char prefixed[32];
        char timeless[32];
        printf("  time        %s of their own, %s from Fluentd, %s none\n",
               progress_number(file->own_time, number),
               progress_number(file->prefix_time, prefixed), progress_number(none, timeless));
    }
}

static void print_wrappers(const struct import_dry_file *file)
{
    if (file->wrappers[WRAPPER_NONE] == file->events) {
        return;
    }
    const char *separator = "  inside of   ";
    for (size_t i = 1; i < WRAPPER_COUNT; i++) {
        if (file->wrappers[i] > 0) {
            print_counts(wrapper_name((enum wrapper)i), separator, file->wrappers[i]);
            separator = ", ";
        }
    }
    printf("\n");
}

static void print_tags(const struct import_dry_file *file)
{
    const char *separator = "  tags        ";
    for (size_t i = 0; i < file->n_tags; i++) {
        const struct import_dry_tag *tag = &file->tags[i];
        print_counts(tag->text, separator, tag->events);
        printf("%s", tag->session_stream ? " (session stream)" : "");
        separator = ", ";
    }
    if (file->other_tags > 0) {
        print_counts("others", separator, file->other_tags);
    }
    if (file->n_tags > 0) {
        printf("\n");
    }
}

static void print_faults(const struct import_dry_file *file)
{
    if (file->faults == 0) {
        return;
    }
    char number[32];
    printf("  quarantine  %s, the first in line %lld: %s: ", progress_number(file->faults, number),
           (long long)file->fault_line, event_fault_text(file->fault));
    struct buf sample = BUF_INIT;
    buf_add_json(&sample, span_of(file->sample, file->sample_size));
    printf("%.*s\n", SPAN_FMT(buf_span(&sample)));
    buf_fini(&sample);
}

void import_dry_print(const struct import_dry_file *file, const char *name, const char *packing)
{
    print_shape(file, name, packing);
    print_events(file);
    print_wrappers(file);
    print_tags(file);
    print_faults(file);
}
