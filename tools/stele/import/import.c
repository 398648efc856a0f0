/* stele import: files of events, and objects of a bucket, into the archive. A file that cannot be
 * read is reported and the others go on; a failure of the archive ends the run. Interrupted, it
 * keeps what it has read. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tools/stele/cli/interrupt.h"
#include "tools/stele/cli/options.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/cli/target_arg.h"
#include "tools/stele/import/import_dry.h"
#include "tools/stele/import/import_sink.h"
#include "tools/stele/import/inputs.h"
#include "tools/stele/import/object_source.h"

enum { FAULTS_SHOWN_MAX = 20, REMOTES_MAX = 16 };

static struct {
    struct option_values settings;
    bool dry_run;
} given;

struct import {
    struct import_sink *sink; /* NULL: a dry run */
    struct import_dry_file dry;
    int64_t dry_events; /* of the files before */
    int64_t dry_faults;
    struct progress progress;
    int64_t done_bytes; /* of the files before this one */
    int64_t lines;
    int64_t faults;
    size_t files_failed;
};

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
                        : import_dry_add(&import->dry, records, err);
}

/* What a dry run found in a file. */
static void tell_file(struct import *import, const char *file, const char *packing)
{
    progress_wipe(&import->progress);
    import_dry_print(&import->dry, file, packing);
    import->dry_events += import->dry.events;
    import->dry_faults += import->dry.faults;
}

/* What is to be read: local files first, then the objects of URLs. */
struct import_inputs {
    struct inputs files;
    struct object_source *remotes[REMOTES_MAX];
    size_t n_remotes;
    size_t count; /* of all of them */
    int64_t bytes;
};

/* A file or an object under way. */
struct import_stream {
    const char *name;
    struct unpack *unpack;
    bool source;
    bool plain;      /* made by stele: each line is an event as it stands */
    int64_t time_us; /* of its events without a time of their own; 0: now */
};

/* A signal has broken off the read: what stands behind the last whole line is not all of a line. */
static void cut_torn(const struct import_stream *stream, struct chunk *chunk)
{
    if (interrupt_flag && stream->source) {
        const char *newline = memrchr(chunk->bytes.data, '\n', chunk->bytes.size);
        chunk->bytes.size = newline ? (size_t)(newline - chunk->bytes.data) + 1 : 0;
    }
}

/* A failure to read is printed and counted; only a failure of the archive is returned. */
static enum status import_stream(struct import *import, const struct import_stream *stream,
                                 struct err *err)
{
    struct chunks chunks;
    struct err problem;
    struct records records = RECORDS_INIT;
    records.plain = stream->plain;
    records.time_us = stream->time_us;
    chunks_init(&chunks, stream->unpack);
    chunks.plain = chunks.only_sure = stream->plain;
    chunks.drop_torn = stream->source;
    import->dry = (struct import_dry_file){0};
    enum status status = OK;
    while (status == OK && !interrupt_flag) {
        struct chunk chunk;
        bool end = false;
        if (chunks_next(&chunks, &chunk, &end, &problem) != OK) {
            if (!interrupt_flag || !stream->source) {
                file_failed(import, stream->name, &problem);
            }
            break;
        }
        if (end) {
            break;
        }
        cut_torn(stream, &chunk);
        status = import_chunk(import, stream->name, &records, &chunk, err);
        import->lines += chunk.lines;
        progress_step(&import->progress, import->done_bytes + unpack_consumed(stream->unpack),
                      import->lines);
    }
    import->done_bytes += unpack_consumed(stream->unpack);
    if (!import->sink && status == OK) {
        tell_file(import, stream->name, unpack_packing(stream->unpack));
    }
    records_fini(&records);
    chunks_fini(&chunks);
    unpack_close(stream->unpack);
    return status;
}

static enum status import_file(struct import *import, const char *file, struct err *err)
{
    struct import_stream stream = {.name = file};
    struct err problem;
    if (unpack_open(file, &interrupt_flag, &stream.unpack, &problem) != OK) {
        file_failed(import, file, &problem);
        return OK;
    }
    return import_stream(import, &stream, err);
}

static enum status import_object(struct import *import, struct object_source *source, size_t which,
                                 struct err *err)
{
    struct import_stream stream = {.name = object_source_name(source, which), .source = true};
    struct err problem;
    stream.plain = object_source_is_ours(source, which, &stream.time_us);
    if (object_source_unpack(source, which, &interrupt_flag, &stream.unpack, &problem) != OK) {
        if (!interrupt_flag) {
            file_failed(import, stream.name, &problem);
        }
        return OK;
    }
    return import_stream(import, &stream, err);
}

