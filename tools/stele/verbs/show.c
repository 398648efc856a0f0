/* stele show: one event, and where it came from and went to. */
#include <stdio.h>
#include <stdlib.h>

#include "query/eval/field_values.h"
#include "query/language/parse.h"
#include "query/render/json_pretty.h"
#include "query/search/search_run.h"
#include "schema/archive/ledger.h"
#include "schema/event/source.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/cli/table_cell.h"

struct show {
    struct day_iterator *iterator;
    bool as_json; /* one array, of an object for each event of that uid */
    struct buf out;
    struct json_writer json; /* into out */
    int64_t count;
    enum status status;
    struct err *err;
};

static void add_object(struct json_writer *json, const struct ledger_object *object)
{
    bool is_shipped = object->state == LEDGER_SHIPPED;
    json_object(json, NULL);
    json_text(json, "target", object->target);
    json_text(json, "key", object->key);
    json_time(json, "planned", object->planned_us);
    json_time(json, "shipped", is_shipped ? object->shipped_us : INT64_MIN);
    digest_json(json, "sha256", &object->content.sha256);
    json_end(json);
}

static enum status print_objects(struct show *show, const struct search_hit *hit)
{
    struct archive *archive = day_iterator_archive(show->iterator);
    struct archive_cursor *cursor = NULL;
    if (!archive) {
        return OK;
    }
    enum status status =
        ledger_cursor_open_block(archive, hit->day_us, hit->number, &cursor, show->err);
    int count = 0;
    for (bool end = false; status == OK && !end;) {
        struct ledger_object object;
        status = ledger_cursor_next(cursor, &object, &end, show->err);
        if (status != OK || end) {
            continue;
        }
        count++;
        if (show->as_json) {
            add_object(&show->json, &object);
        } else if (object.state == LEDGER_SHIPPED) {
            char sha256[DIGEST_HEX_BYTES];
            printf("%-10s %s %s/%s\n%-10s sha256 %s\n", "shipped",
                   output_time(object.shipped_us).text, object.target, object.key, "",
                   digest_hex(&object.content.sha256, sha256));
        } else {
            printf("%-10s planned %s, not there yet: %s/%s\n", "shipped",
                   output_time(object.planned_us).text, object.target, object.key);
        }
    }
    archive_cursor_close(cursor);
    if (status == OK && count == 0 && !show->as_json) {
        printf("%-10s not yet\n", "shipped");
    }
    return status;
}

/* stele.source or stele.mark of an event in a segment, a line for each value. */
static enum status print_reserved(struct show *show, const struct search_hit *hit,
                                  const char *label, const char *name)
{
    struct plan *plan = day_iterator_plan(show->iterator);
    struct err *err = show->err;
    struct field_values *values = calloc(1, sizeof *values);
    if (!values) {
        return err_nomem(err, "show");
    }
    enum status status =
        field_values_read(values, plan_view(plan), SEGMENT_DATA_ARRIVALS, span_str(name), err);
    if (status == OK) {
        size_t count;
        const struct span *texts = field_values_at(values, hit->slot, &count);
        if (show->as_json) {
            json_array(&show->json, label);
        }
        for (size_t i = 0; i < count; i++) {
            if (show->as_json) {
                json_span(&show->json, NULL, texts[i]);
            } else {
                table_cell_print_labelled(10, label, texts[i]);
            }
        }
        if (show->as_json) {
            json_end(&show->json);
        }
    }
    field_values_fini(values);
    free(values);
    return status;
}

/* Hits are read some hundred at a time: the view stands at the block of the last of them. */
static void view_block_of(struct plan *plan, const struct search_hit *hit)
{
    const struct block_info *info = segment_block(plan_segment(plan), hit->block);
    if (info) {
        block_view_move(plan_view(plan), info);
    }
}

