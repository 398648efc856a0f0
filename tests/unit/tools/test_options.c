/* The command line: what is read, what is refused, and the names that are near. */
#include "schema/base/suggest.h"
#include "tests/support/test.h"
#include "tools/stele/cli/options.h"
#include "tools/stele/cli/progress.h"

static int run_nothing(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static const struct verb verb_trial = {"trial", "WORD...", "A verb for this test", run_nothing};

static bool is_digit(const char *word)
{
    return word[0] >= '0' && word[0] <= '9';
}

struct trial {
    bool count;
    const char *from;
    const char *histogram;
    struct option_values hosts;
    struct options options;
};

/* Runs the parser over words, of which the first is the verb. */
static int parse(struct trial *trial, const char *line)
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
    *trial = (struct trial){0};
    const struct option_entry entries[] = {
        {.name = "count", .help = "a flag", .flag = &trial->count},
        {.name = "from", .argument = "TIME", .help = "a text", .text = &trial->from},
        {.name = "histogram",
         .argument = "[1h]",
         .help = "may be left out",
         .text = &trial->histogram,
         .fits = is_digit},
        {.name = "host", .argument = "NAME", .help = "repeatable", .values = &trial->hosts},
    };
    return options_parse(&trial->options, &verb_trial, entries, 4, argc, argv);
}

TEST(options_are_read_among_words)
{
    struct trial trial;
    EXPECT_INT(parse(&trial, "trial one --from -7d --host a two --host=b --count --archive /x"),
               OPTIONS_GO_ON);
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
    struct trial trial;
    EXPECT_INT(parse(&trial, "trial --histogram word"), OPTIONS_GO_ON);
    EXPECT_STR(trial.histogram, "");
    EXPECT_INT(trial.options.n_words, 1);
    EXPECT_INT(parse(&trial, "trial --histogram 1h word"), OPTIONS_GO_ON);
    EXPECT_STR(trial.histogram, "1h");
    EXPECT_INT(trial.options.n_words, 1);
    EXPECT_INT(parse(&trial, "trial --histogram=5m"), OPTIONS_GO_ON);
    EXPECT_STR(trial.histogram, "5m");
    EXPECT_INT(parse(&trial, "trial"), OPTIONS_GO_ON);
    EXPECT(trial.histogram == NULL);
}

TEST(words_behind_two_dashes)
{
    struct trial trial;
    EXPECT_INT(parse(&trial, "trial --count -- -user:alice --from"), OPTIONS_GO_ON);
    EXPECT_INT(trial.options.n_words, 2);
    EXPECT_STR(trial.options.words[0], "-user:alice");
    EXPECT(trial.from == NULL);
}

TEST(wrong_use_is_exit_code_2)
{
    struct trial trial;
    EXPECT_INT(parse(&trial, "trial --form x"), 2);
    EXPECT_INT(parse(&trial, "trial --from"), 2);
    EXPECT_INT(parse(&trial, "trial --count=yes"), 2);
    EXPECT_INT(parse(&trial, "trial -x"), 2);
    EXPECT_INT(parse(&trial, "trial --h"), 2); /* --host, --histogram or --help? */
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
          TEST_ENTRY(numbers_have_bounds), TEST_ENTRY(nearest), TEST_ENTRY(progress_line))
