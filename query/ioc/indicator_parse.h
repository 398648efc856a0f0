/* One indicator as a list has it. */
#ifndef QUERY_IOC_INDICATOR_PARSE_H
#define QUERY_IOC_INDICATOR_PARSE_H

#include "query/ioc/indicator_set.h"

enum { INDICATOR_PARSE_BYTES_MAX = 4096 };

/* Reads "KIND:VALUE", or a value whose kind its shape tells: an address or range (10.0.0.0/8), a
 * URL (with or without scheme), an e-mail address, a hash, a session id (UUID), a serial number
 * with colons, a path, a domain ("=name": exactly it, "*.name" the same as "name"), defanged or
 * not. A name below no known top-level domain (tool.exe) is a file. A public suffix (co.uk:
 * publicsuffix.org) is refused, as it names no one. Users and user agents need their kind.
 *
 * Returns NULL and fills kind, exact, bits, is_range, text and normal (memory of `text` and of
 * `normal`, which is cleared before), or why it is none: a few words for people. Any thread. */
const char *indicator_parse(struct span text, struct buf *normal, struct indicator *out);
/* The same where a column says the kind. */
const char *indicator_parse_as(struct span text, enum observable_kind kind, struct buf *normal,
                               struct indicator *out);
/* indicator_parse of a text without blanks around of which it is known what it has
 * (query/ioc/text_has.h). */
const char *indicator_parse_known(struct span text, unsigned has, struct buf *normal,
                                  struct indicator *out);
/* A path of a file as it stands: of these no dot is taken for a defanged one. */
bool indicator_parse_is_path(struct span text);

#endif