/* *out_done: how many were begun. */
static enum status import_inputs(struct import *import, const struct import_inputs *inputs,
                                 size_t *out_done, struct err *err)
{
    enum status status = OK;
    *out_done = 0;
    for (size_t i = 0; i < inputs->files.count && status == OK && !interrupt_flag;
         i++, ++*out_done) {
        status = import_file(import, inputs->files.paths[i], err);
    }
    for (size_t i = 0; i < inputs->n_remotes; i++) {
        size_t count = object_source_count(inputs->remotes[i]);
        for (size_t k = 0; k < count && status == OK && !interrupt_flag; k++, ++*out_done) {
            status = import_object(import, inputs->remotes[i], k, err);
        }
    }
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

static enum status import_dry(struct import *import, const struct import_inputs *inputs,
                              struct err *err)
{
    size_t files = 0;
    char events[32];
    char faults[32];
    progress_begin(&import->progress, "read", "lines", inputs->bytes);
    enum status status = import_inputs(import, inputs, &files, err);
    progress_wipe(&import->progress);
    if (status == OK) {
        printf("dry run, nothing is stored: %s events, %s to quarantine; %zu file%s%s\n",
               progress_number(import->dry_events, events),
               progress_number(import->dry_faults, faults), files, output_plural((int64_t)files),
               interrupt_flag ? ", interrupted" : "");
    }
    return status;
}

static enum status import_all(struct import *import, const struct import_inputs *inputs,
                              const struct options *options, struct err *err)
{
    size_t files = 0;
    enum status status =
        import_sink_open(options->archive, (int)options->config.index_compression_level, on_fault,
                         import, &import->sink, err);
    if (status != OK) {
        return status;
    }
    long daemon_pid = import_sink_daemon(import->sink);
    if (daemon_pid > 0) {
        fprintf(stderr, "steled (pid %ld) holds %s: events go through its inbox\n", daemon_pid,
                options->archive);
    }
    progress_begin(&import->progress, "import", "lines", inputs->bytes);
    status = import_inputs(import, inputs, &files, err);
    progress_wipe(&import->progress);
    status = THEN(status, import_sink_end(import->sink, err));
    print_summary(import, files);
    if (status == OK && interrupt_flag) {
        fprintf(stderr, "stele import: interrupted; what was read is stored, run it again for the "
                        "rest\n");
    }
    import_sink_close(import->sink);
    return status;
}

/* The path of file:///path when that is a file and no directory of objects; else NULL. */
static const char *file_of_url(const char *word)
{
    struct stat st;
    const char *path = strncmp(word, "file:///", 8) == 0 ? word + 7 : NULL;
    return path && stat(path, &st) == 0 && S_ISREG(st.st_mode) ? path : NULL;
}

static enum status inputs_find(struct import_inputs *inputs, const struct options *options,
                               struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; i < options->n_words && status == OK; i++) {
        const char *word = options->words[i];
        const char *file = file_of_url(word);
        if (file || !object_source_is(word)) {
            status = inputs_add(&inputs->files, file ? file : word, err);
            continue;
        }
        if (inputs->n_remotes == REMOTES_MAX) {
            return err_set(err, ERR_LIMIT, "%s: more than %d URLs", word, REMOTES_MAX);
        }
        struct object_source **source = &inputs->remotes[inputs->n_remotes];
        status = object_source_open(&options->config, word, source, err);
        inputs->n_remotes += status == OK;
        inputs->count += status == OK ? object_source_count(*source) : 0;
        inputs->bytes += status == OK ? object_source_bytes(*source) : 0;
    }
    inputs->count += inputs->files.count;
    inputs->bytes += inputs->files.bytes;
    return status;
}

static void inputs_close(struct import_inputs *inputs)
{
    inputs_fini(&inputs->files);
    for (size_t i = 0; i < inputs->n_remotes; i++) {
        object_source_close(inputs->remotes[i]);
    }
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    struct import import = {0};
    struct import_inputs inputs = {.files = INPUTS_INIT};
    enum status status = target_arg_settings(&options->config, &given.settings, err);
    status = THEN(status, inputs_find(&inputs, options, err));
    if (status == OK) {
        interrupt_catch(NULL);
        status = given.dry_run ? import_dry(&import, &inputs, err)
                               : import_all(&import, &inputs, options, err);
    }
    inputs_close(&inputs);
    *out_code = interrupt_flag || import.files_failed ? status_exit_code(ERR_IO) : 0;
    return status;
}

static const struct option_entry entries[] = {
    {"dry-run", NULL, "only say what is in the files, and in which format", .flag = &given.dry_run},
    OPTION_SET(&given.settings),
};

const struct verb verb_import = {
    .name = "import",
    .summary = "read events from files, directories or object stores into the archive",
    .words = {1, VERB_WORDS_ANY, "FILE|DIR|URL|-...",
              "a file, a directory or a URL (- is standard input)"},
    VERB_OPTIONS(entries),
    .needs = VERB_NEEDS_ARCHIVE,
    .needs_unless = "dry-run",
    .run = run,
};
