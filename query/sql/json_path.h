/* Values picked out of an event's bytes by path, in one pass and without a tree. The bytes are
 * those of an event (schema/event/event.h has read them before): valid JSON, an object.
 *
 * What is at a path:
 *   - a string, number or boolean as such; an array or an object as the JSON it is written in;
 *   - the first that is there, if a key is there twice;
 *   - below an array of objects, the JSON array of what each of them has there;
 *   - nothing, if it is absent, null, "", or an array or object that holds nothing else.
 * So something is there exactly when the archive's index has a value of that path (or, for an
 * object, of one below it). */
#ifndef QUERY_SQL_JSON_PATH_H
#define QUERY_SQL_JSON_PATH_H

#include "schema/base/arena.h"
#include "schema/base/err.h"

enum { JSON_PATH_BYTES_MAX = 256 };

enum json_path_kind {
    JSON_PATH_OPEN, /* not read yet: never a result */
    JSON_PATH_NONE,
    JSON_PATH_TEXT,
    JSON_PATH_JSON,
    JSON_PATH_INTEGER,
    JSON_PATH_REAL,
    JSON_PATH_TRUE, /* its integer is 1 */
    JSON_PATH_FALSE /* 0 */
};

struct json_path_value {
    enum json_path_kind kind;
    union {
        struct span text; /* TEXT, unescaped; JSON: of the bytes or the arena */
        int64_t integer;
        double real;
    };
};

/* What a value is that is spelled so: the inner of a string, not unescaped (is_string), or any
 * other JSON. Its text is `text`, or of the arena. False: memory is out. */
MUST_USE bool json_path_value_of(struct span text, bool is_string, struct arena *arena,
                                 struct json_path_value *out);

struct json_path_reader;

/* NULL: out of memory. */
struct json_path_reader *json_path_new(void);
/* NULL is fine. */
void json_path_free(struct json_path_reader *reader);
/* Looks for the path from now on; *out_number is its place in the results: 0, 1, ... in the order
 * they were added. A path over JSON_PATH_BYTES_MAX is never found. */
MUST_USE enum status json_path_add(struct json_path_reader *reader, struct span path,
                                   size_t *out_number, struct err *err);
size_t json_path_count(const struct json_path_reader *reader);

/* Fills out[json_path_count]. Texts live as long as raw and the arena. One thread. */
MUST_USE enum status json_path_run(struct json_path_reader *reader, struct span raw,
                                   struct arena *arena, struct json_path_value *out,
                                   struct err *err);

#endif
