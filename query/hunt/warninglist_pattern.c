/* Warninglists that look inside of a value: substrings and regular expressions. The lists have the
 * latter in the syntax of Perl; of it that is taken which can be said in POSIX's (IEEE 1003.1,
 * extended, with \w \s \b as GNU has them), whose matching in libc has no exponential cases without
 * back-references. Counted repeats are bounded, as libc copies what they repeat. */
#include <stdlib.h>

#include "query/hunt/warninglist_internal.h"
#include "query/ioc/indicator_parse.h"
#include "schema/base/hash64.h"
#include "schema/text/ascii.h"

enum { REPEATS_MAX = 1000, BEGINS_MIN = 1024 };

static const size_t begin_sizes[WARNINGLIST_BEGINS] = {8, 4, 2};

/* Which of these the text has: the longest. */
static size_t begin_of(size_t size)
{
    return size >= begin_sizes[0] ? 0 : size >= begin_sizes[1] ? 1 : 2;
}

static size_t slot_of(const struct warninglist_set *set, const char *text, size_t begin)
{
    return hash64(span_of(text, begin_sizes[begin]), begin) & (set->n_begins - 1);
}

static void link_substring(struct warninglist_set *set, size_t number)
{
    struct warninglist_pattern *pattern = &set->patterns.items[number];
    size_t begin = begin_of(pattern->text.size);
    uint32_t *slot = &set->begins[slot_of(set, pattern->text.data, begin)];
    pattern->next = *slot;
    *slot = (uint32_t)number + 1;
    set->has_begin[begin] = true;
}

/* Twice as many slots as there are patterns. */
static bool grow_begins(struct warninglist_set *set)
{
    if ((set->patterns.count + 1) * 2 <= set->n_begins) {
        return true;
    }
    size_t size = set->n_begins ? set->n_begins * 2 : BEGINS_MIN;
    uint32_t *begins = calloc(size, sizeof *begins);
    if (!begins) {
        return false;
    }
    free(set->begins);
    set->begins = begins;
    set->n_begins = size;
    for (size_t i = 0; i < set->patterns.count; i++) {
        if (!set->patterns.items[i].is_regex) {
            link_substring(set, i);
        }
    }
    return true;
}

enum status warninglist_add_substring(struct warninglist_set *set, uint32_t warninglist,
                                      struct span text, const char **out_why, struct err *err)
{
    *out_why = text.size < 2 || text.size > INDICATOR_PARSE_BYTES_MAX
                   ? "a substring of one byte, or of over 4,096"
                   : NULL;
    if (*out_why) {
        return OK;
    }
    char *copy = arena_alloc(&set->arena, text.size);
    for (size_t i = 0; copy && i < text.size; i++) {
        copy[i] = ascii_lower(text.data[i]);
    }
    const struct warninglist_pattern pattern = {.warninglist = warninglist,
                                                .text = span_of(copy, text.size)};
    if (!copy || !grow_begins(set) || !vec_push(&set->patterns, pattern)) {
        return err_nomem(err, "warninglists");
    }
    link_substring(set, set->patterns.count - 1);
    return OK;
}

/* A rewriting from front to back. */
struct rewrite {
    struct span rest;
    struct buf out;
    size_t repeats; /* the product of all counts */
    const char *why;
};

static char next(struct rewrite *rewrite)
{
    char c = rewrite->rest.size > 0 ? rewrite->rest.data[0] : '\0';
    rewrite->rest = span_from(rewrite->rest, 1);
    return c;
}

static void fail(struct rewrite *rewrite, const char *why)
{
    rewrite->why = rewrite->why ? rewrite->why : why;
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c);
}

static bool is_alnum(char c)
{
    return ascii_is_digit(c) || ascii_is_letter(c);
}

