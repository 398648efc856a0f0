/* stele ship --status --from --to: which events went in which object, what waits and what failed;
 * as a table, JSON or CSV, each object written as it is read. */
#include <inttypes.h>
#include <stdio.h>

#include "daemon/ship/ship_ledger.h"
#include "daemon/ship/target_open.h"
#include "query/language/parse.h"
#include "query/render/terminal_text.h"
#include "query/search/inbox_scan.h"
#include "tools/stele/cli/table_cell.h"
#include "tools/stele/ship/ship_action.h"

/* What is printed, and sums over the objects. */
struct ledger_print {
    enum output_form form;
    const char *target; /* the configured one; NULL: none */
    int64_t objects;
    int64_t shipped;
    int64_t failed; /* planned, and each try failed */
    int64_t gone;   /* planned, and deleted unshipped */
    struct buf out;
    struct json_writer json; /* into out */
};

static const char *state_name(const struct ledger_object *object)
{
    return object->state == LEDGER_SHIPPED ? "shipped"
           : object->is_gone               ? "gone"
           : object->tries > 0             ? "failed"
                                           : "planned";
}

static void add_table(struct buf *out, const struct ledger_print *print,
                      const struct ship_ledger_row *found)
{
    const struct ledger_object *object = &found->object;
    const struct ledger_content *content = &object->content;
    const struct ledger_sent *sent = &object->sent;
    char hex[DIGEST_HEX_BYTES];
    bool elsewhere = !print->target || strcmp(print->target, object->target) != 0;
    buf_printf(out, "%s%s%s\n", elsewhere ? object->target : "", elsewhere ? "/" : "", object->key);
    buf_printf(out, "  %s", output_count(content->events, "event").text);
    if (found->in_range >= 0 && found->in_range != content->events) {
        buf_printf(out, ", %s of them of this time", output_number(found->in_range).text);
    } else if (found->in_range < 0) {
        buf_add_str(out, " (of the day: its blocks are deleted)");
    }
    buf_printf(out, "; block%s %" PRId64,
               output_plural(object->last_block - object->first_block + 1), object->first_block);
    if (object->last_block > object->first_block) {
        buf_printf(out, " to %" PRId64, object->last_block);
    }
    buf_printf(out, "; %s bytes\n", output_number(content->bytes).text);
    buf_printf(out, "  sha256 %s\n", digest_hex(&content->sha256, hex));
    if (object->state == LEDGER_SHIPPED) {
        buf_printf(out, "  sent   %s, %s bytes%s%s\n", digest_hex(&sent->sha256, hex),
                   output_number(sent->bytes).text, sent->library[0] ? ", " : "", sent->library);
    }
    buf_printf(out, "  %s", state_name(object));
    if (object->state == LEDGER_SHIPPED) {
        buf_printf(out, " %s", output_time(object->shipped_us).text);
    }
    buf_printf(out, ", planned %s, %" PRId64 " tr%s\n", output_time(object->planned_us).text,
               object->tries, object->tries == 1 ? "y" : "ies");
    if (object->last_error[0]) {
        buf_add_str(out, "  ");
        (void)terminal_text_add(out, span_str(object->last_error), SIZE_MAX);
        buf_printf(out, "; next try %s\n", output_time(object->next_try_us).text);
    }
}

static void add_json(struct json_writer *json, const struct ship_ledger_row *found)
{
    const struct ledger_object *object = &found->object;
    json_newline(json);
    json_object(json, NULL);
    json_text(json, "target", object->target);
    json_text(json, "key", object->key);
    json_day(json, "day", object->day_us);
    json_text(json, "state", state_name(object));
    json_int(json, "first_block", object->first_block);
    json_int(json, "last_block", object->last_block);
    json_int(json, "events", object->content.events);
    if (found->in_range >= 0) {
        json_int(json, "events_in_range", found->in_range);
    }
    json_int(json, "bytes", object->content.bytes);
    digest_json(json, "sha256", &object->content.sha256);
    json_time(json, "planned", object->planned_us);
    if (object->state == LEDGER_SHIPPED) {
        json_int(json, "sent_bytes", object->sent.bytes);
        digest_json(json, "sent_sha256", &object->sent.sha256);
        json_text(json, "sent_by", object->sent.library);
        json_time(json, "shipped", object->shipped_us);
    }
    json_int(json, "tries", object->tries);
    if (object->last_error[0]) {
        json_time(json, "next_try", object->next_try_us);
        json_text(json, "error", object->last_error);
    }
    json_end(json);
}

