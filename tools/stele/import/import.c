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
#include "tools/stele/import/import_notes.h"
#include "tools/stele/import/import_sink.h"
#include "tools/stele/import/inputs.h"
#include "tools/stele/import/object_source.h"

enum { REMOTES_MAX = 16 };

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
    struct import_notes faults;
    struct import_notes timeless;
    size_t files_failed;
};

static void on_fault(void *context, const char *file, int64_t line, struct span fault)
{
    struct import *import = context;
    import_notes_add(&import->faults, fault, file, line);
}

static void on_timeless(void *context, const char *file, int64_t line, struct span what)
{
    struct import *import = context;
    import_notes_add(&import->timeless, what, file, line);
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
    int64_t bytes; /* of all of them */
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
        chunk->bytes.size = chunk_whole_lines(chunk->bytes);
    }
}

/* A failure to read is printed and counted; only a failure of the archive is returned. */
static enum status import_stream(struct import *import, const struct import_stream *stream,
                                 struct err *err)
{
    struct err problem;
    struct records records = {.plain = stream->plain, .time_us = stream->time_us};
    struct chunks chunks = {
        .unpack = stream->unpack,
        .plain = stream->plain,
        .only_sure = stream->plain,
        .drop_torn = stream->source,
    };
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
                                 const char *label, size_t *out_done, struct err *err)
{
    enum status status = OK;
    size_t n_files = inputs->files.paths.count;
    *out_done = 0;
    progress_begin(&import->progress, label, "lines", inputs->bytes);
    for (size_t i = 0; i < n_files && status == OK && !interrupt_flag; i++, ++*out_done) {
        status = import_file(import, inputs->files.paths.items[i], err);
    }
    for (size_t i = 0; i < inputs->n_remotes; i++) {
        size_t count = object_source_count(inputs->remotes[i]);
        for (size_t k = 0; k < count && status == OK && !interrupt_flag; k++, ++*out_done) {
            status = import_object(import, inputs->remotes[i], k, err);
        }
    }
    progress_wipe(&import->progress);
    return status;
}

static void print_summary(const struct import *import, size_t files)
{
    const struct import_totals *totals = import_sink_totals(import->sink);
    int64_t us = clock_monotonic_us() - import->progress.start_us;
    double seconds = (double)(us > 0 ? us : 1) / (double)CLOCK_SECOND_US;
    char number[32];
    printf("%s read, ", progress_number(totals->read, number));
    if (totals->daemon_pid > 0) {
        printf("%s handed to steled, ", progress_number(totals->stored, number));
    } else {
        printf("%s stored, ", progress_number(totals->stored, number));
        printf("%s duplicates, ", progress_number(totals->duplicates, number));
    }
    printf("%s quarantined", progress_number(totals->quarantined, number));
    printf("; %zu file%s, %.1f s, %s/s\n", files, output_plural((int64_t)files), seconds,
           progress_number((int64_t)((double)totals->read / seconds), number));
    if (totals->unread_blocks > 0) {
        fprintf(stderr,
                "%lld damaged blocks in these days: events of theirs were not recognised and are "
                "stored again; stele verify names the blocks\n",
                (long long)totals->unread_blocks);
    }
    import_notes_print(&import->faults, "to quarantine");
    import_notes_print(&import->timeless, "filed under the time of this import");
}

static enum status import_dry(struct import *import, const struct import_inputs *inputs,
                              struct err *err)
{
    size_t files;
    char events[32];
    char faults[32];
    enum status status = import_inputs(import, inputs, "read", &files, err);
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
    size_t files;
    enum status status = import_sink_open(options->archive, &options->config,
                                          &(struct import_listener){on_fault, on_timeless, import},
                                          &import->sink, err);
    if (status != OK) {
        return status;
    }
    long daemon_pid = import_sink_totals(import->sink)->daemon_pid;
    if (daemon_pid > 0) {
        fprintf(stderr, "steled (pid %ld) holds %s: events go through its inbox\n", daemon_pid,
                options->archive);
    }
    status = import_inputs(import, inputs, "import", &files, err);
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
        if (status == OK) {
            inputs->n_remotes++;
            inputs->bytes += object_source_bytes(*source);
        }
    }
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
    struct import_inputs inputs = {0};
    enum status status = target_arg_settings(&options->config, &given.settings, err);
    status = THEN(status, inputs_find(&inputs, options, err));
    if (status == OK) {
        interrupt_catch(NULL);
        status = given.dry_run ? import_dry(&import, &inputs, err)
                               : import_all(&import, &inputs, options, err);
    }
    inputs_close(&inputs);
    import_notes_fini(&import.faults);
    import_notes_fini(&import.timeless);
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
