/* stele watch add, update, remove. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/watch/matcher.h"
#include "daemon/watch/watch_indicators.h"
#include "query/ioc/list.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/hunt/list_file.h"
#include "tools/stele/watch/watch_action.h"

/* A list as it was read. */
struct list_input {
    const char *path;
    struct buf bytes;
    struct list_report report;
};

/* Reads the file; what is no indicator in it is told on stderr. ERR_FORMAT: it has none at all. */
static enum status read_given(struct list_input *given, struct err *err)
{
    struct list_file_report telling = {.name = list_file_name(given->path)};
    struct indicator_set *set = indicator_set_new();
    enum status status = set ? OK : err_nomem(err, "watch");
    status = THEN(status, list_file_read(given->path, &given->bytes, err));
    if (status == OK) {
        struct list_source source = {buf_span(&given->bytes), 0, clock_now_us(), list_file_refused,
                                     &telling};
        status = list_read(set, &source, &given->report, err);
        list_file_report_end(&telling);
        status = status == OK ? OK : err_wrap(err, "%s", telling.name);
    }
    if (status == OK && indicator_set_count(set) == 0) {
        status = err_set(err, ERR_FORMAT, "no indicator in %s", telling.name);
    }
    indicator_set_free(set);
    return status;
}

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

static void say_given(const struct list_input *given, const char *name)
{
    char number[32];
    printf("%s: %s indicator%s", name, progress_number(given->report.read, number),
           plural(given->report.read));
    if (given->report.duplicates > 0) {
        printf(", %s there already", progress_number(given->report.duplicates, number));
    }
    if (given->report.refused > 0) {
        printf(", %s not read", progress_number(given->report.refused, number));
    }
    printf("\n");
}

/* Who looks through what is there already. */
static void say_hunter(const char *dir)
{
    long pid = watch_action_daemon(dir);
    if (pid > 0) {
        printf("steled (pid %ld) matches new events, and hunts old ones now\n", pid);
    } else {
        printf("no steled at work: its next start, or stele watch run, hunts old events\n");
    }
}

static int check_name(const struct verb *verb, const char *name)
{
    if (!watch_name_is_valid(span_str(name))) {
        return options_misuse(verb,
                              "\"%.80s\" is no name for a list: up to %d of A-Z a-z 0-9 . _ -, "
                              "not a dash first",
                              name, WATCH_NAME_BYTES_MAX);
    }
    return OPTIONS_GO_ON;
}

static enum status add(const char *dir, const char *name, struct list_input *given, struct err *err)
{
    struct watch_db *db = NULL;
    struct watch_day *days = NULL;
    size_t n_days = 0;
    enum status status = read_given(given, err);
    status = THEN(status, watch_action_open(dir, WATCH_CREATE, &db, err));
    status = THEN(status, matcher_days_now(dir, &days, &n_days, err));
    if (status == OK) {
        const struct watch_list_input list = {.name = span_str(name),
                                              .source = span_str(list_file_name(given->path)),
                                              .bytes = buf_span(&given->bytes),
                                              .indicators = given->report.read};
        status = watch_list_add(db, &list, days, n_days, err);
    }
    free(days);
    watch_close(db);
    return status;
}

static int add_main(int argc, char **argv)
{
    static struct options options;
    struct err err;
    const char *name = NULL;
    const struct option_entry entries[] = {
        {.name = "name", .argument = "NAME", .help = "the name of the list", .text = &name},
    };
    int code = options_read(&options, &watch_verb_add, entries, 1, argc, argv);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    if (options.n_words != 1 || !name) {
        return options_misuse(&watch_verb_add, "wants a list (a file, or - for standard input) and "
                                               "its --name NAME");
    }
    code = check_name(&watch_verb_add, name);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    const char *dir = options_archive(&options);
    if (!dir) {
        return status_exit_code(ERR_USAGE);
    }
    struct list_input given = {.path = options.words[0]};
    enum status status = add(dir, name, &given, &err);
    if (status == OK) {
        say_given(&given, name);
        say_hunter(dir);
    }
    buf_fini(&given.bytes);
    return status == OK ? 0 : options_fail(&watch_verb_add, &err);
}

