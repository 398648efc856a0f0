/* Between reading a value of a known kind and guessing what kind it is. */
#ifndef QUERY_IOC_INDICATOR_INTERNAL_H
#define QUERY_IOC_INDICATOR_INTERNAL_H

#include "query/ioc/indicator_parse.h"

/* Both: NULL and *out filled, with `normal` appended to; or why not. The text is not defanged.
 * `has`: what text_has says of it. */
const char *indicator_read_as(struct span text, enum observable_kind kind, struct buf *normal,
                              struct indicator *out);
const char *indicator_guess(struct span text, unsigned has, struct buf *normal,
                            struct indicator *out);

/* indicator_parse of a text without blanks around of which it is known what it has. */
const char *indicator_parse_known(struct span text, unsigned has, struct buf *normal,
                                  struct indicator *out);

/* A path of a file as it stands: of these no dot is taken for a defanged one. */
bool indicator_is_path(struct span text);

#endif
