/* The command line of a verb: its own options by a table, and those that every verb takes
 * (--archive, --config, --help). */
#ifndef TOOLS_STELE_CLI_OPTIONS_H
#define TOOLS_STELE_CLI_OPTIONS_H

#include "daemon/config/config.h"
#include "tools/stele/cli/verb.h"

enum { OPTION_VALUES_MAX = 64 };

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

struct options {
    const struct verb *verb;
    const char *archive;     /* --archive; after options_read the archive meant; or NULL */
    const char *config_file; /* --config, or NULL */
    struct config config;
    char **words; /* what is no option, in order; in argv */
    size_t n_words;
};

enum { OPTIONS_GO_ON = -1 };

/* Reads argv (argv[0] is the verb). Returns OPTIONS_GO_ON, or the exit code to end with: --help
 * was printed, or what is wrong was said in one line on stderr. Options and words may be mixed;
 * what follows -- is words. */
int options_parse(struct options *options, const struct verb *verb,
                  const struct option_entry *entries, size_t n_entries, int argc, char **argv);

/* Finds archive and configuration (config_find; defaults when there is none). The archive is
 * --archive, else archive.dir of a --config file, else STELE_ARCHIVE, else the working directory
 * when it holds one. */
MUST_USE enum status options_find(struct options *options, struct err *err);

/* Both of them; a failure of the second is said on stderr too. */
int options_read(struct options *options, const struct verb *verb,
                 const struct option_entry *entries, size_t n_entries, int argc, char **argv);

/* The archive's directory, after options_read. NULL: there is none, and that was said on stderr;
 * end with status_exit_code(ERR_USAGE). The text lives as long as options. */
const char *options_archive(const struct options *options);

/* "stele VERB: TEXT" as a line on stderr; returns the exit code of err->status. */
int options_fail(const struct verb *verb, const struct err *err);

/* The same for wrong use found by the verb itself; adds "see stele VERB --help". Returns 2. */
int options_misuse(const struct verb *verb, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* --from and --to of event times, worded alike in every verb. */
struct option_entry option_from(const char **text);
struct option_entry option_to(const char **text);

/* A whole number from min to max; ERR_USAGE names the option and the bounds. */
MUST_USE enum status options_number(const char *name, const char *text, int64_t min, int64_t max,
                                    int64_t *out_number, struct err *err);

#endif
