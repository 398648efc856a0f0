/* A verb of the tool is a constant that says what it takes, and a function that does it. verb_run
 * reads the command line by the constant, prints --help from it, finds configuration and archive,
 * and makes the exit code of what comes back: all verbs word alike what is wrong. */
#ifndef TOOLS_STELE_CLI_VERB_H
#define TOOLS_STELE_CLI_VERB_H

#include "schema/base/err.h"
#include "tools/stele/cli/output.h"

struct option_entry;
struct options;

#define VERB_WORDS_ANY SIZE_MAX

/* The words that are not options. */
struct verb_words {
    size_t min;
    size_t max;
    const char *usage; /* "LIST..." */
    const char *note;  /* said when one is missing or too many: "a list of indicators" */
};

enum verb_needs {
    VERB_NEEDS_NOTHING,         /* the configuration is not read either */
    VERB_NEEDS_CONFIG,          /* the archive is found when there is one */
    VERB_NEEDS_ARCHIVE,         /* its directory */
    VERB_NEEDS_ARCHIVE_OR_COPY, /* or one segment, or a copy */
};

/* What options have to do with each other; names stand with blanks between. */
enum verb_rule_kind {
    VERB_AT_MOST_ONE = 1, /* of `options` */
    VERB_NOT_WITH,        /* each of `options` excludes all of `others` */
    VERB_ONLY_WITH,       /* each of `options` needs one of `others` */
    VERB_REQUIRED,        /* at least one of `options`; `others` says what the first is for */
};
struct verb_rule {
    enum verb_rule_kind kind;
    const char *options;
    const char *others;
};

struct verb {
    const char *name;    /* of an action "hold add" */
    const char *summary; /* one line, no full stop */
    struct verb_words words;
    const struct option_entry *options; /* VERB_OPTIONS(entries) */
    size_t n_options;
    unsigned forms;                /* of --output, OUTPUT_BIT(form) of each; 0: no such option */
    const struct verb_rule *rules; /* up to one with no kind; NULL: none */
    enum verb_needs needs;
    const char *help;         /* what --help says behind the options; NULL: nothing */
    const char *needs_unless; /* with one of these options no archive is needed */
    /* Verbs that stand for the first word, up to NULL; NULL: none. */
    const struct verb *const *actions;
    /* *out_code is 0, and may be set to another exit code; it goes for OK alone. */
    enum status (*run)(struct options *options, int *out_code, struct err *err);
};

#define VERB_OPTIONS(entries)                                                                      \
    .options = (entries), .n_options = sizeof(entries) / sizeof((entries)[0])

/* Each verb's file defines `const struct verb verb_NAME`. */
#define X(name) extern const struct verb verb_##name;
#include "tools/stele/cli/verbs.def"
#undef X

/* argv[0] is the verb. Returns the exit code (schema/base/err.def); what is wrong is said in one
 * line on stderr. */
int verb_run(const struct verb *verb, int argc, char **argv);

/* "stele VERB: TEXT" as a line on stderr; returns the exit code. For a verb that has more to say
 * after it. */
int verb_fail(const struct verb *verb, const struct err *err);

#endif
