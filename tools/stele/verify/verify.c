/* stele verify: an archive, a copy, or shipped objects, against what was signed. Findings go to
 * stdout as they come, the outcome to stderr. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "daemon/seal/seal_location.h"
#include "daemon/ship/target_open.h"
#include "query/render/local_time.h"
#include "schema/copy/copy_verify.h"
#include "schema/seal/seal_key.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/cli/row_output.h"
#include "tools/stele/verify/verify_objects.h"

static struct {
    const char *key;
    const char *from;
    const char *to;
    const char *dest;
    const char *digests;
    bool shipped;
    bool quick;
} given;

/* A run of the verb. */
struct verify_run {
    struct verify_report report;
    struct progress progress;
    enum output_form form;
    struct listing rows; /* findings, in every form but a table */
    enum status status;  /* of the output */
    struct err *err;
    bool own_key; /* the key that lies beside what is verified */
    struct signing_key *key;
    int64_t repacked; /* objects */
    /* of a copy */
    bool is_copy;
    bool is_signed;
    char copy_key[SIGNING_ID_BYTES];
};

static enum status open_key(struct verify_run *run, const char *dir, struct err *err)
{
    if (given.key) {
        return signing_key_load_public(given.key, &run->key, err);
    }
    enum status status = dir ? seal_key_open_public(dir, &run->key, err) : OK;
    run->own_key = run->key != NULL;
    return status == ERR_NOT_FOUND ? OK : status;
}

/* Of --from or --to; NULL: it was not given, and the time stays as it is. */
static enum status read_time(const char *text, int64_t *time_us, struct err *err)
{
    return text ? local_time_parse(span_str(text), clock_now_us(), time_us, err) : OK;
}

static enum status verify_dir(struct verify_run *run, const char *dir, struct err *err)
{
    struct seal_set set = {.key = NULL};
    struct verify_archive verify = {.dir = dir,
                                    .key = run->key,
                                    .from_us = INT64_MIN / 2,
                                    .to_us = INT64_MAX / 2,
                                    .quick = given.quick,
                                    .report = &run->report};
    enum status status = read_time(given.from, &verify.from_us, err);
    status = THEN(status, read_time(given.to, &verify.to_us, err));
    status = THEN(status, verify_archive(&verify, &set, err));
    if (status == OK && run->key && !run->own_key && run->report.seals == 0) {
        verify_say(&run->report, dir, 0, "has no seal, and a key was given");
    }
    seal_set_fini(&set);
    return status;
}

static enum status verify_file(struct verify_run *run, const char *path, struct err *err)
{
    struct copy_verdict verdict;
    run->is_copy = true;
    enum status status = copy_verify(path, run->key, &run->report, &verdict, err);
    if (status == ERR_CORRUPT) {
        verify_say(&run->report, path, 0, "%s", err->text);
        return OK;
    }
    if (status == OK && verdict.seal == COPY_SEAL_NONE && run->key && !run->own_key) {
        verify_say(&run->report, path, 0, "is not signed, and a key was given");
    }
    if (status == OK) {
        run->is_signed = verdict.seal != COPY_SEAL_NONE;
        (void)snprintf(run->copy_key, sizeof run->copy_key, "%s", verdict.key_id);
    }
    return status;
}

/* A URL as it is; a directory as file:// with its whole path. */
static enum status place_url(const char *place, char out[CONFIG_TEXT_BYTES], struct err *err)
{
    char path[PATH_MAX];
    int n;
    if (strstr(place, "://")) {
        n = snprintf(out, CONFIG_TEXT_BYTES, "%s", place);
    } else if (!realpath(place, path)) {
        return err_errno(err, errno, "%s", place);
    } else {
        n = snprintf(out, CONFIG_TEXT_BYTES, "file://%s", path);
    }
    return n > 0 && n < CONFIG_TEXT_BYTES ? OK : err_set(err, ERR_LIMIT, "%s: too long", place);
}

/* Where the objects and their digests are. */
static enum status find_places(const struct config *config, char objects[CONFIG_TEXT_BYTES],
                               char digests[CONFIG_TEXT_BYTES], struct err *err)
{
    const char *dest = given.shipped ? config->ship_target : given.dest;
    enum status status = OK;
    if (!*dest) {
        return err_set(err, ERR_CONFIG, "ship.target is not set: name the place with --dest");
    }
    status = place_url(dest, objects, err);
    if (status == OK && given.digests) {
        return place_url(given.digests, digests, err);
    }
    if (status == OK && given.shipped) {
        status = seal_location_url(config, digests, err);
    } else if (status == OK && !seal_location_beside(objects, digests, CONFIG_TEXT_BYTES)) {
        *digests = '\0';
    }
    return status == OK && !*digests
               ? err_set(err, ERR_USAGE, "%s: name the place of its digests with --digests", dest)
               : status;
}

