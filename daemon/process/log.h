/* Lines for the operator on standard error: "2026-11-23T10:00:00Z info receive: ...". Only the
 * daemon's edges log, each failure once. Any thread. */
#ifndef DAEMON_PROCESS_LOG_H
#define DAEMON_PROCESS_LOG_H

#include <stdint.h>

#include "schema/base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* By name: error, warn, info, debug; anything else is info. */
void log_set_level(const char *name);
bool log_wants(enum log_level level);

/* One line, cut at 1,000 bytes; control characters come out as '?'. `part` is who speaks. */
void log_line(enum log_level level, const char *part, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A failure that may repeat without end, and its end: logs when the text changes and when it is
 * over, nothing in between. One owner. */
struct log_state {
    char text[ERR_TEXT_BYTES];
    unsigned long repeats;
};
void log_state_failed(struct log_state *state, const char *part, const struct err *err);
void log_state_good(struct log_state *state, const char *part);

/* Lines that others cause: at most one a second; the rest is counted. One owner. */
struct log_limit {
    int64_t last_us;
    long long unwritten;
};
void log_limited(struct log_limit *limit, enum log_level level, const char *part,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
