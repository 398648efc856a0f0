/* stele export: a range of the archive once more, to a bucket, a directory or standard output. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/ship/target_open.h"
#include "query/language/parse.h"
#include "schema/archive/archive.h"
#include "tools/stele/cli/index_wait.h"
#include "tools/stele/cli/interrupt.h"
#include "tools/stele/cli/nothing_found.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/cli/target_arg.h"
#include "tools/stele/export/exporter.h"

static struct {
    const char *from;
    const char *to;
    const char *dest;
    const char *codec;
    const char *object_bytes;
    const char *key;
    const char *layout;
    const char *resume;
    struct option_values settings;
    bool dry_run;
    bool verbose;
} given;

/* What they come to, and what is at work. */
struct export
{
    struct options *common;
    bool to_stdout;
    enum object_codec codec;
    const char *key; /* the template */
    struct day_iterator_options search;
    struct query *query;
    struct buf query_text;
    char archive_id[40];
    struct target *target;
    struct export_state *state;
    struct progress progress;
    FILE *words; /* where the outcome is printed */
};

static enum status read_codec(struct export *export, struct err *err)
{
    const char *name = given.codec         ? given.codec
                       : export->to_stdout ? "none"
                                           : export->common->config.ship_codec;
    for (size_t i = 0; i <= OBJECT_CODEC_NONE; i++) {
        if (strcmp(name, export_state_codecs[i]) == 0) {
            export->codec = (enum object_codec)i;
            return OK;
        }
    }
    return err_set(err, ERR_USAGE, "--codec is zstd, gzip or none, not \"%s\"", name);
}

static enum status read_key(struct export *export, struct err *err)
{
    const char *layout = given.layout ? given.layout : "hive";
    if (strcmp(layout, "hive") != 0 && strcmp(layout, "flat") != 0) {
        return err_set(err, ERR_USAGE, "--layout is hive or flat, not \"%s\"", layout);
    }
    export->key = given.key ? given.key : layout[0] == 'h' ? KEY_TEMPLATE_HIVE : KEY_TEMPLATE_FLAT;
    return key_template_check(export->key, err);
}

static enum status check_together(const struct export *export, struct err *err)
{
    if (export->to_stdout && (given.resume || given.layout || given.object_bytes)) {
        return err_set(err, ERR_USAGE,
                       "--dest - is one stream: --%s is of exports that make objects",
                       given.resume   ? "resume"
                       : given.layout ? "layout"
                                      : "object-bytes");
    }
    if (export->to_stdout && !given.dry_run && export->codec != OBJECT_CODEC_NONE &&
        isatty(STDOUT_FILENO)) {
        return err_set(err, ERR_USAGE,
                       "--codec %s: compressed bytes are not for a terminal; send standard output "
                       "to a file",
                       given.codec);
    }
    return OK;
}

static enum status read_options(struct export *export, struct err *err)
{
    struct config *config = &export->common->config;
    enum status status = target_arg_settings(config, &given.settings, err);
    export->to_stdout = given.dest && strcmp(given.dest, "-") == 0;
    export->words = export->to_stdout ? stderr : stdout;
    if (status == OK && given.object_bytes) {
        status = target_arg_size(config, given.object_bytes, err);
    }
    status = THEN(status, read_codec(export, err));
    status = THEN(status, read_key(export, err));
    status = THEN(status, check_together(export, err));
    return THEN(status, query_args_times(given.from, given.to, &export->search.from_us,
                                         &export->search.to_us, err));
}

/* The archive's own name in keys; a day's file alone has none. */
static enum status read_archive_id(struct export *export, struct err *err)
{
    struct stat st;
    struct archive *archive = NULL;
    if (stat(export->search.path, &st) == 0 && S_ISREG(st.st_mode)) {
        (void)snprintf(export->archive_id, sizeof export->archive_id,
                       "00000000-0000-0000-0000-000000000000");
        return OK;
    }
    enum status status = archive_open(export->search.path, ARCHIVE_READ, &archive, err);
    if (status == OK) {
        (void)snprintf(export->archive_id, sizeof export->archive_id, "%s", archive_id(archive));
    }
    archive_close(archive);
    return status;
}

