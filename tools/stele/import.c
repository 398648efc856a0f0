/* stele import: files of events into the archive. A file that cannot be read is reported and the
 * others go on; a failure of the archive ends the run. Interrupted, it keeps what it has read. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/stele/import_dry.h"
#include "tools/stele/import_sink.h"
#include "tools/stele/inputs.h"
#include "tools/stele/options.h"
#include "tools/stele/progress.h"

enum { FAULTS_SHOWN_MAX = 20 };

static volatile sig_atomic_t interrupted;

struct import {
    struct import_sink *sink; /* NULL: a dry run */
    struct dry_file dry;
    int64_t dry_events; /* of the files before */
    int64_t dry_faults;
    struct progress progress;
    int64_t done_bytes; /* of the files before this one */
    int64_t lines;
    int64_t faults;
    size_t files_failed;
};

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static void on_fault(void *context, const char *file, int64_t line, struct span fault)
{
    struct import *import = context;
    if (import->faults++ < FAULTS_SHOWN_MAX) {
        progress_wipe(&import->progress);
        fprintf(stderr, "%s:%lld: %.*s: to quarantine\n", file, (long long)line, SPAN_FMT(fault));
    }
}

static void file_failed(struct import *import, const char *file, const struct err *err)
{
    progress_wipe(&import->progress);
    bool named = strncmp(err->text, file, strlen(file)) == 0;
    fprintf(stderr, "stele import: %s%s%s\n", named ? "" : file, named ? "" : ": ", err->text);
    import->files_failed++;
}

static enum status import_chunk(struct import *import, const char *file, struct records *records,
                                const struct chunk *chunk, struct err *err)
{
    if (!records_chunk(records, chunk, clock_now_us())) {
        return err_set(err, ERR_NOMEM, "%s:%lld: out of memory", file,
                       (long long)chunk->first_line);
    }
    return import->sink ? import_sink_put(import->sink, file, records, err)
                        : dry_take(&import->dry, records, err);
}

/* What a dry run found in a file. */
static void tell_file(struct import *import, const char *file, const char *packing)
{
    progress_wipe(&import->progress);
    dry_print(&import->dry, file, packing);
    import->dry_events += import->dry.events;
    import->dry_faults += import->dry.faults;
}

/* One file. A failure to read it is told and counted; only one of the archive comes out. */
static enum status import_file(struct import *import, const char *file, struct err *err)
{
    struct unpack *unpack = NULL;
    struct err problem;
    if (unpack_open(file, &interrupted, &unpack, &problem) != OK) {
        file_failed(import, file, &problem);
        return OK;
    }
    struct chunks chunks;
    struct records records = RECORDS_INIT;
    chunks_init(&chunks, unpack);
    import->dry = (struct dry_file){0};
    enum status status = OK;
    while (status == OK && !interrupted) {
        struct chunk chunk;
        bool end = false;
        if (chunks_next(&chunks, &chunk, &end, &problem) != OK) {
            file_failed(import, file, &problem);
            break;
        }
        if (end) {
            break;
        }
        status = import_chunk(import, file, &records, &chunk, err);
        import->lines += chunk.lines;
        progress_step(&import->progress, import->done_bytes + unpack_consumed(unpack),
                      import->lines);
    }
    import->done_bytes += unpack_consumed(unpack);
    if (!import->sink && status == OK) {
        tell_file(import, file, unpack_packing(unpack));
    }
    records_fini(&records);
    chunks_fini(&chunks);
    unpack_close(unpack);
    return status;
}

static void print_summary(const struct import *import, size_t files)
{
    struct import_totals totals;
    import_sink_totals(import->sink, &totals);
    int64_t us = clock_monotonic_us() - import->progress.start_us;
    double seconds = (double)(us > 0 ? us : 1) / (double)CLOCK_SECOND_US;
    char read[32];
    char stored[32];
    char duplicates[32];
    char quarantined[32];
    char rate[32];
    progress_number(totals.read, read);
    progress_number(totals.stored, stored);
    progress_number(totals.duplicates, duplicates);
    progress_number(totals.quarantined, quarantined);
    progress_number((int64_t)((double)totals.read / seconds), rate);
    if (import_sink_daemon(import->sink) > 0) {
        printf("%s read, %s handed to steled, %s quarantined", read, stored, quarantined);
    } else {
        printf("%s read, %s stored, %s duplicates, %s quarantined", read, stored, duplicates,
               quarantined);
    }
    printf("; %zu %s, %.1f s, %s/s\n", files, files == 1 ? "file" : "files", seconds, rate);
    if (import->faults > FAULTS_SHOWN_MAX) {
        fprintf(stderr, "and %lld more; stele quarantine lists them all\n",
                (long long)(import->faults - FAULTS_SHOWN_MAX));
    }
}

