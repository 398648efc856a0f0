/* stele watch add, update, remove. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/watch/matcher.h"
#include "daemon/watch/watch_indicators.h"
#include "query/list/list.h"
#include "tools/stele/cli/daemon_at_work.h"
#include "tools/stele/hunt/list_file.h"
#include "tools/stele/hunt/list_say.h"
#include "tools/stele/watch/watch_action.h"

static const char *list_name; /* --name */
static bool keep_hits;        /* --keep-hits */

/* A list as it was read. */
struct list_input {
    const char *path;
    struct buf bytes;
    struct list_report report;
};

/* Reads the file. ERR_FORMAT: it has none. */
static enum status read_list(struct list_input *input, struct err *err)
{
    const char *name = list_file_name(input->path);
    const struct list_options options = {.now_us = clock_now_us()};
    struct indicator_set *set = indicator_set_new();
    enum status status = set ? OK : err_nomem(err, "watch");
    status = THEN(status, list_file_read(input->path, &input->bytes, err));
    if (status == OK) {
        status = list_read(set, 0, buf_span(&input->bytes), &options, &input->report, err);
        status = status == OK ? OK : err_wrap(err, status, "%s", name);
    }
    if (status == OK && indicator_set_count(set) == 0) {
        if (input->report.refused > 0) {
            list_say(stderr, "", &input->report);
        }
        status = err_set(err, ERR_FORMAT, "no indicator in %s", name);
    }
    indicator_set_free(set);
    return status;
}

static void print_input(const struct list_input *input, const char *name)
{
    printf("%s: %s", name, output_count(input->report.read, "indicator").text);
    if (input->report.duplicates > 0) {
        printf(", %s there already", output_number(input->report.duplicates).text);
    }
    if (input->report.refused > 0) {
        printf(", %s not read", output_number(input->report.refused).text);
    }
    printf("\n");
    list_say(stdout, "  ", &input->report);
}

/* Which process looks through the events that are there already. */
static void print_hunter(const char *dir)
{
    long pid = daemon_at_work_pid(dir);
    if (pid > 0) {
        printf("steled (pid %ld) matches new events, and hunts old ones now\n", pid);
    } else {
        printf("no steled at work: its next start, or stele watch run, hunts old events\n");
    }
}

static enum status check_name(const char *name, struct err *err)
{
    return watch_name_is_valid(span_str(name))
               ? OK
               : err_set(err, ERR_USAGE,
                         "\"%.80s\" cannot be the name of a list: up to %d of A-Z a-z 0-9 . _ -, "
                         "not a dash first",
                         name, WATCH_NAME_BYTES_MAX);
}

/* The list as watch.db takes it; it points into `input`. */
static struct watch_list_input list_input_as(const struct list_input *input, const char *name)
{
    return (struct watch_list_input){.name = span_str(name),
                                     .source = span_str(list_file_name(input->path)),
                                     .bytes = buf_span(&input->bytes),
                                     .indicators = input->report.read};
}

static enum status put_list(const char *dir, struct list_input *input, struct err *err)
{
    struct watch_db *db = NULL;
    struct watch_day *days = NULL;
    size_t n_days = 0;
    enum status status = read_list(input, err);
    status = THEN(status, watch_action_open(dir, WATCH_CREATE, &db, err));
    status = THEN(status, matcher_days_now(dir, &days, &n_days, err));
    if (status == OK) {
        const struct watch_list_input list = list_input_as(input, list_name);
        status = watch_list_add(db, &list, days, n_days, err);
    }
    free(days);
    watch_close(db);
    return status;
}

static enum status add(struct options *options, int *out_code, struct err *err)
{
    (void)out_code;
    struct list_input input = {.path = options->words[0]};
    enum status status = check_name(list_name, err);
    status = THEN(status, put_list(options->archive, &input, err));
    if (status == OK) {
        print_input(&input, list_name);
        print_hunter(options->archive);
    }
    buf_fini(&input.bytes);
    return status;
}