static void add_csv(struct buf *out, const struct ship_ledger_row *found, bool first)
{
    const struct ledger_object *object = &found->object;
    bool is_shipped = object->state == LEDGER_SHIPPED;
    char hex[DIGEST_HEX_BYTES];
    if (first) {
        buf_add_str(out, "target,key,day,first_block,last_block,state,events,events_in_range,bytes,"
                         "sha256,sent_bytes,sent_sha256,sent_by,planned,shipped,tries,error\r\n");
    }
    table_cell_add_csv(out, span_str(object->target));
    table_cell_add_csv(out, span_str(object->key));
    buf_printf(out, ",%s,%" PRId64 ",%" PRId64 ",%s,%" PRId64 ",", output_day(object->day_us).text,
               object->first_block, object->last_block, state_name(object), object->content.events);
    if (found->in_range >= 0) {
        buf_printf(out, "%" PRId64, found->in_range);
    }
    buf_printf(out, ",%" PRId64 ",%s,", object->content.bytes,
               digest_hex(&object->content.sha256, hex));
    if (is_shipped) {
        buf_printf(out, "%" PRId64 ",%s,%s", object->sent.bytes,
                   digest_hex(&object->sent.sha256, hex), object->sent.library);
    } else {
        buf_add_str(out, ",,");
    }
    buf_printf(out, ",%s,%s,%" PRId64, output_time(object->planned_us).text,
               is_shipped ? output_time(object->shipped_us).text : "", object->tries);
    table_cell_add_csv(out, span_str(object->last_error));
    buf_add_str(out, "\r\n");
}

static void print_begin(struct ledger_print *print)
{
    if (print->form == OUTPUT_JSON) {
        print->json.out = &print->out;
        json_object(&print->json, NULL);
        json_array(&print->json, "objects");
    }
}

static enum status print_object(void *context, const struct ship_ledger_row *found, struct err *err)
{
    struct ledger_print *print = context;
    bool is_shipped = found->object.state == LEDGER_SHIPPED;
    bool first = print->objects++ == 0;
    print->shipped += is_shipped;
    print->gone += found->object.is_gone;
    print->failed += !is_shipped && !found->object.is_gone && found->object.tries > 0;
    if (print->form == OUTPUT_JSON) {
        add_json(&print->json, found);
    } else if (print->form == OUTPUT_CSV) {
        add_csv(&print->out, found, first);
    } else {
        add_table(&print->out, print, found);
    }
    return output_write(&print->out, err);
}

static enum status print_json_end(struct ledger_print *print,
                                  const struct ship_ledger_remainder *rest, int64_t inbox,
                                  struct err *err)
{
    struct json_writer *json = &print->json;
    if (print->objects > 0) {
        json_newline(json);
    }
    json_end(json);
    if (print->target) {
        json_text(json, "target", print->target);
        json_int(json, "waiting_blocks", rest->waiting_blocks);
        json_int(json, "waiting_events", rest->inbox_scan_events);
    }
    json_int(json, "inbox_events", inbox);
    json_int(json, "failed", print->failed);
    json_int(json, "gone", print->gone);
    json_int(json, "deleted_days", rest->deleted_days);
    json_int(json, "deleted_events", rest->deleted_events);
    json_int(json, "deleted_unshipped", rest->deleted_unshipped);
    return output_json_end(json, err);
}

