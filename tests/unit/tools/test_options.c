/* The command line: what is read, what is refused, and the names that are near. */
#include "schema/text/suggest.h"
#include "tests/support/test.h"
#include "tools/stele/cli/options.h"
#include "tools/stele/cli/progress.h"

static enum status run_nothing(struct options *options, int *out_code, struct err *err)
{
    (void)options;
    (void)out_code;
    (void)err;
    return OK;
}

static bool is_digit(const char *word)
{
    return word[0] >= '0' && word[0] <= '9';
}

static struct trial {
    bool count;
    const char *from;
    const char *histogram;
    struct option_values hosts;
    struct options options;
    struct err err;
} trial;

static const struct option_entry entries[] = {
    {.name = "count", .help = "a flag", .flag = &trial.count},
    {.name = "from", .argument = "TIME", .help = "a text", .text = &trial.from},
    {.name = "histogram",
     .argument = "[1h]",
     .help = "may be left out",
     .text = &trial.histogram,
     .fits = is_digit},
    {.name = "host", .argument = "NAME", .help = "repeatable", .values = &trial.hosts},
};

static const struct verb verb_trial = {
    .name = "trial",
    .summary = "a verb for this test",
    .words = {0, 2, "WORD...", "one or two words"},
    VERB_OPTIONS(entries),
    .forms = OUTPUT_TABLE_JSON | OUTPUT_BIT(OUTPUT_CSV),
    .rules = (const struct verb_rule[]){{VERB_AT_MOST_ONE, "count from", NULL},
                                        {VERB_ONLY_WITH, "histogram", "count"},
                                        {VERB_NOT_WITH, "host", "count from"},
                                        {VERB_REQUIRED, "count from host", "what is counted"},
                                        {0}},
    .run = run_nothing,
};

/* Cuts the line into words, of which the first is the verb. */
static char **split(const char *line, int *out_argc)
{
    static char words[16][64];
    static char *argv[17];
    int argc = 0;
    while (*line) {
        size_t size = strcspn(line, " ");
        (void)snprintf(words[argc], sizeof words[0], "%.*s", (int)size, line);
        argv[argc] = words[argc];
        argc++;
        line += size + (line[size] == ' ');
    }
    argv[argc] = NULL;
    trial = (struct trial){0};
    *out_argc = argc;
    return argv;
}

static enum status parse(const char *line)
{
    int argc;
    char **argv = split(line, &argc);
    return options_parse(&trial.options, &verb_trial, argc, argv, &trial.err);
}

/* The exit code of the whole verb. */
static int run(const char *line)
{
    int argc;
    char **argv = split(line, &argc);
    return verb_run(&verb_trial, argc, argv);
}

TEST(options_are_read_among_words)
{
    EXPECT_INT(parse("trial one --from -7d --host a two --host=b --count --archive /x"), OK);
    EXPECT(trial.count);
    EXPECT_STR(trial.from, "-7d");
    EXPECT_INT(trial.hosts.count, 2);
    EXPECT_STR(trial.hosts.items[1], "b");
    EXPECT_INT(trial.options.n_words, 2);
    EXPECT_STR(trial.options.words[0], "one");
    EXPECT_STR(trial.options.words[1], "two");
    EXPECT_STR(trial.options.archive, "/x");
    EXPECT(trial.options.config_file == NULL);
}

TEST(an_argument_may_be_left_out)
{
    EXPECT_INT(parse("trial --histogram word"), OK);
    EXPECT_STR(trial.histogram, "");
    EXPECT_INT(trial.options.n_words, 1);
    EXPECT_INT(parse("trial --histogram 1h word"), OK);
    EXPECT_STR(trial.histogram, "1h");
    EXPECT_INT(trial.options.n_words, 1);
    EXPECT_INT(parse("trial --histogram=5m"), OK);
    EXPECT_STR(trial.histogram, "5m");
    EXPECT_INT(parse("trial"), OK);
    EXPECT(trial.histogram == NULL);
}

TEST(words_behind_two_dashes)
{
    EXPECT_INT(parse("trial --count -- -user:alice --from"), OK);
    EXPECT_INT(trial.options.n_words, 2);
    EXPECT_STR(trial.options.words[0], "-user:alice");
    EXPECT(trial.from == NULL);
}

