#include "schema/verify/verify_report.h"

#include <stdarg.h>
#include <stdio.h>

void verify_tell(struct verify_report *report, const struct verify_finding *fault)
{
    report->faults++;
    report->each(report->context, fault);
}

void verify_say(struct verify_report *report, const char *where, int64_t block, const char *format,
                ...)
{
    char what[640];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    const struct verify_finding fault = {.where = where, .block = block, .byte = -1, .what = what};
    verify_tell(report, &fault);
}

enum status verify_outcome(struct verify_report *report, const char *where, int64_t block,
                           const char *what, enum status status, const struct err *why,
                           struct err *err)
{
    if (status == ERR_CORRUPT) {
        verify_say(report, where, block, "%s%s%s", what ? what : "", what ? ": " : "", why->text);
        return OK;
    }
    if (status != OK && err) {
        (void)err_copy(err, why);
    }
    return status;
}

void verify_say_lines(struct verify_report *report, const char *where, int64_t block,
                      const char *what, struct span ndjson, struct span line_sums, uint32_t n_lines)
{
    static const char *const words[] = {
        [LINE_CHECKSUM_NONE] = "its lines look as they were",
        [LINE_CHECKSUM_CHANGED] = "this line was changed",
        [LINE_CHECKSUM_REMOVED] = "a line is missing here",
        [LINE_CHECKSUM_ADDED] = "this line was added",
        [LINE_CHECKSUM_RANGE] = "something in these lines was changed or moved",
    };
    char text[640];
    struct verify_finding fault = {.where = where, .block = block, .byte = -1, .what = text};
    if (line_sums.size == 0) {
        (void)snprintf(text, sizeof text, "%s", what);
    } else {
        struct line_checksum_finding finding = line_checksum_find(ndjson, line_sums, n_lines);
        (void)snprintf(text, sizeof text, "%s; %s", what, words[finding.fault]);
        if (finding.fault != LINE_CHECKSUM_NONE) {
            fault.line = finding.line;
            fault.last_line = finding.last_line;
            fault.byte = (int64_t)finding.byte;
        }
    }
    verify_tell(report, &fault);
}
