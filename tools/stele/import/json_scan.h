/* Going over JSON text by its brackets and quotes, with nothing built and nothing copied: to find
 * an object inside another and where it ends. It does not check: whether what was found is JSON is
 * for schema/event/event.h to say. No recursion; time is linear in the text. Pure. */
#ifndef TOOLS_STELE_IMPORT_JSON_SCAN_H
#define TOOLS_STELE_IMPORT_JSON_SCAN_H

#include "schema/base/span.h"

/* The first byte from `at` on that is no white space; text.size when there is none. */
size_t json_scan_skip_space(struct span text, size_t at);

/* Behind the value that begins at `at`; 0 when the text ends before the value does, or when no
 * value begins there. */
size_t json_scan_value_end(struct span text, size_t at);

struct json_scan_member {
    struct span key;   /* between the quotes, as it stands: escapes are not read */
    struct span value; /* strings with their quotes */
};

/* The next member of an object (which begins with its brace). *at is 0 before the first and moves
 * on. False at the end, and where it is no object any more. */
bool json_scan_next_member(struct span object, size_t *at, struct json_scan_member *out_member);

/* The same of a list (which begins with its bracket). */
bool json_scan_element(struct span list, size_t *at, struct span *out_value);

#endif
