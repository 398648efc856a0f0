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

enum { PICK_PATH_BYTES_MAX = 256 };

enum pick_kind { PICK_NONE, PICK_TEXT, PICK_JSON, PICK_INTEGER, PICK_REAL, PICK_TRUE, PICK_FALSE };

struct picked {
    enum pick_kind kind;
    struct span text; /* TEXT, unescaped; JSON: of the bytes or the arena */
    int64_t integer;
    double real;
};

struct picker;

/* NULL: out of memory. */
struct picker *picker_new(void);
/* NULL is fine. */
void picker_free(struct picker *picker);
/* Looks for the path from now on; *out_number is its place in the results: 0, 1, ... in the order
 * they were added. A path over PICK_PATH_BYTES_MAX is never found. */
MUST_USE enum status picker_add(struct picker *picker, struct span path, size_t *out_number,
                                struct err *err);
size_t picker_count(const struct picker *picker);

/* Fills out[picker_count]. Texts live as long as raw and the arena. One thread. */
MUST_USE enum status picker_run(struct picker *picker, struct span raw, struct arena *arena,
                                struct picked *out, struct err *err);

#endif
