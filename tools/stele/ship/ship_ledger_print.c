#include "tools/stele/ship/ship_ledger_print.h"

#include <inttypes.h>
#include <stdio.h>

#include "query/render/terminal_text.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/cli/table_cell.h"

static enum status print(struct buf *out, struct err *err)
{
    enum status status = buf_status(out, "ship", err);
    if (status == OK && fwrite(out->data ? out->data : "", 1, out->size, stdout) != out->size) {
        status = err_set(err, ERR_IO, "the output failed");
    }
    buf_fini(out);
    return status;
}

static const char *state_name(const struct ledger_object *object)
{
    return object->state == LEDGER_SHIPPED ? "shipped"
           : object->is_gone               ? "gone"
           : object->tries > 0             ? "failed"
                                           : "planned";
}

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

static void add_table(struct buf *out, const struct ship_ledger_print *head,
                      const struct ship_ledger_row *found)
{
    const struct ledger_object *object = &found->object;
    char numbers[3][32];
    char times[2][CLOCK_TEXT_BYTES];
    char hex[DIGEST_HEX_BYTES];
    bool elsewhere = !head->target || strcmp(head->target, object->target) != 0;
    buf_printf(out, "%s%s%s\n", elsewhere ? object->target : "", elsewhere ? "/" : "", object->key);
    buf_printf(out, "  %s event%s", progress_number(object->events, numbers[0]),
               plural(object->events));
    if (found->in_range >= 0 && found->in_range != object->events) {
        buf_printf(out, ", %s of them of this time", progress_number(found->in_range, numbers[1]));
    } else if (found->in_range < 0) {
        buf_add_str(out, " (of the day: its blocks are deleted)");
    }
    buf_printf(out, "; block%s %" PRId64, plural(object->last_block - object->first_block + 1),
               object->first_block);
    if (object->last_block > object->first_block) {
        buf_printf(out, " to %" PRId64, object->last_block);
    }
    buf_printf(out, "; %s bytes\n", progress_number(object->bytes, numbers[2]));
    buf_printf(out, "  sha256 %s\n  %s", digest_hex(&object->sha256, hex), state_name(object));
    if (object->state == LEDGER_SHIPPED) {
        buf_printf(out, " %s", clock_format(object->shipped_us, times[0]));
    }
    buf_printf(out, ", planned %s, %" PRId64 " tr%s\n", clock_format(object->planned_us, times[1]),
               object->tries, object->tries == 1 ? "y" : "ies");
    if (object->last_error[0]) {
        buf_add_str(out, "  ");
        (void)terminal_text_add(out, span_str(object->last_error), SIZE_MAX);
        buf_printf(out, "; next try %s\n", clock_format(object->next_try_us, times[0]));
    }
}

static void add_json(struct buf *out, const struct ship_ledger_row *found, bool first)
{
    const struct ledger_object *object = &found->object;
    char text[CLOCK_TEXT_BYTES];
    char hex[DIGEST_HEX_BYTES];
    buf_printf(out, "%s\n{\"target\":", first ? "{\"objects\":[" : ",");
    buf_add_json(out, span_str(object->target));
    buf_add_str(out, ",\"key\":");
    buf_add_json(out, span_str(object->key));
    buf_printf(out, ",\"day\":\"%s\",\"state\":\"%s\"", clock_format_day(object->day_us, text),
               state_name(object));
    buf_printf(out, ",\"first_block\":%" PRId64 ",\"last_block\":%" PRId64 ",\"events\":%" PRId64,
               object->first_block, object->last_block, object->events);
    if (found->in_range >= 0) {
        buf_printf(out, ",\"events_in_range\":%" PRId64, found->in_range);
    }
    buf_printf(out, ",\"raw_bytes\":%" PRId64 ",\"bytes\":%" PRId64 ",\"sha256\":\"%s\"",
               object->raw_bytes, object->bytes, digest_hex(&object->sha256, hex));
    buf_printf(out, ",\"planned\":\"%s\"", clock_format(object->planned_us, text));
    if (object->state == LEDGER_SHIPPED) {
        buf_printf(out, ",\"shipped\":\"%s\"", clock_format(object->shipped_us, text));
    }
    buf_printf(out, ",\"tries\":%" PRId64, object->tries);
    if (object->last_error[0]) {
        buf_printf(out, ",\"next_try\":\"%s\",\"error\":", clock_format(object->next_try_us, text));
        buf_add_json(out, span_str(object->last_error));
    }
    buf_add_char(out, '}');
}

