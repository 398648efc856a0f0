/* stele-generate: made-up audit events as NDJSON on standard output. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/base/clock.h"
#include "tests/bench/generate.h"

static const char usage[] =
    "usage: stele-generate [--events N] [--seed S] [--days D] [--start 2026-11-01]\n"
    "                      [--order time|random] [--late SHARE]\n";

static _Noreturn void wrong(const char *what, const char *value)
{
    fprintf(stderr, "stele-generate: %s: \"%s\" is not taken\n%s", what, value, usage);
    exit(2);
}

static int64_t number(const char *what, const char *text, int64_t min)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < min) {
        wrong(what, text);
    }
    return value;
}

static void read_option(int option, const char *value, struct generate_options *o)
{
    char *end;
    switch (option) {
    case 'e':
        o->events = number("--events", value, 1);
        break;
    case 's':
        o->seed = (uint64_t)number("--seed", value, 0);
        break;
    case 'd':
        o->span_us = number("--days", value, 1) * CLOCK_DAY_US;
        break;
    case 'b':
        if (!clock_parse_day(span_str(value), &o->start_us)) {
            wrong("--start", value);
        }
        break;
    case 'o':
        if (strcmp(value, "random") != 0 && strcmp(value, "time") != 0) {
            wrong("--order", value);
        }
        o->random_order = *value == 'r';
        break;
    case 'l':
        o->late = strtod(value, &end);
        if (end == value || *end || !(o->late >= 0 && o->late <= 1)) {
            wrong("--late", value);
        }
        break;
    default:
        fputs(usage, stderr);
        exit(2);
    }
}

static void read_options(int argc, char **argv, struct generate_options *o)
{
    static const struct option options[] = {
        {"events", required_argument, NULL, 'e'}, {"seed", required_argument, NULL, 's'},
        {"days", required_argument, NULL, 'd'},   {"start", required_argument, NULL, 'b'},
        {"order", required_argument, NULL, 'o'},  {"late", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            exit(0);
        }
        read_option(option, optarg, o);
    }
    if (optind < argc) {
        wrong("argument", argv[optind]);
    }
}

int main(int argc, char **argv)
{
    struct generate_options o = {.seed = 1, .events = 1000, .span_us = CLOCK_DAY_US, .late = 0.03};
    CHECK(clock_parse_day(span_str("2026-11-01"), &o.start_us));
    read_options(argc, argv, &o);
    struct generator *generator = generator_new(&o);
    if (!generator) {
        fputs("stele-generate: out of memory\n", stderr);
        return 3;
    }
    static char buffer[1 << 20];
    (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    for (int64_t i = 0; i < o.events; i++) {
        struct span event = generator_next(generator, NULL);
        if (fwrite(event.data, 1, event.size, stdout) != event.size || putchar('\n') == EOF) {
            break;
        }
    }
    generator_free(generator);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("stele-generate: standard output");
        return 3;
    }
    return 0;
}
