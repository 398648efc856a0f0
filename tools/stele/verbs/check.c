/* stele check: is everything in place for steled to run? One line for each thing looked at: ok,
 * warn (it works, but not for long, or not as one may think) or FAIL and how to mend it. Changes
 * nothing. */
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/retention/retention_plan.h"
#include "daemon/seal/seal_location.h"
#include "daemon/ship/target_open.h"
#include "daemon/watch/webhook.h"
#include "schema/archive/archive.h"
#include "schema/crypto/signing.h"
#include "schema/segment/segment_map.h"
#include "tools/stele/cli/row_output.h"
#include "tools/stele/pki/certificate.h"
#include "tools/stele/verbs/check_files.h"

enum { DAYS_LEFT_WARN = 30 };

struct checkup {
    const struct config *config;
    const char *dir; /* the archive's; NULL when not known */
    long daemon_pid; /* 0: no steled at work on the archive */
    int n_files;     /* whose modes are not as they should be */
    int code;        /* of the process; wrong configuration (2) goes before not reachable (3) */
    bool as_rows;    /* else lines, each printed when its thing was looked at */
    struct listing rows;
    enum status status; /* of the output */
    struct err *err;
};

static const struct listing_column columns[] = {
    {LISTING_NAME("verdict"), LISTING_WHOLE}, {LISTING_NAME("what"), 0}, {LISTING_NAME("text"), 0}};

__attribute__((format(printf, 4, 5))) static void say(struct checkup *checkup, const char *verdict,
                                                      const char *what, const char *format, ...)
{
    char text[2048];
    va_list values;
    va_start(values, format);
    (void)vsnprintf(text, sizeof text, format, values);
    va_end(values);
    if (!checkup->as_rows) {
        printf("%-5s %-12s %s\n", verdict, what, text);
        return;
    }
    listing_str(&checkup->rows, verdict);
    listing_str(&checkup->rows, what);
    listing_str(&checkup->rows, text);
    checkup->status = THEN(checkup->status, listing_next(&checkup->rows, checkup->err));
}

static void failed(struct checkup *checkup, const char *what, const struct err *err)
{
    say(checkup, "FAIL", what, "%s", err->text);
    int code = status_exit_code(err->status);
    if (code == status_exit_code(ERR_CONFIG) || checkup->code == 0) {
        checkup->code = code;
    }
}

/* How one thing stands: it is in place, in the words of `text`, or failed with `err`. */
static void judge(struct checkup *checkup, const char *what, enum status status, const char *text,
                  const struct err *err)
{
    if (status == OK) {
        say(checkup, "ok", what, "%s", text);
    } else {
        failed(checkup, what, err);
    }
}

static void check_archive(struct checkup *checkup)
{
    struct err err;
    struct archive *archive = NULL;
    if (!checkup->dir) {
        (void)err_set(&err, ERR_CONFIG, "not known: give --archive DIR, or set archive.dir");
        failed(checkup, "archive", &err);
        return;
    }
    if (archive_open(checkup->dir, ARCHIVE_READ, &archive, &err) != OK) {
        failed(checkup, "archive", &err);
        return;
    }
    archive_close(archive);
    char who[64] = "";
    long pid = archive_lock_holder(checkup->dir, who);
    if (pid > 0) {
        say(checkup, "ok", "archive", "%s, held by %s (pid %ld)", checkup->dir, who, pid);
        checkup->daemon_pid = strcmp(who, "steled") == 0 ? pid : 0;
    } else {
        say(checkup, "ok", "archive", "%s, no daemon at work", checkup->dir);
    }
}

/* Blocks whose lines did not come back from columns: nothing is lost, and they take more room. */
static enum status count_kept_whole(const char *dir, int64_t *out_blocks, struct err *err)
{
    int64_t *days = NULL;
    size_t count = 0;
    struct segment *segment = NULL;
    enum status status = segment_days(dir, &days, &count, err);
    *out_blocks = 0;
    for (size_t i = 0; status == OK && i < count; i++) {
        status = segment_open_day(dir, days[i], &segment, err);
        size_t n_blocks = 0;
        const struct block_info *blocks = status == OK ? segment_blocks(segment, &n_blocks) : NULL;
        for (size_t b = 0; b < n_blocks; b++) {
            *out_blocks += blocks[b].not_same;
        }
    }
    segment_close(segment);
    free(days);
    return status;
}

