/* What Fluentd writes in front of an event: its time and its tag. Forms of the formatter out_file
 * (fluentd lib/fluent/plugin/formatter_out_file.rb), which out_file and out_s3 use by default,
 *     2026-01-02T03:04:05+00:00<TAB>test.log<TAB>{...}
 * with any of its delimiters, without the time or the tag, and with time as seconds since 1970; and
 * of the formatter stdout (formatter_stdout.rb):
 *     2026-01-02 03:04:05.000000000 +0000 test.log: {...}
 * Pure. */
#ifndef TOOLS_STELE_IMPORT_FLUENTD_PREFIX_H
#define TOOLS_STELE_IMPORT_FLUENTD_PREFIX_H

#include "schema/base/clock.h"

/* An object that begins further into its line stands behind no prefix. */
enum { FLUENTD_PREFIX_BYTES_MAX = 1024 };

enum fluentd_prefix_form { FLUENTD_PREFIX_NONE, FLUENTD_PREFIX_FILE, FLUENTD_PREFIX_STDOUT };

struct fluentd_prefix {
    enum fluentd_prefix_form form;
    int64_t time_us; /* 0: none */
    struct span tag; /* in the line; empty: none */
    size_t size;     /* bytes before the object's brace */
};

/* Looks at a line (without white space in front). False when it begins with no prefix of Fluentd;
 * *out is then untouched. */
bool fluentd_prefix_read(struct span line, struct fluentd_prefix *out_prefix);

#endif
