/* Members of an object and elements of a list, one after the other, by schema/event/json_text.h: to
 * find an object inside another. Nothing is checked, built or copied. Pure. */
#ifndef TOOLS_STELE_IMPORT_JSON_SCAN_H
#define TOOLS_STELE_IMPORT_JSON_SCAN_H

#include "schema/base/span.h"

struct json_scan_member {
    struct span key;   /* between the quotes, as it stands: escapes are not read */
    struct span value; /* strings with their quotes */
};

/* The next member of an object (which begins with its brace). *at is 0 before the first and moves
 * on. False at the end, and where the object is broken. */
bool json_scan_next_member(struct span object, size_t *at, struct json_scan_member *out_member);

/* The same of a list (which begins with its bracket). */
bool json_scan_element(struct span list, size_t *at, struct span *out_value);

#endif
