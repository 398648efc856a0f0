/* stele hold: what must not be deleted; or one of its actions. */
#include "schema/archive/legal_hold.h"

#include <stdio.h>
#include <stdlib.h>

#include "query/render/terminal_text.h"
#include "schema/base/json_writer.h"
#include "tools/stele/cli/options.h"
#include "tools/stele/cli/table_cell.h"
#include "tools/stele/verbs/hold_action.h"

static bool with_released; /* --all */

enum { WHAT_COLUMNS = 44, WHO_COLUMNS = 12, WHAT_BYTES = 1200 };

/* "session 3f9c...", "2026-11-01T00:00:00Z to ..." */
static struct span what_text(const struct legal_hold *hold, struct buf *out)
{
    bool has_from = hold->from_us != INT64_MIN;
    bool has_to = hold->to_us != INT64_MAX;
    if (hold->kind != LEGAL_HOLD_RANGE) {
        buf_printf(out, "%s %s", legal_hold_kind_name(hold->kind), hold->subject);
    }
    if (hold->kind == LEGAL_HOLD_RANGE || has_from || has_to) {
        buf_printf(out, "%s%s to %s", out->size > 0 ? ", " : "",
                   has_from ? output_time(hold->from_us).text : "...",
                   has_to ? output_time(hold->to_us).text : "...");
    }
    return buf_span(out);
}

static void add_row(struct buf *out, const struct legal_hold *hold)
{
    struct buf what = BUF_INIT;
    buf_printf(out, "%-5lld %-20.19s  ", (long long)hold->id, output_time(hold->made_us).text);
    table_cell_add_padded(out, span_str(hold->who), WHO_COLUMNS);
    table_cell_add_padded(out, what_text(hold, &what), WHAT_COLUMNS);
    (void)terminal_text_add(out, span_str(hold->why), SIZE_MAX);
    table_cell_trim(out);
    buf_add_char(out, '\n');
    buf_fini(&what);
}

static void add_json(struct json_writer *json, const struct legal_hold *hold)
{
    json_newline(json);
    json_object(json, NULL);
    json_int(json, "id", hold->id);
    json_text(json, "kind", legal_hold_kind_name(hold->kind));
    if (hold->kind != LEGAL_HOLD_RANGE) {
        json_text(json, legal_hold_kind_name(hold->kind), hold->subject);
    }
    if (hold->from_us != INT64_MIN) {
        json_time(json, "from", hold->from_us);
    }
    if (hold->to_us != INT64_MAX) {
        json_time(json, "to", hold->to_us);
    }
    json_text(json, "why", hold->why);
    json_text(json, "who", hold->who);
    json_time(json, "made", hold->made_us);
    if (hold->released_us != 0) {
        json_time(json, "released", hold->released_us);
        json_text(json, "released_by", hold->released_by);
        json_text(json, "released_why", hold->released_why);
    }
    json_end(json);
}

static void add_released(struct buf *out, const struct legal_hold *hold)
{
    if (hold->released_us != 0) {
        buf_printf(out, "      released %.19s by ", output_time(hold->released_us).text);
        (void)terminal_text_add(out, span_str(hold->released_by), SIZE_MAX);
        buf_add_str(out, ": ");
        (void)terminal_text_add(out, span_str(hold->released_why), SIZE_MAX);
        buf_add_char(out, '\n');
    }
}

static enum status print_json(const struct legal_hold *holds, size_t count, struct buf *out,
                              struct err *err)
{
    struct json_writer json = {.out = out};
    json_object(&json, NULL);
    json_array(&json, "holds");
    for (size_t i = 0; i < count; i++) {
        add_json(&json, &holds[i]);
    }
    json_end(&json);
    return output_json_end(&json, err);
}

static enum status print_table(const struct legal_hold *holds, size_t count, struct buf *out,
                               struct err *err)
{
    if (count > 0) {
        buf_printf(out, "%-5s %-20s  %-*s  %-*s  %s\n", "ID", "MADE", WHO_COLUMNS, "WHO",
                   WHAT_COLUMNS, "WHAT", "WHY");
    }
    for (size_t i = 0; i < count; i++) {
        add_row(out, &holds[i]);
        add_released(out, &holds[i]);
    }
    return output_write(out, err);
}

static enum status show_holds(struct options *options, int *out_code, struct err *err)
{
    struct archive *archive = NULL;
    struct legal_hold *holds = NULL;
    struct buf out = BUF_INIT;
    size_t count = 0;
    enum status status = archive_open(options->archive, ARCHIVE_READ, &archive, err);
    status = THEN(status, legal_hold_list(archive, with_released, &holds, &count, err));
    archive_close(archive);
    status = THEN(status, options->form == OUTPUT_JSON ? print_json(holds, count, &out, err)
                                                       : print_table(holds, count, &out, err));
    buf_fini(&out);
    free(holds);
    if (status == OK && count == 0) {
        fprintf(stderr, "nothing is held\n");
        *out_code = 1;
    }
    return status;
}

static const struct option_entry list_entries[] = {
    {"all", NULL, "also holds that were released", .flag = &with_released},
};

static const struct verb list_action = {
    .name = "hold list",
    .summary = "list what is held, since when, by whom and why",
    VERB_OPTIONS(list_entries),
    .forms = OUTPUT_TABLE_JSON,
    .needs = VERB_NEEDS_ARCHIVE,
    .run = show_holds,
};

const struct verb verb_hold = {
    .name = "hold",
    .summary = "protect a time range, a session or a user from deletion",
    .needs = VERB_NEEDS_ARCHIVE,
    .actions =
        (const struct verb *const[]){&hold_action_add, &list_action, &hold_action_release, NULL},
    .run = show_holds,
};
