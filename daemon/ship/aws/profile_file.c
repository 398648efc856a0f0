#include "daemon/ship/aws/profile_file.h"

#include "schema/base/ascii.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct span line_next(struct span *rest)
{
    const char *end = memchr(rest->data, '\n', rest->size);
    size_t size = end ? (size_t)(end - rest->data) : rest->size;
    struct span line = span_of(rest->data, size);
    *rest = span_from(*rest, size + 1);
    return line;
}

/* "[profile x]" is the section of kind and name; other lines are none. */
static bool is_header(struct span line, struct span *out_inside)
{
    const char *end =
        line.size > 0 && line.data[0] == '[' ? memchr(line.data, ']', line.size) : NULL;
    if (!end) {
        return false;
    }
    *out_inside = ascii_trim(span_of(line.data + 1, (size_t)(end - line.data) - 1), " \t\r");
    return true;
}

static bool is_section(struct span inside, enum profile_file_section kind, struct span name)
{
    static const char *const words[] = {[PROFILE_FILE_CREDENTIALS] = "",
                                        [PROFILE_FILE_CONFIG] = "profile",
                                        [PROFILE_FILE_SSO_SESSION] = "sso-session"};
    if (kind == PROFILE_FILE_CREDENTIALS ||
        (kind == PROFILE_FILE_CONFIG && span_is(name, "default") && span_is(inside, "default"))) {
        return span_equal(inside, name);
    }
    size_t n = strlen(words[kind]);
    return span_starts(inside, words[kind]) && inside.size > n && is_blank(inside.data[n]) &&
           span_equal(ascii_trim(span_from(inside, n), " \t\r"), name);
}

bool profile_file_has(struct span text, enum profile_file_section kind, struct span name)
{
    while (text.size > 0) {
        struct span inside;
        if (is_header(line_next(&text), &inside) && is_section(inside, kind, name)) {
            return true;
        }
    }
    return false;
}

struct span profile_file_value(struct span text, enum profile_file_section kind, struct span name,
                               const char *key)
{
    struct span found = span_of(NULL, 0);
    bool inside_it = false;
    while (text.size > 0) {
        struct span line = line_next(&text);
        struct span inside;
        if (is_header(line, &inside)) {
            inside_it = is_section(inside, kind, name);
            continue;
        }
        const char *equal = line.size > 0 ? memchr(line.data, '=', line.size) : NULL;
        if (!inside_it || !equal || is_blank(line.data[0]) || strchr("#;", line.data[0])) {
            continue;
        }
        size_t at = (size_t)(equal - line.data);
        if (span_is(ascii_trim(span_of(line.data, at), " \t\r"), key)) {
            found = ascii_trim(span_from(line, at + 1), " \t\r");
        }
    }
    return found;
}
