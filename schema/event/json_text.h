/* Small steps over JSON text by its quotes and brackets, with nothing built. They do not check:
 * whether it is JSON is for schema/event/event.h to say; on bytes that are not they stop at the end
 * and read nothing beyond it. No recursion, linear in the text. Pure. */
#ifndef SCHEMA_EVENT_JSON_TEXT_H
#define SCHEMA_EVENT_JSON_TEXT_H

#include "schema/base/arena.h"

/* The first byte from `at` on that is not white space; text.size when there is none. */
size_t json_text_skip_space(struct span text, size_t at);
/* Behind the string, or the value of any kind, that begins at `at`; 0 when the text ends before it
 * does (a number at the end may go on), or when no value begins there. */
size_t json_text_string_end(struct span text, size_t at);
size_t json_text_value_end(struct span text, size_t at);

/* Past the string that begins at `at`; *out_inner is what is between the quotation marks, as it is
 * written, and *out_escaped whether it has a backslash. */
size_t json_text_skip_string(struct span text, size_t at, struct span *out_inner,
                             bool *out_escaped);
/* Past the value that begins at `at`, or to the end. */
size_t json_text_skip_value(struct span text, size_t at);
/* True when the value is a scalar other than null and "", or holds one. */
bool json_text_has_value(struct span value);

/* The unit of UTF-16 that the escape "\u...." at `at` stands for; UINT32_MAX when none is there. */
uint32_t json_text_unit(struct span text, size_t at);
/* The inner of a string with its escapes resolved; \u0000 and lone surrogates are U+FFFD, as for
 * schema/event/event.h. data is NULL when memory is out. */
struct span json_text_unescape(struct span inner, struct arena *arena);

#endif