static enum status open_state(struct export *export, struct err *err)
{
    struct export_terms terms = {
        .archive_id = export->archive_id,
        .dest = export->target->url,
        .codec = export->codec,
        .object_bytes_max = export->common->config.ship_object_bytes_max,
        .key = export->key,
        .from = given.from ? given.from : "",
        .to = given.to ? given.to : "",
        .query = buf_span(&export->query_text),
        .from_us = export->search.from_us,
        .to_us = export->search.to_us,
    };
    enum status status = export_state_open(given.resume, &terms, &export->state, err);
    export->search.from_us = terms.from_us;
    export->search.to_us = terms.to_us;
    return status;
}

static enum status open_destination(struct export *export, struct err *err)
{
    char shipped_to[TARGET_URL_BYTES] = "";
    struct config *config = &export->common->config;
    if (export->to_stdout || given.dry_run) {
        return OK;
    }
    if (*config->ship_target && target_url(config, shipped_to, NULL) != OK) {
        shipped_to[0] = '\0';
    }
    enum status status = target_arg_set(config, given.dest, err);
    status = THEN(status, target_open(config, &export->target, err));
    if (status != OK) {
        return err_wrap(err, status, "--dest");
    }
    export->target->cancel = &interrupt_cancel;
    if (strcmp(export->target->url, shipped_to) == 0) {
        fprintf(stderr,
                "stele export: this archive ships to %s: events that are there under other keys "
                "come twice\n",
                shipped_to);
    }
    return given.resume ? open_state(export, err) : OK;
}

static void on_progress(void *context, const struct export_counts *so_far, int64_t thousandths)
{
    struct export *export = context;
    progress_step(&export->progress, thousandths, so_far->events);
}

static void on_trouble(void *context, const struct err *why)
{
    struct export *export = context;
    progress_wipe(&export->progress);
    fprintf(stderr, "stele export: %s: %s\n", why->text,
            why->status == ERR_CORRUPT ? "left out" : "trying again");
}

static void print_counts(const struct export *export, const struct export_counts *counts)
{
    char numbers[4][32];
    fprintf(export->words, "%s event%s", progress_number(counts->events, numbers[0]),
            output_plural(counts->events));
    if (!export->to_stdout) {
        fprintf(export->words, " in %s object%s", progress_number(counts->objects, numbers[1]),
                output_plural(counts->objects));
    }
    if (counts->there > 0) {
        fprintf(export->words, " (%s there already)", progress_number(counts->there, numbers[1]));
    }
    fprintf(export->words, ", %s bytes", progress_number(counts->raw_bytes, numbers[2]));
    if (export->codec != OBJECT_CODEC_NONE) {
        fprintf(export->words, " raw, %s bytes as %s", progress_number(counts->bytes, numbers[3]),
                export_state_codecs[export->codec]);
    }
}

static void on_day(void *context, int64_t day_us, const struct export_counts *of_day)
{
    struct export *export = context;
    char day[CLOCK_TEXT_BYTES];
    if (given.verbose) {
        progress_wipe(&export->progress);
        fprintf(export->words, "%s  ", clock_format_day(day_us, day));
        print_counts(export, of_day);
        fprintf(export->words, "\n");
    }
}

static void print_exported(const struct export *export, const struct export_counts *counts,
                           enum status status)
{
    char number[32];
    if (counts->events > 0) {
        fprintf(export->words, "%s", given.dry_run ? "dry run, nothing is written: " : "exported ");
        print_counts(export, counts);
        fprintf(export->words, "%s%s\n", export->target ? ", to " : "",
                export->target ? export->target->url : "");
    } else if (status == OK) {
        fprintf(stderr, "stele export: nothing in the range\n");
    }
    if (counts->waiting > 0) {
        fprintf(stderr,
                "stele export: %s event%s of the range wait%s in the inbox and %s not exported\n",
                progress_number(counts->waiting, number), output_plural(counts->waiting),
                counts->waiting == 1 ? "s" : "", counts->waiting == 1 ? "is" : "are");
    }
}

/* The exit code of an export that went to its end, or was interrupted. */
static int exit_code(const struct export *export, const struct export_counts *counts,
                     enum status status)
{
    char number[32];
    if (status == ERR_STOPPED) {
        fprintf(stderr, "stele export: interrupted%s\n",
                export->to_stdout || given.dry_run
                    ? ""
                    : "; run it again for the rest: what is there is passed over");
        return status_exit_code(ERR_STOPPED);
    }
    if (counts->damaged > 0) {
        fprintf(stderr, "stele export: %s damaged block%s left out; see stele verify\n",
                progress_number(counts->damaged, number), counts->damaged == 1 ? " is" : "s are");
        return status_exit_code(ERR_CORRUPT);
    }
    return counts->events == 0;
}

