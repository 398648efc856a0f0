/* What verbs print: the forms of --output, words and numbers for people, and the way of a buffer to
 * stdout. */
#ifndef TOOLS_STELE_CLI_OUTPUT_H
#define TOOLS_STELE_CLI_OUTPUT_H

#include "schema/text/json_writer.h"

enum output_form {
    OUTPUT_TABLE, /* for people; what is printed when nothing else is asked for */
    OUTPUT_JSON,
    OUTPUT_NDJSON,
    OUTPUT_RAW,
    OUTPUT_CSV,
    OUTPUT_CSV_SAFE, /* of which a spreadsheet takes no cell for a formula */
    OUTPUT_STIX,
};

/* A set of forms is a sum of bits. */
#define OUTPUT_BIT(form)  (1u << (form))
#define OUTPUT_TABLE_JSON (OUTPUT_BIT(OUTPUT_TABLE) | OUTPUT_BIT(OUTPUT_JSON))
#define OUTPUT_ROWS                                                                                \
    (OUTPUT_TABLE_JSON | OUTPUT_BIT(OUTPUT_NDJSON) | OUTPUT_BIT(OUTPUT_CSV) |                      \
     OUTPUT_BIT(OUTPUT_CSV_SAFE))

/* False when no form of the set has that name. */
bool output_form_find(const char *name, unsigned forms, enum output_form *out_form);
/* The set's names, "table, json or csv"; for --help with a word on some of them. */
void output_forms_text(unsigned forms, bool help, char *out, size_t bytes);

/* Writes the buffer to stdout and clears it. ERR_NOMEM: it was not whole; ERR_IO: the output
 * failed. */
MUST_USE enum status output_write(struct buf *out, struct err *err);
/* The same, and frees the buffer. */
MUST_USE enum status output_finish(struct buf *out, struct err *err);
/* Closes the document's object, ends the line, and writes it as output_write does. */
MUST_USE enum status output_json_end(struct json_writer *json, struct err *err);

/* "" or "s". */
const char *output_plural(int64_t count);

/* A short text, returned by value: it lasts to the end of the statement that asks for it. */
struct output_text {
    char text[64];
};
/* "1,204" */
struct output_text output_number(int64_t number);
/* "1,204 events", "1 event" */
struct output_text output_count(int64_t number, const char *noun);
/* "3.2 MiB" */
struct output_text output_size(int64_t bytes);
/* "2026-11-23T10:00:00Z", in the zone of --tz, and its UTC day alone. */
struct output_text output_time(int64_t time_us);
struct output_text output_day(int64_t time_us);

#endif
