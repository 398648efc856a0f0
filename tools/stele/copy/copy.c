/* stele copy: events of an archive as one file for a case, and what such a file says of itself. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "query/language/parse.h"
#include "schema/file/atomic_file.h"
#include "tools/stele/cli/interrupt.h"
#include "tools/stele/cli/login_name.h"
#include "tools/stele/cli/nothing_found.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/copy/copy_job.h"
#include "tools/stele/copy/copy_print.h"

enum { PASSPHRASE_BYTES_MAX = 4096 };

static struct {
    const char *from;
    const char *to;
    const char *session;
    const char *why;
    const char *passphrase_file;
    const char *key;
    struct option_values certificates;
    bool plain;
    bool force;
    bool show;
    bool decrypt;
} given;

static void name_user(char *out, size_t bytes)
{
    char login[LOGIN_NAME_BYTES];
    char host[256] = "";
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(out, bytes, "%s@%s", login_name(login), host);
}

/* The first line of the file. */
static enum status read_passphrase(struct buf *text, struct err *err)
{
    const char *path = given.passphrase_file;
    if (!path) {
        return OK;
    }
    if (strcmp(path, "-") == 0) {
        path = "/dev/stdin";
    }
    enum status status = file_read(path, PASSPHRASE_BYTES_MAX, text, err);
    if (status != OK) {
        return err_wrap(err, status, "--passphrase-file");
    }
    text->size = span_find(buf_span(text), '\n');
    text->size -= span_ends(buf_span(text), "\r");
    if (text->size < CMS_PASSPHRASE_MIN) {
        return err_set(err, ERR_USAGE,
                       "--passphrase-file %s: its first line has less than %d bytes",
                       given.passphrase_file, CMS_PASSPHRASE_MIN);
    }
    return OK;
}

/* sid:"..." beside the query as it was written. */
static void add_session(struct buf *out, const char *session, struct span query)
{
    buf_add_str(out, "sid:\"");
    for (const char *at = session; *at; at++) {
        buf_add_str(out, *at == '"' || *at == '\\' ? "\\" : "");
        buf_add_char(out, *at);
    }
    buf_add_str(out, "\"");
    if (query.size > 0) {
        buf_add_str(out, " (");
        buf_add_span(out, query);
        buf_add_str(out, ")");
    }
}

/* The query as typed goes into the header; what is asked has the session in it, too. */
static enum status make_query(const struct options *options, struct copy_job *job, struct buf *text,
                              struct query **out_query, struct err *err)
{
    struct buf both = BUF_INIT;
    query_args_join(options, text);
    enum status status = query_args_parse(options, out_query, err);
    if (status == OK && given.session) {
        parse_query_free(*out_query);
        *out_query = NULL;
        add_session(&both, given.session, buf_span(text));
        status = buf_status(&both, "query", err);
        status = THEN(status, parse_query(buf_span(&both), clock_now_us(), out_query, NULL, err));
    }
    buf_fini(&both);
    job->query = *out_query;
    job->facts.query = buf_span(text);
    return status;
}

static void print_made(const struct copy_job *job)
{
    char hex[DIGEST_HEX_BYTES];
    printf("%s: %s, %s to %s, %s bytes%s\n", job->out,
           output_count(job->facts.events, "event").text, output_time(job->facts.first_us).text,
           output_time(job->facts.last_us).text, output_number(job->file_bytes).text,
           copy_job_encrypts(job) ? ", encrypted" : "");
    printf("sha256 %s\n", digest_hex(&job->file_sha256, hex));
    if (job->plain) {
        printf("not signed: a plain file is for reading; stele copy without --plain makes one that "
               "can be verified\n");
    } else if (job->key_id[0]) {
        printf("signed with key %s\n", job->key_id);
    } else {
        printf("not signed: %s/keys/seal.key is not there\n", job->archive);
    }
}

static enum status make_copy(struct copy_job *job, int *out_code, struct err *err)
{
    interrupt_catch(NULL);
    interrupt_catch_signal(SIGHUP);
    job->facts.made_us = clock_now_us();
    enum status status = copy_job_run(job, err);
    const struct zero_question question = {.path = job->archive,
                                           .query = job->query,
                                           .from_us = job->facts.from_us,
                                           .to_us = job->facts.to_us};
    if (status == OK && job->facts.events == 0) {
        fprintf(stderr, "stele copy: no event is in the range and satisfies the query; nothing was "
                        "made\n");
        nothing_found_say(&question, true);
        *out_code = 1;
    } else if (status == OK) {
        print_made(job);
    }
    arena_fini(&job->arena);
    return status;
}

/* A query that was meant as one, with the file forgotten. */
static bool looks_like_query(const char *word)
{
    return strpbrk(word, ":*\"() ") != NULL && !strchr(word, '/') && !strrchr(word, '.');
}

