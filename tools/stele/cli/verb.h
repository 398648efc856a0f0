/* A verb of the tool: one file of this folder, one entry in verbs.def. */
#ifndef TOOLS_STELE_CLI_VERB_H
#define TOOLS_STELE_CLI_VERB_H

struct verb {
    const char *name;
    const char *usage;   /* what follows "stele NAME" on the command line: "QUERY [OPTION]..." */
    const char *summary; /* one line, no full stop */
    /* argv[0] is the verb; returns the exit code (schema/base/err.def) */
    int (*run)(int argc, char **argv);
};

/* Each verb's file defines `const struct verb verb_NAME`. */
#define X(name) extern const struct verb verb_##name;
#include "tools/stele/cli/verbs.def"
#undef X

#endif
