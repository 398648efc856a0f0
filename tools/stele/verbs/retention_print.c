/* What a run of retention did or would do, and the list of deletions, as tables and JSON. */
#include "tools/stele/verbs/retention_print.h"

#include "query/render/terminal_text.h"
#include "schema/base/json_writer.h"
#include "tools/stele/cli/table_cell.h"

/* Why the day stays though a bound asks for it; or what goes. */
static void add_verdict(struct buf *out, const struct retention_day *day, bool done)
{
    switch (day->verdict) {
    case RETENTION_GOES:
        buf_printf(out, "%s, %s, %s bytes", done ? "deleted" : "goes",
                   output_count(day->row.events, "event").text,
                   output_number(day->row.file_bytes).text);
        if (day->row.forced) {
            buf_printf(out, ", forced: %s not shipped", output_number(day->row.unshipped).text);
        }
        break;
    case RETENTION_HELD:
        buf_printf(out, "stays, held by hold %lld", (long long)day->hold);
        break;
    case RETENTION_UNSHIPPED:
        buf_printf(out, "stays, %s of %s events not shipped",
                   output_number(day->row.unshipped).text, output_number(day->row.events).text);
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

static enum status print_table(const struct retention_plan *plan, bool done, struct buf *out,
                               struct err *err)
{
    size_t asked = 0;
    int64_t events = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct retention_day *day = &plan->days[i];
        if (day->verdict == RETENTION_STAYS) {
            continue;
        }
        asked++;
        events += day->verdict == RETENTION_GOES ? day->row.events : 0;
        buf_printf(out, "%s  %-4s  ", output_day(day->row.day_us).text, day->row.why);
        add_verdict(out, day, done);
        buf_add_char(out, '\n');
    }
    buf_printf(out, "%zu of %zu day%s %s with %s events", plan->goes, plan->count,
               output_plural((int64_t)plan->count), done ? "went" : "would go",
               output_number(events).text);
    buf_printf(out, "; %zu stay%s though a bound asks for %s; files %s bytes, %s %s\n",
               asked - plan->goes, asked - plan->goes == 1 ? "s" : "",
               asked - plan->goes == 1 ? "it" : "them", output_number(plan->bytes).text,
               done ? "now" : "then", output_number(plan->left_bytes).text);
    return output_write(out, err);
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

static enum status print_json(const struct retention_plan *plan,
                              const struct retention_rules *rules, bool done, struct buf *out,
                              struct err *err)
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
    return output_json_end(&json, err);
}

enum status retention_print(const struct retention_plan *plan, const struct retention_rules *rules,
                            bool done, enum output_form form, struct err *err)
{
    struct buf out = BUF_INIT;
    enum status status = form == OUTPUT_JSON ? print_json(plan, rules, done, &out, err)
                                             : print_table(plan, done, &out, err);
    buf_fini(&out);
    return status;
}

static void add_deleted_row(struct buf *out, const struct deletion *row)
{
    buf_printf(out, "%-5lld %s  %-20.19s  %-5s  ", (long long)row->id, output_day(row->day_us).text,
               output_time(row->deleted_us).text, row->why);
    table_cell_add_padded(out, span_str(row->who), 12);
    buf_printf(out, "%12s  %10s  %14s%s%s\n", output_number(row->events).text,
               output_number(row->unshipped).text, output_number(row->file_bytes).text,
               row->forced ? "  forced" : "", row->done ? "" : "  under way");
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

static enum status print_deleted_json(const struct deletion *rows, size_t count, struct buf *out,
                                      struct err *err)
{
    struct json_writer json = {.out = out};
    json_object(&json, NULL);
    json_array(&json, "deletions");
    for (size_t i = 0; i < count; i++) {
        add_deleted_json(&json, &rows[i]);
    }
    json_end(&json);
    return output_json_end(&json, err);
}

static enum status print_deleted_table(const struct deletion *rows, size_t count, struct buf *out,
                                       struct err *err)
{
    if (count > 0) {
        buf_printf(out, "%-5s %-10s  %-20s  %-5s  %-12s  %12s  %10s  %14s\n", "ID", "DAY",
                   "DELETED", "WHY", "WHO", "EVENTS", "UNSHIPPED", "BYTES");
    }
    for (size_t i = 0; i < count; i++) {
        add_deleted_row(out, &rows[i]);
    }
    return output_write(out, err);
}

enum status retention_print_deleted(const struct deletion *rows, size_t count,
                                    enum output_form form, struct err *err)
{
    struct buf out = BUF_INIT;
    enum status status = form == OUTPUT_JSON ? print_deleted_json(rows, count, &out, err)
                                             : print_deleted_table(rows, count, &out, err);
    buf_fini(&out);
    return status;
}
