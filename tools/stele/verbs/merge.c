/* stele merge: days that are over go into files of many days, when no steled does it. */
#include <stdio.h>

#include "schema/index/merger.h"
#include "tools/stele/cli/daemon_at_work.h"
#include "tools/stele/cli/index_inline.h"
#include "tools/stele/cli/interrupt.h"
#include "tools/stele/cli/options.h"

enum { EVENTS_AT_ONCE = 200000 };

static enum status print_outcome(const struct merger_report *report, enum output_form form,
                                 int *out_code, struct err *err)
{
    struct buf out = BUF_INIT;
    if (form == OUTPUT_JSON) {
        struct json_writer json = {.out = &out};
        json_object(&json, NULL);
        json_int(&json, "days", report->days);
        json_int(&json, "events", report->events);
        json_int(&json, "left_days", report->left_days);
        json_end(&json);
        buf_add_char(&out, '\n');
    } else {
        buf_printf(&out, "%s of %s merged\n", output_count(report->events, "event").text,
                   output_count(report->days, "day").text);
    }
    if (report->left_days > 0) {
        fprintf(stderr, "stele merge: %s stayed as they are: %s; stele verify says more\n",
                output_count(report->left_days, "day").text, report->why.text);
        *out_code = status_exit_code(ERR_CORRUPT);
    }
    return output_finish(&out, err);
}

static enum status merge_here(const struct options *options, struct archive *archive, int *out_code,
                              struct err *err)
{
    struct merger *merger = NULL;
    int64_t before_us = clock_day_start(clock_now_us() - options->config.index_merge_after);
    bool more = true;
    enum status status = merger_new(options->archive, archive_id(archive),
                                    (int)options->config.index_compression_level, &merger, err);
    while (status == OK && more && !interrupt_flag) {
        status = merger_run(merger, before_us, EVENTS_AT_ONCE, &more, err);
    }
    status = THEN(status, print_outcome(merger_report(merger), options->form, out_code, err));
    merger_free(merger);
    return status;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    struct archive *archive = NULL;
    struct archive_lock *lock = NULL;
    long pid = daemon_at_work_pid(options->archive);
    if (pid != 0) {
        return err_set(
            err, ERR_BUSY,
            "steled (pid %ld) is at work on %s and merges days itself, index.merge_after "
            "behind their end",
            pid, options->archive);
    }
    interrupt_catch(NULL);
    enum status status = archive_lock_take(options->archive, "stele merge", &lock, err);
    status = THEN(status, archive_open(options->archive, ARCHIVE_WRITE, &archive, err));
    status = THEN(status, index_inline(&options->config, archive, &interrupt_flag, err));
    status = THEN(status, merge_here(options, archive, out_code, err));
    archive_close(archive);
    archive_lock_release(lock);
    return status;
}

const struct verb verb_merge = {
    .name = "merge",
    .summary = "put days that are over into files of many days, which take less room",
    .forms = OUTPUT_TABLE_JSON,
    .needs = VERB_NEEDS_ARCHIVE,
    .run = run,
};
