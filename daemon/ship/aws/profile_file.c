#include "daemon/ship/aws/profile_file.h"

#include "daemon/config/ini.h"
#include "schema/text/ascii.h"

/* "[profile x]" is the section of kind and name. */
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
    return span_starts(inside, words[kind]) && inside.size > n && strchr(" \t", inside.data[n]) &&
           span_equal(ascii_trim(span_from(inside, n), " \t"), name);
}

bool profile_file_has(struct span text, enum profile_file_section kind, struct span name)
{
    struct ini_line line = {.number = 0};
    while (ini_next(&text, &line)) {
        if (line.kind == INI_SECTION && is_section(line.name, kind, name)) {
            return true;
        }
    }
    return false;
}

struct span profile_file_value(struct span text, enum profile_file_section kind, struct span name,
                               const char *key)
{
    struct span found = span_of(NULL, 0);
    struct ini_line line = {.number = 0};
    bool inside = false;
    while (ini_next(&text, &line)) {
        if (line.kind == INI_SECTION) {
            inside = is_section(line.name, kind, name);
        } else if (inside && !line.indented && line.kind == INI_SETTING &&
                   span_is(line.name, key)) {
            found = line.value;
        }
    }
    return found;
}
