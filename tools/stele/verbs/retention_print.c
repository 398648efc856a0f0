/* What a run of retention did or would do, and the list of deletions, as tables and JSON. */
#include "tools/stele/verbs/retention_print.h"

#include "query/render/terminal_text.h"
#include "schema/base/json_writer.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/cli/table_cell.h"

/* Why the day stays though a bound asks for it; or what goes. */
static void add_verdict(struct buf *out, const struct retention_day *day, bool done)
{
    char numbers[3][32];
    switch (day->verdict) {
    case RETENTION_GOES:
        buf_printf(out, "%s, %s event%s, %s bytes", done ? "deleted" : "goes",
                   progress_number(day->row.events, numbers[0]), output_plural(day->row.events),
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
               output_plural((int64_t)plan->count), done ? "went" : "would go",
               progress_number(events, numbers[0]));
    buf_printf(out, "; %zu stay%s though a bound asks for %s; files %s bytes, %s %s\n",
               asked - plan->goes, asked - plan->goes == 1 ? "s" : "",
               asked - plan->goes == 1 ? "it" : "them", progress_number(plan->bytes, numbers[1]),
               done ? "now" : "then", progress_number(plan->left_bytes, numbers[2]));
}

static void add_day(struct json_writer *json, const struct retention_day *day)
{
    json_newline(json);
    json_object(json, NULL);
    json_day(json, "day", day->row.day_us);
    json_text(json, "bound", day->row.why);
    json_text(json, "verdict", retention_verdict_name(day->verdict));
    json_bool(json, "forced", day->row.forced);
    if (day->hold > 0) {
        json_int(json, "hold", day->hold);
    }
    json_int(json, "events", day->row.events);
    json_int(json, "unshipped", day->row.unshipped);
    json_int(json, "bytes", day->row.file_bytes);
    if (day->wrong[0]) {
        json_text(json, "wrong", day->wrong);
    }
    json_end(json);
}

static void add_json(struct buf *out, const struct retention_plan *plan,
                     const struct retention_rules *rules, bool done)
{
    struct json_writer json = {.out = out};
    json_object(&json, NULL);
    json_bool(&json, "done", done);
    json_int(&json, "keep_seconds", rules->keep_us / CLOCK_SECOND_US);
    json_int(&json, "size_max", rules->size_max);
    json_text(&json, "target", rules->target ? rules->target : "");
    json_uint(&json, "days", plan->count);
    json_int(&json, "bytes", plan->bytes);
    json_int(&json, "left_bytes", plan->left_bytes);
    json_uint(&json, "goes", plan->goes);
    json_array(&json, "over");
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->days[i].verdict != RETENTION_STAYS) {
            add_day(&json, &plan->days[i]);
        }
    }
    json_end(&json);
    json_end(&json);
    buf_add_char(out, '\n');
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
    enum status status = output_write(&out, err);
    buf_fini(&out);
    return status;
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

static void add_deleted_json(struct json_writer *json, const struct deletion *row)
{
    json_newline(json);
    json_object(json, NULL);
    json_int(json, "id", row->id);
    json_day(json, "day", row->day_us);
    json_time(json, "deleted", row->deleted_us);
    json_text(json, "why", row->why);
    json_text(json, "who", row->who);
    json_bool(json, "forced", row->forced);
    json_int(json, "events", row->events);
    json_int(json, "unshipped", row->unshipped);
    json_int(json, "blocks", row->blocks);
    json_int(json, "last_block", row->last_block);
    json_int(json, "raw_bytes", row->raw_bytes);
    json_int(json, "bytes", row->file_bytes);
    if (row->has_chain) {
        json_digest(json, "chain", &row->chain);
    }
    json_bool(json, "done", row->done);
    json_end(json);
}

static void add_deletions(struct buf *out, const struct deletion *rows, size_t count)
{
    struct json_writer json = {.out = out};
    json_object(&json, NULL);
    json_array(&json, "deletions");
    for (size_t i = 0; i < count; i++) {
        add_deleted_json(&json, &rows[i]);
    }
    json_end(&json);
    json_end(&json);
    buf_add_char(out, '\n');
}

enum status retention_print_deleted(const struct deletion *rows, size_t count,
                                    enum output_form form, struct err *err)
{
    struct buf out = BUF_INIT;
    if (form == OUTPUT_JSON) {
        add_deletions(&out, rows, count);
    } else if (count > 0) {
        buf_printf(&out, "%-5s %-10s  %-20s  %-5s  %-12s  %12s  %10s  %14s\n", "ID", "DAY",
                   "DELETED", "WHY", "WHO", "EVENTS", "UNSHIPPED", "BYTES");
    }
    for (size_t i = 0; form != OUTPUT_JSON && i < count; i++) {
        add_deleted_row(&out, &rows[i]);
    }
    enum status status = output_write(&out, err);
    buf_fini(&out);
    return status;
}
