/* stele retention: which days are over a bound, which of them go and why the others stay; deletes
 * them when no steled does; and what was deleted. */
#include <stdio.h>
#include <stdlib.h>

#include "tools/stele/cli/daemon_at_work.h"
#include "tools/stele/cli/index_inline.h"
#include "tools/stele/cli/login_name.h"
#include "tools/stele/cli/options.h"
#include "tools/stele/verbs/retention_print.h"

static struct {
    bool dry_run;
    bool force;
    bool deleted;
    const char *keep;
    const char *size_max;
} given;

/* The bounds of the command line go before those of the configuration. */
static enum status read_bounds(struct config *config, struct err *err)
{
    const struct {
        const char *option;
        const char *key;
        const char *text;
    } bounds[] = {{"--keep", "keep", given.keep}, {"--size-max", "size_max", given.size_max}};
    enum status status = OK;
    for (size_t i = 0; status == OK && i < sizeof bounds / sizeof bounds[0]; i++) {
        struct buf assignment = BUF_INIT;
        if (bounds[i].text) {
            buf_printf(&assignment, "retention.%s=%s", bounds[i].key, bounds[i].text);
            buf_add_char(&assignment, '\0');
            status = buf_status(&assignment, "retention", err);
            if (status == OK && config_set(config, assignment.data, err) != OK) {
                status = err_wrap(err, "%s", bounds[i].option);
            }
        }
        buf_fini(&assignment);
    }
    status = THEN(status, config_validate_retention(config, err));
    if (status == OK && !retention_is_on(config)) {
        status = err_set(err, ERR_USAGE,
                         "retention is off: set retention.keep or retention.size_max, or give "
                         "--keep or --size-max");
    }
    return status;
}

static enum status show_deleted(const struct options *options, int *out_code, struct err *err)
{
    struct archive *archive = NULL;
    struct deletion *rows = NULL;
    size_t count = 0;
    enum status status = archive_open(options->archive, ARCHIVE_READ, &archive, err);
    status = THEN(status, deletion_list(archive, 0, &rows, &count, err));
    status = THEN(status, retention_print_deleted(rows, count, options->form, err));
    free(rows);
    archive_close(archive);
    if (status == OK && count == 0) {
        fprintf(stderr, "nothing was deleted\n");
        *out_code = 1;
    }
    return status;
}

static enum status plan_only(const struct options *options, const struct retention_rules *rules,
                             struct err *err)
{
    struct archive *archive = NULL;
    struct retention_plan plan = {0};
    enum status status = archive_open(options->archive, ARCHIVE_READ, &archive, err);
    status = THEN(status, retention_plan_make(archive, rules, &plan, err));
    status = THEN(status, retention_print(&plan, rules, false, options->form, err));
    retention_plan_fini(&plan);
    archive_close(archive);
    return status;
}

static enum status refuse_beside(const char *dir, struct err *err)
{
    long pid = daemon_at_work_pid(dir);
    return pid == 0
               ? OK
               : err_set(err, ERR_BUSY,
                         "steled (pid %ld) holds %s and deletes by itself, by [retention] of its "
                         "configuration (kill -USR1 %ld: now); --dry-run shows what would go",
                         pid, dir, pid);
}

/* The inbox first: events of a run that was cut off are in segments and in the inbox, and would be
 * taken for new ones when their day is gone. */
static enum status delete_here(const struct options *options, const struct retention_rules *rules,
                               struct err *err)
{
    struct archive *archive = NULL;
    struct archive_lock *lock = NULL;
    struct retention_plan plan = {0};
    char who[LOGIN_NAME_BYTES];
    enum status status = refuse_beside(options->archive, err);
    status = THEN(status, archive_lock_take(options->archive, "stele retention", &lock, err));
    status = THEN(status, archive_open(options->archive, ARCHIVE_WRITE, &archive, err));
    status = THEN(status, index_inline(&options->config, archive, NULL, err));
    const struct retention_order order = {.who = login_name(who)};
    status = THEN(status, retention_run(archive, rules, &order, &plan, err));
    status = THEN(status, retention_print(&plan, rules, true, options->form, err));
    retention_plan_fini(&plan);
    archive_close(archive);
    archive_lock_release(lock);
    return status;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    struct retention_rules rules;
    char url[CONFIG_TEXT_BYTES];
    if (given.deleted) {
        return show_deleted(options, out_code, err);
    }
    enum status status = read_bounds(&options->config, err);
    status = THEN(status, retention_rules_of(&options->config, url, &rules, err));
    if (status != OK) {
        return status;
    }
    rules.force = given.force;
    return given.dry_run ? plan_only(options, &rules, err) : delete_here(options, &rules, err);
}

static const struct option_entry entries[] = {
    {"dry-run", NULL, "only show what would go, and why the rest stays", .flag = &given.dry_run},
    {"force", NULL, "also days that are not shipped, or cannot be read", .flag = &given.force},
    {"keep", "TIME", "instead of retention.keep, such as 400d", .text = &given.keep},
    {"size-max", "SIZE", "instead of retention.size_max, such as 500GiB", .text = &given.size_max},
    {"deleted", NULL, "list what was deleted, when, by whom and why", .flag = &given.deleted},
};

const struct verb verb_retention = {
    .name = "retention",
    .summary = "delete days that exceed the retention limits, or show which and why",
    VERB_OPTIONS(entries),
    .forms = OUTPUT_TABLE_JSON,
    .rules =
        (const struct verb_rule[]){{VERB_NOT_WITH, "deleted", "dry-run force keep size-max"}, {0}},
    .needs = VERB_NEEDS_ARCHIVE,
    .run = run,
};
