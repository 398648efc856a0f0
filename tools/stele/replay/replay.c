/* stele replay: sends a range of the archive again. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "query/language/parse.h"
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

struct replay_options {
    struct options common;
    const char *from;
    const char *to;
    struct destination_options to_where;
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
    struct buf query_text;
    struct query *query;
};

static atomic_bool stop;

static void on_interrupt(int number)
{
    (void)number;
    atomic_store(&stop, true);
}

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
static enum status read_sender(const struct replay_options *options, struct replay_run *run,
                               struct err *err)
{
    struct sender_options *sender = &run->sender;
    enum form form = run->destination->form.form;
    bool stores = form == FORM_HEC || form == FORM_BULK;
    int64_t in_flight;
    int64_t events;
    int64_t bytes;
    int64_t retries;
    enum status status = read_count("in-flight", options->in_flight, 1, SENDER_IN_FLIGHT_MAX,
                                    stores ? IN_FLIGHT_OF_STORES : 1, &in_flight, err);
    status =
        THEN(status, read_count("batch-events", options->batch_events, 1, SENDER_BATCH_EVENTS_MAX,
                                form == FORM_FLUENTD ? 1 : BATCH_EVENTS, &events, err));
    status = THEN(status, read_count("batch-bytes", options->batch_bytes, 1, BATCH_BYTES_MAX,
                                     BATCH_BYTES, &bytes, err));
    status =
        THEN(status, read_count("retries", options->retries, 0, INT32_MAX, RETRIES, &retries, err));
    status = THEN(status, read_length("retry-wait", options->retry_wait, RETRY_WAIT_S,
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
        sender->stop = &stop;
    }
    return status;
}

static enum status read_resume(const struct replay_options *options, struct replay_run *run,
                               struct err *err)
{
    if (!options->resume) {
        return OK;
    }
    const struct resume_file_options what = {
        .dest = options->to_where.dest,
        .as = form_name(run->destination->form.form),
        .query = options->query_text.data,
        .from = options->from ? options->from : "",
        .to = options->to ? options->to : "",
    };
    struct day_iterator_options *search = &run->search;
    enum status status = resume_file_open(options->resume, &what, &search->from_us, &search->to_us,
                                          &run->resume, err);
    if (status == OK && resume_file_position_us(run->resume) > search->from_us) {
        search->from_us = resume_file_position_us(run->resume);
    }
    return status;
}

static int replay_archive(struct replay_options *options, struct replay_run *run)
{
    struct err err;
    run->search.query = options->query;
    enum status status = read_resume(options, run, &err);
    if (status == OK && run->resume && resume_file_done(run->resume)) {
        int64_t refused;
        char number[32];
        fprintf(stderr, "nothing left: %s says that all %s events were settled\n", options->resume,
                progress_number(resume_file_confirm(run->resume, &refused), number));
        return 0;
    }
    if (status == OK && options->refused && !options->dry_run) {
        status = rejects_file_open(options->refused, &run->refused, &err);
    }
    if (status != OK) {
        return options_fail(&verb_replay, &err);
    }
    const struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return options->dry_run ? replay_run_dry(run) : replay_run(run);
}

static enum status read_all(struct replay_options *options, struct replay_run *run,
                            struct destination *destination, struct err *err)
{
    enum status status =
        query_args_times(options->from, options->to, &run->search.from_us, &run->search.to_us, err);
    status = THEN(status, rate_parse(options->speed, &run->rate, err));
    if (status == OK) {
        status =
            read_length("timeout", options->timeout, TIMEOUT_S, &options->to_where.timeout_us, err);
    }
    status = THEN(status, destination_open(&options->to_where, destination, err));
    if (status == OK) {
        run->destination = destination;
        status = read_sender(options, run, err);
    }
    for (size_t i = 0; i < options->common.n_words; i++) {
        buf_add_str(&options->query_text, i ? " " : "");
        buf_add_str(&options->query_text, options->common.words[i]);
    }
    buf_add_char(&options->query_text, '\0');
    return THEN(status, buf_status(&options->query_text, "replay", err));
}

static int replay_with(struct replay_options *options)
{
    struct err err;
    struct destination destination = {0};
    struct replay_run run = {.dest = options->to_where.dest,
                             .speed = options->speed,
                             .resume_path = options->resume,
                             .refused_path = options->refused};
    int code = status_exit_code(ERR_USAGE);
    run.search.path = options_archive(&options->common);
    if (run.search.path) {
        code = read_all(options, &run, &destination, &err) == OK
                   ? query_args_parse(&options->common, &options->query)
                   : options_fail(&verb_replay, &err);
    }
    if (code == OPTIONS_GO_ON) {
        code = replay_archive(options, &run);
    }
    parse_query_free(options->query);
    rejects_file_close(run.refused);
    resume_file_close(run.resume);
    destination_close(&destination);
    buf_fini(&options->query_text);
    return code;
}

static int replay_verb(int argc, char **argv)
{
    struct replay_options options = {.speed = "max"};
    struct destination_options *where = &options.to_where;
    const struct option_entry entries[] = {
        option_from(&options.from),
        option_to(&options.to),
        {"dest", "URL", "https://HOST/PATH or http://; for syslog tls://HOST:PORT or tcp://",
         .text = &where->dest},
        {"as", "FORM", "fluentd, ndjson, hec, bulk or syslog (default: by the URL)",
         .text = &where->as},
        {"session-dest", "URL", "for fluentd: where events with a sid go, as URL.SID.log",
         .text = &where->session_dest},
        {"speed", "SPEED", "max (default), 1x (gaps as they were), 10x, or 500/s",
         .text = &options.speed},
        {"in-flight", "N", "posts under way; 1 keeps the order (default; hec, bulk: 4)",
         .text = &options.in_flight},
        {"batch-events", "N", "events in a post (500; fluentd: 1)", .text = &options.batch_events},
        {"batch-bytes", "N", "bytes of events in a post (1048576)", .text = &options.batch_bytes},
        {"resume", "FILE", "record the progress in FILE and continue from there",
         .text = &options.resume},
        {"refused", "FILE", "write refused events to FILE, reasons to FILE.reasons",
         .text = &options.refused},
        {"retries", "N", "how often a post is tried again (10)", .text = &options.retries},
        {"retry-wait", "TIME", "the longest wait between two tries (30s)",
         .text = &options.retry_wait},
        {"timeout", "TIME", "how long to wait for an answer (30s)", .text = &options.timeout},
        {"ca", "FILE", "the receiver's CA, PEM (default: the system's)", .text = &where->ca},
        {"cert", "FILE", "a client certificate, PEM", .text = &where->certificate},
        {"key", "FILE", "its key, PEM, without a password", .text = &where->key},
        {"token-file", "FILE", "token of HEC, API key of bulk; or STELE_REPLAY_TOKEN",
         .text = &where->token_file},
        {"login-file", "FILE", "user:password; or STELE_REPLAY_LOGIN", .text = &where->login_file},
        {"header-file", "FILE", "additional headers, one per line (Name: value)",
         .text = &where->header_file},
        {"index", "NAME", "for hec and bulk: the index", .text = &where->index},
        {"source", "TEXT", "for hec (teleport)", .text = &where->source},
        {"sourcetype", "TEXT", "for hec (_json)", .text = &where->sourcetype},
        {"update", NULL, "for bulk: overwrite existing documents", .flag = &where->update},
        {"facility", "NAME", "for syslog: audit (default), authpriv, local0, ...",
         .text = &where->facility},
        {"frame-max", "BYTES", "for syslog: refuse longer messages (1048576)",
         .text = &where->frame_max},
        {"allow-remote-plain", NULL, "allow http:// and tcp:// to other machines",
         .flag = &where->allow_remote_plain},
        {"dry-run", NULL, "say what would be sent and how long it takes", .flag = &options.dry_run},
    };
    int code = options_read(&options.common, &verb_replay, entries,
                            sizeof entries / sizeof entries[0], argc, argv);
    return code == OPTIONS_GO_ON ? replay_with(&options) : code;
}

const struct verb verb_replay = {
    .name = "replay",
    .usage = "--dest URL [QUERY] [OPTION]...",
    .summary = "send a range of the archive again, oldest first",
    .run = replay_verb,
};
