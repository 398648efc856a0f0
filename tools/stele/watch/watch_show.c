/* stele watch hits: what the watched lists found. */
#include <stdio.h>

#include "daemon/watch/hit_format.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/cli/table_cell.h"
#include "tools/stele/hunt/hunt_print.h"
#include "tools/stele/watch/watch_action.h"

enum {
    LIST_COLUMNS = 16,
    INDICATOR_COLUMNS = 32,
    KIND_COLUMNS = 8,
    FIELD_COLUMNS = 20,
    UID_COLUMNS = 36,
    VALUE_COLUMNS = 60
};

struct hits_print {
    enum hunt_form form;
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
    char time[CLOCK_TEXT_BYTES];
    const struct span cells[] = {hit->list,  hit->indicator, hit->kind,
                                 hit->field, hit->value,     hit->uid};
    buf_add_str(out, clock_format(hit->time_us, time));
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        buf_add_char(out, ',');
        table_cell_add_csv(out, cells[i]);
    }
    buf_printf(out, ",%s", hit->decoded ? "true" : "false");
    buf_printf(out, ",%s", clock_format(hit->first_us, time));
    buf_printf(out, ",%s", clock_format(hit->last_us, time));
    buf_printf(out, ",%s\r\n", clock_format(hit->seen_us, time));
}

static void add_table(struct buf *out, const struct watch_hit *hit)
{
    char time[CLOCK_TEXT_BYTES];
    buf_printf(out, "%-20.19s  ", clock_format(hit->time_us, time));
    table_cell_add_padded(out, hit->list, LIST_COLUMNS);
    table_cell_add_padded(out, hit->indicator, INDICATOR_COLUMNS);
    table_cell_add_padded(out, hit->kind, KIND_COLUMNS);
    table_cell_add_padded(out, hit->uid, UID_COLUMNS);
    table_cell_add_padded(out, hit->field, FIELD_COLUMNS);
    table_cell_add_padded(out, hit->value, VALUE_COLUMNS);
    while (out->data && out->size > 0 && out->data[out->size - 1] == ' ') {
        out->size--;
    }
    buf_add_str(out, hit->decoded ? " (in base64)\n" : "\n");
}

static void print_head(const struct hits_print *showing)
{
    if (showing->form == HUNT_TABLE) {
        printf("%-20s  %-*s  %-*s  %-*s  %-*s  %-*s  %s\n", "TIME", LIST_COLUMNS, "LIST",
               INDICATOR_COLUMNS, "INDICATOR", KIND_COLUMNS, "KIND", UID_COLUMNS, "UID",
               FIELD_COLUMNS, "FIELD", "VALUE");
    } else if (showing->form == HUNT_CSV) {
        printf("time,list,indicator,kind,field,value,uid,decoded,first_seen,last_seen,found\r\n");
    } else if (showing->form == HUNT_JSON) {
        printf("[");
    }
}

static enum status show(void *context, const struct watch_hit *hit, struct err *err)
{
    struct hits_print *showing = context;
    struct buf *line = &showing->line;
    if (showing->count == 0 && showing->form != HUNT_JSON) {
        print_head(showing);
    }
    buf_clear(line);
    switch (showing->form) {
    case HUNT_TABLE:
        add_table(line, hit);
        break;
    case HUNT_CSV:
        add_csv(line, hit);
        break;
    case HUNT_JSON:
        buf_add_str(line, showing->count > 0 ? ",\n" : "\n");
        add_json(line, hit);
        break;
    case HUNT_NDJSON:
        add_json(line, hit);
        buf_add_char(line, '\n');
        break;
    case HUNT_STIX: /* not asked for (hits_main) */
        break;
    }
    showing->count++;
    enum status status = buf_status(line, "watch", err);
    if (status == OK && fwrite(line->data, 1, line->size, stdout) != line->size) {
        status = err_set(err, ERR_IO, "the output failed");
    }
    return status;
}

static enum status show_hits(const char *dir, const struct watch_hit_filter *filter,
                             struct hits_print *showing, struct err *err)
{
    struct watch_db *db = NULL;
    int64_t id = 0;
    enum status status = watch_action_open(dir, WATCH_READ, &db, err);
    if (status == OK && filter->list.size > 0) {
        status = watch_list_find(db, filter->list, true, &id, err);
    }
    if (status == OK && showing->form == HUNT_JSON) {
        print_head(showing);
    }
    status = THEN(status, watch_hits(db, filter, show, showing, err));
    if (status == OK && showing->form == HUNT_JSON) {
        printf("\n]\n");
    }
    buf_fini(&showing->line);
    watch_close(db);
    return status;
}

static int hits_main(int argc, char **argv)
{
    static struct options options;
    struct err err;
    struct hits_print showing = {.form = HUNT_TABLE};
    struct watch_hit_filter filter = {0};
    const char *name = NULL;
    const char *from = NULL;
    const char *to = NULL;
    const char *output = NULL;
    const struct option_entry entries[] = {
        {.name = "name", .argument = "NAME", .help = "only of this list", .text = &name},
        option_from(&from),
        option_to(&to),
        {.name = "output",
         .argument = "FORM",
         .help = "table, json, ndjson or csv",
         .text = &output},
    };
    int code = options_read(&options, &watch_verb_hits, entries, sizeof entries / sizeof entries[0],
                            argc, argv);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    if (options.n_words > 0) {
        return options_misuse(&watch_verb_hits,
                              "\"%s\" is no option; --name %s shows the hits of "
                              "one list",
                              options.words[0], options.words[0]);
    }
    if (output && (!hunt_form_find(output, &showing.form) || showing.form == HUNT_STIX)) {
        return options_misuse(&watch_verb_hits,
                              "--output is table, json, ndjson or csv, not \"%s\"", output);
    }
    enum status status = query_args_times(from, to, &filter.from_us, &filter.to_us, &err);
    const char *dir = status == OK ? options_archive(&options) : NULL;
    if (status == OK && !dir) {
        return status_exit_code(ERR_USAGE);
    }
    filter.list = span_str(name);
    status = THEN(status, show_hits(dir, &filter, &showing, &err));
    return status == OK ? showing.count == 0 : options_fail(&watch_verb_hits, &err);
}

const struct verb watch_verb_hits = {
    .name = "watch hits",
    .usage = "[OPTION]...",
    .summary = "print the hits of watched lists, oldest event first",
    .run = hits_main,
};
