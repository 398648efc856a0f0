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

static struct {
    const char *key;
    const char *from;
    const char *to;
    const char *dest;
    const char *digests;
    bool shipped;
    bool quick;
} given;

static enum status open_key(struct verify_run *run, const char *dir, struct err *err)
{
    if (given.key) {
        return signing_key_load_public(given.key, &run->key, err);
    }
    enum status status = dir ? seal_key_open_public(dir, &run->key, err) : OK;
    run->own_key = run->key != NULL;
    return status == ERR_NOT_FOUND ? OK : status;
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
    enum status status = OK;
    if (given.from) {
        status = clock_parse_user(span_str(given.from), clock_now_us(), &verify.from_us, err);
    }
    if (status == OK && given.to) {
        status = clock_parse_user(span_str(given.to), clock_now_us(), &verify.to_us, err);
    }
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
    if (status == OK && dir) {
        status = archive_open(dir, ARCHIVE_READ, &verify.archive, err);
    }
    status = THEN(status, verify_objects(&verify, err));
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

static enum status run(struct options *options, int *out_code, struct err *err)
{
    struct verify_run run = {.form = options->form};
    const char *copy;
    bool place = given.shipped || given.dest;
    enum status status = find_copy(options, &copy, err);
    if (status == OK && !copy && !place) {
        status = options_need_archive(options, err);
    }
    const char *dir = copy ? NULL : options->archive;
    run.report.each = verify_print_finding;
    run.report.progress = verify_print_progress;
    run.report.context = &run;
    status = THEN(status, open_key(&run, dir, err));
    if (status == OK) {
        progress_begin(&run.progress, "verify", "events", 1000);
        status = copy    ? verify_file(&run, copy, err)
                 : place ? verify_place(&run, &options->config, dir, err)
                         : verify_dir(&run, dir, err);
        progress_wipe(&run.progress);
    }
    *out_code = status == OK ? verify_print(&run) : 0;
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
    {"quick", NULL, "digests of what is stored, or sizes of objects; nothing is unpacked",
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
    .forms = OUTPUT_TABLE_JSON,
    .rules = rules,
    .needs = VERB_NEEDS_CONFIG,
    .run = run,
};