static void check_blocks(struct checkup *checkup)
{
    struct err err;
    int64_t blocks = 0;
    enum status status = count_kept_whole(checkup->dir, &blocks, &err);
    if (status == OK && blocks > 0) {
        say(checkup, "warn", "blocks",
            "%lld kept as whole lines: their columns did not give the lines back. Nothing is "
            "lost; please report it",
            (long long)blocks);
    } else {
        judge(checkup, "blocks", status, "each gives its lines back", &err);
    }
}

/* Says how long the certificate is good; false when it is not. */
static bool check_dates(struct checkup *checkup, const char *what, const char *path,
                        const struct certificate_facts *facts)
{
    struct err err = {.status = OK};
    int64_t now_us = clock_now_us();
    if (now_us < facts->from_us) {
        (void)err_set(&err, ERR_CONFIG, "%s: not valid before %s; is the clock right?", path,
                      output_day(facts->from_us).text);
    } else if (now_us >= facts->to_us) {
        (void)err_set(&err, ERR_CONFIG, "%s: ran out on %s; make a new one", path,
                      output_day(facts->to_us).text);
    }
    if (err.status != OK) {
        failed(checkup, what, &err);
        return false;
    }
    long long days = (facts->to_us - now_us) / CLOCK_DAY_US;
    say(checkup, days < DAYS_LEFT_WARN ? "warn" : "ok", what, "%s: %s; %lld days left (%s)", path,
        facts->names[0] ? facts->names : facts->subject, days, output_day(facts->to_us).text);
    return true;
}

/* Old versions of `configure` gave CA, server and client one subject; OpenSSL then takes a leaf
 * for its own issuer. */
static void check_subject(struct checkup *checkup, const char *what, const char *path,
                          const struct certificate_facts *facts)
{
    if (facts->names_itself && !facts->is_ca) {
        struct err err;
        (void)err_set(&err, ERR_CONFIG,
                      "%s: CA and certificate have the same subject (%s), as event handlers before "
                      "13.3.9 made them: it looks self-signed and is refused; make new "
                      "certificates",
                      path, facts->subject);
        failed(checkup, what, &err);
    }
}

/* Opens and looks at one certificate; NULL when it is not valid, which was printed. */
static struct certificate *check_certificate(struct checkup *checkup, const char *what,
                                             const char *path)
{
    struct err err;
    struct certificate *certificate = NULL;
    struct certificate_facts facts;
    enum status status = certificate_open(path, &certificate, &err);
    status = THEN(status, certificate_read(certificate, &facts, &err));
    if (status != OK) {
        err.status = ERR_CONFIG;
        failed(checkup, what, &err);
    }
    if (status != OK || !check_dates(checkup, what, path, &facts)) {
        certificate_close(certificate);
        return NULL;
    }
    check_subject(checkup, what, path, &facts);
    return certificate;
}

/* The passphrase of the server's key, malloc'ed; NULL when there is none. */
static char *find_passphrase(const struct config *config)
{
    const char *environment = getenv("STELE_KEY_PASSPHRASE");
    if (config->receive_key_passphrase[0]) {
        return strdup(config->receive_key_passphrase);
    }
    if (config->receive_key_passphrase_file[0]) {
        struct buf text = BUF_INIT;
        struct err err;
        char *passphrase = NULL;
        if (file_read(config->receive_key_passphrase_file, 4096, &text, &err) == OK) {
            passphrase = strndup(text.data, strcspn(text.data, "\r\n"));
        }
        buf_fini(&text);
        return passphrase;
    }
    return environment ? strdup(environment) : NULL;
}

static void check_key(struct checkup *checkup, const struct certificate *certificate)
{
    struct err err;
    const char *path = checkup->config->receive_key;
    char *passphrase = find_passphrase(checkup->config);
    enum status status = certificate_check_key(certificate, path, passphrase, &err);
    err.status = ERR_CONFIG;
    judge(checkup, "key", status, path, &err);
    free(passphrase);
}

