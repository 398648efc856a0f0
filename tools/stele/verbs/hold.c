/* stele hold: what must not be deleted; its actions add holds, list and release them. */
#include "schema/archive/legal_hold.h"

#include <stdio.h>
#include <stdlib.h>

#include "schema/index/deletion.h"
#include "tools/stele/cli/login_name.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/cli/row_output.h"

static bool with_released; /* --all */

enum { OF_THE_RELEASE = 8 }; /* the columns from here on */

static const struct listing_column columns[] = {
    {LISTING_NAME("id"), LISTING_RIGHT | LISTING_WHOLE},
    {LISTING_NAME("made"), LISTING_WHOLE},
    {LISTING_NAME("who"), 0},
    {LISTING_NAME("kind"), 0},
    {LISTING_NAME("subject"), 0},
    {LISTING_NAME("from"), LISTING_WHOLE},
    {LISTING_NAME("to"), LISTING_WHOLE},
    {LISTING_NAME("why"), 0},
    {LISTING_NAME("released"), LISTING_WHOLE | LISTING_MORE},
    {LISTING_NAME("released_by"), LISTING_MORE},
    {LISTING_NAME("released_why"), LISTING_MORE},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static enum status add_row(struct listing *rows, const struct legal_hold *hold, struct err *err)
{
    bool released = hold->released_us != 0;
    listing_int(rows, hold->id);
    listing_time(rows, hold->made_us);
    listing_str(rows, hold->who);
    listing_str(rows, legal_hold_kind_name(hold->kind));
    listing_str(rows, hold->kind != LEGAL_HOLD_RANGE ? hold->subject : NULL);
    listing_time(rows, hold->from_us);
    listing_time(rows, hold->to_us);
    listing_str(rows, hold->why);
    listing_time(rows, released ? hold->released_us : INT64_MIN);
    listing_str(rows, released ? hold->released_by : NULL);
    listing_str(rows, released ? hold->released_why : NULL);
    return listing_next(rows, err);
}

static enum status print_holds(const struct options *options, const struct legal_hold *holds,
                               size_t count, struct err *err)
{
    struct listing_column shown[COLUMNS];
    struct listing rows;
    memcpy(shown, columns, sizeof shown);
    for (size_t i = OF_THE_RELEASE; with_released && i < COLUMNS; i++) {
        shown[i].flags &= ~(unsigned)LISTING_MORE;
    }
    enum status status = row_output_begin(options, shown, COLUMNS, &rows, err);
    for (size_t i = 0; status == OK && i < count; i++) {
        status = add_row(&rows, &holds[i], err);
    }
    status = THEN(status, listing_end(&rows, err));
    listing_fini(&rows);
    return status;
}

static enum status show_holds(struct options *options, int *out_code, struct err *err)
{
    struct archive *archive = NULL;
    struct legal_hold *holds = NULL;
    size_t count = 0;
    enum status status = archive_open(options->archive, ARCHIVE_READ, &archive, err);
    status = THEN(status, legal_hold_list(archive, with_released, &holds, &count, err));
    archive_close(archive);
    status = THEN(status, print_holds(options, holds, count, err));
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
    .forms = OUTPUT_ROWS,
    .needs = VERB_NEEDS_ARCHIVE,
    .run = show_holds,
};

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

static const struct verb add_action = {
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

static const struct verb release_action = {
    .name = "hold release",
    .summary = "end a hold; its record stays",
    .words = {1, 1, "ID", "the number of one hold (stele hold list)"},
    VERB_OPTIONS(release_entries),
    .rules = (const struct verb_rule[]){{VERB_REQUIRED, "why", "the reason for the release"}, {0}},
    .needs = VERB_NEEDS_ARCHIVE,
    .run = release,
};

const struct verb verb_hold = {
    .name = "hold",
    .summary = "protect a time range, a session or a user from deletion",
    .needs = VERB_NEEDS_ARCHIVE,
    .actions = (const struct verb *const[]){&add_action, &list_action, &release_action, NULL},
    .run = show_holds,
};
