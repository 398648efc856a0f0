#include "tools/stele/verify/verify_print.h"

#include <inttypes.h>
#include <stdio.h>

#include "schema/base/clock.h"

static void print_place(const struct verify_finding *fault)
{
    printf("%s", fault->where);
    if (fault->block > 0) {
        printf(" block %" PRId64, fault->block);
    }
    if (fault->line > 0 && fault->last_line > fault->line) {
        printf(" lines %u to %u", fault->line, fault->last_line);
    } else if (fault->line > 0) {
        printf(" line %u", fault->line);
    }
    if (fault->byte >= 0) {
        printf(" byte %" PRId64, fault->byte);
    }
    printf(": %s\n", fault->what);
}

static void print_json(const struct verify_finding *fault)
{
    struct buf out = BUF_INIT;
    buf_add_str(&out, "{\"where\":");
    buf_add_json(&out, span_str(fault->where));
    if (fault->block > 0) {
        buf_printf(&out, ",\"block\":%" PRId64, fault->block);
    }
    if (fault->line > 0) {
        buf_printf(&out, ",\"line\":%u,\"last_line\":%u", fault->line, fault->last_line);
    }
    if (fault->byte >= 0) {
        buf_printf(&out, ",\"byte\":%" PRId64, fault->byte);
    }
    buf_add_str(&out, ",\"what\":");
    buf_add_json(&out, span_str(fault->what));
    buf_add_str(&out, "}\n");
    if (buf_ok(&out)) {
        (void)fwrite(out.data, 1, out.size, stdout);
    }
    buf_fini(&out);
}

void verify_on_finding(void *context, const struct verify_finding *fault)
{
    struct verify_run *run = context;
    progress_wipe(&run->progress);
    if (run->json) {
        print_json(fault);
    } else {
        print_place(fault);
    }
}

void verify_on_progress(void *context, int64_t thousandths, int64_t events)
{
    struct verify_run *run = context;
    progress_step(&run->progress, thousandths, events);
}

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
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
    char time[CLOCK_TEXT_BYTES];
    if (run->is_copy) {
        print_signature(run);
        return;
    }
    if (report->seals == 0) {
        fprintf(stderr, "no seal: what is here agrees with itself, and nothing signed says more\n");
        return;
    }
    fprintf(stderr, "%" PRId64 " seal%s, the last of %s", report->seals, plural(report->seals),
            clock_format(report->sealed_us, time));
    if (run->key) {
        fprintf(stderr, ", checked with key %s%s\n", signing_key_id(run->key),
                run->own_key ? " that lies beside them (one kept elsewhere proves more: --key)"
                             : "");
    } else {
        fprintf(stderr, "; no key, so their signatures were not checked (--key)\n");
    }
    if (report->unsealed_blocks > 0) {
        fprintf(stderr, "%" PRId64 " block%s came after the last seal\n", report->unsealed_blocks,
                plural(report->unsealed_blocks));
    }
}

int verify_print(const struct verify_run *run)
{
    const struct verify_report *report = &run->report;
    char numbers[2][32];
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
    fprintf(stderr, "%s event%s in %s block%s", progress_number(report->events, numbers[0]),
            plural(report->events), progress_number(report->blocks, numbers[1]),
            plural(report->blocks));
    if (report->objects > 0) {
        fprintf(stderr, " of %" PRId64 " object%s: ", report->objects, plural(report->objects));
    } else if (run->is_copy) {
        fprintf(stderr, ": ");
    } else {
        fprintf(stderr, " of %" PRId64 " day%s: ", report->days, plural(report->days));
    }
    if (report->faults == 0) {
        fprintf(stderr, "nothing is wrong\n");
        return 0;
    }
    fprintf(stderr, "%" PRId64 " fault%s\n", report->faults, plural(report->faults));
    return status_exit_code(ERR_CORRUPT);
}
