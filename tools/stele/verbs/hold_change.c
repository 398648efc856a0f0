/* stele hold add and release. */
#include <stdio.h>
#include <stdlib.h>

#include "schema/archive/legal_hold.h"
#include "schema/index/deletion.h"
#include "tools/stele/cli/login_name.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/verbs/hold_action.h"

struct hold_request {
    const char *from;
    const char *to;
    const char *session;
    const char *user;
    const char *why;
};

/* What is asked for, as a hold; or the exit code, after one line on stderr. */
static int read_wanted(const struct hold_request *wanted, struct legal_hold *out)
{
    struct err err;
    const char *subject = wanted->session ? wanted->session : wanted->user;
    if (wanted->session && wanted->user) {
        return options_misuse(&hold_action_add, "--session and --user are two holds: give one");
    }
    if (!subject && !wanted->from && !wanted->to) {
        return options_misuse(&hold_action_add,
                              "what is to be held? Give --from, --to, --session or --user");
    }
    if (!wanted->why || !wanted->why[0]) {
        return options_misuse(&hold_action_add, "--why is missing: a hold wants a reason");
    }
    if (subject && !subject[0]) {
        return options_misuse(&hold_action_add, "--%s is empty",
                              wanted->session ? "session" : "user");
    }
    if (strlen(wanted->why) >= LEGAL_HOLD_WHY_BYTES ||
        (subject && strlen(subject) >= LEGAL_HOLD_SUBJECT_BYTES)) {
        return options_misuse(&hold_action_add, "a reason and a name are 1,024 bytes at most");
    }
    *out = (struct legal_hold){.kind = wanted->session ? LEGAL_HOLD_SESSION
                                       : wanted->user  ? LEGAL_HOLD_USER
                                                       : LEGAL_HOLD_RANGE,
                               .made_us = clock_now_us()};
    (void)snprintf(out->subject, sizeof out->subject, "%s", subject ? subject : "");
    (void)snprintf(out->why, sizeof out->why, "%s", wanted->why);
    (void)login_name(out->who);
    if (query_args_times(wanted->from, wanted->to, &out->from_us, &out->to_us, &err) != OK) {
        return options_fail(&hold_action_add, &err);
    }
    return OPTIONS_GO_ON;
}

/* A hold does not bring back what went before it. */
static enum status say_gone(struct archive *archive, const struct legal_hold *hold, struct err *err)
{
    struct deletion *rows = NULL;
    size_t count = 0;
    size_t gone = 0;
    enum status status = deletion_list(archive, 0, &rows, &count, err);
    for (size_t i = 0; status == OK && i < count; i++) {
        gone += hold->from_us < rows[i].day_us + CLOCK_DAY_US && hold->to_us > rows[i].day_us;
    }
    free(rows);
    if (gone > 0) {
        fprintf(stderr, "%zu day%s %s%s deleted before: stele retention --deleted shows them\n",
                gone, gone == 1 ? "" : "s", hold->kind == LEGAL_HOLD_RANGE ? "of this time " : "",
                gone == 1 ? "was" : "were");
    }
    return status;
}

static int add_main(int argc, char **argv)
{
    static struct options options;
    struct hold_request wanted = {0};
    const struct option_entry entries[] = {
        {.name = "from",
         .argument = "TIME",
         .help = "from this time of events on",
         .text = &wanted.from},
        {.name = "to", .argument = "TIME", .help = "before this time", .text = &wanted.to},
        {.name = "session",
         .argument = "SID",
         .help = "days with events of this session",
         .text = &wanted.session},
        {.name = "user",
         .argument = "USER",
         .help = "days with events of this user",
         .text = &wanted.user},
        {.name = "why",
         .argument = "TEXT",
         .help = "the reason, kept with it",
         .text = &wanted.why},
    };
    struct err err;
    struct legal_hold hold;
    int code = options_read(&options, &hold_action_add, entries, sizeof entries / sizeof entries[0],
                            argc, argv);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    if (options.n_words > 0) {
        return options_misuse(&hold_action_add, "\"%s\" is no option", options.words[0]);
    }
    code = read_wanted(&wanted, &hold);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    const char *dir = options_archive(&options);
    if (!dir) {
        return status_exit_code(ERR_USAGE);
    }
    struct archive *archive = NULL;
    enum status status = archive_open(dir, ARCHIVE_WRITE, &archive, &err);
    status = THEN(status, legal_hold_add(archive, &hold, &err));
    if (status == OK) {
        printf("hold %lld is in force\n", (long long)hold.id);
        status = say_gone(archive, &hold, &err);
    }
    archive_close(archive);
    return status == OK ? 0 : options_fail(&hold_action_add, &err);
}

const struct verb hold_action_add = {
    .name = "hold add",
    .usage = "[--from TIME] [--to TIME] [--session SID | --user USER] --why TEXT",
    .summary = "hold the days of a time range, or days with events of a session or user",
    .run = add_main,
};

static int release_main(int argc, char **argv)
{
    static struct options options;
    const char *why = NULL;
    const struct option_entry entries[] = {
        {.name = "why", .argument = "TEXT", .help = "the reason, kept with it", .text = &why},
    };
    struct err err;
    int64_t id = 0;
    char who[LOGIN_NAME_BYTES];
    int code = options_read(&options, &hold_action_release, entries, 1, argc, argv);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    if (options.n_words != 1) {
        return options_misuse(&hold_action_release, "wants the number of one hold");
    }
    if (!why || !why[0] || strlen(why) >= LEGAL_HOLD_WHY_BYTES) {
        return options_misuse(&hold_action_release, "--why wants a reason, of 1,024 bytes at most");
    }
    if (options_number("the hold", options.words[0], 1, INT64_MAX, &id, &err) != OK) {
        return options_fail(&hold_action_release, &err);
    }
    const char *dir = options_archive(&options);
    if (!dir) {
        return status_exit_code(ERR_USAGE);
    }
    struct archive *archive = NULL;
    enum status status = archive_open(dir, ARCHIVE_WRITE, &archive, &err);
    status =
        THEN(status, legal_hold_release(archive, id, login_name(who), why, clock_now_us(), &err));
    archive_close(archive);
    if (status != OK) {
        return options_fail(&hold_action_release, &err);
    }
    printf("hold %lld is released\n", (long long)id);
    return 0;
}

const struct verb hold_action_release = {
    .name = "hold release",
    .usage = "ID --why TEXT",
    .summary = "end a hold; its record stays",
    .run = release_main,
};
