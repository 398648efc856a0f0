/* How an event is read with what every engine has, regular expressions and lambdas, and no JSON
 * functions: these leave repeated names out, differ on numbers, and none of them lists the values
 * of an event at any depth.
 *
 *   walk     the line's tokens, from left to right; what is open is on a stack of paths
 *   values   numbers and booleans as text, as schema/event/event.c writes them
 *   heads    the uid and the time, which are searched in their own way
 *   table    lower case, terms */
#include "query/lake/lake_view.h"

#include "query/lake/lake_address.h"
#include "query/lake/lake_engine.h"
#include "query/lake/lake_regex.h"
#include "query/sql/columns.h"
#include "schema/base/utf8.h"
#include "schema/event/event.h"

#define DAY_US "86400000000"

/* The text of a token: of a name and a string what stands between the quotes, escapes read. */
#define TOKEN_TEXT                                                                                 \
    "CASE WHEN NOT $starts(k, '\"') THEN k ELSE "                                                  \
    "$let(q, $group(k, '(?s)^\"(.*)\"[ \\t\\r\\n]*:?\\z'), "                                       \
    "CASE WHEN NOT $has(q, '\\') THEN q ELSE $join($map($all(q, '" LAKE_REGEX_ESCAPED "'), p, "    \
    "CASE WHEN NOT $starts(p, '\\') THEN p WHEN $matches(p, '" LAKE_REGEX_NO_CHAR "') THEN "       \
    "'\xef\xbf\xbd' ELSE $unescape('\"' || p || '\"') END), '') END) END"
#define TOKEN_KIND                                                                                 \
    "CASE WHEN $matches(k, ':\\z') AND $starts(k, '\"') THEN 'k' WHEN $starts(k, '\"') THEN 's' "  \
    "WHEN k = '{' OR k = '[' THEN 'o' WHEN k = '}' OR k = ']' THEN 'e' "                           \
    "WHEN k = 'true' OR k = 'false' THEN 'b' ELSE 'n' END"

/* What comes behind a name or a bracket; a value is added with the path it is at. */
#define NEXT_STEP                                                                                  \
    "CASE WHEN $at(t, kind) = 'k' THEN $step('', '', $at(s, stack), "                              \
    "CASE WHEN $last($at(s, stack)) = '' THEN $at(t, text) "                                       \
    "ELSE $last($at(s, stack)) || '.' || $at(t, text) END, $at(s, found)) "                        \
    "WHEN $at(t, kind) = 'o' THEN $step('', '', $cat($at(s, stack), $list($at(s, path))), "        \
    "$at(s, path), $at(s, found)) "                                                                \
    "WHEN $at(t, kind) = 'e' THEN $let(u, $slice($at(s, stack), 1, $size($at(s, stack)) - 1), "    \
    "$step('', '', u, $last(u), $at(s, found))) "                                                  \
    "ELSE $step('', '', $at(s, stack), $at(s, path), "                                             \
    "$cat($at(s, found), $list($pair($at(s, path), $at(t, kind), $at(t, text))))) END"

#define IS_PLAIN "$matches($at(p, text), '^-?[0-9]{1,15}\\z')"
/* Integers of up to 17 digits are written alike as such and with %.17g. */
#define IS_WHOLE "abs(d) < 1e17 AND d = floor(d)"
#define VALUE                                                                                      \
    "CASE WHEN $at(p, kind) <> 'n' THEN $at(p, text) "                                             \
    "WHEN " IS_PLAIN " THEN $text($integer($at(p, text))) "                                        \
    "ELSE $let(d, " LAKE_REGEX_SQL_NUMBER(                                                         \
        "$at(p, text)") ", "                                                                       \
                        "CASE WHEN " IS_WHOLE                                                      \
                        " THEN $text($whole(d)) ELSE $g17(d, $at(p, text)) END) END"
#define VALUE_KIND                                                                                 \
    "CASE WHEN $at(p, kind) <> 'n' OR " IS_PLAIN " THEN $at(p, kind) "                             \
    "ELSE $let(d, " LAKE_REGEX_SQL_NUMBER("$at(p, text)") ", "                                     \
                                                          "CASE WHEN " IS_WHOLE                    \
                                                          " THEN 'n' ELSE $kind_g17() END) END"

/* The first string of a path, or NULL. */
#define FIRST_STRING(path)                                                                         \
    "$first($map($filter(found, x, $at(x, path) = '" path "' AND $at(x, kind) = 's'), x, "         \
    "$at(x, value)))"

/* A run that is an IPv6 address, as it stands in terms; else ''. */
#define UNMAPPED                                                                                   \
    "CASE WHEN $starts(f, '0000:0000:0000:0000:0000:ffff:') THEN $unhex($sub(f, 31, 2)) || '.' "   \
    "|| $unhex($sub(f, 33, 2)) || '.' || $unhex($sub(f, 36, 2)) || '.' || $unhex($sub(f, 38, 2)) " \
    "ELSE f END"
#define IPV6                                                                                       \
    "CASE WHEN NOT $matches(r, '^[0-9a-f.:]*:[0-9a-f.:]*:') THEN '' ELSE "                         \
    "$let(z, $group(r, '^([^%]*)'), CASE WHEN NOT $matches(z, '^[0-9a-f.:]*\\z') THEN '' ELSE "    \
    "$let(y, " LAKE_ADDRESS_UNDOTTED ", CASE WHEN " LAKE_ADDRESS_IS_IPV6 " THEN "                  \
    "$let(f, " LAKE_ADDRESS_GROUPS("':'") ", " UNMAPPED ") ELSE '' END) END) END"

