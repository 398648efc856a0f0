/* stele sessions: which sessions there were. The sessions are those of the events that the query
 * finds in the time asked for; what is said of each comes from its own events, of any time. */
#include <stdio.h>

#include "query/aggregate/aggregate.h"
#include "query/language/parse.h"
#include "tools/stele/cli/nothing_found.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/cli/row_output.h"
#include "tools/stele/verbs/session_find.h"

enum { TABLE_LIMIT = 100 };

static struct {
    const char *from;
    const char *to;
    const char *limit;
    bool open;
} given;

static const struct listing_column columns[] = {
    {LISTING_NAME("sid"), LISTING_SPARE | LISTING_WHOLE},
    {LISTING_NAME("start"), LISTING_WHOLE},
    {LISTING_NAME("end"), LISTING_WHOLE | LISTING_SPARE},
    {LISTING_NAME("length"), LISTING_WHOLE | LISTING_RIGHT},
    {LISTING_NAME("user"), 0},
    {LISTING_NAME("host"), 0},
    {LISTING_NAME("participants"), LISTING_SPARE},
    {LISTING_NAME("recording"), LISTING_SPARE},
    {LISTING_NAME("missing"), LISTING_WHOLE},
    {LISTING_NAME("login"), LISTING_MORE},
    {LISTING_NAME("address"), LISTING_MORE | LISTING_KEEP},
    {LISTING_NAME("seconds"), LISTING_MORE | LISTING_RIGHT},
    {LISTING_NAME("first_event"), LISTING_MORE},
    {LISTING_NAME("last_event"), LISTING_MORE},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static void add_missing(struct listing *rows, const struct session_head *head)
{
    struct span missing[2];
    size_t count = 0;
    if (!head->has_start) {
        missing[count++] = span_str("no start seen");
    }
    if (!head->has_end) {
        missing[count++] = span_str("no end seen");
    }
    listing_list(rows, missing, count);
}

/* Start and end are those that the session's own start and end say, or nothing. */
static enum status add_row(struct listing *rows, const struct session_find_item *found,
                           struct err *err)
{
    const struct session_head *head = &found->head;
    bool starts = head->start_us != 0;
    bool is_whole = starts && head->has_end;
    int64_t length_us = session_head_until_us(head) - session_head_from_us(head);
    char text[40];
    struct buf recording = BUF_INIT;
    session_head_recording(head, &recording);
    listing_text(rows, found->sid);
    listing_time(rows, starts ? head->start_us : INT64_MIN);
    listing_time(rows, head->has_end ? head->end_us : INT64_MIN);
    listing_str(rows, is_whole ? session_head_duration(length_us, text) : NULL);
    listing_text(rows, head->who.text);
    listing_text(rows, head->where.text);
    listing_list(rows, head->people.items, head->people.count);
    listing_text(rows, buf_span(&recording));
    add_missing(rows, head);
    listing_text(rows, head->login.text);
    listing_text(rows, head->address.text);
    if (is_whole) {
        listing_double(rows, (double)length_us / 1e6);
    } else {
        listing_null(rows);
    }
    listing_time(rows, head->has_event ? head->first_us : INT64_MIN);
    listing_time(rows, head->has_event ? head->last_us : INT64_MIN);
    enum status status = buf_status(&recording, "sessions", err);
    buf_fini(&recording);
    return THEN(status, listing_next(rows, err));
}

static bool is_wanted(const struct session_find_item *found)
{
    return !found->is_chunk && (!given.open || !found->head.has_start || !found->head.has_end);
}

static enum status print_found(const struct options *options, struct session_find *find,
                               int64_t limit, int64_t *out_count, struct err *err)
{
    struct listing rows;
    int64_t count = 0;
    enum status status = row_output_begin(options, columns, COLUMNS, &rows, err);
    for (size_t i = 0; status == OK && i < find->found.count; i++) {
        if (is_wanted(&find->found.items[i]) && (++count <= limit || limit == 0)) {
            status = add_row(&rows, &find->found.items[i], err);
        }
    }
    status = THEN(status, listing_end(&rows, err));
    if (status == OK && limit > 0 && count > limit) {
        (void)fflush(stdout);
        fprintf(stderr, "the newest %lld of %lld sessions; --limit 0 shows all\n", (long long)limit,
                (long long)count);
    }
    listing_fini(&rows);
    *out_count = count;
    return status;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    struct query *query = NULL;
    struct session_find find = {.archive = options->archive};
    int64_t limit = options->form == OUTPUT_TABLE ? TABLE_LIMIT : 0;
    int64_t count = 0;
    enum status status = query_args_times(given.from, given.to, &find.from_us, &find.to_us, err);
    if (status == OK && given.limit) {
        status = options_number("limit", given.limit, 0, INT32_MAX, &limit, err);
    }
    status = THEN(status, query_args_parse(options, &query, err));
    find.query = query;
    status = THEN(status, session_find_run(&find, err));
    status = THEN(status, print_found(options, &find, limit, &count, err));
    if (status == OK && count == 0) {
        const struct zero_question question = {
            .path = options->archive, .query = query, .from_us = find.from_us, .to_us = find.to_us};
        nothing_found_say(&question, true);
        *out_code = 1;
    }
    session_find_fini(&find);
    parse_query_free(query);
    return status;
}

static const struct option_entry entries[] = {
    OPTION_FROM(&given.from),
    OPTION_TO(&given.to),
    {"limit", "N", "at most N, the newest (default: 100 in a table); 0: all", .text = &given.limit},
    {"incomplete", NULL, "only those without a start or without an end", .flag = &given.open},
};

const struct verb verb_sessions = {
    .name = "sessions",
    .summary = "list sessions, newest first",
    .words = {0, VERB_WORDS_ANY, "QUERY", NULL},
    VERB_OPTIONS(entries),
    .forms = OUTPUT_ROWS,
    .help = QUERY_ARGS_HELP,
    .needs = VERB_NEEDS_ARCHIVE_OR_COPY,
    .run = run,
};