/* dir: NULL when no archive is at hand. */
static enum status verify_place(struct verify_run *run, const struct config *config,
                                const char *dir, struct err *err)
{
    char objects[CONFIG_TEXT_BYTES];
    char digests[CONFIG_TEXT_BYTES];
    struct verify_objects verify = {.key = run->key, .quick = given.quick, .report = &run->report};
    enum status status = find_places(config, objects, digests, err);
    status = THEN(status, target_open_at(config, objects, &verify.objects, err));
    status = THEN(status, target_open_at(config, digests, &verify.digests, err));
    status = THEN(status, dir ? archive_open(dir, ARCHIVE_READ, &verify.archive, err) : OK);
    status = THEN(status, verify_objects(&verify, err));
    run->repacked = verify.repacked;
    archive_close(verify.archive);
    target_close(verify.objects);
    target_close(verify.digests);
    return status;
}

/* The copy to be verified: a word, or --archive when that is a file; NULL: none. */
static enum status find_copy(const struct options *options, const char **out_path, struct err *err)
{
    struct stat st;
    *out_path = options->n_words > 0 ? options->words[0] : NULL;
    if (*out_path && (given.shipped || given.dest)) {
        return err_set(err, ERR_USAGE, "unexpected argument \"%s\"", *out_path);
    }
    if (*out_path && stat(*out_path, &st) == 0 && S_ISDIR(st.st_mode)) {
        return err_set(err, ERR_USAGE,
                       "%s is a directory: --archive for an archive, --dest for objects",
                       *out_path);
    }
    if (!*out_path && options->archive && stat(options->archive, &st) == 0 && S_ISREG(st.st_mode)) {
        *out_path = options->archive;
    }
    return OK;
}

static void print_place(const struct verify_finding *finding)
{
    printf("%s", finding->where);
    if (finding->block > 0) {
        printf(" block %" PRId64, finding->block);
    }
    if (finding->line > 0 && finding->last_line > finding->line) {
        printf(" lines %u to %u", finding->line, finding->last_line);
    } else if (finding->line > 0) {
        printf(" line %u", finding->line);
    }
    if (finding->byte >= 0) {
        printf(" byte %" PRId64, finding->byte);
    }
    printf(": %s\n", finding->what);
}

static const struct listing_column columns[] = {
    {LISTING_NAME("where"), 0},     {LISTING_NAME("block"), 0}, {LISTING_NAME("line"), 0},
    {LISTING_NAME("last_line"), 0}, {LISTING_NAME("byte"), 0},  {LISTING_NAME("what"), 0}};

static void add_number(struct listing *rows, bool is_known, int64_t number)
{
    if (is_known) {
        listing_int(rows, number);
    } else {
        listing_null(rows);
    }
}

static enum status add_row(struct listing *rows, const struct verify_finding *finding,
                           struct err *err)
{
    listing_str(rows, finding->where);
    add_number(rows, finding->block > 0, finding->block);
    add_number(rows, finding->line > 0, finding->line);
    add_number(rows, finding->line > 0, finding->last_line);
    add_number(rows, finding->byte >= 0, finding->byte);
    listing_str(rows, finding->what);
    return listing_next(rows, err);
}

static void on_finding(void *context, const struct verify_finding *finding)
{
    struct verify_run *run = context;
    progress_wipe(&run->progress);
    if (run->form == OUTPUT_TABLE) {
        print_place(finding);
    } else {
        run->status = THEN(run->status, add_row(&run->rows, finding, run->err));
    }
}

/* The rows, and in JSON the sums behind them: one document. */
static enum status begin_output(struct verify_run *run, const struct options *options,
                                struct err *err)
{
    enum status status = row_output_refuse_columns(options, err);
    status = THEN(status, row_output_begin(options, columns, sizeof columns / sizeof columns[0],
                                           &run->rows, err));
    if (status == OK && run->form == OUTPUT_JSON) {
        printf("{\"findings\":");
    }
    return status;
}

static enum status end_output(struct verify_run *run, struct err *err)
{
    const struct verify_report *report = &run->report;
    struct buf out = BUF_INIT;
    enum status status = run->form != OUTPUT_TABLE ? listing_end(&run->rows, err) : OK;
    if (status == OK && run->form == OUTPUT_JSON) {
        struct json_writer json = {.out = &out, .depth = 1, .ends = "}", .comma = true};
        json_int(&json, "faults", report->faults);
        json_int(&json, "events", report->events);
        json_int(&json, "blocks", report->blocks);
        json_int(&json, "days", report->days);
        json_int(&json, "objects", report->objects);
        json_int(&json, "seals", report->seals);
        json_time(&json, "sealed", report->seals > 0 ? report->sealed_us : INT64_MIN);
        json_int(&json, "unsealed_blocks", report->unsealed_blocks);
        json_int(&json, "deleted_days", report->deleted_days);
        json_text(&json, "key", run->key ? signing_key_id(run->key) : NULL);
        json_bool(&json, "key_beside", run->own_key);
        status = output_json_end(&json, err);
    }
    buf_fini(&out);
    return status;
}

static void on_progress(void *context, int64_t thousandths, int64_t events)
{
    struct verify_run *run = context;
    progress_step(&run->progress, thousandths, events);
}

