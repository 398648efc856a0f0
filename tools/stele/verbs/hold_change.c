/* stele hold add and release. */
#include <stdio.h>
#include <stdlib.h>

#include "schema/archive/legal_hold.h"
#include "schema/index/deletion.h"
#include "tools/stele/cli/login_name.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/verbs/hold_action.h"

static struct {
    const char *from;
    const char *to;
    const char *session;
    const char *user;
    const char *why;
} given;

static enum status check_size(const char *option, const char *text, size_t bytes, struct err *err)
{
    return !text || (*text && strlen(text) < bytes)
               ? OK
               : err_set(err, ERR_USAGE, "--%s takes 1 to %zu bytes", option, bytes - 1);
}

/* What is asked for, as a hold. */
static enum status read_hold(struct legal_hold *out, struct err *err)
{
    const char *subject = given.session ? given.session : given.user;
    *out = (struct legal_hold){.kind = given.session ? LEGAL_HOLD_SESSION
                                       : given.user  ? LEGAL_HOLD_USER
                                                     : LEGAL_HOLD_RANGE,
                               .made_us = clock_now_us()};
    enum status status = check_size("why", given.why, sizeof out->why, err);
    status = THEN(status, check_size("session", given.session, sizeof out->subject, err));
    status = THEN(status, check_size("user", given.user, sizeof out->subject, err));
    (void)snprintf(out->subject, sizeof out->subject, "%s", subject ? subject : "");
    (void)snprintf(out->why, sizeof out->why, "%s", given.why);
    (void)login_name(out->who);
    return THEN(status, query_args_times(given.from, given.to, &out->from_us, &out->to_us, err));
}

/* A hold does not bring back what was deleted before it. */
static enum status print_deleted_before(struct archive *archive, const struct legal_hold *hold,
                                        struct err *err)
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

static enum status add(struct options *options, int *out_code, struct err *err)
{
    (void)out_code;
    struct legal_hold hold;
    struct archive *archive = NULL;
    enum status status = read_hold(&hold, err);
    status = THEN(status, archive_open(options->archive, ARCHIVE_WRITE, &archive, err));
    status = THEN(status, legal_hold_add(archive, &hold, err));
    if (status == OK) {
        printf("hold %lld is in force\n", (long long)hold.id);
        status = print_deleted_before(archive, &hold, err);
    }
    archive_close(archive);
    return status;
}

static enum status release(struct options *options, int *out_code, struct err *err)
{
    (void)out_code;
    struct archive *archive = NULL;
    int64_t id = 0;
    char who[LOGIN_NAME_BYTES];
    enum status status = check_size("why", given.why, LEGAL_HOLD_WHY_BYTES, err);
    if (status == OK && !options_read_number(options->words[0], 1, INT64_MAX, &id)) {
        status = err_set(err, ERR_USAGE, "\"%s\" is not the number of a hold (stele hold list)",
                         options->words[0]);
    }
    status = THEN(status, archive_open(options->archive, ARCHIVE_WRITE, &archive, err));
    status = THEN(status,
                  legal_hold_release(archive, id, login_name(who), given.why, clock_now_us(), err));
    archive_close(archive);
    if (status == OK) {
        printf("hold %lld is released\n", (long long)id);
    }
    return status;
}

#define ENTRY_WHY                                                                                  \
    {                                                                                              \
        .name = "why", .argument = "TEXT", .help = "the reason, kept with it", .text = &given.why  \
    }

static const struct option_entry add_entries[] = {
    {"from", "TIME", "from this time of events on", .text = &given.from},
    {"to", "TIME", "before this time", .text = &given.to},
    {"session", "SID", "days with events of this session", .text = &given.session},
    {"user", "USER", "days with events of this user", .text = &given.user},
    ENTRY_WHY,
};

const struct verb hold_action_add = {
    .name = "hold add",
    .summary = "hold the days of a time range, or days with events of a session or user",
    VERB_OPTIONS(add_entries),
    .rules = (const struct verb_rule[]){{VERB_REQUIRED, "from to session user",
                                         "what is to be held (or --to, --session, --user)"},
                                        {VERB_AT_MOST_ONE, "session user", NULL},
                                        {VERB_REQUIRED, "why", "the reason for the hold"},
                                        {0}},
    .needs = VERB_NEEDS_ARCHIVE,
    .run = add,
};

static const struct option_entry release_entries[] = {ENTRY_WHY};

const struct verb hold_action_release = {
    .name = "hold release",
    .summary = "end a hold; its record stays",
    .words = {1, 1, "ID", "the number of one hold (stele hold list)"},
    VERB_OPTIONS(release_entries),
    .rules = (const struct verb_rule[]){{VERB_REQUIRED, "why", "the reason for the release"}, {0}},
    .needs = VERB_NEEDS_ARCHIVE,
    .run = release,
};
