/* stele copy: events of an archive as one file for a case, and what such a file says of itself. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "query/language/parse.h"
#include "schema/base/atomic_file.h"
#include "tools/stele/cli/login_name.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/copy/copy_job.h"
#include "tools/stele/copy/copy_print.h"

const struct verb verb_copy;

enum { PASSPHRASE_BYTES_MAX = 4096 };

static volatile sig_atomic_t stopped;

static void on_interrupt(int number)
{
    (void)number;
    stopped = 1;
}

struct copy_options {
    struct options common;
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
    struct buf passphrase;
    struct buf query_text;
    char who[600];
};

static void name_user(char *out, size_t bytes)
{
    char login[LOGIN_NAME_BYTES];
    char host[256] = "";
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(out, bytes, "%s@%s", login_name(login), host);
}

/* The first line of the file. */
static enum status read_passphrase(struct copy_options *options, struct err *err)
{
    const char *path = options->passphrase_file;
    if (!path) {
        return OK;
    }
    struct buf *text = &options->passphrase;
    if (strcmp(path, "-") == 0) {
        path = "/dev/stdin";
    }
    enum status status = file_read(path, PASSPHRASE_BYTES_MAX, text, err);
    if (status != OK) {
        return err_wrap(err, "--passphrase-file");
    }
    const char *end = text->size > 0 ? memchr(text->data, '\n', text->size) : NULL;
    text->size = end ? (size_t)(end - text->data) : text->size;
    if (text->size > 0 && text->data[text->size - 1] == '\r') {
        text->size--;
    }
    if (text->size < CMS_PASSPHRASE_MIN) {
        return err_set(err, ERR_USAGE,
                       "--passphrase-file %s: its first line has less than %d bytes",
                       options->passphrase_file, CMS_PASSPHRASE_MIN);
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
static int make_query(struct copy_options *options, struct query **out_query)
{
    struct err err;
    struct buf both = BUF_INIT;
    for (size_t i = 0; i < options->common.n_words; i++) {
        buf_add_str(&options->query_text, i ? " " : "");
        buf_add_str(&options->query_text, options->common.words[i]);
    }
    int code = query_args_parse(&options->common, out_query);
    if (code != OPTIONS_GO_ON || !options->session) {
        return code;
    }
    parse_query_free(*out_query);
    *out_query = NULL;
    add_session(&both, options->session, buf_span(&options->query_text));
    enum status status = buf_status(&both, "query", &err);
    status = THEN(status, parse_query(buf_span(&both), clock_now_us(), out_query, NULL, &err));
    buf_fini(&both);
    return status == OK ? OPTIONS_GO_ON : options_fail(&verb_copy, &err);
}

static void say_made(const struct copy_job *job)
{
    char number[32];
    char bytes[32];
    char first[CLOCK_TEXT_BYTES];
    char last[CLOCK_TEXT_BYTES];
    char hex[DIGEST_HEX_BYTES];
    bool encrypted = job->to.n_certificates > 0 || job->to.passphrase.size > 0;
    printf("%s: %s events, %s to %s, %s bytes%s\n", job->out,
           progress_number(job->facts.events, number), clock_format(job->facts.first_us, first),
           clock_format(job->facts.last_us, last), progress_number(job->file_bytes, bytes),
           encrypted ? ", encrypted" : "");
    printf("sha256 %s\n", digest_hex(&job->file_sha256, hex));
    if (job->plain) {
        printf("not signed: a plain file is for reading; stele copy without --plain makes one that "
               "can be verified\n");
    } else if (job->key_id[0]) {
        printf("signed with key %s\n", job->key_id);
    } else {
        printf("not signed: %s/keys/seal.key is not there\n", job->archive);
    }
    if (job->without_source > 0) {
        fprintf(stderr, "stele copy: of %lld events the archive does not keep the source apart\n",
                (long long)job->without_source);
    }
}

static int make_copy(struct copy_options *options, struct copy_job *job)
{
    struct err err;
    struct query *query = NULL;
    int code = make_query(options, &query);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    job->query = query;
    job->facts.query = buf_span(&options->query_text);
    job->facts.made_us = clock_now_us();
    const struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    enum status status = copy_job_run(job, &err);
    parse_query_free(query);
    if (status != OK) {
        code = options_fail(&verb_copy, &err);
    } else if (job->facts.events == 0) {
        fprintf(stderr, "stele copy: no event is in the range and satisfies the query; nothing was "
                        "made\n");
        code = 1;
    } else {
        say_made(job);
        code = 0;
    }
    arena_fini(&job->arena);
    return code;
}

/* A query that was meant as one, with the file forgotten. */
static bool looks_like_query(const char *word)
{
    return strpbrk(word, ":*\"() ") != NULL && !strchr(word, '/') && !strrchr(word, '.');
}

static int copy_events(struct copy_options *options)
{
    struct err err;
    struct options *common = &options->common;
    if (common->n_words == 0) {
        return options_misuse(&verb_copy, "into which file?");
    }
    const char *out = common->words[--common->n_words];
    if (looks_like_query(out)) {
        return options_misuse(&verb_copy,
                              "into which file? \"%s\" looks like a query (a file of that name: "
                              "./%s)",
                              out, out);
    }
    if (!options->why || !*options->why) {
        return options_misuse(&verb_copy, "--why: the case header says what the copy is for");
    }
    if (options->plain && (options->certificates.count > 0 || options->passphrase_file)) {
        return options_misuse(&verb_copy, "--plain is not encrypted: make a copy without it, or "
                                          "encrypt the plain file with openssl cms");
    }
    const char *archive = options_archive(common);
    if (!archive) {
        return status_exit_code(ERR_USAGE);
    }
    struct copy_job job = {.archive = archive,
                           .out = out,
                           .over = options->force,
                           .plain = options->plain,
                           .compression_level = (int)common->config.index_compression_level,
                           .key_path = common->config.seal_key,
                           .stop = &stopped};
    if (query_args_times(options->from, options->to, &job.facts.from_us, &job.facts.to_us, &err) !=
            OK ||
        read_passphrase(options, &err) != OK) {
        return options_fail(&verb_copy, &err);
    }
    name_user(options->who, sizeof options->who);
    job.facts.who = span_str(options->who);
    job.facts.why = span_str(options->why);
    job.facts.session = span_str(options->session);
    job.facts.program = span_str("stele " STELE_VERSION);
    job.to = (struct cms_recipients){.certificates = options->certificates.items,
                                     .n_certificates = options->certificates.count,
                                     .passphrase = buf_span(&options->passphrase)};
    return make_copy(options, &job);
}

static int show_copy(const struct copy_options *options)
{
    struct err err;
    struct copy_header header;
    if (options->common.n_words != 1) {
        return options_misuse(&verb_copy, "--show wants one file");
    }
    if (copy_header_open(options->common.words[0], &header, &err) != OK) {
        return options_fail(&verb_copy, &err);
    }
    copy_print_case(&header.facts);
    if (header.is_signed) {
        printf("%-9s with key %.*s\n", "signed", SPAN_FMT(header.key_id));
    } else {
        printf("%-9s no\n", "signed");
    }
    copy_header_fini(&header);
    return 0;
}

static int decrypt_copy(struct copy_options *options)
{
    struct err err;
    struct atomic_file file = {.fd = -1};
    if (options->common.n_words != 2) {
        return options_misuse(&verb_copy, "--decrypt wants two files: the encrypted one, and what "
                                          "to make of it");
    }
    if (!options->key == !options->passphrase_file) {
        return options_misuse(&verb_copy, "--decrypt wants --key or --passphrase-file");
    }
    const char *out = options->common.words[1];
    enum status status = read_passphrase(options, &err);
    if (status == OK && !options->force && file_exists(out)) {
        status = err_set(&err, ERR_EXISTS, "%s is there already; --force replaces it", out);
    }
    status = THEN(status, atomic_file_open(&file, out, &err));
    status = THEN(status, cms_open(options->common.words[0], options->key,
                                   buf_span(&options->passphrase), file.fd, &err));
    status = THEN(status, atomic_file_publish(&file, options->force, &err));
    atomic_file_drop(&file);
    return status == OK ? 0 : options_fail(&verb_copy, &err);
}

static int copy_run(int argc, char **argv)
{
    static struct copy_options options;
    const struct option_entry entries[] = {
        option_from(&options.from),
        option_to(&options.to),
        {.name = "session",
         .argument = "SID",
         .help = "only events of this session",
         .text = &options.session},
        {.name = "why",
         .argument = "TEXT",
         .help = "what the copy is for; becomes part of the case header",
         .text = &options.why},
        {.name = "encrypt-to",
         .argument = "CERT.pem",
         .help = "encrypt to this certificate (CMS); may be repeated",
         .values = &options.certificates},
        {.name = "passphrase-file",
         .argument = "FILE",
         .help = "encrypt to the file's first line; with --decrypt: decrypt with it",
         .text = &options.passphrase_file},
        {.name = "plain",
         .help = "a SQLite file with one plain table, for other programs",
         .flag = &options.plain},
        {.name = "force", .help = "replace OUT if it exists", .flag = &options.force},
        {.name = "show", .help = "print the case header of the copy FILE", .flag = &options.show},
        {.name = "decrypt",
         .help = "make the copy OUT of the encrypted file IN",
         .flag = &options.decrypt},
        {.name = "key",
         .argument = "KEY.pem",
         .help = "the private key for --decrypt",
         .text = &options.key},
    };
    int code = options_read(&options.common, &verb_copy, entries,
                            sizeof entries / sizeof entries[0], argc, argv);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    if (options.show + options.decrypt > 1) {
        return options_misuse(&verb_copy, "--show and --decrypt are two things");
    }
    code = options.show      ? show_copy(&options)
           : options.decrypt ? decrypt_copy(&options)
                             : copy_events(&options);
    if (options.passphrase.data) {
        explicit_bzero(options.passphrase.data, options.passphrase.capacity);
    }
    buf_fini(&options.passphrase);
    buf_fini(&options.query_text);
    return code;
}

const struct verb verb_copy = {
    .name = "copy",
    .usage = "--why TEXT [OPTION]... [QUERY] OUT.stele",
    .summary = "write events into one signed file for a case",
    .run = copy_run,
};