static const struct option_entry add_entries[] = {
    {"name", "NAME", "the name of the list", .text = &list_name},
};

const struct verb watch_action_add = {
    .name = "watch add",
    .summary = "watch a list of indicators in new events, then in old ones",
    .words = {1, 1, "LIST", "a list of indicators: a file, or - for standard input"},
    VERB_OPTIONS(add_entries),
    .rules = (const struct verb_rule[]){{VERB_REQUIRED, "name", "the name of the list"}, {0}},
    .needs = VERB_NEEDS_ARCHIVE,
    .run = add,
};

/* How many indicators of `bytes` are not in `before`. */
static enum status count_new(struct span bytes, struct span before, int64_t *out_count,
                             struct err *err)
{
    struct indicator_set *set = NULL;
    enum status status =
        watch_indicators_new_in(bytes, &before, clock_now_us(), &set, out_count, err);
    if (status == OK) {
        indicator_set_free(set);
    }
    return status;
}

struct update_counts {
    int64_t fresh;
    int64_t gone;
};

static enum status replace_list(const char *dir, const char *name, struct list_input *input,
                                struct update_counts *out, struct err *err)
{
    struct watch_db *db = NULL;
    struct buf before = BUF_INIT;
    int64_t id = 0;
    enum status status = read_list(input, err);
    status = THEN(status, watch_action_open(dir, WATCH_WRITE, &db, err));
    status = THEN(status, watch_list_find(db, span_str(name), false, &id, err));
    status = THEN(status, watch_list_bytes(db, id, &before, NULL, NULL, err));
    status = THEN(status, count_new(buf_span(&input->bytes), buf_span(&before), &out->fresh, err));
    status = THEN(status, count_new(buf_span(&before), buf_span(&input->bytes), &out->gone, err));
    if (status == OK) {
        const struct watch_list_input list = list_input_as(input, name);
        status = watch_list_update(db, id, &list, err);
    }
    buf_fini(&before);
    watch_close(db);
    return status;
}

static enum status update(struct options *options, int *out_code, struct err *err)
{
    (void)out_code;
    const char *name = options->words[0];
    struct list_input input = {.path = options->words[1]};
    struct update_counts counts = {0};
    enum status status = replace_list(options->archive, name, &input, &counts, err);
    if (status == OK) {
        print_input(&input, name);
        printf("%s new, %s no longer in it (their hits stay)\n", output_number(counts.fresh).text,
               output_number(counts.gone).text);
    }
    if (status == OK && counts.fresh > 0) {
        print_hunter(options->archive);
    }
    buf_fini(&input.bytes);
    return status;
}

const struct verb watch_action_update = {
    .name = "watch update",
    .summary = "replace a watched list; old events are hunted for what is new in it",
    .words = {2, 2, "NAME LIST", "a name and a list: stele watch update NAME LIST"},
    .needs = VERB_NEEDS_ARCHIVE,
    .run = update,
};

static enum status remove_list(struct options *options, int *out_code, struct err *err)
{
    (void)out_code;
    const char *name = options->words[0];
    struct watch_db *db = NULL;
    int64_t id = 0;
    enum status status = watch_action_open(options->archive, WATCH_WRITE, &db, err);
    status = THEN(status, watch_list_find(db, span_str(name), !keep_hits, &id, err));
    status = THEN(status, watch_list_remove(db, id, keep_hits, err));
    watch_close(db);
    if (status == OK) {
        printf("%s is no longer watched; its hits are %s\n", name,
               keep_hits ? "kept" : "gone, too");
    }
    return status;
}

static const struct option_entry remove_entries[] = {
    {"keep-hits", NULL, "keep its hits", .flag = &keep_hits},
};

const struct verb watch_action_remove = {
    .name = "watch remove",
    .summary = "stop watching a list and delete its hits",
    .words = {1, 1, "NAME", "the name of one list"},
    VERB_OPTIONS(remove_entries),
    .needs = VERB_NEEDS_ARCHIVE,
    .run = remove_list,
};
