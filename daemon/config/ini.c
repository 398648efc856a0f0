#include "daemon/config/ini.h"

#include "schema/text/ascii.h"

static const char white[] = " \t\r\n\v\f";

static void cut(struct span text, struct ini_line *line)
{
    line->kind = INI_OTHER;
    line->name = line->value = span_of(NULL, 0);
    size_t at = 0;
    if (text.data[0] == '[') {
        const char *end = memchr(text.data, ']', text.size);
        if (end) {
            line->kind = INI_SECTION;
            line->name = ascii_trim(span_of(text.data + 1, (size_t)(end - text.data) - 1), white);
        }
        return;
    }
    while (at < text.size && text.data[at] != '=' && text.data[at] != ':') {
        at++;
    }
    if (at < text.size) {
        line->kind = INI_SETTING;
        line->name = ascii_trim(span_of(text.data, at), white);
        line->value = ascii_trim(span_from(text, at + 1), white);
    }
}

bool ini_next(struct span *rest, struct ini_line *line)
{
    while (rest->size > 0) {
        struct span whole = span_of(rest->data, span_find(*rest, '\n'));
        struct span text = ascii_trim(whole, white);
        *rest = span_from(*rest, whole.size + 1);
        line->number++;
        if (text.size > 0 && text.data[0] != '#' && text.data[0] != ';') {
            line->indented = text.data != whole.data;
            cut(text, line);
            return true;
        }
    }
    return false;
}

struct span ini_uncommented(const struct ini_line *line)
{
    struct span value = line->value;
    for (size_t i = 0; i < value.size; i++) {
        /* in front of a value there is white space, or what ends the name */
        if (value.data[i] == ';' && strchr(white, value.data[i - 1])) {
            return ascii_trim(span_of(value.data, i), white);
        }
    }
    return value;
}