static enum status copy_events(struct options *options, const struct buf *passphrase, int *out_code,
                               struct err *err)
{
    const char *out = options->words[--options->n_words];
    char who[600];
    struct query *query = NULL;
    struct buf query_text = BUF_INIT;
    if (looks_like_query(out)) {
        return err_set(err, ERR_USAGE,
                       "into which file? \"%s\" looks like a query (a file of that name: ./%s)",
                       out, out);
    }
    name_user(who, sizeof who);
    struct copy_job job = {
        .archive = options->archive,
        .out = out,
        .over = given.force,
        .plain = given.plain,
        .compression_level = (int)options->config.index_compression_level,
        .key_path = options->config.seal_key,
        .stop = &interrupt_flag,
        .facts = {.who = span_str(who),
                  .why = span_str(given.why),
                  .session = span_str(given.session),
                  .program = span_str("stele " STELE_VERSION)},
        .to = {.certificates = given.certificates.items,
               .n_certificates = given.certificates.count,
               .passphrase = buf_span(passphrase)},
    };
    enum status status =
        query_args_times(given.from, given.to, &job.facts.from_us, &job.facts.to_us, err);
    status = THEN(status, make_query(options, &job, &query_text, &query, err));
    status = THEN(status, make_copy(&job, out_code, err));
    parse_query_free(query);
    buf_fini(&query_text);
    return status;
}

static enum status show_copy(const struct options *options, struct err *err)
{
    struct copy_header header;
    if (options->n_words != 1) {
        return err_set(err, ERR_USAGE, "--show takes one file");
    }
    enum status status = copy_header_open(options->words[0], &header, err);
    if (status != OK) {
        return status;
    }
    copy_print_case(&header.facts);
    if (header.is_signed) {
        printf("%-9s with key %.*s\n", "signed", SPAN_FMT(header.key_id));
    } else {
        printf("%-9s no\n", "signed");
    }
    copy_header_fini(&header);
    return OK;
}

static enum status decrypt_copy(const struct options *options, const struct buf *passphrase,
                                struct err *err)
{
    struct atomic_file file = {.fd = -1};
    if (options->n_words != 2) {
        return err_set(err, ERR_USAGE,
                       "--decrypt takes two files: the encrypted one, and the copy "
                       "to make of it");
    }
    if (!given.key == !given.passphrase_file) {
        return err_set(err, ERR_USAGE, "--decrypt needs --key or --passphrase-file");
    }
    const char *out = options->words[1];
    enum status status = OK;
    if (!given.force && file_exists(out)) {
        status = err_set(err, ERR_EXISTS, "%s is there already; --force replaces it", out);
    }
    status = THEN(status, atomic_file_open(&file, out, err));
    status =
        THEN(status, cms_open(options->words[0], given.key, buf_span(passphrase), file.fd, err));
    status = THEN(status, atomic_file_publish(&file, given.force, err));
    atomic_file_drop(&file);
    return status;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    struct buf passphrase = BUF_INIT;
    enum status status = given.show ? OK : read_passphrase(&passphrase, err);
    status = THEN(status, given.show      ? show_copy(options, err)
                          : given.decrypt ? decrypt_copy(options, &passphrase, err)
                                          : copy_events(options, &passphrase, out_code, err));
    if (passphrase.data) {
        explicit_bzero(passphrase.data, passphrase.capacity);
    }
    buf_fini(&passphrase);
    return status;
}

static const struct option_entry entries[] = {
    OPTION_FROM(&given.from),
    OPTION_TO(&given.to),
    {"session", "SID", "only events of this session", .text = &given.session},
    {"why", "TEXT", "what the copy is for; becomes part of the case header", .text = &given.why},
    {"encrypt-to", "CERT.pem", "encrypt to this certificate (CMS); may be repeated",
     .values = &given.certificates},
    {"passphrase-file", "FILE", "encrypt to the file's first line; with --decrypt: decrypt with it",
     .text = &given.passphrase_file},
    {"plain", NULL, "a SQLite file with one plain table, for other programs", .flag = &given.plain},
    {"force", NULL, "replace OUT if it exists", .flag = &given.force},
    {"show", NULL, "print the case header of the copy FILE", .flag = &given.show},
    {"decrypt", NULL, "make the copy OUT of the encrypted file IN", .flag = &given.decrypt},
    {"key", "KEY.pem", "the private key for --decrypt", .text = &given.key},
};

static const struct verb_rule rules[] = {
    {VERB_REQUIRED, "why show decrypt", "the case header says what the copy is for"},
    {VERB_AT_MOST_ONE, "show decrypt", NULL},
    {VERB_NOT_WITH, "plain", "encrypt-to passphrase-file"},
    {0},
};

const struct verb verb_copy = {
    .name = "copy",
    .summary = "write events into one signed file for a case",
    .words = {1, VERB_WORDS_ANY, "[QUERY] OUT.stele", "into which file?"},
    VERB_OPTIONS(entries),
    .rules = rules,
    .help = QUERY_ARGS_HELP,
    .needs = VERB_NEEDS_ARCHIVE_OR_COPY,
    .needs_unless = "show decrypt",
    .run = run,
};
