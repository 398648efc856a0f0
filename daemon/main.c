/* steled: receives, indexes and ships. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/process/log.h"
#include "daemon/service.h"
#include "schema/base/private_process.h"

enum { SETS_MAX = 256 };

struct arguments {
    const char *config;
    const char *archive;
    const char *sets[SETS_MAX];
    size_t n_sets;
};

static const char usage[] =
    "usage: steled [--config FILE] [--archive DIR] [--set section.key=value]...\n"
    "\n"
    "Receives Teleport's audit events over HTTPS, keeps them in the archive DIR, makes them\n"
    "searchable and ships them. Runs in the foreground; stele init makes an archive.\n"
    "\n"
    "  --config FILE   the configuration; without it DIR/stele.conf, if it is there\n"
    "  --archive DIR   the archive (also STELE_ARCHIVE); without it archive.dir\n"
    "  --set S.K=V     one setting, over what the file says; may be repeated\n"
    "  --version       print the version\n"
    "  --help          print this\n"
    "\n"
    "Signals: HUP reads the certificates again, USR1 indexes, ships and expires now,\n"
    "TERM and INT stop.\n"
    "Exit: 0 stopped as asked, 2 wrong use or configuration, 3 could not read or write or\n"
    "listen, 4 the archive is damaged.\n";

static enum status load_config(void *context, struct config *out_config, struct err *err)
{
    const struct arguments *arguments = context;
    enum status status = config_find(out_config, arguments->config, arguments->archive, err);
    for (size_t i = 0; status == OK && i < arguments->n_sets; i++) {
        status = config_set(out_config, arguments->sets[i], err);
        if (status != OK) {
            (void)err_wrap(err, status, "--set");
        }
    }
    if (status == OK && !out_config->archive_dir[0]) {
        status = err_set(err, ERR_USAGE,
                         "which archive? Give --archive DIR, STELE_ARCHIVE or archive.dir in the "
                         "configuration");
    }
    if (status == OK) {
        status = config_validate(out_config, err);
        if (status != OK && out_config->file[0]) {
            (void)err_wrap(err, status, "%s", out_config->file);
        }
    }
    return status;
}

/* Says what is wrong with the command line, in one line. False. */
__attribute__((format(printf, 2, 3))) static bool refuse(int *out_exit, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("steled: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    *out_exit = status_exit_code(ERR_USAGE);
    return false;
}

/* True: go on; false: *out_exit is the exit code. */
static bool read_arguments(int argc, char **argv, struct arguments *out, int *out_exit)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"archive", required_argument, NULL, 'a'},
        {"set", required_argument, NULL, 's'},    {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    out->archive = getenv("STELE_ARCHIVE");
    if (out->archive && !out->archive[0]) {
        out->archive = NULL;
    }
    opterr = 0; /* one line of our own */
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case 'c':
            out->config = optarg;
            break;
        case 'a':
            out->archive = optarg;
            break;
        case 's':
            if (out->n_sets == SETS_MAX) {
                return refuse(out_exit, "more than 256 --set: write them to a file for --config");
            }
            out->sets[out->n_sets++] = optarg;
            break;
        case 'v':
            (void)puts("steled " STELE_VERSION);
            *out_exit = 0;
            return false;
        case 'h':
            (void)fputs(usage, stdout);
            *out_exit = 0;
            return false;
        default:
            return refuse(out_exit,
                          "unknown option \"%s\", or its value is missing; see steled --help",
                          argv[optind - 1]);
        }
    }
    if (optind < argc) {
        return refuse(out_exit, "unexpected argument \"%s\"; see steled --help", argv[optind]);
    }
    return true;
}

int main(int argc, char **argv)
{
    private_process_begin();
    struct arguments arguments = {0};
    int exit_code = 0;
    if (!read_arguments(argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    static struct config config; /* too large for a stack, and it lives as long as we do */
    struct err err;
    enum status status = load_config(&arguments, &config, &err);
    if (status == OK) {
        log_set_level(config.log_level);
        if (config.archive_group_reads) {
            private_process_let_group_read();
        }
        status = service_run(&config, load_config, &arguments, &err);
    }
    if (status != OK) {
        (void)fprintf(stderr, "steled: %s\n", err.text);
    }
    return status_exit_code(status);
}
