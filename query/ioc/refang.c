#include "query/ioc/refang.h"

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
static const char mark_begins[] = "[({.\\_:";

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

/* What the marks at the front of the text stand for; NULL: none is there. */
static const char *mark_at(struct span text, size_t *out_size)
{
    if (text.size == 0 || !memchr(mark_begins, text.data[0], sizeof mark_begins - 1)) {
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

bool refang_is_plain(struct span text)
{
    if (text.size > 1 && (text.data[1] == 'x' || text.data[1] == 'X')) {
        return false;
    }
    bool mark = false;
    for (size_t i = 0; i < text.size; i++) {
        mark |= in_mark(text.data[i]);
    }
    return !mark;
}

void refang(struct span text, struct buf *out)
{
    bool bracketed_ip = text.size > 0 && text.data[0] == '[' && memchr(text.data, ':', text.size);
    bool maybe = text.size > 1 && (text.data[1] == 'x' || text.data[1] == 'X');
    for (size_t i = 0; maybe && i < sizeof schemes / sizeof schemes[0]; i++) {
        struct span rest = span_from(text, strlen(schemes[i].from));
        if (starts_folded(text, schemes[i].from) && rest.size > 2 &&
            memchr(":[_\\", rest.data[0], 4)) {
            buf_add_str(out, schemes[i].to);
            text = rest;
            break;
        }
    }
    for (size_t at = 0; at < text.size;) {
        if (!memchr(mark_begins, text.data[at], sizeof mark_begins - 1) && text.data[at] != ' ') {
            buf_add_char(out, text.data[at]);
            at++;
            continue;
        }
        struct span rest = span_from(text, at);
        size_t blanks = 0;
        while (blanks < rest.size && rest.data[blanks] == ' ') {
            blanks++;
        }
        size_t size = 0;
        const char *to = bracketed_ip ? NULL : mark_at(span_from(rest, blanks), &size);
        if (!to) {
            buf_add_char(out, text.data[at]);
            at++;
            continue;
        }
        buf_add_str(out, to);
        at += blanks + size;
        while (at < text.size && text.data[at] == ' ') {
            at++;
        }
    }
}