static void add_table_end(struct buf *out, const struct ledger_print *print,
                          const struct ship_ledger_remainder *rest, int64_t inbox)
{
    int64_t planned = print->objects - print->shipped - print->failed - print->gone;
    buf_printf(out, "%s%s: %s shipped, %s failed, %s planned\n", print->objects > 0 ? "\n" : "",
               output_count(print->objects, "object").text, output_number(print->shipped).text,
               output_number(print->failed).text, output_number(planned).text);
    if (print->target) {
        buf_printf(out, "waiting  %s in %" PRId64 " block%s, not in an object of %s yet\n",
                   output_count(rest->inbox_scan_events, "event").text, rest->waiting_blocks,
                   output_plural(rest->waiting_blocks), print->target);
    } else {
        buf_add_str(out, "ship.target is not set: nothing is shipped\n");
    }
    buf_printf(out, "inbox    %s\n", output_count(inbox, "event").text);
    if (rest->deleted_days > 0) {
        buf_printf(out, "deleted  %s of %" PRId64 " day%s, ",
                   output_count(rest->deleted_events, "event").text, rest->deleted_days,
                   output_plural(rest->deleted_days));
        buf_printf(out, "%s of them not shipped (stele retention --deleted)\n",
                   output_number(rest->deleted_unshipped).text);
    }
    if (print->gone > 0) {
        buf_printf(out, "gone     %s, deleted by force before shipping\n",
                   output_count(print->gone, "planned object").text);
    }
}

static enum status print_end(struct ledger_print *print, const struct ship_ledger_remainder *rest,
                             int64_t inbox, struct err *err)
{
    if (print->form == OUTPUT_JSON) {
        return print_json_end(print, rest, inbox, err);
    }
    if (print->form == OUTPUT_TABLE) {
        add_table_end(&print->out, print, rest, inbox);
    }
    return output_write(&print->out, err);
}

/* Events of that time that are on disk and in no block yet. Those that came twice count twice. */
static enum status count_inbox(const char *dir, int64_t from_us, int64_t to_us, int64_t *out_count,
                               struct err *err)
{
    struct archive *archive = NULL;
    struct query *all = NULL;
    struct inbox_scan *waiting = NULL;
    size_t count = 0;
    enum status status = archive_open(dir, ARCHIVE_READ, &archive, err);
    status = THEN(status, parse_query(span_str("*"), 0, &all, NULL, err));
    status = THEN(status, inbox_scan_open(archive, all, from_us, to_us, &waiting, err));
    if (status == OK) {
        (void)inbox_scan_events(waiting, &count);
        *out_count = (int64_t)count;
    }
    inbox_scan_close(waiting);
    parse_query_free(all);
    archive_close(archive);
    return status;
}

enum status ship_show_ledger(const struct options *options, int64_t from_us, int64_t to_us,
                             bool *out_any, struct err *err)
{
    const char *dir = options->archive;
    char url[TARGET_URL_BYTES];
    bool ships = options->config.ship_target[0] != '\0';
    struct ship_ledger_remainder rest;
    int64_t inbox = 0;
    enum status status = ships ? target_url(&options->config, url, err) : OK;
    const char *target = ships ? url : NULL;
    const struct ship_ledger_query query = {
        .archive_dir = dir, .target = target, .from_us = from_us, .to_us = to_us};
    struct ledger_print print = {.form = options->form, .target = target};
    print_begin(&print);
    /* the inbox first: what moves on meanwhile is then seen in both, not in none */
    status = THEN(status, count_inbox(dir, from_us, to_us, &inbox, err));
    status = THEN(status, ship_ledger_read(&query, print_object, &print, &rest, err));
    status = THEN(status, print_end(&print, &rest, inbox, err));
    buf_fini(&print.out);
    if (status != OK) {
        return status;
    }
    *out_any = print.objects > 0 || rest.inbox_scan_events > 0 || inbox > 0;
    if (!*out_any && options->form == OUTPUT_CSV) {
        fprintf(stderr, "no object has events of this time\n");
    }
    return OK;
}