static void check_signed(struct checkup *checkup, const struct certificate *server,
                         const struct certificate *ca)
{
    struct err err;
    if (certificate_check_signed(server, ca, CERTIFICATE_SERVER, &err) != OK) {
        say(checkup, "warn", "certificate",
            "%s; give the event handler the CA that did sign it, as forward.fluentd.ca", err.text);
    }
    char path[FILE_PATH_BYTES];
    if (!checkup->dir || file_path_format(path, NULL, "%s/tls/client.crt", checkup->dir) != OK ||
        !file_exists(path)) {
        return;
    }
    struct certificate *client = check_certificate(checkup, "client", path);
    if (client && certificate_check_signed(client, ca, CERTIFICATE_CLIENT, &err) != OK) {
        failed(checkup, "client", &err);
    }
    certificate_close(client);
}

static void check_tls(struct checkup *checkup)
{
    const struct config *config = checkup->config;
    if (!config->receive_tls) {
        say(checkup, "warn", "certificate", "receive.tls is no: events come in without encryption");
        return;
    }
    struct certificate *server =
        check_certificate(checkup, "certificate", config->receive_certificate);
    if (server) {
        check_key(checkup, server);
    }
    if (config->receive_ca[0]) {
        struct certificate *ca = check_certificate(checkup, "ca", config->receive_ca);
        if (server && ca) {
            check_signed(checkup, server, ca);
        }
        certificate_close(ca);
    }
    certificate_close(server);
    if (!config->receive_require_client_certificate) {
        say(checkup, "warn", "ca", "receive.require_client_certificate is no: anyone may post");
    }
}

/* Binds (or, with `connecting`, connects) to the address; 0 or an errno. */
static int try_address(const struct addrinfo *address, bool connecting)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    int result = connecting ? connect(fd, address->ai_addr, address->ai_addrlen)
                            : bind(fd, address->ai_addr, address->ai_addrlen);
    int number = result == 0 ? 0 : errno;
    (void)close(fd);
    return number;
}

static void check_listener(struct checkup *checkup, const char *what, const char *listen)
{
    char host[CONFIG_TEXT_BYTES];
    char port[16];
    int number = 0;
    if (!listen[0] || !config_split_listen(listen, host, &number)) {
        return;
    }
    (void)snprintf(port, sizeof port, "%d", number);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    struct err err;
    int problem = getaddrinfo(host, port, &hints, &found);
    if (problem != 0) {
        (void)err_set(&err, ERR_CONFIG, "%s: %s", listen, gai_strerror(problem));
        failed(checkup, what, &err);
        return;
    }
    problem = try_address(found, checkup->daemon_pid > 0);
    if (problem == 0) {
        say(checkup, "ok", what, "%s: %s", listen,
            checkup->daemon_pid > 0 ? "steled answers" : "free");
    } else if (checkup->daemon_pid > 0) {
        (void)err_errno(&err, problem, "%s: steled runs but does not answer here", listen);
        failed(checkup, what, &err);
    } else {
        (void)err_errno(&err, problem, "%s", listen);
        (void)err_wrap(&err, err.status, "stop what listens there, or set %s.listen",
                       strcmp(what, "receiver") == 0 ? "receive" : "serve");
        failed(checkup, what, &err);
    }
    freeaddrinfo(found);
}

static void check_ship(struct checkup *checkup)
{
    if (!checkup->config->ship_target[0]) {
        say(checkup, "ok", "ship", "ship.target is empty: nothing is shipped");
        return;
    }
    struct err err;
    struct target *target = NULL;
    enum status status = target_open(checkup->config, &target, &err);
    status = THEN(status, target_check(target, &err));
    judge(checkup, "ship", status, target ? target->url : NULL, &err);
    target_close(target);
}

/* The key can be read, and digests have a place. No key is made here. */
static void check_seal(struct checkup *checkup)
{
    char url[CONFIG_TEXT_BYTES];
    char path[FILE_PATH_BYTES];
    struct err err;
    struct signing_key *key = NULL;
    const char *own = checkup->config->seal_key;
    if (!checkup->dir) {
        return; /* said already */
    }
    enum status status = seal_location_url(checkup->config, url, &err);
    status = THEN(status, *own ? file_path_format(path, &err, "%s", own)
                               : file_path_format(path, &err, "%s/keys/seal.key", checkup->dir));
    if (status == OK && (*own || file_exists(path))) {
        status = signing_key_load_private(path, &key, &err);
    }
    if (status != OK) {
        failed(checkup, "seal", &err);
        return;
    }
    bool lost = checkup->config->ship_target[0] && !*url &&
                strcmp(checkup->config->seal_target, "none") != 0;
    say(checkup, lost ? "warn" : "ok", "seal", "%s%s; digests %s%s",
        key ? "key " : "a key is made with the first seal", key ? signing_key_id(key) : "",
        *url ? "to " : "stay in the archive",
        lost ? ": nothing can stand beside ship.target, set seal.target" : url);
    signing_key_free(key);
}

