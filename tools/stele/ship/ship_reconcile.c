/* stele ship --reconcile: the ledger against what is at the target. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "daemon/ship/reconcile.h"
#include "query/render/terminal_text.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/ship/ship_action.h"

static atomic_bool cancelled;

static void on_interrupt(int number)
{
    (void)number;
    atomic_store(&cancelled, true);
}

struct reconcile_print {
    bool json;
    int64_t count;
    struct progress progress;
};

static void on_progress(void *context, int64_t objects)
{
    struct reconcile_print *showing = context;
    progress_step(&showing->progress, 0, objects);
}

static void add_json(struct buf *out, const struct reconcile_finding *finding, bool first)
{
    char hex[DIGEST_HEX_BYTES];
    buf_printf(out, "%s\n{\"finding\":\"%s\",\"key\":", first ? "{\"findings\":[" : ",",
               reconcile_kind_name(finding->kind));
    buf_add_json(out, span_str(finding->key));
    if (finding->bytes >= 0) {
        buf_printf(out, ",\"bytes\":%" PRId64, finding->bytes);
    }
    if (finding->object) {
        buf_printf(out,
                   ",\"shipped_bytes\":%" PRId64 ",\"shipped_sha256\":\"%s\",\"events\":%" PRId64,
                   finding->object->bytes, digest_hex(&finding->object->sha256, hex),
                   finding->object->events);
    } else {
        buf_printf(out, ",\"named_ours\":%s", finding->is_named_ours ? "true" : "false");
    }
    buf_add_str(out, ",\"why\":");
    buf_add_json(out, span_str(finding->why));
    buf_add_char(out, '}');
}

static enum status show(void *context, const struct reconcile_finding *finding, struct err *err)
{
    struct reconcile_print *showing = context;
    struct buf out = BUF_INIT;
    bool first = showing->count++ == 0;
    if (showing->json) {
        add_json(&out, finding, first);
    } else {
        buf_printf(&out, "%-9s ", reconcile_kind_name(finding->kind));
        (void)terminal_text_add(&out, span_str(finding->key), SIZE_MAX);
        buf_add_str(&out, "\n          ");
        (void)terminal_text_add(&out, span_str(finding->why), SIZE_MAX);
        buf_add_char(&out, '\n');
    }
    progress_wipe(&showing->progress);
    enum status status = buf_status(&out, "ship", err);
    if (status == OK && fwrite(out.data, 1, out.size, stdout) != out.size) {
        status = err_set(err, ERR_IO, "the output failed");
    }
    buf_fini(&out);
    return status;
}

static void print_json_end(const struct reconcile_print *showing,
                           const struct reconcile_report *report)
{
    struct buf target = BUF_INIT;
    buf_add_json(&target, span_str(report->target));
    printf("%s,\"target\":%.*s,\"equal\":%" PRId64 ",\"equal_bytes\":%" PRId64
           ",\"size_only\":%" PRId64,
           showing->count == 0 ? "{\"findings\":[]" : "\n]", SPAN_FMT(buf_span(&target)),
           report->equal, report->equal_bytes, report->size_only);
    printf(",\"missing\":%" PRId64 ",\"changed\":%" PRId64 ",\"foreign\":%" PRId64
           ",\"foreign_ours\":%" PRId64,
           report->missing, report->changed, report->foreign, report->foreign_ours);
    printf(",\"repaired\":%" PRId64 ",\"planned\":%" PRId64 ",\"parts\":%" PRId64 "}\n",
           report->repaired, report->planned, report->parts);
    buf_fini(&target);
}

static void print_table_end(const struct reconcile_report *report, bool deep)
{
    char numbers[4][32];
    printf("%s\n  equal    %s object%s, %s bytes, by size and %s\n", report->target,
           progress_number(report->equal, numbers[0]), report->equal == 1 ? "" : "s",
           progress_number(report->equal_bytes, numbers[1]),
           deep ? "content" : "the digest that is kept with it");
    if (report->size_only > 0) {
        printf(
            "           %s of them by size alone: the store kept no digest (--deep reads them)\n",
            progress_number(report->size_only, numbers[0]));
    }
    printf(
        "  missing  %s\n  changed  %s\n  foreign  %s", progress_number(report->missing, numbers[0]),
        progress_number(report->changed, numbers[1]), progress_number(report->foreign, numbers[2]));
    if (report->foreign_ours > 0) {
        printf(", %s of them named as this archive's: is its ledger an older copy?",
               progress_number(report->foreign_ours, numbers[3]));
    }
    printf("\n");
    if (report->repaired > 0) {
        printf("  repaired %s\n", progress_number(report->repaired, numbers[0]));
    }
    if (report->planned > 0) {
        printf("  planned  %s, not shipped yet\n", progress_number(report->planned, numbers[0]));
    }
    if (report->parts > 0) {
        printf("  parts    %s, of uploads under way or cut off\n",
               progress_number(report->parts, numbers[0]));
    }
}

int ship_show_reconcile(const struct options *options, const char *dir,
                        const struct ship_reconcile_options *asked)
{
    struct err err;
    struct reconcile_report report;
    struct reconcile_print showing = {.json = asked->json};
    const struct reconcile_options run = {.config = &options->config,
                                          .archive_dir = dir,
                                          .deep = asked->deep,
                                          .repair = asked->repair,
                                          .cancel = &cancelled,
                                          .each = show,
                                          .context = &showing,
                                          .progress = on_progress};
    const struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    if (!options->config.ship_target[0]) {
        (void)err_set(&err, ERR_CONFIG, "ship.target is not set: nothing is shipped anywhere");
        return options_fail(options->verb, &err);
    }
    progress_begin(&showing.progress, "reconcile", "objects", 0);
    enum status status = reconcile_run(&run, &report, &err);
    progress_wipe(&showing.progress);
    if (status != OK) {
        return options_fail(options->verb, &err);
    }
    if (asked->json) {
        print_json_end(&showing, &report);
    } else {
        print_table_end(&report, asked->deep);
    }
    return report.missing + report.changed > 0 ? status_exit_code(ERR_CORRUPT) : 0;
}
