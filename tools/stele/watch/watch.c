/* stele watch: which lists are watched, and how they stand; or one of its actions. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/watch/deliverer.h"
#include "daemon/watch/matcher.h"
#include "schema/base/suggest.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/cli/table_cell.h"
#include "tools/stele/watch/watch_action.h"

enum { NAME_COLUMNS = 24, ACTION_NAME = sizeof "watch " - 1 };

const struct verb verb_watch;

enum status watch_action_open(const char *dir, enum watch_mode mode, struct watch_db **out_db,
                              struct err *err)
{
    struct archive *archive = NULL;
    enum status status = archive_open(dir, ARCHIVE_READ, &archive, err);
    archive_close(archive);
    return THEN(status, watch_open(dir, mode, out_db, err));
}

long watch_action_daemon(const char *dir)
{
    char who[64];
    long pid = archive_lock_holder(dir, who);
    return strcmp(who, "steled") == 0 ? pid : 0;
}

/* What is printed of the lists, and how. */
struct list_print {
    bool json;
    size_t count;
    struct buf out;
};

static void add_old(struct buf *out, const struct watch_list *list)
{
    char day[CLOCK_TEXT_BYTES];
    if (!list->is_behind) {
        buf_add_str(out, "hunted");
    } else if (list->caught_us == INT64_MAX) {
        buf_add_str(out, "not hunted yet");
    } else {
        buf_printf(out, "hunted from %s on", clock_format_day(list->caught_us, day));
    }
}

static void add_table_row(struct buf *out, const struct watch_list *list)
{
    char number[32];
    char time[CLOCK_TEXT_BYTES];
    table_cell_add_padded(out, span_str(list->name), NAME_COLUMNS);
    buf_printf(out, "%10s  ", progress_number(list->indicators, number));
    buf_printf(out, "%10s  ", progress_number(list->hits, number));
    buf_printf(out, "%-20.19s  ", list->hits > 0 ? clock_format(list->last_us, time) : "-");
    add_old(out, list);
    if (list->waiting > 0 || list->given_up > 0) {
        buf_printf(out, "; %lld hits to be delivered", (long long)list->waiting);
    }
    if (list->given_up > 0) {
        buf_printf(out, ", %lld given up", (long long)list->given_up);
    }
    buf_add_char(out, '\n');
}

static void add_json_row(struct buf *out, const struct watch_list *list, bool first)
{
    char time[CLOCK_TEXT_BYTES];
    char sha256[DIGEST_HEX_BYTES];
    buf_add_str(out, first ? "\n{\"list\":" : ",\n{\"list\":");
    buf_add_json(out, span_str(list->name));
    buf_add_str(out, ",\"source\":");
    buf_add_json(out, list->source);
    buf_printf(out, ",\"sha256\":\"%s\",\"bytes\":%lld,\"indicators\":%lld",
               digest_hex(&list->sha256, sha256), (long long)list->bytes,
               (long long)list->indicators);
    buf_printf(out, ",\"added\":\"%s\"", clock_format(list->added_us, time));
    buf_printf(out, ",\"updated\":\"%s\"", clock_format(list->updated_us, time));
    buf_printf(out, ",\"hits\":%lld,\"indicators_seen\":%lld", (long long)list->hits,
               (long long)list->sighted);
    if (list->hits > 0) {
        buf_printf(out, ",\"last_hit\":\"%s\"", clock_format(list->last_us, time));
    }
    buf_printf(out, ",\"old_events_hunted\":%s", list->is_behind ? "false" : "true");
    if (list->is_behind && list->caught_us != INT64_MAX) {
        buf_printf(out, ",\"hunted_from\":\"%s\"", clock_format_day(list->caught_us, time));
    }
    buf_printf(out, ",\"undelivered\":%lld,\"given_up\":%lld}", (long long)list->waiting,
               (long long)list->given_up);
}

static enum status add_list(void *context, const struct watch_list *list, struct err *err)
{
    struct list_print *listing = context;
    if (listing->json) {
        add_json_row(&listing->out, list, listing->count == 0);
    } else {
        add_table_row(&listing->out, list);
    }
    listing->count++;
    return buf_status(&listing->out, "watch", err);
}

/* Time of the newest event that was matched with all lists; false when there is none. */
static bool matched_until(const struct watch_day *days, size_t count, int64_t *out_us)
{
    *out_us = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        *out_us = days[i].newest_us > *out_us ? days[i].newest_us : *out_us;
    }
    return count > 0;
}

static void print_listing(const struct list_print *listing, const struct watch_day *days,
                          size_t n_days)
{
    char time[CLOCK_TEXT_BYTES];
    int64_t until_us = 0;
    bool any = matched_until(days, n_days, &until_us);
    if (listing->json) {
        printf("{");
        if (any) {
            printf("\"matched_until\":\"%s\",", clock_format(until_us, time));
        }
        printf("\"lists\":[%.*s]}\n", SPAN_FMT(buf_span(&listing->out)));
        return;
    }
    if (listing->count == 0) {
        fprintf(stderr, "no list is watched: stele watch add LIST --name NAME adds one\n");
        return;
    }
    printf("%-*s  %10s  %10s  %-20s  %s\n%.*s", NAME_COLUMNS, "LIST", "INDICATORS", "HITS",
           "LAST HIT", "OLD EVENTS", SPAN_FMT(buf_span(&listing->out)));
    if (any) {
        printf("new events are matched up to %s\n", clock_format(until_us, time));
    }
}