static void check_retention(struct checkup *checkup)
{
    if (!retention_is_on(checkup->config)) {
        say(checkup, "ok", "retention", "off: days are kept for ever");
        return;
    }
    int64_t days = checkup->config->retention_keep / CLOCK_DAY_US;
    int64_t mib = checkup->config->retention_size_max >> 20;
    char bounds[2][64] = {"no bound of age", "none of size"};
    if (days > 0) {
        (void)snprintf(bounds[0], sizeof bounds[0], "%lld days", (long long)days);
    }
    if (checkup->config->retention_size_max > 0) {
        (void)snprintf(bounds[1], sizeof bounds[1], "%lld MiB", (long long)mib);
    }
    bool ships = checkup->config->ship_target[0] != '\0';
    say(checkup, ships ? "ok" : "warn", "retention", "%s, %s%s", bounds[0], bounds[1],
        ships ? "" : "; ship.target is empty: days go without having been shipped");
}

/* The secret can be read; no hit is made up to see whether somebody takes it. */
static void check_watch(struct checkup *checkup)
{
    struct err err;
    struct webhook *webhook = NULL;
    enum status status = webhook_open(checkup->config, NULL, &webhook, &err);
    judge(checkup, "watch", status, checkup->config->watch_webhook, &err);
    webhook_close(webhook);
}

static void on_file(void *context, bool fails, const char *text)
{
    struct checkup *checkup = context;
    struct err err;
    checkup->n_files++;
    if (fails) {
        (void)err_set(&err, ERR_CONFIG, "%s", text);
        failed(checkup, "files", &err);
    } else {
        say(checkup, "warn", "files", "%s", text);
    }
}

static void check_modes(struct checkup *checkup)
{
    check_files(checkup->config, checkup->dir, on_file, checkup);
    if (checkup->n_files == 0) {
        say(checkup, "ok", "files", "nobody else may read keys and secrets, or change them");
    }
}

static void check_all(struct checkup *checkup, struct options *options)
{
    struct err err;
    if (options_find(options, &err) != OK) {
        failed(checkup, "configured", &err);
        return;
    }
    checkup->dir = options->archive;
    bool valid = config_validate(&options->config, &err) == OK;
    judge(checkup, "configured", valid ? OK : err.status,
          options->config.file[0] ? options->config.file : "no file: the defaults", &err);
    check_archive(checkup);
    if (checkup->code == 0) {
        check_blocks(checkup);
    }
    check_modes(checkup);
    if (valid) {
        check_tls(checkup);
    }
    check_listener(checkup, "receiver", options->config.receive_listen);
    check_listener(checkup, "page", options->config.serve_listen);
    check_ship(checkup);
    check_seal(checkup);
    check_retention(checkup);
    if (valid && options->config.watch_webhook[0]) {
        check_watch(checkup);
    }
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    struct checkup checkup = {
        .config = &options->config, .as_rows = options->form != OUTPUT_TABLE, .err = err};
    enum status status =
        row_output_begin(options, columns, sizeof columns / sizeof columns[0], &checkup.rows, err);
    if (status == OK) {
        check_all(&checkup, options);
    }
    status = THEN(status, checkup.status);
    status = THEN(status, checkup.as_rows ? listing_end(&checkup.rows, err) : OK);
    listing_fini(&checkup.rows);
    *out_code = checkup.code;
    return status;
}

const struct verb verb_check = {
    .name = "check",
    .summary = "check configuration, archive, certificates, addresses and ship target",
    .forms = OUTPUT_TABLE_JSON | OUTPUT_BIT(OUTPUT_NDJSON),
    .run = run,
};
