/* Writes JSON into a buf: commas, braces and escapes are its work. A failure sticks in the buf, as
 * always: the caller tests buf_ok or buf_status once.
 *
 *     struct json_writer json = {.out = &out};
 *     json_object(&json, NULL);
 *     json_span(&json, "name", list->name);
 *     json_time(&json, "added", list->added_us);
 *     json_array(&json, "hits");
 *     ...
 *     json_end(&json);
 *     json_end(&json);
 *
 * `name` is a constant of the program and needs no escapes; it is NULL for an element of an array
 * and for a value that stands alone. The caller may write out and clear the buf between two calls.
 */
#ifndef SCHEMA_TEXT_JSON_WRITER_H
#define SCHEMA_TEXT_JSON_WRITER_H

#include "schema/base/buf.h"

enum { JSON_WRITER_DEPTH_MAX = 16 };

struct json_writer {
    struct buf *out;
    unsigned depth;                   /* of what is open */
    char ends[JSON_WRITER_DEPTH_MAX]; /* the bracket that closes each */
    bool comma;                       /* something stands before the next value */
    bool newline;                     /* asked for by json_newline */
};

/* Open an object or an array; json_end closes what was opened last. */
void json_object(struct json_writer *json, const char *name);
void json_array(struct json_writer *json, const char *name);
void json_end(struct json_writer *json);
/* The next value, or the bracket that closes, begins on a line of its own. */
void json_newline(struct json_writer *json);

void json_span(struct json_writer *json, const char *name, struct span text);
/* NULL becomes null. */
void json_text(struct json_writer *json, const char *name, const char *text);
void json_int(struct json_writer *json, const char *name, int64_t number);
void json_uint(struct json_writer *json, const char *name, uint64_t number);
/* 17 digits; null for what JSON has no number for. */
void json_double(struct json_writer *json, const char *name, double number);
void json_bool(struct json_writer *json, const char *name, bool is);
void json_null(struct json_writer *json, const char *name);
/* RFC 3339 in UTC; null for INT64_MIN and INT64_MAX, which stand for an open end. */
void json_time(struct json_writer *json, const char *name, int64_t time_us);
/* "2026-11-23", the UTC day. */
void json_day(struct json_writer *json, const char *name, int64_t time_us);
/* Bytes that are JSON already. */
void json_raw(struct json_writer *json, const char *name, struct span value);
/* Comma and name of a value that the caller adds to the buf. */
void json_name(struct json_writer *json, const char *name);

#endif