static int import_dry(struct import *import, const struct inputs *inputs)
{
    struct err err;
    enum status status = OK;
    size_t files = 0;
    progress_begin(&import->progress, "read", "lines", inputs->bytes);
    for (; files < inputs->count && status == OK && !interrupted; files++) {
        status = import_file(import, inputs->paths[files], &err);
    }
    progress_wipe(&import->progress);
    if (status != OK) {
        return options_fail(&verb_import, &err);
    }
    char events[32];
    char faults[32];
    printf("dry run, nothing is stored: %s events, %s to quarantine; %zu %s%s\n",
           progress_number(import->dry_events, events), progress_number(import->dry_faults, faults),
           files, files == 1 ? "file" : "files", interrupted ? ", interrupted" : "");
    return interrupted || import->files_failed ? status_exit_code(ERR_IO) : 0;
}

static int import_all(struct import *import, const struct inputs *inputs, const char *dir)
{
    struct err err;
    enum status status = OK;
    size_t files = 0;
    long daemon_pid = import_sink_daemon(import->sink);
    if (daemon_pid > 0) {
        fprintf(stderr, "steled (pid %ld) holds %s: events go through its inbox\n", daemon_pid,
                dir);
    }
    progress_begin(&import->progress, "import", "lines", inputs->bytes);
    for (; files < inputs->count && status == OK && !interrupted; files++) {
        status = import_file(import, inputs->paths[files], &err);
    }
    progress_wipe(&import->progress);
    if (status == OK) {
        status = import_sink_end(import->sink, &err);
    }
    print_summary(import, files);
    if (status != OK) {
        return options_fail(&verb_import, &err);
    }
    if (interrupted) {
        fprintf(stderr, "stele import: interrupted; what was read is stored, run it again for the "
                        "rest\n");
    }
    return interrupted || import->files_failed ? status_exit_code(ERR_IO) : 0;
}

static int import_into(struct import *import, const struct inputs *inputs, const char *dir,
                       int compression_level)
{
    struct err err;
    if (import_sink_open(dir, compression_level, on_fault, import, &import->sink, &err) != OK) {
        return options_fail(&verb_import, &err);
    }
    int code = import_all(import, inputs, dir);
    import_sink_close(import->sink);
    return code;
}

static int import_run(int argc, char **argv)
{
    struct options options;
    bool dry_run = false;
    const struct option_entry entries[] = {
        {.name = "dry-run",
         .help = "say what is in the files, in what shape, and store nothing",
         .flag = &dry_run},
    };
    int code = options_read(&options, &verb_import, entries, sizeof entries / sizeof entries[0],
                            argc, argv);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    if (options.n_words == 0) {
        return options_misuse(&verb_import, "which file? (- is standard input)");
    }
    const char *dir = dry_run ? NULL : options_archive(&options);
    if (!dir && !dry_run) {
        return status_exit_code(ERR_USAGE);
    }
    struct err err;
    struct inputs inputs = INPUTS_INIT;
    enum status status = OK;
    for (size_t i = 0; i < options.n_words && status == OK; i++) {
        status = inputs_add(&inputs, options.words[i], &err);
    }
    if (status != OK) {
        code = options_fail(&verb_import, &err);
    } else {
        struct import import = {0};
        const struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
        (void)sigaction(SIGINT, &action, NULL);
        (void)sigaction(SIGTERM, &action, NULL);
        int level = (int)options.config.index_compression_level;
        code = dry_run ? import_dry(&import, &inputs) : import_into(&import, &inputs, dir, level);
    }
    inputs_fini(&inputs);
    return code;
}

const struct verb verb_import = {
    .name = "import",
    .usage = "FILE|DIR|-... [--dry-run]",
    .summary =
        "read files of events (JSON in any shape, Fluentd's files; gzip, zstd) into the archive",
    .run = import_run,
};
