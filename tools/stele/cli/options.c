#include "tools/stele/cli/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/base/suggest.h"

enum { OPTION_ENTRIES_MAX = 32, OPTION_COMMON = 3, HELP_COLUMN = 26 };

/* What a run of getopt_long fills. */
struct options_reader {
    struct options *options;
    struct option_entry entries[OPTION_ENTRIES_MAX];
    struct option table[OPTION_ENTRIES_MAX + 1];
    const char *names[OPTION_ENTRIES_MAX];
    size_t count;
    bool help;
    const char *archive;
    const char *config;
};

static bool optional(const struct option_entry *entry)
{
    return entry->argument && entry->argument[0] == '[';
}

static void reading_add(struct options_reader *reading, const struct option_entry *entry)
{
    CHECK(reading->count < OPTION_ENTRIES_MAX);
    size_t i = reading->count++;
    reading->entries[i] = *entry;
    reading->names[i] = entry->name;
    reading->table[i] = (struct option){
        .name = entry->name,
        .has_arg = !entry->argument  ? no_argument
                   : optional(entry) ? optional_argument
                                     : required_argument,
        .val = (int)i + 1,
    };
}

static void reading_init(struct options_reader *reading, struct options *options,
                         const struct option_entry *entries, size_t n_entries)
{
    *reading = (struct options_reader){.options = options};
    for (size_t i = 0; i < n_entries; i++) {
        reading_add(reading, &entries[i]);
    }
    const struct option_entry common[OPTION_COMMON] = {
        {.name = "archive",
         .argument = "DIR",
         .help = "the archive (default: STELE_ARCHIVE in the environment)",
         .text = &reading->archive},
        {.name = "config",
         .argument = "FILE",
         .help = "the configuration (default: DIR/stele.conf)",
         .text = &reading->config},
        {.name = "help", .help = "print this text", .flag = &reading->help},
    };
    for (size_t i = 0; i < OPTION_COMMON; i++) {
        reading_add(reading, &common[i]);
    }
}

static void print_help(const struct options_reader *reading)
{
    const struct verb *verb = reading->options->verb;
    printf("usage: stele %s%s%s\n%s.\n\n", verb->name, *verb->usage ? " " : "", verb->usage,
           verb->summary);
    for (size_t i = 0; i < reading->count; i++) {
        const struct option_entry *entry = &reading->entries[i];
        char left[64];
        (void)snprintf(left, sizeof left, "--%s%s%s", entry->name, entry->argument ? " " : "",
                       entry->argument ? entry->argument : "");
        printf("  %-*s %s\n", HELP_COLUMN - 3, left, entry->help);
    }
}

int options_fail(const struct verb *verb, const struct err *err)
{
    fprintf(stderr, "stele %s: %s\n", verb->name, err->text);
    return status_exit_code(err->status);
}

int options_misuse(const struct verb *verb, const char *format, ...)
{
    char text[ERR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "stele %s: %s; see stele %s --help\n", verb->name, text, verb->name);
    return status_exit_code(ERR_USAGE);
}

enum status options_number(const char *name, const char *text, int64_t min, int64_t max,
                           int64_t *out_number, struct err *err)
{
    char *end;
    long long number = strtoll(text, &end, 10);
    if (!*text || *end || number < min || number > max) {
        return err_set(err, ERR_USAGE, "--%s: \"%s\" is not a whole number from %lld to %lld", name,
                       text, (long long)min, (long long)max);
    }
    *out_number = number;
    return OK;
}

/* Says why getopt_long stopped; the exit code. It leaves the entry's number in optopt, or the
 * letter of a short option (there are none), or 0 for a long name that it does not know. */
