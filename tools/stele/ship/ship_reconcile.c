/* stele ship --reconcile: the ledger against what is at the target. */
#include <stdio.h>

#include "daemon/ship/reconcile.h"
#include "query/render/terminal_text.h"
#include "schema/text/json_writer.h"
#include "tools/stele/cli/interrupt.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/ship/ship_action.h"

struct reconcile_print {
    enum output_form form;
    struct buf out;
    struct json_writer json; /* into out */
    int64_t count;
    struct progress progress;
};

static void on_progress(void *context, int64_t objects)
{
    struct reconcile_print *print = context;
    progress_step(&print->progress, 0, objects);
}

static void add_json(struct json_writer *json, const struct reconcile_finding *finding)
{
    json_newline(json);
    json_object(json, NULL);
    json_text(json, "finding", reconcile_kind_name(finding->kind));
    json_text(json, "key", finding->key);
    if (finding->bytes >= 0) {
        json_int(json, "bytes", finding->bytes);
    }
    if (finding->object) {
        json_int(json, "sent_bytes", finding->object->sent.bytes);
        digest_json(json, "sent_sha256", &finding->object->sent.sha256);
        digest_json(json, "sha256", &finding->object->content.sha256);
        json_int(json, "events", finding->object->content.events);
    } else {
        json_bool(json, "named_ours", finding->is_named_ours);
    }
    json_text(json, "why", finding->why);
    json_end(json);
}

static enum status show(void *context, const struct reconcile_finding *finding, struct err *err)
{
    struct reconcile_print *print = context;
    struct buf *out = &print->out;
    print->count++;
    if (print->form == OUTPUT_JSON) {
        add_json(&print->json, finding);
    } else {
        buf_printf(out, "%-9s ", reconcile_kind_name(finding->kind));
        (void)terminal_text_add(out, span_str(finding->key), SIZE_MAX);
        buf_add_str(out, "\n          ");
        (void)terminal_text_add(out, span_str(finding->why), SIZE_MAX);
        buf_add_char(out, '\n');
    }
    progress_wipe(&print->progress);
    return output_write(out, err);
}

static enum status print_json_end(struct reconcile_print *print,
                                  const struct reconcile_report *report, struct err *err)
{
    struct json_writer *json = &print->json;
    if (print->count > 0) {
        json_newline(json);
    }
    json_end(json);
    json_text(json, "target", report->target);
    json_int(json, "equal", report->equal);
    json_int(json, "equal_bytes", report->equal_bytes);
    json_int(json, "size_only", report->size_only);
    json_int(json, "repacked", report->repacked);
    json_int(json, "missing", report->missing);
    json_int(json, "changed", report->changed);
    json_int(json, "foreign", report->foreign);
    json_int(json, "foreign_ours", report->foreign_ours);
    json_int(json, "repaired", report->repaired);
    json_int(json, "planned", report->planned);
    json_int(json, "parts", report->parts);
    return output_json_end(json, err);
}

static void print_table_end(const struct reconcile_report *report, bool deep)
{
    printf("%s\n", report->target);
    printf("  equal    %s, %s bytes, by size and %s\n", output_count(report->equal, "object").text,
           output_number(report->equal_bytes).text,
           deep ? "content" : "the digest that is kept with it");
    if (report->size_only > 0) {
        printf("           %s of them by size alone: the store kept no digest (--deep reads "
               "them)\n",
               output_number(report->size_only).text);
    }
    if (report->repacked > 0) {
        printf("           %s of them packed otherwise than sent, with the same events\n",
               output_number(report->repacked).text);
    }
    printf("  missing  %s\n", output_number(report->missing).text);
    printf("  changed  %s\n", output_number(report->changed).text);
    printf("  foreign  %s", output_number(report->foreign).text);
    if (report->foreign_ours > 0) {
        printf(", %s of them named as this archive's: is its ledger an older copy?",
               output_number(report->foreign_ours).text);
    }
    printf("\n");
    if (report->repaired > 0) {
        printf("  repaired %s\n", output_number(report->repaired).text);
    }
    if (report->planned > 0) {
        printf("  planned  %s, not shipped yet\n", output_number(report->planned).text);
    }
    if (report->parts > 0) {
        printf("  parts    %s, of uploads under way or cut off\n",
               output_number(report->parts).text);
    }
}

enum status ship_show_reconcile(const struct options *options, bool deep, bool repair,
                                bool *out_equal, struct err *err)
{
    struct reconcile_report report;
    struct reconcile_print print = {.form = options->form};
    const struct reconcile_options run = {.config = &options->config,
                                          .archive_dir = options->archive,
                                          .deep = deep,
                                          .repair = repair,
                                          .cancel = &interrupt_cancel,
                                          .each = show,
                                          .context = &print,
                                          .progress = on_progress};
    if (!options->config.ship_target[0]) {
        return err_set(err, ERR_CONFIG, "ship.target is not set: nothing is shipped anywhere");
    }
    interrupt_catch(NULL);
    print.json.out = &print.out;
    if (print.form == OUTPUT_JSON) {
        json_object(&print.json, NULL);
        json_array(&print.json, "findings");
    }
    progress_begin(&print.progress, "reconcile", "objects", 0);
    enum status status = reconcile_run(&run, &report, err);
    progress_wipe(&print.progress);
    if (status == OK && print.form == OUTPUT_JSON) {
        status = print_json_end(&print, &report, err);
    } else if (status == OK) {
        print_table_end(&report, deep);
    }
    buf_fini(&print.out);
    *out_equal = status == OK && report.missing + report.changed == 0;
    return status;
}
