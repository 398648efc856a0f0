#include "tools/stele/verbs/retention_print.h"

#include <stdio.h>

#include "query/render/terminal_text.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/cli/table_cell.h"

static enum status print(struct buf *out, struct err *err)
{
    enum status status = buf_status(out, "retention", err);
    if (status == OK && fwrite(out->data ? out->data : "", 1, out->size, stdout) != out->size) {
        status = err_set(err, ERR_IO, "the output failed");
    }
    buf_fini(out);
    return status;
}

/* Why the day stays though a bound asks for it; or what goes. */
static void add_verdict(struct buf *out, const struct retention_day *day, bool done)
{
    char numbers[3][32];
    switch (day->verdict) {
    case RETENTION_GOES:
        buf_printf(out, "%s, %s event%s, %s bytes", done ? "deleted" : "goes",
                   progress_number(day->row.events, numbers[0]), day->row.events == 1 ? "" : "s",
                   progress_number(day->row.file_bytes, numbers[1]));
        if (day->row.forced) {
            buf_printf(out, ", forced: %s not shipped",
                       progress_number(day->row.unshipped, numbers[2]));
        }
        break;
    case RETENTION_HELD:
        buf_printf(out, "stays, held by hold %lld", (long long)day->hold);
        break;
    case RETENTION_UNSHIPPED:
        buf_printf(out, "stays, %s of %s events not shipped",
                   progress_number(day->row.unshipped, numbers[0]),
                   progress_number(day->row.events, numbers[1]));
        break;
    case RETENTION_UNREADABLE:
        buf_add_str(out, "stays, cannot be read: ");
        break;
    case RETENTION_STAYS:
        break;
    }
    if (day->wrong[0]) {
        buf_add_str(out, day->verdict == RETENTION_UNREADABLE ? "" : "; ");
        (void)terminal_text_add(out, span_str(day->wrong), SIZE_MAX);
    }
}

static void add_table(struct buf *out, const struct retention_plan *plan, bool done)
{
    char text[CLOCK_TEXT_BYTES];
    char numbers[4][32];
    size_t asked = 0;
    int64_t events = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct retention_day *day = &plan->days[i];
        if (day->verdict == RETENTION_STAYS) {
            continue;
        }
        asked++;
        events += day->verdict == RETENTION_GOES ? day->row.events : 0;
        buf_printf(out, "%s  %-4s  ", clock_format_day(day->row.day_us, text), day->row.why);
        add_verdict(out, day, done);
        buf_add_char(out, '\n');
    }
    buf_printf(out, "%zu of %zu day%s %s with %s events", plan->goes, plan->count,
               plan->count == 1 ? "" : "s", done ? "went" : "would go",
               progress_number(events, numbers[0]));
    buf_printf(out, "; %zu stay%s though a bound asks for %s; files %s bytes, %s %s\n",
               asked - plan->goes, asked - plan->goes == 1 ? "s" : "",
               asked - plan->goes == 1 ? "it" : "them", progress_number(plan->bytes, numbers[1]),
               done ? "now" : "then", progress_number(plan->left_bytes, numbers[2]));
}

static void add_json(struct buf *out, const struct retention_plan *plan,
                     const struct retention_rules *rules, bool done)
{
    char text[CLOCK_TEXT_BYTES];
    bool first = true;
    buf_printf(out, "{\"done\":%s,\"keep_seconds\":%lld,\"size_max\":%lld,\"target\":",
               done ? "true" : "false", (long long)(rules->keep_us / CLOCK_SECOND_US),
               (long long)rules->size_max);
    buf_add_json(out, span_str(rules->target ? rules->target : ""));
    buf_printf(out, ",\"days\":%zu,\"bytes\":%lld,\"left_bytes\":%lld,\"goes\":%zu,\"over\":[",
               plan->count, (long long)plan->bytes, (long long)plan->left_bytes, plan->goes);
    for (size_t i = 0; i < plan->count; i++) {
        const struct retention_day *day = &plan->days[i];
        if (day->verdict == RETENTION_STAYS) {
            continue;
        }
        buf_printf(out, "%s\n{\"day\":\"%s\",\"bound\":\"%s\",\"verdict\":\"%s\",\"forced\":%s",
                   first ? "" : ",", clock_format_day(day->row.day_us, text), day->row.why,
                   retention_verdict_name(day->verdict), day->row.forced ? "true" : "false");
        if (day->hold > 0) {
            buf_printf(out, ",\"hold\":%lld", (long long)day->hold);
        }
        buf_printf(out, ",\"events\":%lld,\"unshipped\":%lld,\"bytes\":%lld",
                   (long long)day->row.events, (long long)day->row.unshipped,
                   (long long)day->row.file_bytes);
        if (day->wrong[0]) {
            buf_add_str(out, ",\"wrong\":");
            buf_add_json(out, span_str(day->wrong));
        }
        buf_add_char(out, '}');
        first = false;
    }
    buf_add_str(out, "]}\n");
}

