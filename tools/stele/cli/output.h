/* What verbs print: the forms of --output, words and numbers for people, and the way of a buffer to
 * stdout. */
#ifndef TOOLS_STELE_CLI_OUTPUT_H
#define TOOLS_STELE_CLI_OUTPUT_H

#include "schema/base/buf.h"

enum output_form {
    OUTPUT_TABLE, /* for people; what is printed when nothing else is asked for */
    OUTPUT_JSON,
    OUTPUT_NDJSON,
    OUTPUT_RAW,
    OUTPUT_CSV,
    OUTPUT_STIX,
};

/* A set of forms is a sum of bits. */
#define OUTPUT_BIT(form)      (1u << (form))
#define OUTPUT_TABLE_JSON     (OUTPUT_BIT(OUTPUT_TABLE) | OUTPUT_BIT(OUTPUT_JSON))
#define OUTPUT_TABLE_JSON_CSV (OUTPUT_TABLE_JSON | OUTPUT_BIT(OUTPUT_CSV))
#define OUTPUT_ROWS           (OUTPUT_TABLE_JSON_CSV | OUTPUT_BIT(OUTPUT_NDJSON))

/* False when no form of the set has that name. */
bool output_form_find(const char *name, unsigned forms, enum output_form *out_form);
/* The set's names, "table, json or csv"; for --help with a word on some of them. */
void output_forms_text(unsigned forms, bool help, char *out, size_t bytes);

/* Writes the buffer to stdout and clears it. ERR_NOMEM: it was not whole; ERR_IO: the output
 * failed. */
MUST_USE enum status output_write(struct buf *out, struct err *err);

/* "" or "s". */
const char *output_plural(int64_t count);

#endif