#define ATOMS                                                                                      \
    "$filter($map($all(r, '" LAKE_REGEX_ATOM "'), a, $group(a, '" LAKE_REGEX_TRIMMED               \
    "')), a, a <> '')"
#define ATOM_WORDS                                                                                 \
    "CASE WHEN $matches(a, '" LAKE_REGEX_WHOLE "') THEN $list(a) ELSE $all(a, '" LAKE_REGEX_CHAR   \
    "+') END"
#define IS_TIME "$matches($at(x, value), '^" LAKE_REGEX_TIME "\\z')"
#define IS_WORD "$matches($at(x, low), '^" LAKE_REGEX_CHAR "+\\z')"
/* Of a value, its runs each turned into a list by `of_run`, put into one text. */
#define SPACED(of_run)                                                                             \
    "CASE WHEN " IS_WORD " OR " IS_TIME " THEN ' ' || $at(x, low) || ' ' ELSE "                    \
    "' ' || $join($flat($map($all($at(x, low), '" LAKE_REGEX_RUN "'), r, $let(v, " IPV6 ", "       \
    "CASE WHEN v <> '' THEN $list(v) ELSE " of_run " END))), ' ') || ' ' END"
#define RUN_WORDS "$flat($map(" ATOMS ", a, " ATOM_WORDS "))"
#define RUN_TERMS                                                                                  \
    "$let(b, " ATOMS ", $cat($cat($flat($map(b, a, " ATOM_WORDS ")), b), "                         \
    "$list($group(r, '" LAKE_REGEX_TRIMMED "'))))"

/* The view, in pieces that a string may have; what depends on tables of ours stands between them.
 */
static const char *const before_lower[] = {
    "cut AS (SELECT dt, raw, $map($all(raw, '" LAKE_REGEX_TOKEN "'), k, $step(" TOKEN_KIND
    ", " TOKEN_TEXT ", $no_texts(), '', $no_pairs())) AS tokens FROM lines),\n",
    "walked AS (SELECT dt, raw, $reduce(tokens, s, t, $step('', '', $list(''), '', $no_pairs()), ",
    NEXT_STEP ", $at(s, found)) AS pairs FROM cut),\n",
    "valued AS (SELECT dt, raw, $filter($map(pairs, p, $field($at(p, path), " VALUE_KIND ", " VALUE,
    ", '', true)), x, $at(x, value) <> '') AS found FROM walked),\n",
    "headed AS (SELECT dt, raw, found, " FIRST_STRING("uid") " AS uid, " FIRST_STRING("time"),
    " AS sent FROM valued),\n"
    "timed AS (SELECT dt, raw, found, uid, CASE WHEN $matches(coalesce(sent, ''), "
    "'^" LAKE_REGEX_TIME "\\z') THEN ",
    LAKE_REGEX_SQL_TIME_US("coalesce(sent, '')") " END AS sent_us, " LAKE_REGEX_SQL_DAYS(
        "dt") " AS day FROM headed),\n",
    "known AS (SELECT dt, raw, found, uid, CASE WHEN sent_us >= 1420070400000000 AND "
    "$div(sent_us, " DAY_US ") = day THEN sent_us END AS time_us FROM timed),\n"
    "lowered AS (SELECT dt, raw, uid, time_us, $map($slice(found, 1, 32768), x, $field($at(x, path)"
    ", $at(x, kind), $at(x, value), ",
    NULL};

static const char *const before_columns[] = {
    ", $at(x, path) <> 'stele.source' AND $at(x, path) <> 'stele.mark')) AS fields FROM known)\n"
    "SELECT dt, time_us, $moment(time_us) AS \"time\", uid",
    NULL};

static const char *const behind_columns[] = {
    ",\nraw, fields, $map(fields, x, $words($at(x, path), $at(x, free), ",
    SPACED(RUN_WORDS),
    ", ",
    SPACED(RUN_TERMS),
    ")) AS terms,\n",
    NULL};

/* Every capital that schema/base/utf8.h knows, and the small letter in its place. */
static void add_lower(struct buf *out)
{
    enum { BEYOND = 0x10000 };
    struct buf capitals = BUF_INIT;
    struct buf small = BUF_INIT;
    char text[4];
    for (uint32_t point = 1; point < BEYOND; point++) {
        uint32_t lower = utf8_lower(point);
        if (lower != point) {
            buf_add(&capitals, text, utf8_encode(point, text));
            buf_add(&small, text, utf8_encode(lower, text));
        }
    }
    buf_add_str(out, "$translate($at(x, value), '");
    buf_add_span(out, buf_span(&capitals));
    buf_add_str(out, "', '");
    buf_add_span(out, buf_span(&small));
    buf_add_str(out, "')");
    out->failed = out->failed || !buf_ok(&capitals) || !buf_ok(&small);
    buf_fini(&capitals);
    buf_fini(&small);
}

void lake_view_plain(struct buf *out)
{
    lake_engine_add_pieces(before_lower, out);
    add_lower(out);
    lake_engine_add_pieces(before_columns, out);
    for (size_t i = 0; columns_usual[i]; i++) {
        const char *name = columns_usual[i];
        if (strcmp(name, "uid") != 0) {
            buf_printf(out,
                       ",\n$first($map($filter(fields, x, $at(x, path) = '%s'), x, $at(x, value))) "
                       "AS \"%s\"",
                       name, name);
        }
    }
    lake_engine_add_pieces(behind_columns, out);
    lake_address_write(out);
    buf_add_str(out, " AS addresses FROM lowered");
}