TEST(wrong_use_is_exit_code_2)
{
    static const struct {
        const char *line;
        const char *text;
    } cases[] = {
        {"trial --form x", "unknown option --form (did you mean --from?)"},
        {"trial --from", "--from needs an argument"},
        {"trial --count=yes", "--count takes no argument"},
        {"trial -x", "unknown option -x (a word that begins with - goes behind --)"},
        {"trial --h", "unknown option --h"}, /* --host, --histogram or --help? */
        {"trial --output xml", "--output is table, json or csv, not \"xml\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        EXPECT_INT(parse(cases[i].line), ERR_USAGE);
        EXPECT_STR(trial.err.text, cases[i].text);
    }
}

TEST(a_form_is_chosen)
{
    EXPECT_INT(parse("trial"), OK);
    EXPECT_INT(trial.options.form, OUTPUT_TABLE);
    EXPECT(!trial.options.has_form);
    EXPECT_INT(parse("trial --output csv"), OK);
    EXPECT_INT(trial.options.form, OUTPUT_CSV);
    EXPECT(trial.options.has_form);
}

TEST(a_verb_says_what_goes_together)
{
    EXPECT_INT(run("trial --count a b"), 0);
    EXPECT_INT(run("trial --count a b c"), 2);
    EXPECT_INT(run("trial --count --from x"), 2);
    EXPECT_INT(run("trial --host x --histogram"), 2);
    EXPECT_INT(run("trial --count --histogram"), 0);
    EXPECT_INT(run("trial --host x --from y"), 2);
    EXPECT_INT(run("trial --host x"), 0);
    EXPECT_INT(run("trial"), 2);
    EXPECT_INT(run("trial --from= a"), 2);
    EXPECT_INT(run("trial --help"), 0);
}

TEST(numbers_have_bounds)
{
    struct err err;
    int64_t number = -1;
    EXPECT_OK(options_number("limit", "10", 1, 100, &number, &err), err);
    EXPECT_INT(number, 10);
    const char *const wrong[] = {"", "0", "101", "ten", "1x", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        EXPECT_INT(options_number("limit", wrong[i], 1, 100, &number, &err), ERR_USAGE);
    }
    EXPECT_INT(number, 10);
    EXPECT(strstr(err.text, "--limit") != NULL);
}

TEST(nearest)
{
    static const char *const names[] = {"init", "import", "search", "ship", "stats"};
    EXPECT_STR(suggest_name("serach", names, 5), "search");
    EXPECT_STR(suggest_name("imprt", names, 5), "import");
    EXPECT_STR(suggest_name("stat", names, 5), "stats");
    EXPECT(suggest_name("quarantine", names, 5) == NULL);
    EXPECT(suggest_name("x", names, 5) == NULL);
    char longest[200];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    EXPECT(suggest_name(longest, names, 5) == NULL);
}

TEST(progress_line)
{
    char text[PROGRESS_TEXT_BYTES];
    char number[32];
    struct progress progress = {.label = "import", .unit = "lines", .total = 1000};
    EXPECT_STR(progress_text(&progress, 250, 1234567, 10 * INT64_C(1000000), text),
               "import   25 %  1,234,567 lines  123,456 lines/s  0:30 left");
    progress.total = 0;
    EXPECT_STR(progress_text(&progress, 250, 10, INT64_C(1000000), text),
               "import  10 lines  10 lines/s");
    EXPECT_STR(progress_number(0, number), "0");
    EXPECT_STR(progress_number(999, number), "999");
    EXPECT_STR(progress_number(1000, number), "1,000");
    EXPECT_STR(progress_number(-1000000, number), "-1,000,000");
}

TEST_MAIN(TEST_ENTRY(options_are_read_among_words), TEST_ENTRY(an_argument_may_be_left_out),
          TEST_ENTRY(words_behind_two_dashes), TEST_ENTRY(wrong_use_is_exit_code_2),
          TEST_ENTRY(a_form_is_chosen), TEST_ENTRY(a_verb_says_what_goes_together),
          TEST_ENTRY(numbers_have_bounds), TEST_ENTRY(nearest), TEST_ENTRY(progress_line))
