/* stele replay: sends a range of the archive again. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "query/language/parse.h"
#include "tools/stele/cli/interrupt.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/replay/replay_run.h"

enum {
    BATCH_EVENTS = 500,
    BATCH_BYTES = 1024 * 1024,
    BATCH_BYTES_MAX = 64 * 1024 * 1024,
    IN_FLIGHT_OF_STORES = 4,
    RETRIES = 10,
    TIMEOUT_S = 30,
    RETRY_WAIT_S = 30,
};

static struct {
    const char *from;
    const char *to;
    struct destination_options where;
    const char *speed;
    const char *in_flight;
    const char *batch_events;
    const char *batch_bytes;
    const char *resume;
    const char *refused;
    const char *retries;
    const char *retry_wait;
    const char *timeout;
    bool dry_run;
} given = {.speed = "max"};

static enum status read_length(const char *name, const char *text, int64_t missing_s,
                               int64_t *out_us, struct err *err)
{
    *out_us = missing_s * CLOCK_SECOND_US;
    if (text && (!clock_parse_duration(span_str(text), out_us) || *out_us < 1000 ||
                 *out_us > 3600 * CLOCK_SECOND_US)) {
        return err_set(err, ERR_USAGE, "--%s: \"%.40s\" is not a length of time up to 1h (30s)",
                       name, text);
    }
    return OK;
}

static enum status read_count(const char *name, const char *text, int64_t min, int64_t max,
                              int64_t missing, int64_t *out_number, struct err *err)
{
    *out_number = missing;
    return text ? options_number(name, text, min, max, out_number, err) : OK;
}

/* How posts are made up and how many are under way; needs the form. */
static enum status read_sender(struct replay_run *run, struct err *err)
{
    struct sender_options *sender = &run->sender;
    enum form form = run->destination->form.form;
    bool stores = form == FORM_HEC || form == FORM_BULK;
    int64_t in_flight;
    int64_t events;
    int64_t bytes;
    int64_t retries;
    enum status status = read_count("in-flight", given.in_flight, 1, SENDER_IN_FLIGHT_MAX,
                                    stores ? IN_FLIGHT_OF_STORES : 1, &in_flight, err);
    status = THEN(status, read_count("batch-events", given.batch_events, 1, SENDER_BATCH_EVENTS_MAX,
                                     form == FORM_FLUENTD ? 1 : BATCH_EVENTS, &events, err));
    status = THEN(status, read_count("batch-bytes", given.batch_bytes, 1, BATCH_BYTES_MAX,
                                     BATCH_BYTES, &bytes, err));
    status =
        THEN(status, read_count("retries", given.retries, 0, INT32_MAX, RETRIES, &retries, err));
    status = THEN(status, read_length("retry-wait", given.retry_wait, RETRY_WAIT_S,
                                      &sender->retry_wait_max_us, err));
    if (status == OK && form == FORM_SYSLOG && in_flight > 1) {
        status = err_set(err, ERR_USAGE,
                         "--in-flight: a syslog connection has no answers to wait "
                         "for: 1 is what it can have");
    }
    if (status == OK && form == FORM_FLUENTD && events > 1) {
        status = err_set(err, ERR_USAGE, "--batch-events: --as fluentd has one event a POST");
    }
    if (status == OK) {
        sender->destination = run->destination;
        sender->in_flight = (size_t)in_flight;
        sender->batch_events = (size_t)events;
        sender->batch_bytes = (size_t)bytes;
        sender->tries_max = (int)retries;
        sender->stop = &interrupt_cancel;
    }
    return status;
}

static enum status read_resume(struct replay_run *run, const struct buf *query, struct err *err)
{
    if (!given.resume) {
        return OK;
    }
    const struct resume_file_options what = {
        .dest = given.where.dest,
        .as = form_name(run->destination->form.form),
        .query = query->data,
        .from = given.from ? given.from : "",
        .to = given.to ? given.to : "",
    };
    struct day_iterator_options *search = &run->search;
    enum status status =
        resume_file_open(given.resume, &what, &search->from_us, &search->to_us, &run->resume, err);
    if (status == OK && run->resume->now.position_us > search->from_us) {
        search->from_us = run->resume->now.position_us;
    }
    return status;
}

static enum status read_options(struct replay_run *run, struct destination *destination,
                                struct err *err)
{
    enum status status =
        query_args_times(given.from, given.to, &run->search.from_us, &run->search.to_us, err);
    status = THEN(status, rate_parse(given.speed, &run->rate, err));
    status = THEN(status,
                  read_length("timeout", given.timeout, TIMEOUT_S, &given.where.timeout_us, err));
    status = THEN(status, destination_open(&given.where, destination, err));
    if (status == OK) {
        run->destination = destination;
        status = read_sender(run, err);
    }
    return status;
}