/* What follows a backslash outside of brackets. */
static void rewrite_escape(struct rewrite *rewrite)
{
    char c = next(rewrite);
    if (c == 'd') {
        buf_add_str(&rewrite->out, "[0-9]");
    } else if (c == 'D') {
        buf_add_str(&rewrite->out, "[^0-9]");
    } else if (is_one_of(c, "wWsSbB.[]()*+?{}|^$\\")) {
        buf_add_char(&rewrite->out, '\\');
        buf_add_char(&rewrite->out, c);
    } else if (c == '\0' || is_alnum(c)) {
        fail(rewrite, "a regular expression with an escape that is not understood");
    } else {
        buf_add_char(&rewrite->out, c);
    }
}

/* And in brackets, where POSIX has none; a dash goes to the end. */
static void rewrite_inner_escape(struct rewrite *rewrite, bool *dash)
{
    char c = next(rewrite);
    if (c == 'd') {
        buf_add_str(&rewrite->out, "0-9");
    } else if (c == 'w') {
        buf_add_str(&rewrite->out, "A-Za-z0-9_");
    } else if (c == 's') {
        buf_add_str(&rewrite->out, " \t\r\n\f");
    } else if (c == '-') {
        *dash = true;
    } else if (c == '\0' || c == ']' || c == '[' || c == '^' || is_alnum(c)) {
        fail(rewrite, "a regular expression with an escape that is not understood");
    } else {
        buf_add_char(&rewrite->out, c);
    }
}

/* Behind an opening bracket. */
static void rewrite_brackets(struct rewrite *rewrite)
{
    bool dash = false;
    bool first = true;
    buf_add_char(&rewrite->out, '[');
    if (span_starts(rewrite->rest, "^")) {
        buf_add_char(&rewrite->out, next(rewrite));
    }
    for (; !rewrite->why; first = false) {
        if (rewrite->rest.size == 0) {
            fail(rewrite, "a regular expression that is broken");
            return;
        }
        char c = next(rewrite);
        if (c == '\\') {
            rewrite_inner_escape(rewrite, &dash);
        } else if (c == '[' && rewrite->rest.size > 0 && is_one_of(rewrite->rest.data[0], ":.=")) {
            fail(rewrite, "a regular expression with a class by name");
        } else if (c == ']' && !first) {
            buf_add_str(&rewrite->out, dash ? "-]" : "]");
            return;
        } else {
            buf_add_char(&rewrite->out, c);
        }
    }
}

/* Behind an opening brace: {2}, {2,} or {2,5}; else it is a brace. */
static void rewrite_repeat(struct rewrite *rewrite)
{
    size_t most = 0;
    size_t number = 0;
    size_t at = 0;
    struct span rest = rewrite->rest;
    for (; at < rest.size && is_one_of(rest.data[at], "0123456789,"); at++) {
        number = rest.data[at] == ',' ? 0 : number * 10 + (size_t)(rest.data[at] - '0');
        number = number > REPEATS_MAX ? REPEATS_MAX + 1 : number;
        most = number > most ? number : most;
    }
    if (at == 0 || at == rest.size || rest.data[at] != '}') {
        buf_add_str(&rewrite->out, "\\{");
        return;
    }
    rewrite->repeats *= most > 0 ? most : 1;
    if (rewrite->repeats > REPEATS_MAX) {
        fail(rewrite, "a regular expression with over 1,000 counted repeats");
    }
    buf_add_char(&rewrite->out, '{');
    buf_add(&rewrite->out, rest.data, at + 1);
    rewrite->rest = span_from(rest, at + 1);
}

static void rewrite_all(struct rewrite *rewrite)
{
    while (rewrite->rest.size > 0 && !rewrite->why) {
        char c = next(rewrite);
        if (c == '\\') {
            rewrite_escape(rewrite);
            continue;
        }
        if (c == '[') {
            rewrite_brackets(rewrite);
            continue;
        }
        if (c == '{') {
            rewrite_repeat(rewrite);
        } else {
            buf_add_char(&rewrite->out, c);
        }
        if (c == '(' && span_starts(rewrite->rest, "?:")) {
            rewrite->rest = span_from(rewrite->rest, 2);
        } else if (c == '(' && span_starts(rewrite->rest, "?")) {
            fail(rewrite, "a regular expression with (?");
        } else if (is_one_of(c, "*+?{") && span_starts(rewrite->rest, "?")) {
            (void)next(rewrite); /* as little as possible: the same for yes or no */
        }
    }
}

