/* Small steps over JSON that is known to be valid; on bytes that are not they stop at the end and
 * read nothing beyond it. Pure. */
#ifndef QUERY_SQL_JSON_TEXT_H
#define QUERY_SQL_JSON_TEXT_H

#include "schema/base/arena.h"

/* Past white space. */
size_t json_text_skip_space(struct span text, size_t at);
/* Past the string that begins at `at`; *out_inner is what is between the quotation marks, as it is
 * written, and *out_escaped whether it has a backslash. */
size_t json_text_skip_string(struct span text, size_t at, struct span *out_inner,
                             bool *out_escaped);
/* Past the value that begins at `at`, whatever it is. */
size_t json_text_skip_value(struct span text, size_t at);
/* True when the value is a scalar other than null and "", or holds one. */
bool json_text_has_value(struct span value);

/* The inner of a string with its escapes resolved; \u0000 and lone surrogates are U+FFFD, as for
 * schema/event/event.h. data is NULL when memory is out. */
struct span json_text_unescape(struct span inner, struct arena *arena);

#endif