const struct verb watch_verb_add = {
    .name = "watch add",
    .usage = "LIST --name NAME [OPTION]...",
    .summary = "watch a list of indicators in new events, then in old ones",
    .run = add_main,
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

static enum status update(const char *dir, const char *name, struct list_input *given,
                          struct update_counts *out, struct err *err)
{
    struct watch_db *db = NULL;
    struct buf before = BUF_INIT;
    int64_t id = 0;
    enum status status = read_given(given, err);
    status = THEN(status, watch_action_open(dir, WATCH_WRITE, &db, err));
    status = THEN(status, watch_list_find(db, span_str(name), false, &id, err));
    status = THEN(status, watch_list_bytes(db, id, &before, NULL, NULL, err));
    status = THEN(status, count_new(buf_span(&given->bytes), buf_span(&before), &out->fresh, err));
    status = THEN(status, count_new(buf_span(&before), buf_span(&given->bytes), &out->gone, err));
    if (status == OK) {
        const struct watch_list_input list = {.name = span_str(name),
                                              .source = span_str(list_file_name(given->path)),
                                              .bytes = buf_span(&given->bytes),
                                              .indicators = given->report.read};
        status = watch_list_update(db, id, &list, err);
    }
    buf_fini(&before);
    watch_close(db);
    return status;
}

static int update_main(int argc, char **argv)
{
    static struct options options;
    struct err err;
    int code = options_read(&options, &watch_verb_update, NULL, 0, argc, argv);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    if (options.n_words != 2) {
        return options_misuse(&watch_verb_update, "wants a name and a list: stele watch update "
                                                  "NAME LIST");
    }
    const char *dir = options_archive(&options);
    if (!dir) {
        return status_exit_code(ERR_USAGE);
    }
    const char *name = options.words[0];
    struct list_input given = {.path = options.words[1]};
    struct update_counts counts = {0};
    enum status status = update(dir, name, &given, &counts, &err);
    if (status == OK) {
        char numbers[2][32];
        say_given(&given, name);
        printf("%s new, %s no longer in it (their hits stay)\n",
               progress_number(counts.fresh, numbers[0]), progress_number(counts.gone, numbers[1]));
        if (counts.fresh > 0) {
            say_hunter(dir);
        }
    }
    buf_fini(&given.bytes);
    return status == OK ? 0 : options_fail(&watch_verb_update, &err);
}

const struct verb watch_verb_update = {
    .name = "watch update",
    .usage = "NAME LIST [OPTION]...",
    .summary = "replace a watched list; old events are hunted for what is new in it",
    .run = update_main,
};

static int remove_main(int argc, char **argv)
{
    static struct options options;
    struct err err;
    bool keep_hits = false;
    const struct option_entry entries[] = {
        {.name = "keep-hits", .help = "keep its hits", .flag = &keep_hits},
    };
    int code = options_read(&options, &watch_verb_remove, entries, 1, argc, argv);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    if (options.n_words != 1) {
        return options_misuse(&watch_verb_remove, "wants the name of one list");
    }
    const char *dir = options_archive(&options);
    if (!dir) {
        return status_exit_code(ERR_USAGE);
    }
    struct watch_db *db = NULL;
    int64_t id = 0;
    enum status status = watch_action_open(dir, WATCH_WRITE, &db, &err);
    status = THEN(status, watch_list_find(db, span_str(options.words[0]), !keep_hits, &id, &err));
    status = THEN(status, watch_list_remove(db, id, keep_hits, &err));
    watch_close(db);
    if (status != OK) {
        return options_fail(&watch_verb_remove, &err);
    }
    printf("%s is no longer watched; its hits are %s\n", options.words[0],
           keep_hits ? "kept" : "gone, too");
    return 0;
}

const struct verb watch_verb_remove = {
    .name = "watch remove",
    .usage = "NAME [OPTION]...",
    .summary = "stop watching a list and delete its hits",
    .run = remove_main,
};
