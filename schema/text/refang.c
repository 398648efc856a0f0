#include "schema/text/refang.h"

#include "schema/text/ascii.h"

static const struct {
    const char *from;
    const char *to;
} marks[] = {
    {"[.]", "."},     {"(.)", "."},     {"{.}", "."},   {"[.", "."},    {".]", "."},
    {"\\.", "."},     {"[dot]", "."},   {"(dot)", "."}, {"{dot}", "."}, {"_dot_", "."},
    {"[@]", "@"},     {"(@)", "@"},     {"{@}", "@"},   {"[at]", "@"},  {"(at)", "@"},
    {"{at}", "@"},    {"[://]", "://"}, {"[:]", ":"},   {"[//]", "//"}, {"[/]", "/"},
    {":\\\\", "://"},
};

/* What a mark can begin with: most text has none of these. */
static const bool begins[256] = {['['] = true, ['('] = true,  ['{'] = true, ['.'] = true,
                                 ['_'] = true, ['\\'] = true, [':'] = true};

/* Every mark has one of these: [ ( { ] \\ _ */
static bool in_mark(char c)
{
    static const bool set[256] = {
        ['['] = true, ['('] = true, ['{'] = true, [']'] = true, ['\\'] = true, ['_'] = true};
    return set[(unsigned char)c];
}

static const struct {
    const char *from;
    const char *to;
} schemes[] = {{"hxxps", "https"}, {"hxxp", "http"}, {"fxp", "ftp"}};

static bool starts_folded(struct span text, const char *with)
{
    size_t size = strlen(with);
    return text.size >= size && strncasecmp(text.data, with, size) == 0;
}

/* Two bytes with which a mark can begin. */
static bool begins_mark(struct span text)
{
    if (text.size < 2 || !begins[(unsigned char)text.data[0]]) {
        return false;
    }
    switch (text.data[0]) {
    case '.':
        return text.data[1] == ']';
    case '\\':
        return text.data[1] == '.';
    case '_':
        return ascii_lower(text.data[1]) == 'd';
    case ':':
        return text.data[1] == '\\';
    default:
        return memchr(".@:/dDaA", text.data[1], 8) != NULL;
    }
}

/* What the marks at the front of the text stand for; NULL: none is there. */
static const char *mark_at(struct span text, size_t *out_size)
{
    if (!begins_mark(text)) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (starts_folded(text, marks[i].from)) {
            *out_size = strlen(marks[i].from);
            return marks[i].to;
        }
    }
    return NULL;
}

size_t refang_mark(struct span text)
{
    size_t size = 0;
    return mark_at(text, &size) ? size : 0;
}

bool refang_is_plain(struct span text)
{
    if (text.size > 1 && ascii_lower(text.data[1]) == 'x') {
        return false;
    }
    bool mark = false;
    for (size_t i = 0; i < text.size; i++) {
        mark |= in_mark(text.data[i]);
    }
    return !mark;
}

/* Adds what the scheme at the front stands for; the text behind it. */
static struct span add_scheme(struct span text, struct buf *out)
{
    bool maybe = text.size > 1 && ascii_lower(text.data[1]) == 'x';
    for (size_t i = 0; maybe && i < sizeof schemes / sizeof schemes[0]; i++) {
        struct span rest = span_from(text, strlen(schemes[i].from));
        if (starts_folded(text, schemes[i].from) && rest.size > 2 &&
            memchr(":[_\\", rest.data[0], 4)) {
            buf_add_str(out, schemes[i].to);
            return rest;
        }
    }
    return text;
}

static struct span skip_spaces(struct span text)
{
    while (text.size > 0 && text.data[0] == ' ') {
        text = span_from(text, 1);
    }
    return text;
}

/* "C:\\Temp" is a path that is escaped, and no scheme of one letter. */
static bool is_behind_drive(struct span text, const struct buf *out, size_t begin)
{
    return text.data[0] == ':' && out->size - begin == 1;
}

void refang(struct span text, struct buf *out)
{
    size_t begin = out->size;
    bool bracketed_ip = span_starts(text, "[") && memchr(text.data, ':', text.size);
    for (text = add_scheme(text, out); text.size > 0;) {
        size_t size = 0; /* of what is no mark, and no blank before one */
        while (size < text.size && text.data[size] != ' ' &&
               (bracketed_ip || !begins[(unsigned char)text.data[size]])) {
            size++;
        }
        buf_add(out, text.data, size);
        text = span_from(text, size);
        struct span rest = skip_spaces(text);
        const char *to = bracketed_ip || (rest.size > 0 && is_behind_drive(rest, out, begin))
                             ? NULL
                             : mark_at(rest, &size);
        if (to) {
            buf_add_str(out, to);
            text = skip_spaces(span_from(rest, size));
        } else if (text.size > 0) {
            buf_add_char(out, text.data[0]);
            text = span_from(text, 1);
        }
    }
}