static int complain(const struct options_reader *reading, int code, const char *word)
{
    const struct verb *verb = reading->options->verb;
    if (optopt >= 1 && (size_t)optopt <= reading->count) {
        return options_misuse(verb, "--%s %s", reading->names[optopt - 1],
                              code == ':' ? "needs an argument" : "takes no argument");
    }
    if (optopt != 0) {
        return options_misuse(
            verb, "no such option: -%c (a word that begins with - goes behind --)", optopt);
    }
    char name[65];
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    const char *near = suggest_name(name, reading->names, reading->count);
    if (near) {
        return options_misuse(verb, "no such option: --%s (did you mean --%s?)", name, near);
    }
    return options_misuse(verb, "no such option: --%s", name);
}

/* Puts one option's value where its entry wants it. */
static int take(const struct options_reader *reading, const struct option_entry *entry, int argc,
                char **argv)
{
    if (entry->flag) {
        *entry->flag = true;
        return OPTIONS_GO_ON;
    }
    const char *value = optarg ? optarg : "";
    if (!optarg && entry->fits && optind < argc && entry->fits(argv[optind])) {
        value = argv[optind++];
    }
    if (entry->text) {
        *entry->text = value;
        return OPTIONS_GO_ON;
    }
    CHECK(entry->values);
    if (entry->values->count == OPTION_VALUES_MAX) {
        return options_misuse(reading->options->verb, "--%s more than %d times", entry->name,
                              OPTION_VALUES_MAX);
    }
    entry->values->items[entry->values->count++] = value;
    return OPTIONS_GO_ON;
}

static const char *archive_at_hand(void)
{
    const char *dir = getenv("STELE_ARCHIVE");
    return dir && *dir ? dir : file_exists("archive.db") ? "." : NULL;
}

enum status options_find(struct options *options, struct err *err)
{
    const char *dir = options->archive;
    if (!dir && !options->config_file) {
        dir = archive_at_hand();
    }
    enum status status = config_find(&options->config, options->config_file, dir, err);
    if (status != OK) {
        return status;
    }
    if (!dir) {
        dir = options->config.archive_dir[0] ? options->config.archive_dir : archive_at_hand();
    }
    options->archive = dir;
    return OK;
}

int options_parse(struct options *options, const struct verb *verb,
                  const struct option_entry *entries, size_t n_entries, int argc, char **argv)
{
    CHECK(n_entries + OPTION_COMMON <= OPTION_ENTRIES_MAX);
    *options = (struct options){.verb = verb};
    struct options_reader reading;
    reading_init(&reading, options, entries, n_entries);
    opterr = 0;
    optind = 0;
    for (;;) {
        int code = getopt_long(argc, argv, ":", reading.table, NULL);
        if (code == -1) {
            break;
        }
        if (code == '?' || code == ':') {
            return complain(&reading, code, argv[optind - 1]);
        }
        int result = take(&reading, &reading.entries[code - 1], argc, argv);
        if (result != OPTIONS_GO_ON) {
            return result;
        }
    }
    if (reading.help) {
        print_help(&reading);
        return 0;
    }
    options->archive = reading.archive;
    options->config_file = reading.config;
    options->words = argv + optind;
    options->n_words = (size_t)(argc - optind);
    return OPTIONS_GO_ON;
}

int options_read(struct options *options, const struct verb *verb,
                 const struct option_entry *entries, size_t n_entries, int argc, char **argv)
{
    int code = options_parse(options, verb, entries, n_entries, argc, argv);
    struct err err;
    if (code == OPTIONS_GO_ON && options_find(options, &err) != OK) {
        return options_fail(verb, &err);
    }
    return code;
}

const char *options_archive(const struct options *options)
{
    if (!options->archive) {
        fprintf(stderr, "stele %s: which archive? Give --archive DIR or set STELE_ARCHIVE\n",
                options->verb->name);
    }
    return options->archive;
}

struct option_entry option_from(const char **text)
{
    return (struct option_entry){.name = "from",
                                 .argument = "TIME",
                                 .help = "events from this time on (-7d, 2026-11-01, RFC 3339)",
                                 .text = text};
}

struct option_entry option_to(const char **text)
{
    return (struct option_entry){
        .name = "to", .argument = "TIME", .help = "events before this time", .text = text};
}
