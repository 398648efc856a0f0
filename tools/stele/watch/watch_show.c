/* stele watch hits: what the watched lists found. */
#include <stdio.h>

#include "daemon/watch/hit_format.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/cli/table_cell.h"
#include "tools/stele/watch/watch_action.h"

/* The columns of a table, after the time. */
static const struct {
    const char *head;
    size_t width;
} columns[] = {
    {"LIST", 16}, {"INDICATOR", 32}, {"KIND", 8}, {"UID", 36}, {"FIELD", 20}, {"VALUE", 60},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static struct {
    const char *name;
    const char *from;
    const char *to;
} given;

struct hits_print {
    enum output_form form;
    int64_t count;
    struct buf line;
};

static void add_json(struct buf *out, const struct watch_hit *hit)
{
    struct json_writer json = {.out = out};
    json_object(&json, NULL);
    hit_format_add_members(&json, hit);
    json_time(&json, "first_seen", hit->first_us);
    json_time(&json, "last_seen", hit->last_us);
    hit_format_add_event(&json, hit->event);
    json_end(&json);
}

static void add_csv(struct buf *out, const struct watch_hit *hit)
{
    const struct span cells[] = {hit->list,  hit->indicator, hit->kind,
                                 hit->field, hit->value,     hit->uid};
    buf_add_str(out, output_time(hit->time_us).text);
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        table_cell_add_csv(out, cells[i]);
    }
    buf_printf(out, ",%s,%s,%s,%s\r\n", hit->decoded ? "true" : "false",
               output_time(hit->first_us).text, output_time(hit->last_us).text,
               output_time(hit->seen_us).text);
}

static void add_table(struct buf *out, const struct watch_hit *hit)
{
    const struct span cells[COLUMNS] = {hit->list, hit->indicator, hit->kind,
                                        hit->uid,  hit->field,     hit->value};
    buf_printf(out, "%-20.19s  ", output_time(hit->time_us).text);
    for (size_t i = 0; i < COLUMNS; i++) {
        table_cell_add_padded(out, cells[i], columns[i].width);
    }
    table_cell_trim(out);
    buf_add_str(out, hit->decoded ? " (encoded)\n" : "\n");
}

static void print_head(const struct hits_print *print)
{
    if (print->form == OUTPUT_TABLE) {
        printf("%-20s", "TIME");
        for (size_t i = 0; i < COLUMNS; i++) {
            printf("  %-*s", i + 1 < COLUMNS ? (int)columns[i].width : 0, columns[i].head);
        }
        printf("\n");
    } else if (print->form == OUTPUT_CSV) {
        printf("time,list,indicator,kind,field,value,uid,decoded,first_seen,last_seen,found\r\n");
    } else if (print->form == OUTPUT_JSON) {
        printf("[");
    }
}

static enum status show(void *context, const struct watch_hit *hit, struct err *err)
{
    struct hits_print *print = context;
    struct buf *line = &print->line;
    if (print->count == 0 && print->form != OUTPUT_JSON) {
        print_head(print);
    }
    switch (print->form) {
    case OUTPUT_TABLE:
        add_table(line, hit);
        break;
    case OUTPUT_CSV:
        add_csv(line, hit);
        break;
    case OUTPUT_JSON:
        buf_add_str(line, print->count > 0 ? ",\n" : "\n");
        add_json(line, hit);
        break;
    case OUTPUT_NDJSON:
        add_json(line, hit);
        buf_add_char(line, '\n');
        break;
    case OUTPUT_RAW:
    case OUTPUT_STIX:
        CHECK(false); /* not among the forms of the verb */
    }
    print->count++;
    return output_write(line, err);
}

static enum status show_hits(const char *dir, const struct watch_hit_filter *filter,
                             struct hits_print *print, struct err *err)
{
    struct watch_db *db = NULL;
    int64_t id = 0;
    enum status status = watch_action_open(dir, WATCH_READ, &db, err);
    status = THEN(status,
                  filter->list.size > 0 ? watch_list_find(db, filter->list, true, &id, err) : OK);
    if (status == OK && print->form == OUTPUT_JSON) {
        print_head(print);
    }
    status = THEN(status, watch_hits(db, filter, show, print, err));
    if (status == OK && print->form == OUTPUT_JSON) {
        printf("\n]\n");
    }
    buf_fini(&print->line);
    watch_close(db);
    return status;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    struct hits_print print = {.form = options->form};
    struct watch_hit_filter filter = {.list = span_str(given.name)};
    enum status status =
        query_args_times(given.from, given.to, &filter.from_us, &filter.to_us, err);
    status = THEN(status, show_hits(options->archive, &filter, &print, err));
    *out_code = print.count == 0;
    return status;
}

static const struct option_entry entries[] = {
    {"name", "NAME", "only of this list", .text = &given.name},
    OPTION_FROM(&given.from),
    OPTION_TO(&given.to),
};

const struct verb watch_action_hits = {
    .name = "watch hits",
    .summary = "print the hits of watched lists, oldest event first",
    .words = {0, 0, NULL, "--name NAME shows the hits of one list"},
    VERB_OPTIONS(entries),
    .forms = OUTPUT_ROWS,
    .needs = VERB_NEEDS_ARCHIVE,
    .run = run,
};
