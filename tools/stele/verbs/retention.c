/* stele retention: which days are over a bound, which of them go and why the others stay; deletes
 * them when no steled does; and what was deleted. */
#include <stdio.h>
#include <stdlib.h>

#include "tools/stele/cli/index_inline.h"
#include "tools/stele/cli/login_name.h"
#include "tools/stele/cli/options.h"
#include "tools/stele/verbs/retention_print.h"

struct retention_options {
    bool dry_run;
    bool force;
    bool deleted;
    bool json;
    const char *keep;
    const char *size_max;
};

/* The bounds of the command line go before those of the configuration. */
static enum status take_bounds(const struct retention_options *asked, struct config *config,
                               struct err *err)
{
    const char *const texts[] = {asked->keep, asked->size_max};
    const char *const keys[] = {"keep", "size_max"};
    const char *const names[] = {"--keep", "--size-max"};
    enum status status = OK;
    for (size_t i = 0; status == OK && i < 2; i++) {
        struct buf assignment = BUF_INIT;
        if (texts[i]) {
            buf_printf(&assignment, "retention.%s=%s", keys[i], texts[i]);
            buf_add_char(&assignment, '\0');
            status = buf_status(&assignment, "retention", err);
            if (status == OK && config_set(config, assignment.data, err) != OK) {
                status = err_wrap(err, "%s", names[i]);
            }
        }
        buf_fini(&assignment);
    }
    status = THEN(status, config_validate_retention(config, err));
    if (status == OK && !retention_is_on(config)) {
        status = err_set(err, ERR_USAGE,
                         "nothing is ever deleted: set retention.keep or retention.size_max, or "
                         "give --keep or --size-max");
    }
    return status;
}

static enum status show_deleted(const char *dir, bool json, size_t *out_count, struct err *err)
{
    struct archive *archive = NULL;
    struct deletion *rows = NULL;
    enum status status = archive_open(dir, ARCHIVE_READ, &archive, err);
    status = THEN(status, deletion_list(archive, 0, &rows, out_count, err));
    status = THEN(status, retention_print_deleted(rows, *out_count, json, err));
    free(rows);
    archive_close(archive);
    return status;
}

static enum status plan_only(const char *dir, const struct retention_rules *rules, bool json,
                             struct err *err)
{
    struct archive *archive = NULL;
    struct retention_plan plan = {0};
    enum status status = archive_open(dir, ARCHIVE_READ, &archive, err);
    status = THEN(status, retention_plan_make(archive, rules, &plan, err));
    status = THEN(status, retention_print(&plan, rules, false, json, err));
    retention_plan_fini(&plan);
    archive_close(archive);
    return status;
}

/* The inbox first: events of a run that was cut off are in segments and in the inbox, and would be
 * taken for new ones when their day is gone. */
static enum status delete_here(const struct config *config, const char *dir,
                               const struct retention_rules *rules, bool json, struct err *err)
{
    struct archive *archive = NULL;
    struct archive_lock *lock = NULL;
    struct retention_plan plan = {0};
    char who[LOGIN_NAME_BYTES];
    enum status status = archive_lock_take(dir, "stele retention", &lock, err);
    status = THEN(status, archive_open(dir, ARCHIVE_WRITE, &archive, err));
    status = THEN(status, index_inline(config, archive, NULL, err));
    const struct retention_order order = {.who = login_name(who)};
    status = THEN(status, retention_run(archive, rules, &order, &plan, err));
    status = THEN(status, retention_print(&plan, rules, true, json, err));
    retention_plan_fini(&plan);
    archive_close(archive);
    archive_lock_release(lock);
    return status;
}

static enum status refuse_beside(const char *dir, struct err *err)
{
    char who[64];
    long pid = archive_lock_holder(dir, who);
    if (pid > 0 && strcmp(who, "steled") == 0) {
        return err_set(err, ERR_BUSY,
                       "steled (pid %ld) holds %s and deletes by itself, by [retention] of its "
                       "configuration (kill -USR1 %ld: now); --dry-run shows what would go",
                       pid, dir, pid);
    }
    return OK;
}

static int run(struct options *options, const struct retention_options *asked, const char *dir)
{
    struct err err;
    struct retention_rules rules;
    char url[CONFIG_TEXT_BYTES];
    enum status status = take_bounds(asked, &options->config, &err);
    status = THEN(status, retention_rules_of(&options->config, url, &rules, &err));
    if (status == OK && !asked->dry_run) {
        status = refuse_beside(dir, &err);
    }
    if (status == OK) {
        rules.force = asked->force;
        status = asked->dry_run ? plan_only(dir, &rules, asked->json, &err)
                                : delete_here(&options->config, dir, &rules, asked->json, &err);
    }
    return status == OK ? 0 : options_fail(&verb_retention, &err);
}

static int retention_main(int argc, char **argv)
{
    static struct options options;
    struct retention_options asked = {0};
    const char *output = "table";
    const struct option_entry entries[] = {
        {.name = "dry-run",
         .help = "only show what would go, and why the rest stays",
         .flag = &asked.dry_run},
        {.name = "force",
         .help = "also days that are not shipped, or cannot be read",
         .flag = &asked.force},
        {.name = "keep",
         .argument = "TIME",
         .help = "instead of retention.keep, such as 400d",
         .text = &asked.keep},
        {.name = "size-max",
         .argument = "SIZE",
         .help = "instead of retention.size_max, such as 500GiB",
         .text = &asked.size_max},
        {.name = "deleted",
         .help = "list what was deleted, when, by whom and why",
         .flag = &asked.deleted},
        {.name = "output", .argument = "FORM", .help = "table (default) or json", .text = &output},
    };
    int code = options_read(&options, &verb_retention, entries, sizeof entries / sizeof entries[0],
                            argc, argv);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    if (options.n_words > 0) {
        return options_misuse(&verb_retention, "\"%s\" is no option", options.words[0]);
    }
    asked.json = strcmp(output, "json") == 0;
    if (!asked.json && strcmp(output, "table") != 0) {
        return options_misuse(&verb_retention, "--output: \"%s\" is neither table nor json",
                              output);
    }
    if (asked.deleted && (asked.dry_run || asked.force || asked.keep || asked.size_max)) {
        return options_misuse(&verb_retention, "--deleted only lists: give it alone");
    }
    const char *dir = options_archive(&options);
    if (!dir) {
        return status_exit_code(ERR_USAGE);
    }
    if (!asked.deleted) {
        return run(&options, &asked, dir);
    }
    struct err err;
    size_t count = 0;
    if (show_deleted(dir, asked.json, &count, &err) != OK) {
        return options_fail(&verb_retention, &err);
    }
    if (count == 0) {
        fprintf(stderr, "nothing was deleted\n");
    }
    return count > 0 ? 0 : 1;
}

const struct verb verb_retention = {
    .name = "retention",
    .usage = "[--dry-run] [--force] [--keep TIME] [--size-max SIZE] | --deleted",
    .summary = "delete days that exceed the retention limits, or show which and why",
    .run = retention_main,
};
