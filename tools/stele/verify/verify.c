/* stele verify: an archive, a copy, or shipped objects, against what was signed. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "daemon/seal/seal_location.h"
#include "daemon/ship/target_open.h"
#include "schema/copy/copy_verify.h"
#include "schema/seal/seal_key.h"
#include "tools/stele/cli/options.h"
#include "tools/stele/verify/verify_objects.h"
#include "tools/stele/verify/verify_print.h"

/* What was asked for. */
struct verify_options {
    const char *key;
    const char *from;
    const char *to;
    const char *dest;
    const char *digests;
    const char *output;
    const char *file; /* a copy; NULL: none */
    bool shipped;
    bool quick;
};

static enum status open_key(struct verify_run *run, const struct verify_options *wish,
                            const char *dir, struct err *err)
{
    if (wish->key) {
        return signing_key_load_public(wish->key, &run->key, err);
    }
    enum status status = dir ? seal_key_open_public(dir, &run->key, err) : OK;
    run->own_key = run->key != NULL;
    return status == ERR_NOT_FOUND ? OK : status;
}

static enum status run_archive(struct verify_run *run, const struct verify_options *wish,
                               const char *dir, struct err *err)
{
    struct seal_set set = {.key = NULL};
    struct verify_archive verify = {.dir = dir,
                                    .key = run->key,
                                    .from_us = INT64_MIN / 2,
                                    .to_us = INT64_MAX / 2,
                                    .quick = wish->quick,
                                    .report = &run->report};
    enum status status = OK;
    if (wish->from) {
        status = clock_parse_user(span_str(wish->from), clock_now_us(), &verify.from_us, err);
    }
    if (status == OK && wish->to) {
        status = clock_parse_user(span_str(wish->to), clock_now_us(), &verify.to_us, err);
    }
    status = THEN(status, verify_archive(&verify, &set, err));
    if (status == OK && run->key && !run->own_key && run->report.seals == 0) {
        verify_say(&run->report, dir, 0, "has no seal, and a key was given");
    }
    seal_set_fini(&set);
    return status;
}

static enum status run_copy(struct verify_run *run, const char *path, struct err *err)
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
static enum status find_places(const struct config *config, const struct verify_options *wish,
                               char objects[CONFIG_TEXT_BYTES], char digests[CONFIG_TEXT_BYTES],
                               struct err *err)
{
    const char *dest = wish->shipped ? config->ship_target : wish->dest;
    enum status status = OK;
    if (!*dest) {
        return err_set(err, ERR_CONFIG, "ship.target is not set: name the place with --dest");
    }
    status = place_url(dest, objects, err);
    if (status == OK && wish->digests) {
        return place_url(wish->digests, digests, err);
    }
    if (status == OK && wish->shipped) {
        status = seal_location_url(config, digests, err);
    } else if (status == OK && !seal_location_beside(objects, digests, CONFIG_TEXT_BYTES)) {
        *digests = '\0';
    }
    return status == OK && !*digests
               ? err_set(err, ERR_USAGE, "%s: name the place of its digests with --digests", dest)
               : status;
}

/* dir: NULL when no archive is at hand. */
static enum status run_target(struct verify_run *run, const struct config *config,
                              const struct verify_options *wish, const char *dir, struct err *err)
{
    char objects[CONFIG_TEXT_BYTES];
    char digests[CONFIG_TEXT_BYTES];
    struct verify_objects verify = {.key = run->key, .quick = wish->quick, .report = &run->report};
    enum status status = find_places(config, wish, objects, digests, err);
    status = THEN(status, target_open_at(config, objects, &verify.objects, err));
    status = THEN(status, target_open_at(config, digests, &verify.digests, err));
    if (status == OK && dir) {
        status = archive_open(dir, ARCHIVE_READ, &verify.archive, err);
    }
    status = THEN(status, verify_objects(&verify, err));
    archive_close(verify.archive);
    target_close(verify.objects);
    target_close(verify.digests);
    return status;
}

