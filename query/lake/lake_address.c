#include "query/lake/lake_address.h"

#include "query/lake/lake_engine.h"

/* Runs of bytes, by their classes in schema/event/observable_scan.c: names, URLs, base64. */
#define SHAPE_NAMES "[^\\x00-\\x24\\x26-\\x2C\\x2F\\x3B-\\x3F\\x5C\\x5E\\x60\\x7B-\\x7F]+"
#define SHAPE_URL                                                                                  \
    "[0-9A-Za-z+]*://[^\\x00-\\x20\\x22\\x27\\x3C\\x3E\\x5C\\x5E\\x60\\x7B-\\x7D\\x7F]*"
#define SHAPE_BASE64 "[-+/0-9A-Z_a-z]{12,}"
/* What is taken for a time there. */
#define SHAPE_STAMP "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[-0-9.:+Z]{0,16}\\z"

#define OF_FOUR(numbers)                                                                           \
    "$let(o, $all(" numbers ", '[0-9]+'), '00000000000000000000ffff' || $hex($nth(o, 1)) || "      \
    "$hex($nth(o, 2)) || $hex($nth(o, 3)) || $hex($nth(o, 4)))"
/* observable_ip, behind the look that emit_ip takes at the first byte: 32 digits, or ''. */
#define HOST                                                                                       \
    "CASE WHEN $starts(c, '[') THEN $group(c, '^\\[([^\\]]*)\\](?::[0-9]+)?\\z') "                 \
    "WHEN $matches(c, '^[^:]*:[0-9]{1,5}\\z') THEN $group(c, '^([^:]*):') ELSE c END"
#define ADDRESS(text)                                                                              \
    "$let(c, " text ", CASE WHEN $length(c) > 64 OR "                                              \
    "NOT $matches(c, '(?s)^(?:[0-9]|[A-Fa-f\\[].*:|:)') THEN '' ELSE "                             \
    "$let(z, $lower($group(" HOST ", '^([^%]*)')), CASE WHEN $matches(z, '^" LAKE_REGEX_IPV4       \
    "\\z') "                                                                                       \
    "THEN " OF_FOUR("z") " WHEN $matches(z, '^[0-9a-f.:]*:[0-9a-f.:]*:[0-9a-f.:]*\\z') THEN "      \
                         "$let(y, " LAKE_ADDRESS_UNDOTTED ", CASE WHEN " LAKE_ADDRESS_IS_IPV6      \
                         " THEN " LAKE_ADDRESS_GROUPS("''") " ELSE '' END) ELSE '' END) END)"
/* The same where no colon can be. */
#define ADDRESS_4(text)                                                                            \
    "$let(z, $group(" text ", '(?s)^(" LAKE_REGEX_IPV4 ")(?:%.*)?\\z'), "                          \
    "CASE WHEN z = '' THEN '' ELSE " OF_FOUR("z") " END)"

/* A token, whole; without brackets; in parts between colons; behind an @ of these. */
#define WHOLE       "$group(k, '(?s)^[-.]*((?:.*[^-.:@])?)[-.:@]*\\z')"
#define UNBRACKETED "$group(" WHOLE ", '(?s)^\\[*((?:.*[^\\]])?)\\]*\\z')"
#define PIECE       "$group(p, '(?s)^[-.\\[]*((?:.*[^-.\\]])?)[-.\\]]*\\z')"
#define BEHIND_AT                                                                                  \
    "$group($group(p, '(?s)^[-._\\[]*((?:.*[^-._\\]])?)[-._\\]]*\\z'), '(?s)^[^@]*@(.*)\\z')"
/* The host of a URL; u is the URL without what a sentence puts behind it, and without fragment. */
#define AUTHORITY "$group($group(u, '^[0-9A-Za-z+]{1,16}://([^/?]*)'), '(?s)^(?:.*@)?([^@]*)\\z')"
#define URL       "$group($group(k, '(?s)^((?:.*[^.,;:!?)\\]])?)[.,;:!?)\\]]*\\z'), '^([^#]*)')"
#define URL_HOST                                                                                   \
    "CASE WHEN $starts(h, '[') THEN $group(h, '^\\[([^\\]]*)\\]') "                                \
    "WHEN $matches(h, ':[0-9]{1,5}\\z') THEN $group(h, '(?s)^(.*):') ELSE h END"

