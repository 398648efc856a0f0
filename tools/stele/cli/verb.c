/* Runs a verb as its constant says: the action, the words, the rules between options, --help, the
 * archive. */
#include "tools/stele/cli/verb.h"

#include <stdio.h>
#include <sys/stat.h>

#include "schema/base/private_process.h"
#include "schema/text/suggest.h"
#include "tools/stele/cli/options.h"

enum { HELP_COLUMN = 23, USAGE_COLUMNS = 96, ACTIONS_MAX = 8 };

/* The name of an action without its verb's. */
static const char *action_name(const struct verb *action)
{
    return strchr(action->name, ' ') + 1;
}

static const struct verb *find_action(const struct verb *verb, const char *word)
{
    for (size_t i = 0; verb->actions && word && verb->actions[i]; i++) {
        if (strcmp(word, action_name(verb->actions[i])) == 0) {
            return verb->actions[i];
        }
    }
    return NULL;
}

/* The next of the names with blanks between, from *at on; NULL: no more. */
static const char *next_name(const char **at)
{
    const char *name = *at && **at ? *at : NULL;
    if (name) {
        *at += strcspn(name, " ");
        *at += strspn(*at, " ");
    }
    return name;
}

static const struct option_entry *given_of(const struct options *options, const char *names)
{
    const struct option_entry *entry = NULL;
    for (const char *name; !entry && (name = next_name(&names));) {
        entry = options_given(options, name);
    }
    return entry;
}

static enum status check_rule(const struct options *options, const struct verb_rule *rule,
                              struct err *err)
{
    const struct option_entry *first = given_of(options, rule->options);
    const struct option_entry *second = NULL;
    int size = (int)strcspn(rule->kind == VERB_ONLY_WITH ? rule->others : rule->options, " ");
    switch (rule->kind) {
    case VERB_REQUIRED:
        if (first && first->text && !**first->text) {
            return err_set(err, ERR_USAGE, "--%s is empty", first->name);
        }
        return first ? OK
                     : err_set(err, ERR_USAGE, "--%.*s is missing: %s", size, rule->options,
                               rule->others);
    case VERB_ONLY_WITH:
        return !first || given_of(options, rule->others)
                   ? OK
                   : err_set(err, ERR_USAGE, "--%s needs --%.*s", first->name, size, rule->others);
    case VERB_NOT_WITH:
        second = first ? given_of(options, rule->others) : NULL;
        break;
    case VERB_AT_MOST_ONE:
        for (const char *at = rule->options, *name; (name = next_name(&at));) {
            const struct option_entry *entry = options_given(options, name);
            second = entry && entry != first ? entry : second;
        }
        break;
    }
    return second ? err_set(err, ERR_USAGE, "--%s and --%s cannot be used together: give one",
                            first->name, second->name)
                  : OK;
}

static enum status check_rules(const struct options *options, struct err *err)
{
    enum status status = OK;
    const struct verb_rule *rule = options->verb->rules;
    for (; status == OK && rule && rule->kind; rule++) {
        status = check_rule(options, rule, err);
    }
    return status;
}

