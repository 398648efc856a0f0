/* stele ship --status --from --to: which events went in which object, what waits and what failed;
 * as rows or one JSON document, each object written as it is read. */
#include <inttypes.h>
#include <stdio.h>

#include "daemon/ship/ship_ledger.h"
#include "daemon/ship/target_open.h"
#include "query/language/parse.h"
#include "query/search/inbox_scan.h"
#include "tools/stele/cli/row_output.h"
#include "tools/stele/ship/ship_action.h"

/* What is printed, and sums over the objects. */
struct ledger_print {
    enum output_form form;
    const char *target; /* the configured one; NULL: none */
    int64_t objects;
    int64_t shipped;
    int64_t failed;      /* planned, and each try failed */
    int64_t gone;        /* planned, and deleted unshipped */
    struct listing rows; /* of every form but JSON, which is one document */
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

static const struct listing_column columns[] = {
    {LISTING_NAME("target"), LISTING_MORE},
    {LISTING_NAME("key"), LISTING_WIDE},
    {LISTING_NAME("day"), LISTING_MORE},
    {LISTING_NAME("first_block"), LISTING_RIGHT | LISTING_MORE},
    {LISTING_NAME("last_block"), LISTING_RIGHT | LISTING_MORE},
    {LISTING_NAME("state"), LISTING_WHOLE},
    {LISTING_NAME("events"), LISTING_RIGHT | LISTING_WHOLE},
    {LISTING_NAME("events_in_range"), LISTING_RIGHT},
    {LISTING_NAME("bytes"), LISTING_RIGHT},
    {LISTING_NAME("sha256"), LISTING_PIPE},
    {LISTING_NAME("sent_bytes"), LISTING_RIGHT | LISTING_MORE},
    {LISTING_NAME("sent_sha256"), LISTING_PIPE},
    {LISTING_NAME("sent_by"), LISTING_MORE},
    {LISTING_NAME("planned"), LISTING_PIPE | LISTING_WHOLE},
    {LISTING_NAME("shipped"), LISTING_WHOLE},
    {LISTING_NAME("tries"), LISTING_RIGHT},
    {LISTING_NAME("error"), 0},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static enum status add_row(struct listing *rows, const struct ship_ledger_row *found,
                           struct err *err)
{
    const struct ledger_object *object = &found->object;
    bool is_shipped = object->state == LEDGER_SHIPPED;
    char hex[DIGEST_HEX_BYTES];
    listing_str(rows, object->target);
    listing_str(rows, object->key);
    listing_day(rows, object->day_us);
    listing_int(rows, object->first_block);
    listing_int(rows, object->last_block);
    listing_str(rows, state_name(object));
    listing_int(rows, object->content.events);
    if (found->in_range >= 0) {
        listing_int(rows, found->in_range);
    } else {
        listing_null(rows); /* its blocks are deleted */
    }
    listing_int(rows, object->content.bytes);
    listing_str(rows, digest_hex(&object->content.sha256, hex));
    if (is_shipped) {
        listing_int(rows, object->sent.bytes);
        listing_str(rows, digest_hex(&object->sent.sha256, hex));
        listing_str(rows, object->sent.library);
    } else {
        listing_null(rows);
        listing_null(rows);
        listing_null(rows);
    }
    listing_time(rows, object->planned_us);
    listing_time(rows, is_shipped ? object->shipped_us : INT64_MIN);
    listing_int(rows, object->tries);
    listing_str(rows, object->last_error[0] ? object->last_error : NULL);
    return listing_next(rows, err);
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
    print->objects++;
    print->shipped += is_shipped;
    print->gone += found->object.is_gone;
    print->failed += !is_shipped && !found->object.is_gone && found->object.tries > 0;
    if (print->form != OUTPUT_JSON) {
        return add_row(&print->rows, found, err);
    }
    add_json(&print->json, found);
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
    enum status status = listing_end(&print->rows, err);
    if (status == OK && print->form == OUTPUT_TABLE) {
        add_table_end(&print->out, print, rest, inbox);
    }
    return THEN(status, output_write(&print->out, err));
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
    status = THEN(status, row_output_refuse_columns(options, err));
    status = THEN(status, row_output_begin(options, columns, COLUMNS, &print.rows, err));
    print_begin(&print);
    /* the inbox first: what moves on meanwhile is then seen in both, not in none */
    status = THEN(status, count_inbox(dir, from_us, to_us, &inbox, err));
    status = THEN(status, ship_ledger_read(&query, print_object, &print, &rest, err));
    status = THEN(status, print_end(&print, &rest, inbox, err));
    listing_fini(&print.rows);
    buf_fini(&print.out);
    if (status != OK) {
        return status;
    }
    *out_any = print.objects > 0 || rest.inbox_scan_events > 0 || inbox > 0;
    if (!*out_any && options->form != OUTPUT_TABLE && options->form != OUTPUT_JSON) {
        fprintf(stderr, "no object has events of this time\n");
    }
    return OK;
}