static void add_csv(struct buf *out, const struct ship_ledger_row *found, bool first)
{
    const struct ledger_object *object = &found->object;
    char text[CLOCK_TEXT_BYTES];
    char hex[DIGEST_HEX_BYTES];
    if (first) {
        buf_add_str(out, "target,key,day,first_block,last_block,state,events,events_in_range,bytes,"
                         "sha256,planned,shipped,tries,error\r\n");
    }
    table_cell_add_csv(out, span_str(object->target));
    buf_add_char(out, ',');
    table_cell_add_csv(out, span_str(object->key));
    buf_printf(out, ",%s,%" PRId64 ",%" PRId64 ",%s,%" PRId64 ",",
               clock_format_day(object->day_us, text), object->first_block, object->last_block,
               state_name(object), object->events);
    if (found->in_range >= 0) {
        buf_printf(out, "%" PRId64, found->in_range);
    }
    buf_printf(out, ",%" PRId64 ",%s,", object->bytes, digest_hex(&object->sha256, hex));
    buf_printf(out, "%s,", clock_format(object->planned_us, text));
    buf_add_str(out, object->state == LEDGER_SHIPPED ? clock_format(object->shipped_us, text) : "");
    buf_printf(out, ",%" PRId64 ",", object->tries);
    table_cell_add_csv(out, span_str(object->last_error));
    buf_add_str(out, "\r\n");
}

enum status ship_ledger_print_object(void *context, const struct ship_ledger_row *found,
                                     struct err *err)
{
    struct ship_ledger_print *head = context;
    struct buf out = BUF_INIT;
    bool first = head->objects++ == 0;
    head->shipped += found->object.state == LEDGER_SHIPPED;
    head->gone += found->object.is_gone;
    head->failed +=
        found->object.state != LEDGER_SHIPPED && !found->object.is_gone && found->object.tries > 0;
    switch (head->form) {
    case SHIP_TABLE:
        add_table(&out, head, found);
        break;
    case SHIP_JSON:
        add_json(&out, found, first);
        break;
    case SHIP_CSV:
        add_csv(&out, found, first);
        break;
    }
    return print(&out, err);
}

static void add_json_end(struct buf *out, const struct ship_ledger_print *head,
                         const struct ship_ledger_remainder *rest, int64_t inbox)
{
    buf_add_str(out, head->objects == 0 ? "{\"objects\":[]" : "\n]");
    if (head->target) {
        buf_add_str(out, ",\"target\":");
        buf_add_json(out, span_str(head->target));
        buf_printf(out, ",\"waiting_blocks\":%" PRId64 ",\"waiting_events\":%" PRId64,
                   rest->waiting_blocks, rest->inbox_scan_events);
    }
    buf_printf(out,
               ",\"inbox_events\":%" PRId64 ",\"failed\":%" PRId64 ",\"gone\":%" PRId64
               ",\"deleted_days\":%" PRId64 ",\"deleted_events\":%" PRId64
               ",\"deleted_unshipped\":%" PRId64 "}\n",
               inbox, head->failed, head->gone, rest->deleted_days, rest->deleted_events,
               rest->deleted_unshipped);
}

static void add_table_end(struct buf *out, const struct ship_ledger_print *head,
                          const struct ship_ledger_remainder *rest, int64_t inbox)
{
    char numbers[3][32];
    buf_printf(out, "%s%s object%s: %s shipped", head->objects > 0 ? "\n" : "",
               progress_number(head->objects, numbers[0]), plural(head->objects),
               progress_number(head->shipped, numbers[1]));
    buf_printf(
        out, ", %s failed, %s planned\n", progress_number(head->failed, numbers[0]),
        progress_number(head->objects - head->shipped - head->failed - head->gone, numbers[1]));
    if (head->target) {
        buf_printf(out, "waiting  %s event%s in %" PRId64 " block%s, not in an object of %s yet\n",
                   progress_number(rest->inbox_scan_events, numbers[0]),
                   plural(rest->inbox_scan_events), rest->waiting_blocks,
                   plural(rest->waiting_blocks), head->target);
    } else {
        buf_add_str(out, "ship.target is not set: nothing is shipped\n");
    }
    buf_printf(out, "inbox    %s event%s\n", progress_number(inbox, numbers[0]), plural(inbox));
    if (rest->deleted_days > 0) {
        buf_printf(out, "deleted  %s event%s of %" PRId64 " day%s",
                   progress_number(rest->deleted_events, numbers[0]), plural(rest->deleted_events),
                   rest->deleted_days, plural(rest->deleted_days));
        buf_printf(out, ", %s of them not shipped (stele retention --deleted)\n",
                   progress_number(rest->deleted_unshipped, numbers[1]));
    }
    if (head->gone > 0) {
        buf_printf(out, "gone     %s planned object%s, deleted by force before shipping\n",
                   progress_number(head->gone, numbers[0]), plural(head->gone));
    }
}

enum status ship_ledger_print_end(const struct ship_ledger_print *head,
                                  const struct ship_ledger_remainder *rest, int64_t inbox,
                                  struct err *err)
{
    struct buf out = BUF_INIT;
    if (head->form == SHIP_JSON) {
        add_json_end(&out, head, rest, inbox);
    } else if (head->form == SHIP_TABLE) {
        add_table_end(&out, head, rest, inbox);
    }
    return print(&out, err);
}