static enum status print_place(struct show *show, const struct search_hit *hit)
{
    if (hit->in_inbox) {
        table_cell_print_labelled(10, "source", hit->source);
        printf("%-10s the inbox: on disk, not in a segment yet\n%-10s not yet\n", "kept in",
               "shipped");
        return OK;
    }
    struct plan *plan = day_iterator_plan(show->iterator);
    view_block_of(plan, hit);
    enum status status = print_reserved(show, hit, "source", SOURCE_FIELD);
    status = THEN(status, print_reserved(show, hit, "mark", SOURCE_MARK_FIELD));
    if (status == OK && show->as_json) {
        json_day(&show->json, "day", hit->day_us);
        json_int(&show->json, "block", hit->number);
        json_int(&show->json, "slot", hit->slot);
        json_array(&show->json, "objects");
        status = print_objects(show, hit);
        json_end(&show->json);
    } else if (status == OK) {
        bool is_file = !day_iterator_archive(show->iterator);
        printf("%-10s %s %s, block %lld, slot %u\n", "kept in", is_file ? "file" : "segment",
               is_file ? day_iterator_options_of(show->iterator)->path
                       : output_day(hit->day_us).text,
               (long long)hit->number, hit->slot);
        status = print_objects(show, hit);
    }
    return status;
}

static enum status add_json(struct show *show, const struct search_hit *hit)
{
    struct json_writer *json = &show->json;
    enum status status = OK;
    json_newline(json);
    json_object(json, NULL);
    json_raw(json, "event", hit->raw);
    json_time(json, "time", hit->time_us);
    json_time(json, "received", hit->received_us);
    json_bool(json, "in_inbox", hit->in_inbox);
    if (hit->in_inbox) {
        json_array(json, "source");
        json_span(json, NULL, hit->source);
        json_end(json);
    } else {
        status = print_place(show, hit);
    }
    json_end(json);
    return status;
}

static bool show_hit(void *context, const struct search_hit *hit)
{
    struct show *show = context;
    struct buf text = BUF_INIT;
    if (show->as_json) {
        show->status = add_json(show, hit);
        return show->status == OK;
    }
    json_pretty_add(hit->raw, &text);
    printf("%s%.*s\n\n", show->count++ ? "\n" : "", SPAN_FMT(buf_span(&text)));
    buf_fini(&text);
    printf("%-10s %s\n", "time", output_time(hit->time_us).text);
    printf("%-10s %s\n", "received", output_time(hit->received_us).text);
    show->status = print_place(show, hit);
    return show->status == OK;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    const char *uid = options->words[0];
    struct show show = {.err = err, .as_json = options->form == OUTPUT_JSON};
    show.json.out = &show.out;
    struct query *query = NULL;
    int64_t hits = 0;
    enum status status = parse_query_of_value(span_str("uid"), span_str(uid), &query, err);
    const struct search_run_options search = {
        .search = {.path = options->archive,
                   .query = query,
                   .from_us = INT64_MIN,
                   .to_us = INT64_MAX},
        .each = show_hit,
        .context = &show,
    };
    if (show.as_json) {
        json_array(&show.json, NULL);
    }
    status = THEN(status, day_iterator_open(&search.search, &show.iterator, err));
    status = THEN(status, search_run_query(show.iterator, &search, &hits, err));
    day_iterator_close(show.iterator);
    parse_query_free(query);
    status = THEN(status, show.status);
    status = THEN(status, show.as_json ? output_json_end(&show.json, err) : OK);
    buf_fini(&show.out);
    if (status == OK && hits == 0) {
        fprintf(stderr, "stele show: no event with uid %s\n", uid);
        *out_code = 1;
    } else if (status == OK && hits > 1) {
        fprintf(stderr, "%lld events share this uid\n", (long long)hits);
    }
    return status;
}

const struct verb verb_show = {
    .name = "show",
    .summary = "print one event and where it came from, is stored and was shipped to",
    .words = {1, 1, "UID", "the uid of one event"},
    .forms = OUTPUT_TABLE_JSON,
    .needs = VERB_NEEDS_ARCHIVE_OR_COPY,
    .run = run,
};
