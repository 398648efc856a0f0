/* stele init: a new archive, its configuration and, for named hosts, all that the event handler
 * needs to send to it. Nothing that is there is written over. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "schema/archive/archive.h"
#include "schema/seal/seal_key.h"
#include "tools/stele/cli/options.h"
#include "tools/stele/pki/pki.h"

struct init_plan {
    char dir[FILE_PATH_BYTES]; /* absolute once the archive is made */
    struct option_values hosts;
    int64_t days;
};

static struct init_plan asked;
static const char *days; /* --days */

static const char role_yaml[] = "kind: role\n"
                                "metadata:\n"
                                "  name: teleport-event-handler\n"
                                "spec:\n"
                                "  allow:\n"
                                "    rules:\n"
                                "      - resources: ['event', 'session']\n"
                                "        verbs: ['list', 'read']\n"
                                "version: v4\n"
                                "---\n"
                                "kind: user\n"
                                "metadata:\n"
                                "  name: teleport-event-handler\n"
                                "spec:\n"
                                "  roles: ['teleport-event-handler']\n"
                                "version: v2\n";

static enum status refuse_existing(const struct init_plan *plan, struct err *err)
{
    static const char *const names[] = {"archive.db", "stele.conf", "tls", "teleport"};
    enum status status = OK;
    for (size_t i = 0; status == OK && i < sizeof names / sizeof names[0]; i++) {
        char path[FILE_PATH_BYTES];
        status = file_path_format(path, err, "%s/%s", plan->dir, names[i]);
        if (status == OK && file_exists(path)) {
            status = err_set(err, ERR_EXISTS, "%s is there already and is not written over", path);
        }
    }
    return status;
}

static enum status write_text(const struct init_plan *plan, const char *name,
                              const struct buf *text, mode_t mode, struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = buf_status(text, name, err);
    status = THEN(status, file_path_format(path, err, "%s/%s", plan->dir, name));
    return THEN(status, file_write(path, buf_span(text), mode, err));
}

/* Paths in it are relative to the file, so that the directory can be moved. */
static enum status write_config(const struct init_plan *plan, struct err *err)
{
    static const char *const with_tls[] = {
        "receive.certificate=tls/server.crt",
        "receive.key=tls/server.key",
        "receive.ca=tls/ca.crt",
    };
    struct config *config = calloc(1, sizeof *config);
    if (!config) {
        return err_nomem(err, "configuration");
    }
    config_init(config);
    enum status status = config_set(config, "archive.dir=.", err);
    for (size_t i = 0; i < 3 && status == OK && plan->hosts.count > 0; i++) {
        status = config_set(config, with_tls[i], err);
    }
    struct buf text = BUF_INIT;
    if (status == OK) {
        config_write(config, &text);
        status = write_text(plan, "stele.conf", &text, 0600, err);
    }
    buf_fini(&text);
    free(config);
    return status;
}

static void add_path(struct buf *out, const char *key, const struct init_plan *plan,
                     const char *name)
{
    char path[FILE_PATH_BYTES + 32];
    (void)snprintf(path, sizeof path, "%s/tls/%s", plan->dir, name);
    buf_printf(out, "%s = ", key);
    buf_add_json(out, span_str(path));
    buf_add_char(out, '\n');
}

/* The event handler's configuration, with the keys and the order its `configure` gives them. */
static enum status write_handler(const struct init_plan *plan, struct err *err)
{
    const char *host = plan->hosts.items[0];
    bool v6;
    bool bracketed = pki_name_is_address(host, &v6) && v6;
    const char *open = bracketed ? "[" : "";
    const char *close = bracketed ? "]" : "";
    struct buf text = BUF_INIT;
    buf_add_str(&text, "storage = \"./storage\"\ntimeout = \"10s\"\nbatch = 20\n\n"
                       "[forward.fluentd]\n");
    add_path(&text, "ca", plan, "ca.crt");
    add_path(&text, "cert", plan, "client.crt");
    add_path(&text, "key", plan, "client.key");
    buf_printf(&text,
               "url = \"https://%s%s%s:8888/events.log\"\n"
               "# The event handler adds .<session id>.log to this one.\n"
               "session-url = \"https://%s%s%s:8888/session\"\n\n",
               open, host, close, open, host, close);
    buf_add_str(&text, "[teleport]\n"
                       "# Your cluster's proxy or auth service, and an identity file for the user\n"
                       "# of teleport-event-handler-role.yaml.\n"
                       "addr = \"teleport.example.com:443\"\n"
                       "identity = \"identity\"\n"
                       "refresh.enabled = true\n");
    enum status status = write_text(plan, "teleport/teleport-event-handler.toml", &text, 0600, err);
    buf_clear(&text);
    if (status == OK) {
        buf_add_str(&text, role_yaml);
        status = write_text(plan, "teleport/teleport-event-handler-role.yaml", &text, 0644, err);
    }
    buf_fini(&text);
    return status;
}