/* Without its delimiters, /.../i: letter case never matters. */
static struct span without_delimiters(struct span text)
{
    size_t end = text.size;
    while (end > 0 && text.data[end - 1] >= 'a' && text.data[end - 1] <= 'z') {
        end--;
    }
    if (end < 2 || !is_one_of(text.data[0], "/#~") || text.data[end - 1] != text.data[0]) {
        return text;
    }
    return span_of(text.data + 1, end - 2);
}

enum status warninglist_add_regex(struct warninglist_set *set, uint32_t warninglist,
                                  struct span text, const char **out_why, struct err *err)
{
    struct warninglist_pattern pattern = {.warninglist = warninglist, .is_regex = true};
    struct rewrite rewrite = {.rest = without_delimiters(text), .repeats = 1};
    if (text.size == 0 || text.size > WARNINGLIST_REGEX_BYTES_MAX ||
        memchr(text.data, '\0', text.size)) {
        fail(&rewrite, "a regular expression that is empty, or of over 1,024 bytes");
    }
    rewrite_all(&rewrite);
    buf_add_char(&rewrite.out, '\0');
    bool room =
        buf_ok(&rewrite.out) && vec_reserve(&set->patterns, 1) && vec_reserve(&set->regexes, 1);
    enum status status = rewrite.why || room ? OK : err_nomem(err, "warninglists");
    if (status == OK && !rewrite.why) {
        if (regcomp(&pattern.regex, rewrite.out.data, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0) {
            fail(&rewrite, "a regular expression that is broken");
        } else {
            set->regexes.items[set->regexes.count++] = (uint32_t)set->patterns.count;
            set->patterns.items[set->patterns.count++] = pattern;
        }
    }
    buf_fini(&rewrite.out);
    *out_why = rewrite.why;
    return status;
}

/* The first pattern, + 1, of which the subject has the substring; of those that are known, + 1, the
 * first. */
static uint32_t find_substring(const struct warninglist_set *set, enum observable_kind kind,
                               struct span subject, uint32_t found)
{
    for (size_t at = 0; set->n_begins > 0 && at < subject.size; at++) {
        struct span rest = span_from(subject, at);
        for (size_t begin = 0; begin < WARNINGLIST_BEGINS; begin++) {
            if (!set->has_begin[begin] || rest.size < begin_sizes[begin]) {
                continue;
            }
            uint32_t number = set->begins[slot_of(set, rest.data, begin)];
            for (; number > 0; number = set->patterns.items[number - 1].next) {
                const struct warninglist_pattern *pattern = &set->patterns.items[number - 1];
                if ((found == 0 || number < found) && pattern->text.size <= rest.size &&
                    memcmp(pattern->text.data, rest.data, pattern->text.size) == 0 &&
                    warninglist_is_about(&set->lists[pattern->warninglist], kind)) {
                    found = number;
                }
            }
        }
    }
    return found;
}

uint32_t warninglist_by_pattern(const struct warninglist_set *set, enum observable_kind kind,
                                struct span normal)
{
    char subject[WARNINGLIST_SUBJECT_BYTES_MAX + 1];
    uint32_t found = 0;
    if (set->patterns.count == 0 || normal.size == 0 ||
        normal.size > WARNINGLIST_SUBJECT_BYTES_MAX) {
        return 0;
    }
    for (size_t i = 0; i < normal.size; i++) {
        subject[i] = ascii_lower(normal.data[i]);
    }
    subject[normal.size] = '\0'; /* what is behind a NUL of the value is not looked at */
    for (size_t i = 0; i < set->regexes.count && found == 0; i++) {
        const struct warninglist_pattern *pattern = &set->patterns.items[set->regexes.items[i]];
        if (warninglist_is_about(&set->lists[pattern->warninglist], kind) &&
            regexec(&pattern->regex, subject, 0, NULL, 0) == 0) {
            found = set->regexes.items[i] + 1;
        }
    }
    found = find_substring(set, kind, span_of(subject, normal.size), found);
    return found ? set->patterns.items[found - 1].warninglist + 1 : 0;
}