static int show_lists(const struct options *options, bool json)
{
    struct err err;
    struct watch_db *db = NULL;
    struct list_print listing = {.json = json};
    struct watch_day *days = NULL;
    size_t n_days = 0;
    const char *dir = options_archive(options);
    if (!dir) {
        return status_exit_code(ERR_USAGE);
    }
    enum status status = OK;
    if (watch_exists(dir)) {
        status = watch_action_open(dir, WATCH_READ, &db, &err);
    } else {
        struct archive *archive = NULL;
        status = archive_open(dir, ARCHIVE_READ, &archive, &err);
        archive_close(archive);
    }
    if (status == OK && db) {
        status = watch_lists(db, false, add_list, &listing, &err);
    }
    if (status == OK && db) {
        status = watch_days(db, &days, &n_days, &err);
    }
    if (status == OK) {
        print_listing(&listing, days, n_days);
    }
    free(days);
    buf_fini(&listing.out);
    watch_close(db);
    return status == OK ? 0 : options_fail(options->verb, &err);
}

/* All that is left to match, then what is due of the deliveries. */
static enum status run_here(const struct config *config, const char *dir, struct err *err)
{
    const struct matcher_options options = {.dir = dir, .targets = deliverer_targets(config)};
    struct matcher *matcher = NULL;
    struct deliverer *deliverer = NULL;
    struct matcher_report report = {0};
    struct deliverer_report sent = {0};
    int64_t hits = 0;
    enum status status = matcher_new(&options, &matcher, err);
    do {
        if (status == OK) {
            status = matcher_round(matcher, &report, err);
            hits += report.hits;
        }
    } while (status == OK && report.again);
    if (status == OK && report.bad.status != OK) { /* the other days are matched */
        *err = report.bad;
        status = report.bad.status;
    }
    matcher_free(matcher);
    if (status == OK && options.targets) {
        status = deliverer_open(config, dir, &deliverer, err);
    }
    if (status == OK && deliverer) {
        status = deliverer_run(deliverer, &sent, err);
    }
    deliverer_close(deliverer);
    if (status == OK) {
        printf("%lld new hits; all events in segments are matched\n", (long long)hits);
        if (options.targets) {
            printf("%lld hits delivered, %lld wait\n", (long long)sent.delivered,
                   (long long)sent.waiting);
        }
    }
    return status;
}

static int run_main(int argc, char **argv)
{
    static struct options options;
    struct err err;
    struct archive_lock *lock = NULL;
    struct watch_db *db = NULL;
    int code = options_read(&options, &watch_verb_run, NULL, 0, argc, argv);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    if (options.n_words > 0) {
        return options_misuse(&watch_verb_run, "\"%s\" is no option", options.words[0]);
    }
    const char *dir = options_archive(&options);
    if (!dir) {
        return status_exit_code(ERR_USAGE);
    }
    enum status status = config_validate_watch(&options.config, &err);
    if (status == OK) {
        status = watch_action_open(dir, WATCH_WRITE, &db, &err);
        watch_close(db);
    }
    if (status == OK) {
        status = archive_lock_take(dir, "stele watch", &lock, &err);
        if (status == ERR_BUSY && watch_action_daemon(dir) > 0) {
            status = err_set(&err, ERR_BUSY,
                             "steled (pid %ld) keeps watch over %s itself: nothing is to be run",
                             watch_action_daemon(dir), dir);
        }
    }
    status = THEN(status, run_here(&options.config, dir, &err));
    archive_lock_release(lock);
    return status == OK ? 0 : options_fail(&watch_verb_run, &err);
}

const struct verb watch_verb_run = {
    .name = "watch run",
    .usage = "[OPTION]...",
    .summary = "match what is not matched yet, without steled",
    .run = run_main,
};

static const struct verb *const actions[] = {&watch_verb_add, &watch_verb_update,
                                             &watch_verb_remove, &watch_verb_hits, &watch_verb_run};

enum { ACTION_COUNT = sizeof actions / sizeof actions[0] };

static int no_such_action(const char *word)
{
    const char *names[ACTION_COUNT];
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        names[i] = actions[i]->name + ACTION_NAME;
    }
    const char *near = suggest_name(word, names, ACTION_COUNT);
    return near ? options_misuse(&verb_watch, "no such action: %s (did you mean %s?)", word, near)
                : options_misuse(&verb_watch, "no such action: %s", word);
}

static int watch_main(int argc, char **argv)
{
    static struct options options;
    for (size_t i = 0; argc > 1 && i < ACTION_COUNT; i++) {
        if (strcmp(argv[1], actions[i]->name + ACTION_NAME) == 0) {
            return actions[i]->run(argc - 1, argv + 1);
        }
    }
    const char *output = "table";
    const struct option_entry entries[] = {
        {.name = "output", .argument = "FORM", .help = "table or json", .text = &output},
    };
    int code = options_read(&options, &verb_watch, entries, sizeof entries / sizeof entries[0],
                            argc, argv);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    for (size_t i = 0; options.n_words > 0 && i < ACTION_COUNT; i++) {
        if (strcmp(options.words[0], actions[i]->name + ACTION_NAME) == 0) {
            return options_misuse(&verb_watch, "options come after the action: stele %s ...",
                                  actions[i]->name);
        }
    }
    if (options.n_words > 0) {
        return no_such_action(options.words[0]);
    }
    bool json = strcmp(output, "json") == 0;
    if (!json && strcmp(output, "table") != 0) {
        return options_misuse(&verb_watch, "--output: \"%s\" is neither table nor json", output);
    }
    return show_lists(&options, json);
}

const struct verb verb_watch = {
    .name = "watch",
    .usage = "[add | update | remove | hits | run] [OPTION]...",
    .summary = "keep lists of indicators that new events are matched against",
    .run = watch_main,
};
