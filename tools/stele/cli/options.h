/* The command line of a verb: its own options by a table, and those that every verb takes
 * (--archive, --config, --help). */
#ifndef TOOLS_STELE_CLI_OPTIONS_H
#define TOOLS_STELE_CLI_OPTIONS_H

#include "daemon/config/config.h"
#include "tools/stele/cli/verb.h"

enum { OPTION_VALUES_MAX = 64, OPTION_ENTRIES_MAX = 32, OPTION_FORMS_BYTES = 128 };

/* A repeatable option's values, in order; they point into argv. */
struct option_values {
    const char *items[OPTION_VALUES_MAX];
    size_t count;
};

/* One option. Exactly one of flag, text and values is set: where the result goes. What is not on
 * the command line is left as it was. */
struct option_entry {
    const char *name;     /* long name without the dashes */
    const char *argument; /* NULL: a flag; "FILE"; "[1h]": may be left out, then text is "" */
    const char *help;     /* one line, no full stop */
    bool *flag;
    const char **text;
    struct option_values *values;
    /* For an argument that may be left out: does the next word look like it? NULL: it must be
     * given as --name=value. */
    bool (*fits)(const char *word);
};

/* --from and --to of event times, worded alike in every verb. */
#define OPTION_FROM(target)                                                                        \
    {                                                                                              \
        .name = "from", .argument = "TIME",                                                        \
        .help = "events from this time on (-7d, 2026-11-01, RFC 3339)", .text = (target)           \
    }
#define OPTION_TO(target)                                                                          \
    {                                                                                              \
        .name = "to", .argument = "TIME", .help = "events before this time", .text = (target)      \
    }
/* --set of the verbs that talk to a target (target_arg_settings). */
#define OPTION_SET(target)                                                                         \
    {                                                                                              \
        .name = "set", .argument = "SETTING",                                                      \
        .help = "section.key=value over the configuration, such as ship.s3_endpoint=...",          \
        .values = (target)                                                                         \
    }

struct options {
    const struct verb *verb;
    const char *archive;     /* --archive; after options_find the archive meant; or NULL */
    const char *config_file; /* --config, or NULL */
    struct config config;
    char **words; /* in order; in argv */
    size_t n_words;
    enum output_form form; /* --output; OUTPUT_TABLE when not given */
    bool has_form;         /* it was given */
    bool help;             /* --help was given */
    /* the verb's entries and those of every verb, and which of them were given */
    struct option_entry entries[OPTION_ENTRIES_MAX];
    bool given[OPTION_ENTRIES_MAX];
    size_t n_entries;
    const char *output;  /* --output as it was given */
    const char *columns; /* --columns of a verb that prints rows; NULL: the usual ones */
    const char *zone;    /* --tz, which is set when the command line was read */
    char forms[OPTION_FORMS_BYTES];
};

/* Reads argv (argv[0] is the verb). ERR_USAGE: an option that is unknown, or lacks its argument, or
 * a form that the verb does not have. Options and words may be mixed; what follows -- is words. */
MUST_USE enum status options_parse(struct options *options, const struct verb *verb, int argc,
                                   char **argv, struct err *err);

/* Finds archive and configuration (config_find; defaults when there is none). The archive is
 * --archive, else archive.dir of a --config file, else STELE_ARCHIVE, else the working directory
 * when it holds one. */
MUST_USE enum status options_find(struct options *options, struct err *err);

/* After options_find: ERR_USAGE when there is no archive. */
MUST_USE enum status options_need_archive(const struct options *options, struct err *err);

/* The entry of that name, which ends at a blank or NUL; NULL: the verb has none. */
const struct option_entry *options_entry(const struct options *options, const char *name);
/* The same when it was given; else NULL. */
const struct option_entry *options_given(const struct options *options, const char *name);

/* A whole number from min to max; false for anything else. */
bool options_read_number(const char *text, int64_t min, int64_t max, int64_t *out_number);
/* The same of an option; ERR_USAGE names the option and the bounds. */
MUST_USE enum status options_number(const char *name, const char *text, int64_t min, int64_t max,
                                    int64_t *out_number, struct err *err);

#endif