/* A word where an action was expected. */
static enum status refuse_action(const struct verb *verb, const char *word, struct err *err)
{
    const char *names[ACTIONS_MAX];
    size_t count = 0;
    const struct verb *action = find_action(verb, word);
    if (action) {
        return err_set(err, ERR_USAGE, "options come after the action: stele %s ...", action->name);
    }
    for (; verb->actions[count]; count++) {
        CHECK(count < ACTIONS_MAX);
        names[count] = action_name(verb->actions[count]);
    }
    const char *near = suggest_name(word, names, count);
    return err_set(err, ERR_USAGE, "unknown action \"%s\"%s%s%s", word,
                   near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static enum status check_words(const struct options *options, struct err *err)
{
    const struct verb *verb = options->verb;
    const struct verb_words *words = &verb->words;
    if (options->n_words > words->max && verb->actions) {
        return refuse_action(verb, options->words[0], err);
    }
    if (options->n_words > words->max) {
        return err_set(err, ERR_USAGE, "unexpected argument \"%s\"%s%s", options->words[words->max],
                       words->note ? ": " : "", words->note ? words->note : "");
    }
    return options->n_words < words->min
               ? err_set(err, ERR_USAGE, "missing argument: %s", words->note)
               : OK;
}

/* A part of the usage line, on a new line when this one is full. */
static void print_part(struct buf *part, size_t *column)
{
    if (*column + 1 + part->size > USAGE_COLUMNS) {
        printf("\n      ");
        *column = 6;
    }
    printf(" %.*s", SPAN_FMT(buf_span(part)));
    *column += 1 + part->size;
    buf_clear(part);
}

/* "(--why TEXT | --show)", or in square brackets when all of them may be left out. */
static void add_group(const struct options *options, const struct verb_rule *rule, struct buf *out)
{
    bool several = strchr(rule->options, ' ') != NULL;
    bool required = rule->kind == VERB_REQUIRED;
    const char *names = rule->options;
    buf_add_str(out, !required ? "[" : several ? "(" : "");
    for (const char *name; (name = next_name(&names));) {
        const struct option_entry *entry = options_entry(options, name);
        CHECK(entry); /* a rule names options of the table only */
        buf_printf(out, "%s--%s%s%s", name == rule->options ? "" : " | ", entry->name,
                   entry->argument ? " " : "", entry->argument ? entry->argument : "");
    }
    buf_add_str(out, !required ? "]" : several ? ")" : "");
}

static void print_usage(const struct options *options)
{
    const struct verb *verb = options->verb;
    struct buf part = BUF_INIT;
    size_t column = (size_t)printf("usage: stele %s", verb->name);
    for (size_t i = 0; verb->actions && verb->actions[i]; i++) {
        buf_printf(&part, "%s%s", i == 0 ? "[" : " | ", action_name(verb->actions[i]));
    }
    if (verb->actions) {
        buf_add_char(&part, ']');
        print_part(&part, &column);
    }
    bool chosen = false; /* a choice is shown once, as what is required or as what excludes */
    for (const struct verb_rule *rule = verb->rules; rule && rule->kind; rule++) {
        if (rule->kind == VERB_REQUIRED || (rule->kind == VERB_AT_MOST_ONE && !chosen)) {
            chosen = chosen || strchr(rule->options, ' ');
            add_group(options, rule, &part);
            print_part(&part, &column);
        }
    }
    if (verb->words.usage) {
        buf_add_str(&part, verb->words.usage);
        print_part(&part, &column);
    }
    buf_add_str(&part, "[OPTION]...");
    print_part(&part, &column);
    printf("\n%s.\n\n", verb->summary);
    buf_fini(&part);
}

static void print_help(const struct options *options)
{
    print_usage(options);
    for (size_t i = 0; i < options->n_entries; i++) {
        const struct option_entry *entry = &options->entries[i];
        char left[64];
        (void)snprintf(left, sizeof left, "--%s%s%s", entry->name, entry->argument ? " " : "",
                       entry->argument ? entry->argument : "");
        printf("  %-*s %s\n", HELP_COLUMN, left, entry->help);
    }
    printf("%s", options->verb->help ? options->verb->help : "");
}

static enum status find_archive(struct options *options, struct err *err)
{
    const struct verb *verb = options->verb;
    struct stat st;
    enum status status = verb->needs == VERB_NEEDS_NOTHING ? OK : options_find(options, err);
    if (status == OK && options->config.archive_group_reads) {
        private_process_let_group_read();
    }
    if (status != OK || verb->needs < VERB_NEEDS_ARCHIVE ||
        (verb->needs_unless && given_of(options, verb->needs_unless))) {
        return status;
    }
    status = options_need_archive(options, err);
    if (status == OK && verb->needs == VERB_NEEDS_ARCHIVE && stat(options->archive, &st) == 0 &&
        S_ISREG(st.st_mode)) {
        status =
            err_set(err, ERR_NOT_FOUND, "%s is a file: stele %s needs the directory of an archive",
                    options->archive, verb->name);
    }
    return status;
}

int verb_fail(const struct verb *verb, const struct err *err)
{
    fprintf(stderr, "stele %s: %s\n", verb->name, err->text);
    return status_exit_code(err->status);
}

int verb_run(const struct verb *verb, int argc, char **argv)
{
    static struct options options;
    struct err err;
    int code = 0;
    const struct verb *action = find_action(verb, argv[1]);
    if (action) {
        verb = action;
        argc--;
        argv++;
    }
    enum status status = options_parse(&options, verb, argc, argv, &err);
    if (status == OK && options.help) {
        print_help(&options);
        return 0;
    }
    status = THEN(status, check_words(&options, &err));
    status = THEN(status, check_rules(&options, &err));
    if (status != OK) {
        fprintf(stderr, "stele %s: %s; see stele %s --help\n", verb->name, err.text, verb->name);
        return status_exit_code(status);
    }
    status = find_archive(&options, &err);
    status = THEN(status, verb->run(&options, &code, &err));
    return status == OK ? code : verb_fail(verb, &err);
}