static enum status run_export(struct export *export, int *out_code, struct err *err)
{
    struct day_iterator *iterator = NULL;
    struct export_counts counts = {0};
    enum status status =
        given.dry_run ? OK : index_wait(export->common, &export->search, &interrupt_flag, err);
    status = THEN(status, day_iterator_open(&export->search, &iterator, err));
    const struct exporter_options options = {
        .iterator = iterator,
        .codec = export->codec,
        .object_bytes_max = export->common->config.ship_object_bytes_max,
        .key = export->key,
        .archive_id = export->archive_id,
        .target = export->target,
        .fd = export->to_stdout && !given.dry_run ? STDOUT_FILENO : -1,
        .state = export->state,
        .stop = &interrupt_cancel,
        .progress = on_progress,
        .day = on_day,
        .trouble = on_trouble,
        .context = export,
    };
    progress_begin(&export->progress, "export", "events", 1000);
    status = THEN(status, exporter_run(&options, &counts, err));
    progress_wipe(&export->progress);
    day_iterator_close(iterator);
    print_exported(export, &counts, status);
    if (status == OK && counts.events == 0 && counts.waiting == 0 && counts.damaged == 0) {
        nothing_found_in(&export->search);
    }
    if (status == OK || status == ERR_STOPPED) {
        *out_code = exit_code(export, &counts, status);
        status = OK;
    }
    return status;
}

static enum status prepare_and_run(struct export *export, int *out_code, struct err *err)
{
    enum status status = read_options(export, err);
    export->search.path = export->common->archive;
    export->search.oldest_first = true;
    status = THEN(status, query_args_parse(export->common, &export->query, err));
    export->search.query = export->query;
    query_args_join(export->common, &export->query_text);
    status = THEN(status, buf_status(&export->query_text, "export", err));
    status = THEN(status, read_archive_id(export, err));
    status = THEN(status, open_destination(export, err));
    if (status != OK) {
        return status;
    }
    if (export->state && export->state->ended) {
        printf("%s: this export is complete\n", given.resume);
        return OK;
    }
    interrupt_catch(NULL);
    return run_export(export, out_code, err);
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    struct export export = {.common = options};
    enum status status = prepare_and_run(&export, out_code, err);
    target_close(export.target);
    export_state_close(export.state);
    parse_query_free(export.query);
    buf_fini(&export.query_text);
    return status;
}

static const struct option_entry entries[] = {
    {"dest", "URL|DIR|-", "s3://bucket/prefix, file:///dir, a directory, or - for standard output",
     .text = &given.dest},
    OPTION_FROM(&given.from),
    OPTION_TO(&given.to),
    {"codec", "NAME", "zstd, gzip or none (default: ship.codec; none for -)", .text = &given.codec},
    {"object-bytes", "SIZE", "compressed size of an object (default: ship.object_bytes_max)",
     .text = &given.object_bytes},
    {"layout", "NAME", "layout of keys: hive (dt=DAY/..., as shipping) or flat (Hunters)",
     .text = &given.layout},
    {"key", "TEMPLATE", "keys of your own: \"{year}/{month}/{mday}/{first}-{digest}.{ext}\"",
     .text = &given.key},
    {"resume", "FILE", "record the progress in FILE and continue from there",
     .text = &given.resume},
    {"dry-run", NULL, "only say how much it would be", .flag = &given.dry_run},
    {"verbose", NULL, "also say it of each day", .flag = &given.verbose},
    OPTION_SET(&given.settings),
};

static const struct verb_rule rules[] = {
    {VERB_REQUIRED, "dest dry-run", "where do the events go? (- is standard output)"},
    {VERB_AT_MOST_ONE, "layout key", NULL},
    {VERB_NOT_WITH, "dry-run", "resume"},
    {0},
};

const struct verb verb_export = {
    .name = "export",
    .summary = "write a range again: to a bucket, a directory or standard output",
    .words = {0, VERB_WORDS_ANY, "[QUERY]", NULL},
    VERB_OPTIONS(entries),
    .rules = rules,
    .help = QUERY_ARGS_HELP,
    .needs = VERB_NEEDS_ARCHIVE_OR_COPY,
    .run = run,
};
