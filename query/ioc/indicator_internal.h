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

#endif
