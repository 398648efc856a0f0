/* One replay: events out of the archive in order of time, at their pace, into the sender; refused
 * events and the position into files, in this order, so that no position is ahead of a refusal
 * that was not written. One thread. */
#include "tools/stele/replay/replay_run.h"

#include <inttypes.h>
#include <stdio.h>

#include "query/aggregate/aggregate.h"
#include "query/language/parse.h"
#include "tools/stele/cli/nothing_found.h"

#define MOVE_US (INT64_C(100) * 1000)
#define TELL_US (INT64_C(5) * CLOCK_SECOND_US) /* failures are printed at most so often */

/* What happens to events once they are on their way. */

static enum status save(struct replay_run *run, struct err *err)
{
    enum status status = run->refused ? rejects_file_sync(run->refused, err) : OK;
    return status == OK && run->resume ? resume_file_write(run->resume, err) : status;
}

static const char *first_reason(const struct post_batch *batch)
{
    for (size_t i = 0; i < batch->items.count; i++) {
        if (batch->items.items[i].outcome == RESPONSE_OUTCOME_REFUSED) {
            return post_batch_reason(batch, i);
        }
    }
    return NULL;
}

/* By batches that have left. */
static int64_t count_settled(const struct replay_run *run)
{
    int64_t settled = 0;
    for (int i = RESPONSE_OUTCOME_TAKEN; i <= RESPONSE_OUTCOME_REFUSED; i++) {
        settled += sender_counts(run->out)->outcomes[i];
    }
    return settled;
}

static enum status on_settled(void *context, const struct post_batch *batch, struct err *err)
{
    struct replay_run *run = context;
    const char *reason = first_reason(batch);
    enum status status = OK;
    if (reason && !run->refused) {
        return err_set(err, ERR_DENIED,
                       "an event was refused: %.240s; with --refused FILE such events are put "
                       "aside and it goes on",
                       reason);
    }
    if (reason) {
        status = rejects_file_add(run->refused, batch, err);
    }
    if (status == OK && run->resume) {
        resume_file_note(run->resume, batch);
        status = resume_file_due(run->resume) ? save(run, err) : OK;
    }
    int64_t settled = count_settled(run) + (int64_t)batch->items.count;
    progress_step(&run->progress, settled, settled);
    return status;
}

static void on_again(void *context, const struct err *why, int64_t wait_us)
{
    struct replay_run *run = context;
    int64_t now_us = clock_monotonic_us();
    if (run->told_us == 0 || now_us - run->told_us >= TELL_US) {
        run->told_us = now_us;
        progress_wipe(&run->progress);
        fprintf(stderr, "stele replay: %s; trying again in %.1f s\n", why->text,
                (double)wait_us / (double)CLOCK_SECOND_US);
    }
}

/* Events on their way out of the archive. */

static void note_hit(struct replay_run *run, const struct search_hit *hit)
{
    run->first_us = run->hits == 0 ? hit->time_us : run->first_us;
    run->last_us = hit->time_us;
    run->hits++;
    run->bytes += (int64_t)hit->raw.size;
}

static bool is_settled(const struct replay_run *run, const struct search_hit *hit)
{
    return run->resume && resume_file_has(run->resume, hit->time_us, hit->raw);
}

static enum status wait_for_turn(struct replay_run *run, const struct search_hit *hit)
{
    if (run->rate.kind == RATE_MAX) {
        return OK;
    }
    enum status status = OK;
    int64_t now_us = clock_monotonic_us();
    int64_t due_us = rate_due_us(&run->rate, hit->time_us, now_us);
    while (status == OK && now_us < due_us) {
        int64_t left_us = due_us - now_us;
        status = sender_move(run->out, left_us < MOVE_US ? left_us : MOVE_US, run->err);
        now_us = clock_monotonic_us();
    }
    return status;
}

static bool on_hit(void *context, const struct search_hit *hit)
{
    struct replay_run *run = context;
    if (is_settled(run, hit)) {
        return true;
    }
    run->status = wait_for_turn(run, hit);
    run->status =
        THEN(run->status, sender_add(run->out, hit->raw, hit->time_us, hit->received_us, run->err));
    note_hit(run, hit);
    return run->status == OK;
}

static bool on_hit_dry(void *context, const struct search_hit *hit)
{
    struct replay_run *run = context;
    if (!is_settled(run, hit)) {
        note_hit(run, hit);
    }
    progress_step(&run->progress, 0, run->hits);
    return !run->sender.stop || !atomic_load(run->sender.stop);
}

static enum status go_through(struct replay_run *run, search_run_each *each, struct err *err)
{
    struct search_run_options options = {.search = run->search, .each = each, .context = run};
    struct day_iterator *iterator = NULL;
    int64_t hits;
    options.search.oldest_first = true;
    run->err = err;
    run->status = OK;
    enum status status = day_iterator_open(&options.search, &iterator, err);
    status = THEN(status, search_run_query(iterator, &options, &hits, err));
    day_iterator_close(iterator);
    bool goes_on = run->resume && run->resume->now.settled > 0;
    if (status == OK && run->status == OK && run->hits == 0 && !goes_on) {
        progress_wipe(&run->progress);
        nothing_found_in(&run->search);
    }
    return THEN(status, run->status);
}