static void print_signature(const struct verify_run *run)
{
    if (!run->is_signed) {
        fprintf(stderr, "not signed: what is here agrees with itself, and nothing says more\n");
    } else if (!run->key) {
        fprintf(stderr, "signed with key %s; not checked, as no key was given (--key)\n",
                run->copy_key);
    } else {
        fprintf(stderr, "signed with key %s, checked with key %s\n", run->copy_key,
                signing_key_id(run->key));
    }
}

static void print_seals(const struct verify_run *run)
{
    const struct verify_report *report = &run->report;
    if (run->is_copy) {
        print_signature(run);
        return;
    }
    if (report->seals == 0) {
        fprintf(stderr, "no seal: what is here agrees with itself, and nothing signed says more\n");
        return;
    }
    fprintf(stderr, "%" PRId64 " seal%s, the last of %s", report->seals,
            output_plural(report->seals), output_time(report->sealed_us).text);
    if (run->key) {
        fprintf(stderr, ", checked with key %s%s\n", signing_key_id(run->key),
                run->own_key ? " that lies beside them (one kept elsewhere proves more: --key)"
                             : "");
    } else {
        fprintf(stderr, "; no key, so their signatures were not checked (--key)\n");
    }
    if (report->unsealed_blocks > 0) {
        fprintf(stderr, "%" PRId64 " block%s came after the last seal\n", report->unsealed_blocks,
                output_plural(report->unsealed_blocks));
    }
}

/* The outcome; returns the exit code. */
static int print_outcome(const struct verify_run *run)
{
    const struct verify_report *report = &run->report;
    print_seals(run);
    if (report->deleted_days > 0) {
        fprintf(stderr, "%" PRId64 " sealed day%s deleted\n", report->deleted_days,
                report->deleted_days == 1 ? " was" : "s were");
    }
    if (report->unsealed_deletions > 0) {
        fprintf(stderr,
                "%" PRId64 " day%s deleted after the last seal: nothing signed says so yet\n",
                report->unsealed_deletions, report->unsealed_deletions == 1 ? " was" : "s were");
    }
    if (run->repacked > 0) {
        fprintf(stderr, "%s in other bytes than were sent, with the same events\n",
                output_count(run->repacked, "object").text);
    }
    fprintf(stderr, "%s in %s", output_count(report->events, "event").text,
            output_count(report->blocks, "block").text);
    if (report->objects > 0) {
        fprintf(stderr, " of %" PRId64 " object%s: ", report->objects,
                output_plural(report->objects));
    } else if (run->is_copy) {
        fprintf(stderr, ": ");
    } else {
        fprintf(stderr, " of %" PRId64 " day%s: ", report->days, output_plural(report->days));
    }
    if (report->faults == 0) {
        fprintf(stderr, "nothing is wrong\n");
        return 0;
    }
    fprintf(stderr, "%" PRId64 " fault%s\n", report->faults, output_plural(report->faults));
    return status_exit_code(ERR_CORRUPT);
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    struct verify_run run = {.form = options->form, .err = err};
    const char *copy;
    bool place = given.shipped || given.dest;
    enum status status = find_copy(options, &copy, err);
    status = THEN(status, !copy && !place ? options_need_archive(options, err) : OK);
    const char *dir = copy ? NULL : options->archive;
    run.report.each = on_finding;
    run.report.progress = on_progress;
    run.report.context = &run;
    status = THEN(status, open_key(&run, dir, err));
    status = THEN(status, begin_output(&run, options, err));
    if (status == OK) {
        progress_begin(&run.progress, "verify", "events", 1000);
        status = copy    ? verify_file(&run, copy, err)
                 : place ? verify_place(&run, &options->config, dir, err)
                         : verify_dir(&run, dir, err);
        progress_wipe(&run.progress);
    }
    status = THEN(status, run.status);
    status = THEN(status, end_output(&run, err));
    listing_fini(&run.rows);
    *out_code = status == OK ? print_outcome(&run) : 0;
    signing_key_free(run.key);
    return status;
}

static const struct option_entry entries[] = {
    {"key", "FILE", "public key (seal.pub) that was kept elsewhere", .text = &given.key},
    {"shipped", NULL, "check the objects at ship.target, not the archive", .flag = &given.shipped},
    {"dest", "URL|DIR", "check objects at another place; no archive is needed",
     .text = &given.dest},
    {"digests", "URL|DIR", "where their seals are (default: stele-digest/NAME beside them)",
     .text = &given.digests},
    {"from", "TIME", "days from this one on", .text = &given.from},
    {"to", "TIME", "days before this time", .text = &given.to},
    {"quick", NULL, "digests of what is stored, or keys of objects; nothing is unpacked",
     .flag = &given.quick},
};

static const struct verb_rule rules[] = {
    {VERB_AT_MOST_ONE, "shipped dest", NULL},
    {VERB_NOT_WITH, "from to", "shipped dest"},
    {0},
};

const struct verb verb_verify = {
    .name = "verify",
    .summary = "check an archive, a copy or shipped objects against their signatures",
    .words = {0, 1, "[COPY]", "one copy"},
    VERB_OPTIONS(entries),
    .forms = OUTPUT_ROWS,
    .rules = rules,
    .needs = VERB_NEEDS_CONFIG,
    .run = run,
};
