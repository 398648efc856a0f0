/* Shapes of text as regular expressions, for literals of plain SQL: the byte classes of
 * schema/event/term.c, the times of schema/base/clock.h, the numbers of query/language/number.h.
 * They are read by RE2, by Java and by Joni: no look-around, no groups but (?:...), \z for the end.
 * Text is in lower case where letters are asked for. */
#ifndef QUERY_LAKE_LAKE_REGEX_H
#define QUERY_LAKE_LAKE_REGEX_H

/* schema/event/term.c: letters; what is between separators; what stands between the hard ones */
#define LAKE_REGEX_CHAR "[^\\x00-\\x2F\\x3A-\\x40\\x5B-\\x5E\\x60\\x7B-\\x7F]"
#define LAKE_REGEX_RUN  "[^\\x00-\\x24\\x26-\\x2A\\x2C\\x3B-\\x3F\\x5B\\x5D\\x5E\\x60\\x7B-\\x7F]+"
#define LAKE_REGEX_ATOM "[^\\x25\\x2B\\x2F\\x3A\\x40\\x5C]+"
/* from the first letter to the last: the one group of a `group` */
#define LAKE_REGEX_TRIMMED "(?s)(" LAKE_REGEX_CHAR "(?:.*" LAKE_REGEX_CHAR ")?)"

#define LAKE_REGEX_OCTET "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
#define LAKE_REGEX_IPV4                                                                            \
    LAKE_REGEX_OCTET "[.]" LAKE_REGEX_OCTET "[.]" LAKE_REGEX_OCTET "[.]" LAKE_REGEX_OCTET
/* What is one word with its dots and dashes. */
#define LAKE_REGEX_WHOLE "^(?:" LAKE_REGEX_IPV4 "|[^-.]*)\\z"

/* Groups of an IPv6 address, between colons. */
#define LAKE_REGEX_GROUPS     "[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*"
#define LAKE_REGEX_IPV6_FULL  "^(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\\z"
#define LAKE_REGEX_IPV6_SHORT "^(?:" LAKE_REGEX_GROUPS ")?::(?:" LAKE_REGEX_GROUPS ")?\\z"

/* Days that exist. */
#define LAKE_REGEX_DAY                                                                             \
    "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|"        \
    "[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|(?:[0-9][0-9](?:0[48]|[2468][048]|[13579][26])|"   \
    "(?:[02468][048]|[13579][26])00)-02-29)"
#define LAKE_REGEX_TIME                                                                            \
    LAKE_REGEX_DAY                                                                                 \
    "[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:[.][0-9]{1,9})?"                      \
    "(?:[Zz]|[-+](?:[01][0-9]|2[0-3]):[0-5][0-9])"

#define LAKE_REGEX_NUMBER "^[-+]?[0-9]+(?:[.][0-9]+)?(?:[eE][-+]?[0-9]+)?\\z"

/* JSON's tokens but commas and white space: a name with its colon, a string, a number, true and
 * false (null has no value), and what opens and closes. */
#define LAKE_REGEX_TOKEN                                                                           \
    "\"(?:[^\"\\\\]|\\\\.)*\"(?:[ \\t\\r\\n]*:)?|-?[0-9][-+.0-9eE]*|true|false|[\\[\\]{}]"
/* A string's text: pairs of surrogates, other escapes, and what is none. */
#define LAKE_REGEX_ESCAPED                                                                         \
    "\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\\\u[0-9a-fA-F]{4}|\\\\.|"    \
    "[^\\\\]+"
/* Escapes that are read as U+FFFD (schema/event/event.c). */
#define LAKE_REGEX_NO_CHAR "^\\\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})\\z"

/* Plain SQL for moments: microseconds since 1970 of a text that is a LAKE_REGEX_DAY, and of a
 * LAKE_REGEX_TIME. */
#define LAKE_REGEX_SQL_DAYS(v)                                                                     \
    "$let(y, $integer($sub(" v ", 1, 4)) - CASE WHEN $sub(" v ", 6, 2) < '03' THEN 1 ELSE 0 END, " \
    "365 * y + $div(y, 4) - $div(y, 100) + $div(y, 400) + "                                        \
    "$div(153 * (($integer($sub(" v ", 6, 2)) + 9) % 12) + 2, 5) + "                               \
    "$integer($sub(" v ", 9, 2)) - 719469)"
#define LAKE_REGEX_SQL_ZONE(v)                                                                     \
    "CASE WHEN $matches(" v ", '[Zz]\\z') THEN 0 ELSE "                                            \
    "(CASE WHEN $sub(" v ", $length(" v ") - 5, 1) = '-' THEN -1 ELSE 1 END) * "                   \
    "($integer($sub(" v ", $length(" v ") - 4, 2)) * 3600 + "                                      \
    "$integer($sub(" v ", $length(" v ") - 1, 2)) * 60) END"
#define LAKE_REGEX_SQL_TIME_US(v)                                                                  \
    "(" LAKE_REGEX_SQL_DAYS(v) " * 86400 + $integer($sub(" v ", 12, 2)) * 3600 + $integer($sub(" v \
                               ", 15, 2)) * 60 + $integer($sub(" v                                 \
                               ", 18, 2)) - " LAKE_REGEX_SQL_ZONE(                                 \
                                   v) ") * 1000000 + $integer($sub($group(" v                      \
                                      ", '[.]([0-9]+)') || '000000', 1, 6))"

/* A double of a text that is a LAKE_REGEX_NUMBER. */
#define LAKE_REGEX_SQL_NUMBER(v)                                                                   \
    "coalesce($double(" v "), CASE WHEN $starts(" v                                                \
    ", '-') THEN -1.7976931348623157e308 ELSE 1.7976931348623157e308 END)"

#endif
