/* Addresses in plain SQL: what an IPv6 address is, and every address of an event, as
 * schema/event/observable_scan.c finds them by their shape: alone, in text, in URLs, inside of
 * base64. */
#ifndef QUERY_LAKE_LAKE_ADDRESS_H
#define QUERY_LAKE_LAKE_ADDRESS_H

#include "query/lake/lake_regex.h"
#include "schema/base/buf.h"

/* z, an IPv6 address perhaps, with the four numbers behind its last colon as two groups. */
#define LAKE_ADDRESS_UNDOTTED                                                                      \
    "$let(q, $group(z, '^[0-9a-f:]*:(" LAKE_REGEX_IPV4 ")\\z'), CASE WHEN q = '' THEN z ELSE "     \
    "$let(o, $all(q, '[0-9]+'), $group(z, '^([0-9a-f:]*:)') || $hex($nth(o, 1)) || "               \
    "$hex($nth(o, 2)) || ':' || $hex($nth(o, 3)) || $hex($nth(o, 4))) END)"
/* y is one, as inet_pton(3) reads it. */
#define LAKE_ADDRESS_IS_IPV6                                                                       \
    "$matches(y, '" LAKE_REGEX_IPV6_FULL "') OR ($matches(y, '" LAKE_REGEX_IPV6_SHORT "') AND "    \
    "$size($all(y, '[0-9a-f]+')) < 8)"
#define LAKE_ADDRESS_FOUR_DIGITS(text)                                                             \
    "$map($all(" text ", '[0-9a-f]+'), g, $sub('0000' || g, $length(g) + 1, 4))"
/* y in full: eight groups of four digits. */
#define LAKE_ADDRESS_GROUPS(between)                                                               \
    "$join($cat($cat(" LAKE_ADDRESS_FOUR_DIGITS(                                                   \
        "CASE WHEN $has(y, '::') THEN $group(y, '^(.*)::') "                                       \
        "ELSE y END") ", $slice($list('0000', '0000', '0000', '0000', '0000', '0000', '0000', "    \
                      "'0000'), 1, "                                                               \
                      "8 - $size($all(y, '[0-9a-f]+')))), " LAKE_ADDRESS_FOUR_DIGITS(              \
                          "$group(y, '::(.*)\\z')") "), " between ")"

/* The list of an event's addresses from its column `fields`, appended to out: 32 digits each, IPv4
 * mapped into IPv6, so that they compare as text. */
void lake_address_write(struct buf *out);

#endif