/* Digits of base64, by place in their group, that make bytes below 0x80; those at the end that make
 * no whole byte may be any. */
#define FIRST         "[A-Za-f]"
#define SECOND        "[A-HQ-Xg-nw-z0-3]"
#define THIRD         "[ABEFIJMNQRUVYZcdghklopstwx014589]"
#define SHAPE_ASCII64 "^(?:" FIRST SECOND THIRD ".)*(?:.|" FIRST ".|" FIRST SECOND ".)?\\z"
/* Digits as RFC 4648 writes them, padded; one that is over makes nothing. */
#define PADDED                                                                                     \
    "$let(n, $length(r) - CASE WHEN $length(r) % 4 = 1 THEN 1 ELSE 0 END, "                        \
    "$translate($sub(r, 1, n), '-_', '+/') || $sub('==', 1, (4 - n % 4) % 4))"
/* The texts inside of t: printable, zero bytes left out (UTF-16LE), but for one at the start. */
#define INSIDE                                                                                     \
    "$map($filter($map($filter($all(t, '" SHAPE_BASE64 "'), r, $matches(r, '" SHAPE_ASCII64        \
    "')), r, $unbase64(" PADDED ")), e, "                                                          \
    "NOT $matches(e, '^\\x00|[\\x01-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F]')), e, "                      \
    "$join($all(e, '[^\\x00]+'), ''))"
/* Of texts that are no more than a time or an address nothing is decoded. */
#define DECODED(texts)                                                                             \
    "$flat($map($filter(" texts ", t, NOT $matches(t, '" SHAPE_STAMP "') AND $length(t) < 65536 "  \
    "AND " ADDRESS("t") " = ''), t, " INSIDE "))"

/* The addresses of a text t, part by part: what is a time has none, what is an
 * address has no other; then tokens, then URLs. */
static const char *const of_text[] = {
    "CASE WHEN $matches(t, '" SHAPE_STAMP "') THEN $no_texts() ELSE $let(w, ",
    ADDRESS("t"),
    ", CASE WHEN w <> '' THEN $list(w) ELSE $cat($flat($map($filter($all(t, '" SHAPE_NAMES
    "'), k, $matches(k, '[.:]')), k, $let(a, ",
    ADDRESS(WHOLE),
    ", CASE WHEN a <> '' THEN $list(a) ELSE $let(b, ",
    ADDRESS(UNBRACKETED),
    ", CASE WHEN b <> '' THEN $list(b) ELSE $map($all(k, '[^:]+'), p, $let(d, " ADDRESS_4(
        PIECE) ", CASE WHEN d <> '' THEN d ELSE " ADDRESS_4(BEHIND_AT) " END)) END) END))), ",
    "$map($all(t, '" SHAPE_URL "'), k, $let(u, " URL ", CASE WHEN $length(u) > 2048 THEN '' ELSE "
    "$let(h, " AUTHORITY ", ",
    ADDRESS(URL_HOST),
    ") END))) END) END",
    NULL};

void lake_address_write(struct buf *out)
{
    buf_add_str(out, "$let(m, $map($filter(fields, x, $at(x, kind) = 's' AND $at(x, path) NOT IN "
                     "('uid', 'time', 'stele.source', 'stele.mark')), x, $at(x, value)), $let(i, ");
    buf_add_str(out, DECODED("m"));
    buf_add_str(out, ", $filter($flat($map($cat($cat(m, i), ");
    buf_add_str(out, DECODED("i"));
    buf_add_str(out, "), t, ");
    lake_engine_add_pieces(of_text, out);
    buf_add_str(out, ")), x, x <> '')))");
}