/* For the progress bar alone: not counted when there is none. */
static int64_t count_events(const struct replay_run *run)
{
    struct err err;
    struct day_iterator *iterator = NULL;
    int64_t count = 0;
    if (day_iterator_open(&run->search, &iterator, &err) != OK ||
        aggregate_count(iterator, &count, &err) != OK) {
        count = 0; /* the run itself says why */
    }
    day_iterator_close(iterator);
    return count;
}

static void print_counts(const struct replay_run *run, int64_t begun_us)
{
    const int64_t *outcomes = sender_counts(run->out)->outcomes;
    int64_t all = count_settled(run);
    char number[32];
    printf("sent %s event%s to %s as %s in %.1f s: %s taken", progress_number(all, number),
           output_plural(all), run->dest, form_name(run->destination->form.form),
           (double)(clock_monotonic_us() - begun_us) / (double)CLOCK_SECOND_US,
           progress_number(outcomes[RESPONSE_OUTCOME_TAKEN], (char[32]){0}));
    if (outcomes[RESPONSE_OUTCOME_THERE] > 0) {
        printf(", %s there already", progress_number(outcomes[RESPONSE_OUTCOME_THERE], number));
    }
    if (outcomes[RESPONSE_OUTCOME_UPDATED] > 0) {
        printf(", %s written over", progress_number(outcomes[RESPONSE_OUTCOME_UPDATED], number));
    }
    if (outcomes[RESPONSE_OUTCOME_REFUSED] > 0) {
        printf(", %s refused (in %s)", progress_number(outcomes[RESPONSE_OUTCOME_REFUSED], number),
               run->refused_path);
    }
    printf("\n");
}

static void print_how_to_go_on(const struct replay_run *run)
{
    char number[32];
    if (run->resume) {
        fprintf(stderr,
                "stele replay: %s event%s settled so far; the same command goes on from there "
                "(--resume %s)\n",
                progress_number(run->resume->now.settled, number),
                output_plural(run->resume->now.settled), run->resume_path);
    } else {
        fprintf(stderr, "stele replay: without --resume FILE the same command starts over\n");
    }
}

static enum status send_all(struct replay_run *run, struct err *err)
{
    enum status status = go_through(run, on_hit, err);
    status = THEN(status, sender_flush(run->out, err));
    if (status != OK) {
        sender_wind_up(run->out);
    } else if (run->resume) {
        resume_file_finish(run->resume);
    }
    struct err second;
    enum status saved = save(run, &second);
    if (status == OK && saved != OK) {
        (void)err_copy(err, &second);
        status = saved;
    }
    return status;
}

int replay_run(struct replay_run *run)
{
    struct err err;
    int64_t begun_us = clock_monotonic_us();
    run->sender.on_settled = on_settled;
    run->sender.on_again = on_again;
    run->sender.context = run;
    progress_begin(&run->progress, "replay", "events", 0);
    if (run->progress.on) {
        run->progress.total = count_events(run);
    }
    enum status status = sender_open(&run->sender, &run->out, &err);
    if (status != OK) {
        return verb_fail(run->verb, &err);
    }
    status = send_all(run, &err);
    progress_wipe(&run->progress);
    bool refused = sender_counts(run->out)->outcomes[RESPONSE_OUTCOME_REFUSED] > 0;
    int code = refused ? status_exit_code(ERR_DENIED) : 0;
    if (status == OK && run->hits == 0) {
        fprintf(stderr, "no event to send\n");
        code = run->resume && run->resume->now.settled > 0 ? 0 : 1;
    } else if (sender_counts(run->out)->posts > 0 || status == OK) {
        print_counts(run, begun_us);
    }
    if (status != OK) {
        code = verb_fail(run->verb, &err);
    }
    if (status != OK && run->hits > 0) {
        print_how_to_go_on(run);
    }
    sender_close(run->out);
    return code;
}

static void print_length(int64_t us)
{
    int64_t seconds = us / CLOCK_SECOND_US;
    if (seconds < 60) {
        printf("%.1f s", (double)us / (double)CLOCK_SECOND_US);
    } else if (seconds < 86400) {
        printf("%" PRId64 " h %" PRId64 " min %" PRId64 " s", seconds / 3600, seconds / 60 % 60,
               seconds % 60);
    } else {
        printf("%" PRId64 " days %" PRId64 " h %" PRId64 " min", seconds / 86400,
               seconds / 3600 % 24, seconds / 60 % 60);
    }
}

int replay_run_dry(struct replay_run *run)
{
    struct err err;
    char number[2][32];
    char time[2][CLOCK_TEXT_BYTES];
    progress_begin(&run->progress, "replay", "events", 0);
    enum status status = go_through(run, on_hit_dry, &err);
    progress_wipe(&run->progress);
    if (status != OK) {
        return verb_fail(run->verb, &err);
    }
    if (run->hits == 0) {
        fprintf(stderr, "no event to send\n");
        return 1;
    }
    printf("would send %s event%s, %s bytes, of %s to %s, to %s as %s at --speed %s: ",
           progress_number(run->hits, number[0]), output_plural(run->hits),
           progress_number(run->bytes, number[1]), clock_format(run->first_us, time[0]),
           clock_format(run->last_us, time[1]), run->dest, form_name(run->destination->form.form),
           run->speed);
    int64_t length_us = rate_length_us(&run->rate, run->hits, run->last_us - run->first_us);
    if (length_us < 0) {
        printf("as fast as it is taken\n");
    } else {
        print_length(length_us);
        printf(" at least\n");
    }
    return 0;
}