static int run_wish(const struct options *options, const struct verify_options *wish)
{
    struct verify_run run = {.json = strcmp(wish->output, "json") == 0};
    struct err err;
    bool target = wish->shipped || wish->dest;
    const char *dir = wish->file ? NULL : target ? options->archive : options_archive(options);
    if (!dir && !target && !wish->file) {
        return status_exit_code(ERR_USAGE);
    }
    run.report.each = verify_on_finding;
    run.report.progress = verify_on_progress;
    run.report.context = &run;
    enum status status = open_key(&run, wish, dir, &err);
    if (status == OK) {
        progress_begin(&run.progress, "verify", "events", 1000);
        status = wish->file ? run_copy(&run, wish->file, &err)
                 : target   ? run_target(&run, &options->config, wish, dir, &err)
                            : run_archive(&run, wish, dir, &err);
        progress_wipe(&run.progress);
    }
    int code = status == OK ? verify_print(&run) : options_fail(&verb_verify, &err);
    signing_key_free(run.key);
    return code;
}

/* --archive may name a copy, as it may in the other verbs. */
static const char *file_of(const struct options *options)
{
    struct stat st;
    const char *path = options->archive;
    return path && stat(path, &st) == 0 && S_ISREG(st.st_mode) ? path : NULL;
}

static int verify_verb_run(int argc, char **argv)
{
    struct verify_options wish = {.output = "table"};
    const struct option_entry entries[] = {
        {.name = "key",
         .argument = "FILE",
         .help = "public key (seal.pub) that was kept elsewhere",
         .text = &wish.key},
        {.name = "shipped",
         .help = "check the objects at ship.target, not the archive",
         .flag = &wish.shipped},
        {.name = "dest",
         .argument = "URL|DIR",
         .help = "check objects at another place; no archive is needed",
         .text = &wish.dest},
        {.name = "digests",
         .argument = "URL|DIR",
         .help = "where their seals are (default: stele-digest/NAME beside them)",
         .text = &wish.digests},
        {.name = "from", .argument = "TIME", .help = "days from this one on", .text = &wish.from},
        {.name = "to", .argument = "TIME", .help = "days before this time", .text = &wish.to},
        {.name = "quick",
         .help = "digests of what is stored, or sizes of objects; nothing is unpacked",
         .flag = &wish.quick},
        {.name = "output",
         .argument = "FORM",
         .help = "form of the findings: table (default) or json",
         .text = &wish.output},
    };
    struct options options;
    int code = options_read(&options, &verb_verify, entries, sizeof entries / sizeof entries[0],
                            argc, argv);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    if (strcmp(wish.output, "json") != 0 && strcmp(wish.output, "table") != 0) {
        return options_misuse(&verb_verify, "--output: \"%s\" is neither table nor json",
                              wish.output);
    }
    if (wish.shipped && wish.dest) {
        return options_misuse(&verb_verify, "--shipped and --dest are two places: give one");
    }
    if ((wish.from || wish.to) && (wish.shipped || wish.dest)) {
        return options_misuse(&verb_verify, "--from and --to are for the archive's days");
    }
    if (options.n_words > 1 || (options.n_words > 0 && (wish.shipped || wish.dest))) {
        return options_misuse(&verb_verify, "%s is one word too many",
                              options.words[options.n_words - 1]);
    }
    struct stat st;
    if (options.n_words > 0 && stat(options.words[0], &st) == 0 && S_ISDIR(st.st_mode)) {
        return options_misuse(&verb_verify,
                              "%s is a directory: --archive for an archive, --dest for objects",
                              options.words[0]);
    }
    wish.file = options.n_words > 0 ? options.words[0] : file_of(&options);
    return run_wish(&options, &wish);
}

const struct verb verb_verify = {
    .name = "verify",
    .usage = "[COPY | --shipped | --dest URL|DIR] [--key FILE] [--quick]",
    .summary = "check an archive, a copy or shipped objects against their signatures",
    .run = verify_verb_run,
};