enum status retention_print(const struct retention_plan *plan, const struct retention_rules *rules,
                            bool done, enum output_form form, struct err *err)
{
    struct buf out = BUF_INIT;
    if (form == OUTPUT_JSON) {
        add_json(&out, plan, rules, done);
    } else {
        add_table(&out, plan, done);
    }
    return print(&out, err);
}

static void add_deleted_row(struct buf *out, const struct deletion *row)
{
    char text[CLOCK_TEXT_BYTES];
    char numbers[3][32];
    buf_printf(out, "%-5lld %s  ", (long long)row->id, clock_format_day(row->day_us, text));
    buf_printf(out, "%-20.19s  %-5s  ", clock_format(row->deleted_us, text), row->why);
    table_cell_add_padded(out, span_str(row->who), 12);
    buf_printf(out, "%12s  %10s  %14s%s%s\n", progress_number(row->events, numbers[0]),
               progress_number(row->unshipped, numbers[1]),
               progress_number(row->file_bytes, numbers[2]), row->forced ? "  forced" : "",
               row->done ? "" : "  under way");
}

static void add_deleted_json(struct buf *out, const struct deletion *row, bool first)
{
    char text[CLOCK_TEXT_BYTES];
    char hex[DIGEST_HEX_BYTES];
    buf_printf(out, "%s\n{\"id\":%lld,\"day\":\"%s\"", first ? "" : ",", (long long)row->id,
               clock_format_day(row->day_us, text));
    buf_printf(out,
               ",\"deleted\":\"%s\",\"why\":\"%s\",\"who\":", clock_format(row->deleted_us, text),
               row->why);
    buf_add_json(out, span_str(row->who));
    buf_printf(out,
               ",\"forced\":%s,\"events\":%lld,\"unshipped\":%lld,\"blocks\":%lld"
               ",\"last_block\":%lld,\"raw_bytes\":%lld,\"bytes\":%lld",
               row->forced ? "true" : "false", (long long)row->events, (long long)row->unshipped,
               (long long)row->blocks, (long long)row->last_block, (long long)row->raw_bytes,
               (long long)row->file_bytes);
    if (row->has_chain) {
        buf_printf(out, ",\"chain\":\"%s\"", digest_hex(&row->chain, hex));
    }
    buf_printf(out, ",\"done\":%s}", row->done ? "true" : "false");
}

enum status retention_print_deleted(const struct deletion *rows, size_t count,
                                    enum output_form form, struct err *err)
{
    bool json = form == OUTPUT_JSON;
    struct buf out = BUF_INIT;
    if (json) {
        buf_add_str(&out, "{\"deletions\":[");
    } else if (count > 0) {
        buf_printf(&out, "%-5s %-10s  %-20s  %-5s  %-12s  %12s  %10s  %14s\n", "ID", "DAY",
                   "DELETED", "WHY", "WHO", "EVENTS", "UNSHIPPED", "BYTES");
    }
    for (size_t i = 0; i < count; i++) {
        if (json) {
            add_deleted_json(&out, &rows[i], i == 0);
        } else {
            add_deleted_row(&out, &rows[i]);
        }
    }
    buf_add_str(&out, json ? "]}\n" : "");
    return print(&out, err);
}