static enum status make_tls(const struct init_plan *plan, struct err *err)
{
    char teleport[FILE_PATH_BYTES];
    char tls[FILE_PATH_BYTES];
    const struct pki_request request = {.names = plan->hosts.items,
                                        .n_names = plan->hosts.count,
                                        .now_us = clock_now_us(),
                                        .days = plan->days};
    enum status status = file_path_format(tls, err, "%s/tls", plan->dir);
    status = THEN(status, file_path_format(teleport, err, "%s/teleport", plan->dir));
    status = THEN(status, file_make_dir(tls, 0700, err));
    status = THEN(status, file_make_dir(teleport, 0700, err));
    status = THEN(status, pki_create(tls, &request, err));
    return THEN(status, write_handler(plan, err));
}

/* The key that seals are signed with, so that its public half can be taken away at once. */
static enum status make_seal_key(const struct init_plan *plan, struct err *err)
{
    struct signing_key *key = NULL;
    enum status status = seal_key_open(plan->dir, "", &key, NULL, err);
    signing_key_free(key);
    return status;
}

static enum status make(struct init_plan *plan, const char *word, struct err *err)
{
    enum status status = file_path_format(plan->dir, err, "%s", word);
    status = THEN(status, refuse_existing(plan, err));
    status = THEN(status, archive_create(word, err));
    if (status != OK) {
        return status;
    }
    status =
        realpath(word, plan->dir) ? OK : err_set(err, ERR_IO, "%s: no absolute path for it", word);
    status = THEN(status, write_config(plan, err));
    status = THEN(status, make_seal_key(plan, err));
    status = THEN(status, plan->hosts.count > 0 ? make_tls(plan, err) : OK);
    return status == OK ? OK
                        : err_wrap(err, status, "%s is half made, remove it and try again", word);
}

static void print_done(const struct init_plan *plan)
{
    const char *dir = plan->dir;
    printf("%s\n", dir);
    printf("  stele.conf    configuration: every setting with its default\n");
    printf("  archive.db    the catalogue; events go to segments/\n");
    printf("  keys/         seal.key signs what is archived; keep a copy of seal.pub elsewhere\n");
    if (plan->hosts.count > 0) {
        printf("  tls/          ca, server and client: certificates and keys, for");
        for (size_t i = 0; i < plan->hosts.count; i++) {
            printf(" %s", plan->hosts.items[i]);
        }
        printf(" (%lld days)\n", (long long)plan->days);
        printf("  teleport/     the event handler's configuration, and its role and user\n");
    }
    printf("\nNext:\n");
    if (plan->hosts.count > 0) {
        printf("  stele check --archive %s\n", dir);
        printf("  steled --config %s/stele.conf\n", dir);
        printf("  tctl create -f %s/teleport/teleport-event-handler-role.yaml\n", dir);
        printf("  teleport-event-handler start --config "
               "%s/teleport/teleport-event-handler.toml\n",
               dir);
        printf("\nThe receiver listens on 127.0.0.1:8888: to take events from other machines, set\n"
               "listen = 0.0.0.0:8888 in the section [receive] of stele.conf.\n");
    } else {
        printf("  stele import --archive %s FILE\n", dir);
        printf("  stele search --archive %s '*'\n", dir);
    }
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    (void)out_code;
    enum status status = OK;
    asked.days = PKI_DAYS_DEFAULT;
    if (options->n_words + (options->archive != NULL) != 1) {
        return err_set(err, ERR_USAGE, "give one directory, as DIR or by --archive");
    }
    if (options->config_file) {
        return err_set(err, ERR_USAGE, "--config has no meaning here: init writes DIR/stele.conf");
    }
    if (days) {
        status = options_number("days", days, 1, PKI_DAYS_MAX, &asked.days, err);
    }
    for (size_t i = 0; i < asked.hosts.count && status == OK; i++) {
        status = pki_name_check(asked.hosts.items[i], err);
    }
    status =
        THEN(status, make(&asked, options->archive ? options->archive : options->words[0], err));
    if (status == OK) {
        print_done(&asked);
    }
    return status;
}

static const struct option_entry entries[] = {
    {"host", "NAME", "create certificates for this name or address of the server; repeatable",
     .values = &asked.hosts},
    {"days", "N", "how many days the certificates are valid (3650)", .text = &days},
};

const struct verb verb_init = {
    .name = "init",
    .summary = "create an archive, with --host also certificates and Teleport's files",
    .words = {0, 1, "DIR", "one directory at a time"},
    VERB_OPTIONS(entries),
    .run = run,
};
