/* Warninglists that look inside of a value: substrings and regular expressions. The lists have the
 * latter in the syntax of Perl; of it that is taken which can be said in POSIX's (IEEE 1003.1,
 * extended, with \w \s \b as GNU has them), whose matching in libc has no exponential cases without
 * back-references. Counted repeats are bounded, as libc copies what they repeat. */
#include "query/hunt/warninglist_internal.h"
#include "query/ioc/indicator_parse.h"
#include "schema/text/ascii.h"

enum { REPEATS_MAX = 1000 };

static enum status new_pattern(struct warninglist_set *set, uint32_t warninglist,
                               struct warninglist_pattern **out_pattern, struct err *err)
{
    if (set->n_patterns == WARNINGLIST_PATTERNS_MAX) {
        return err_set(err, ERR_LIMIT, "more than %d substrings and regular expressions",
                       WARNINGLIST_PATTERNS_MAX);
    }
    *out_pattern = &set->patterns[set->n_patterns];
    **out_pattern = (struct warninglist_pattern){.warninglist = warninglist};
    return OK;
}

enum status warninglist_add_substring(struct warninglist_set *set, uint32_t warninglist,
                                      struct span text, const char **out_why, struct err *err)
{
    struct warninglist_pattern *pattern = NULL;
    *out_why = text.size < 2 || text.size > INDICATOR_PARSE_BYTES_MAX
                   ? "a substring of one byte, or of over 4,096"
                   : NULL;
    enum status status = *out_why ? OK : new_pattern(set, warninglist, &pattern, err);
    if (*out_why || status != OK) {
        return status;
    }
    char *copy = arena_alloc(&set->arena, text.size);
    if (!copy) {
        return err_nomem(err, "warninglists");
    }
    for (size_t i = 0; i < text.size; i++) {
        copy[i] = ascii_lower(text.data[i]);
    }
    pattern->text = span_of(copy, text.size);
    set->n_patterns++;
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
    struct warninglist_pattern *pattern = NULL;
    struct rewrite rewrite = {.rest = without_delimiters(text), .repeats = 1};
    if (text.size == 0 || text.size > WARNINGLIST_REGEX_BYTES_MAX ||
        memchr(text.data, '\0', text.size)) {
        fail(&rewrite, "a regular expression that is empty, or of over 1,024 bytes");
    }
    rewrite_all(&rewrite);
    buf_add_char(&rewrite.out, '\0');
    enum status status = rewrite.why ? OK : new_pattern(set, warninglist, &pattern, err);
    if (status == OK && !rewrite.why && !buf_ok(&rewrite.out)) {
        status = err_nomem(err, "warninglists");
    }
    if (status == OK && !rewrite.why) {
        if (regcomp(&pattern->regex, rewrite.out.data, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0) {
            fail(&rewrite, "a regular expression that is broken");
        } else {
            pattern->is_regex = true;
            set->n_patterns++;
        }
    }
    buf_fini(&rewrite.out);
    *out_why = rewrite.why;
    return status;
}

uint32_t warninglist_by_pattern(const struct warninglist_set *set, enum observable_kind kind,
                                struct span normal)
{
    char subject[WARNINGLIST_SUBJECT_BYTES_MAX + 1];
    if (set->n_patterns == 0 || normal.size == 0 || normal.size > WARNINGLIST_SUBJECT_BYTES_MAX) {
        return 0;
    }
    for (size_t i = 0; i < normal.size; i++) {
        subject[i] = ascii_lower(normal.data[i]);
    }
    subject[normal.size] = '\0'; /* what is behind a NUL of the value is not looked at */
    for (size_t i = 0; i < set->n_patterns; i++) {
        const struct warninglist_pattern *pattern = &set->patterns[i];
        if (!warninglist_is_about(&set->lists[pattern->warninglist], kind)) {
            continue;
        }
        bool is = pattern->is_regex ? regexec(&pattern->regex, subject, 0, NULL, 0) == 0
                                    : memmem(subject, normal.size, pattern->text.data,
                                             pattern->text.size) != NULL;
        if (is) {
            return pattern->warninglist + 1;
        }
    }
    return 0;
}
