/* Lines of a configuration file: [section], name = value (or name: value), comments with # or ; at
 * the beginning of a line. Lines may be of any length. Pure. */
#ifndef DAEMON_CONFIG_INI_H
#define DAEMON_CONFIG_INI_H

#include "schema/base/span.h"

enum ini_kind {
    INI_SECTION, /* name: what is in the brackets */
    INI_SETTING, /* name and value */
    INI_OTHER,   /* neither */
};

/* Spans into the text, without white space around them. */
struct ini_line {
    enum ini_kind kind;
    struct span name;
    struct span value;
    bool indented;
    int number; /* from 1; the caller zeroes it before the first line */
};

/* The next line that is neither empty nor a comment; *rest begins behind it. False: there is none.
 */
bool ini_next(struct span *rest, struct ini_line *line);

/* The value up to a comment behind it: a ; with white space in front. */
struct span ini_uncommented(const struct ini_line *line);

#endif
