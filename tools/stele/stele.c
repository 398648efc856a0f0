/* stele: finds the verb and hands the rest of the command line to it. */
#include <stdio.h>
#include <string.h>

#include "schema/base/err.h"
#include "schema/base/private_process.h"
#include "schema/text/suggest.h"
#include "tools/stele/cli/verb.h"

static const struct verb *const verbs[] = {
#define X(name) &verb_##name,
#include "tools/stele/cli/verbs.def"
#undef X
};

enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

static void print_help(FILE *out)
{
    fprintf(out, "usage: stele VERB [OPTION]...\n"
                 "A local archive and replay service for Teleport audit events.\n\n");
    for (size_t i = 0; i < VERB_COUNT; i++) {
        fprintf(out, "  %-12s %s\n", verbs[i]->name, verbs[i]->summary);
    }
    fprintf(out,
            "\nstele VERB --help says more. The archive is named by --archive DIR or\n"
            "STELE_ARCHIVE.\n"
            "Exit codes: 0 done (search, hunt: something found), 1 nothing found, 2 wrong use or\n"
            "configuration, 3 could not reach or read something, 4 the archive is damaged.\n");
}

static int unknown(const char *word)
{
    const char *names[VERB_COUNT];
    for (size_t i = 0; i < VERB_COUNT; i++) {
        names[i] = verbs[i]->name;
    }
    const char *near = suggest_name(word, names, VERB_COUNT);
    if (near) {
        fprintf(stderr, "stele: no such verb: %s (did you mean %s?); see stele --help\n", word,
                near);
    } else {
        fprintf(stderr, "stele: no such verb: %s; see stele --help\n", word);
    }
    return status_exit_code(ERR_USAGE);
}

/* What has been written so far is all that counts: output that could not be written is an error. */
static int flushed(int code)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "stele: could not write all output\n");
        return code == 0 ? status_exit_code(ERR_IO) : code;
    }
    return code;
}

int main(int argc, char **argv)
{
    private_process_begin();
    if (argc < 2) {
        print_help(stderr);
        return status_exit_code(ERR_USAGE);
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        print_help(stdout);
        return flushed(0);
    }
    if (strcmp(word, "--version") == 0) {
        printf("stele %s\n", STELE_VERSION);
        return flushed(0);
    }
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(word, verbs[i]->name) == 0) {
            return flushed(verb_run(verbs[i], argc - 1, argv + 1));
        }
    }
    return unknown(word);
}
