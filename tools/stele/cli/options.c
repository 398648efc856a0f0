/* The command line by getopt_long over the verb's table and the options of every verb. */
#include "tools/stele/cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "query/render/local_time.h"
#include "schema/text/suggest.h"

/* Argument and value of the option that getopt_long found last, numbered from 1. */
struct option_found {
    int number;
    int argc;
    char **argv;
};

static void add_entry(struct options *options, const struct option_entry *entry)
{
    CHECK(options->n_entries < OPTION_ENTRIES_MAX);
    options->entries[options->n_entries++] = *entry;
}

static void add_entries(struct options *options)
{
    const struct option_entry common[] = {
        {.name = "archive",
         .argument = options->verb->needs == VERB_NEEDS_ARCHIVE_OR_COPY ? "DIR|FILE" : "DIR",
         .help = "the archive (default: STELE_ARCHIVE in the environment)",
         .text = &options->archive},
        {.name = "config",
         .argument = "FILE",
         .help = "the configuration (default: DIR/stele.conf)",
         .text = &options->config_file},
        {.name = "help", .help = "print this text", .flag = &options->help},
    };
    for (size_t i = 0; i < options->verb->n_options; i++) {
        add_entry(options, &options->verb->options[i]);
    }
    if (options->verb->forms) {
        output_forms_text(options->verb->forms, true, options->forms, sizeof options->forms);
        add_entry(options, &(const struct option_entry){.name = "output",
                                                        .argument = "FORM",
                                                        .help = options->forms,
                                                        .text = &options->output});
    }
    if (options->verb->forms & OUTPUT_BIT(OUTPUT_CSV)) {
        add_entry(options, &(const struct option_entry){.name = "columns",
                                                        .argument = "A,B,...",
                                                        .help = "these columns, in this order",
                                                        .text = &options->columns});
    }
    if (options->verb->needs != VERB_NEEDS_NOTHING) {
        add_entry(options, &(const struct option_entry){
                               .name = "tz",
                               .argument = "ZONE",
                               .help = "times, given and printed, in this zone (default: UTC)",
                               .text = &options->zone});
    }
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
        add_entry(options, &common[i]);
    }
}

bool options_read_number(const char *text, int64_t min, int64_t max, int64_t *out_number)
{
    char *end;
    long long number = strtoll(text, &end, 10);
    bool ok = *text && !*end && number >= min && number <= max;
    *out_number = ok ? number : *out_number;
    return ok;
}

enum status options_number(const char *name, const char *text, int64_t min, int64_t max,
                           int64_t *out_number, struct err *err)
{
    return options_read_number(text, min, max, out_number)
               ? OK
               : err_set(err, ERR_USAGE, "--%s: \"%s\" is not a whole number from %lld to %lld",
                         name, text, (long long)min, (long long)max);
}

/* Why getopt_long stopped. It leaves the entry's number in optopt, or the letter of a short option
 * (there are none), or 0 for a long name that it does not know. */
static enum status complain(const struct options *options, int code, const char *word,
                            struct err *err)
{
    const char *names[OPTION_ENTRIES_MAX];
    char name[65];
    if (optopt >= 1 && (size_t)optopt <= options->n_entries) {
        return err_set(err, ERR_USAGE, "--%s %s", options->entries[optopt - 1].name,
                       code == ':' ? "needs an argument" : "takes no argument");
    }
    if (optopt != 0) {
        return err_set(err, ERR_USAGE,
                       "unknown option -%c (a word that begins with - goes behind --)", optopt);
    }
    for (size_t i = 0; i < options->n_entries; i++) {
        names[i] = options->entries[i].name;
    }
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    const char *near = suggest_name(name, names, options->n_entries);
    return near ? err_set(err, ERR_USAGE, "unknown option --%s (did you mean --%s?)", name, near)
                : err_set(err, ERR_USAGE, "unknown option --%s", name);
}

/* Puts one option's value where its entry wants it. */
static enum status store(struct options *options, const struct option_found *found, struct err *err)
{
    const struct option_entry *entry = &options->entries[found->number - 1];
    const char *value = optarg ? optarg : "";
    options->given[found->number - 1] = true;
    if (entry->flag) {
        *entry->flag = true;
        return OK;
    }
    if (!optarg && entry->fits && optind < found->argc && entry->fits(found->argv[optind])) {
        value = found->argv[optind++];
    }
    if (entry->text) {
        *entry->text = value;
        return OK;
    }
    CHECK(entry->values);
    if (entry->values->count == OPTION_VALUES_MAX) {
        return err_set(err, ERR_USAGE, "--%s is given more than %d times", entry->name,
                       OPTION_VALUES_MAX);
    }
    entry->values->items[entry->values->count++] = value;
    return OK;
}

static enum status read_form(struct options *options, struct err *err)
{
    char forms[OPTION_FORMS_BYTES];
    options->has_form = options->output != NULL;
    if (!options->output ||
        output_form_find(options->output, options->verb->forms, &options->form)) {
        return OK;
    }
    output_forms_text(options->verb->forms, false, forms, sizeof forms);
    return err_set(err, ERR_USAGE, "--output is %s, not \"%s\"", forms, options->output);
}

enum status options_parse(struct options *options, const struct verb *verb, int argc, char **argv,
                          struct err *err)
{
    *options = (struct options){.verb = verb};
    add_entries(options);
    struct option table[OPTION_ENTRIES_MAX + 1] = {0};
    for (size_t i = 0; i < options->n_entries; i++) {
        const char *argument = options->entries[i].argument;
        table[i] = (struct option){.name = options->entries[i].name,
                                   .has_arg = !argument            ? no_argument
                                              : argument[0] == '[' ? optional_argument
                                                                   : required_argument,
                                   .val = (int)i + 1};
    }
    opterr = 0;
    optind = 0;
    enum status status = OK;
    for (int code; status == OK && (code = getopt_long(argc, argv, ":", table, NULL)) != -1;) {
        const struct option_found found = {.number = code, .argc = argc, .argv = argv};
        status = code == '?' || code == ':' ? complain(options, code, argv[optind - 1], err)
                                            : store(options, &found, err);
    }
    options->words = argv + optind;
    options->n_words = (size_t)(argc - optind);
    status = THEN(status, options->zone ? local_time_set_zone(options->zone, err) : OK);
    return THEN(status, read_form(options, err));
}

const struct option_entry *options_entry(const struct options *options, const char *name)
{
    size_t size = strcspn(name, " ");
    for (size_t i = 0; i < options->n_entries; i++) {
        const char *entry = options->entries[i].name;
        if (strlen(entry) == size && memcmp(entry, name, size) == 0) {
            return &options->entries[i];
        }
    }
    return NULL;
}

const struct option_entry *options_given(const struct options *options, const char *name)
{
    const struct option_entry *entry = options_entry(options, name);
    return entry && options->given[entry - options->entries] ? entry : NULL;
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

enum status options_need_archive(const struct options *options, struct err *err)
{
    return options->archive
               ? OK
               : err_set(err, ERR_USAGE, "which archive? Give --archive DIR or set STELE_ARCHIVE");
}