static enum status replay_archive(struct replay_run *run, const struct buf *query, int *out_code,
                                  struct err *err)
{
    enum status status = read_resume(run, query, err);
    if (status == OK && run->resume && run->resume->now.done) {
        char number[32];
        fprintf(stderr, "nothing left: %s says that all %s events were settled\n", given.resume,
                progress_number(run->resume->now.settled, number));
        return OK;
    }
    if (status == OK && given.refused && !given.dry_run) {
        status = rejects_file_open(given.refused, &run->refused, err);
    }
    if (status != OK) {
        return status;
    }
    interrupt_catch(NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    *out_code = given.dry_run ? replay_run_dry(run) : replay_run(run);
    return OK;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    struct destination destination = {0};
    struct buf text = BUF_INIT;
    struct query *query = NULL;
    struct replay_run run = {.verb = options->verb,
                             .search = {.path = options->archive},
                             .dest = given.where.dest,
                             .speed = given.speed,
                             .resume_path = given.resume,
                             .refused_path = given.refused};
    query_args_join(options, &text);
    buf_add_char(&text, '\0');
    enum status status = buf_status(&text, "replay", err);
    status = THEN(status, read_options(&run, &destination, err));
    status = THEN(status, query_args_parse(options, &query, err));
    run.search.query = query;
    status = THEN(status, replay_archive(&run, &text, out_code, err));
    parse_query_free(query);
    rejects_file_close(run.refused);
    resume_file_close(run.resume);
    destination_close(&destination);
    buf_fini(&text);
    return status;
}

static const struct option_entry entries[] = {
    OPTION_FROM(&given.from),
    OPTION_TO(&given.to),
    {"dest", "URL", "https://HOST/PATH or http://; for syslog tls://HOST:PORT or tcp://",
     .text = &given.where.dest},
    {"as", "FORM", "fluentd, ndjson, hec, bulk or syslog (default: by the URL)",
     .text = &given.where.as},
    {"session-dest", "URL", "for fluentd: where events with a sid go, as URL.SID.log",
     .text = &given.where.session_dest},
    {"speed", "SPEED", "max (default), 1x (gaps as they were), 10x, or 500/s",
     .text = &given.speed},
    {"in-flight", "N", "posts under way; 1 keeps the order (default; hec, bulk: 4)",
     .text = &given.in_flight},
    {"batch-events", "N", "events in a post (500; fluentd: 1)", .text = &given.batch_events},
    {"batch-bytes", "N", "bytes of events in a post (1048576)", .text = &given.batch_bytes},
    {"resume", "FILE", "record the progress in FILE and continue from there",
     .text = &given.resume},
    {"refused", "FILE", "write refused events to FILE, reasons to FILE.reasons",
     .text = &given.refused},
    {"retries", "N", "how often a post is tried again (10)", .text = &given.retries},
    {"retry-wait", "TIME", "the longest wait between two tries (30s)", .text = &given.retry_wait},
    {"timeout", "TIME", "how long to wait for an answer (30s)", .text = &given.timeout},
    {"ca", "FILE", "the receiver's CA, PEM (default: the system's)", .text = &given.where.ca},
    {"cert", "FILE", "a client certificate, PEM", .text = &given.where.certificate},
    {"key", "FILE", "its key, PEM, without a password", .text = &given.where.key},
    {"token-file", "FILE", "token of HEC, API key of bulk; or STELE_REPLAY_TOKEN",
     .text = &given.where.token_file},
    {"login-file", "FILE", "user:password; or STELE_REPLAY_LOGIN", .text = &given.where.login_file},
    {"header-file", "FILE", "additional headers, one per line (Name: value)",
     .text = &given.where.header_file},
    {"index", "NAME", "for hec and bulk: the index", .text = &given.where.index},
    {"source", "TEXT", "for hec (teleport)", .text = &given.where.source},
    {"sourcetype", "TEXT", "for hec (_json)", .text = &given.where.sourcetype},
    {"update", NULL, "for bulk: overwrite existing documents", .flag = &given.where.update},
    {"facility", "NAME", "for syslog: audit (default), authpriv, local0, ...",
     .text = &given.where.facility},
    {"frame-max", "BYTES", "for syslog: refuse longer messages (1048576)",
     .text = &given.where.frame_max},
    {"allow-remote-plain", NULL, "allow http:// and tcp:// to other machines",
     .flag = &given.where.allow_remote_plain},
    {"dry-run", NULL, "say what would be sent and how long it takes", .flag = &given.dry_run},
};

const struct verb verb_replay = {
    .name = "replay",
    .summary = "send a range of the archive again, oldest first",
    .words = {0, VERB_WORDS_ANY, "[QUERY]", NULL},
    VERB_OPTIONS(entries),
    .rules = (const struct verb_rule[]){{VERB_REQUIRED, "dest", "where do the events go?"}, {0}},
    .help = QUERY_ARGS_HELP,
    .needs = VERB_NEEDS_ARCHIVE_OR_COPY,
    .run = run,
};
