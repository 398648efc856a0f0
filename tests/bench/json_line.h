/* One line of JSON in a fixed buffer, written front to back: what the generator of events needs
 * and no more. A line that does not fit is a bug of the caller (CHECK). */
#ifndef TESTS_BENCH_JSON_LINE_H
#define TESTS_BENCH_JSON_LINE_H

#include "schema/base/err.h"
#include "schema/base/span.h"

enum { LINE_BYTES_MAX = 16 * 1024 };

struct line {
    size_t size;
    char text[LINE_BYTES_MAX];
};

/* Bytes as they are. */
void line_raw(struct line *line, const char *bytes, size_t size);
/* `{`, after the key when there is one (NULL at the top). */
void line_open(struct line *line, const char *key);
void line_close(struct line *line);
void line_open_list(struct line *line, const char *key);
void line_close_list(struct line *line);
/* "key": with the comma in front where one is due; inside of a list key is NULL. */
void line_key(struct line *line, const char *key);
/* A string member; quotes, backslashes and control characters of value are escaped. */
void line_str(struct line *line, const char *key, const char *value);
void line_span(struct line *line, const char *key, struct span value);
void line_int(struct line *line, const char *key, int64_t value);
void line_bool(struct line *line, const char *key, bool value);
/* RFC 3339 in UTC, `digits` (0, 3 or 9) of fraction with the zeros at the end cut off. */
void line_time(struct line *line, const char *key, int64_t time_us, int digits);

#endif
