#include "tools/stele/verify/verify_print.h"

#include <inttypes.h>
#include <stdio.h>

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

static void print_json(const struct verify_finding *finding)
{
    struct buf out = BUF_INIT;
    struct json_writer json = {.out = &out};
    json_object(&json, NULL);
    json_text(&json, "where", finding->where);
    if (finding->block > 0) {
        json_int(&json, "block", finding->block);
    }
    if (finding->line > 0) {
        json_uint(&json, "line", finding->line);
        json_uint(&json, "last_line", finding->last_line);
    }
    if (finding->byte >= 0) {
        json_int(&json, "byte", finding->byte);
    }
    json_text(&json, "what", finding->what);
    struct err err;
    (void)!output_json_end(&json, &err); /* main tells of a stdout that failed */
    buf_fini(&out);
}

void verify_print_finding(void *context, const struct verify_finding *finding)
{
    struct verify_run *run = context;
    progress_wipe(&run->progress);
    if (run->form == OUTPUT_JSON) {
        print_json(finding);
    } else {
        print_place(finding);
    }
}

void verify_print_progress(void *context, int64_t thousandths, int64_t events)
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

int verify_print(const struct verify_run *run)
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
