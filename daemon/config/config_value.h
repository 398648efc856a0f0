/* The types of settings: text to value and back. */
#ifndef DAEMON_CONFIG_CONFIG_VALUE_H
#define DAEMON_CONFIG_CONFIG_VALUE_H

#include "schema/base/buf.h"

enum config_type {
    CONFIG_TEXT,
    CONFIG_PATH,
    CONFIG_LISTEN,
    CONFIG_BOOL,
    CONFIG_SIZE,
    CONFIG_TIME,
    CONFIG_COUNT,
};

/* Reads text as a value of the type into `member` (char[CONFIG_TEXT_BYTES], bool or int64_t). A
 * relative PATH is put behind `base` (NULL: stays as it is). ERR_CONFIG says what is taken. */
MUST_USE enum status config_value_read(enum config_type type, struct span text, const char *base,
                                       void *member, struct err *err);

/* The value as config_value_read takes it: "32MiB", "5m", "yes". */
void config_value_write(enum config_type type, const void *member, struct buf *out);

#endif
