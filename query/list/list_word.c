/* A text cut into words, as a person sees them: at what stands between values, but not within a
 * defanged dot, an address in brackets, or a URL that goes on behind a comma. */
#include "query/ioc/indicator_parse.h"
#include "query/list/list_internal.h"
#include "schema/text/ascii.h"
#include "schema/text/refang.h"

/* Marks beyond ASCII that stand between words: no-break and zero-width blanks, curly quotes,
 * bullets and dashes. How many bytes; 0: none. */
static size_t wide_mark(struct span text)
{
    static const char *const marks[] = {
        "\xc2\xa0",     "\xc2\xab",     "\xc2\xbb",     "\xc2\xad",     "\xe2\x80\x8b",
        "\xe2\x80\x8c", "\xe2\x80\x8d", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x81\xa0",
        "\xef\xbb\xbf", "\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9a", "\xe2\x80\x9c",
        "\xe2\x80\x9d", "\xe2\x80\x9e", "\xe2\x80\xa2", "\xe2\x80\xa3", "\xe2\x97\x8f",
        "\xe2\x96\xaa", "\xe2\x86\x92", "\xe2\x80\x83", "\xe2\x80\x82", "\xe2\x80\x89",
        "\xe2\x80\xaf", "\xe3\x80\x80",
    };
    if (text.size == 0 || (unsigned char)text.data[0] < 0xc2) {
        return 0;
    }
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (span_starts(text, marks[i])) {
            return strlen(marks[i]);
        }
    }
    return 0;
}

/* A last byte that is no UTF-8, as a no-break blank of an older encoding. */
static bool ends_in_odd_byte(struct span text)
{
    unsigned char last = text.size > 0 ? (unsigned char)text.data[text.size - 1] : 0;
    return last >= 0xc0 ||
           (last >= 0x80 && (text.size == 1 || (unsigned char)text.data[text.size - 2] < 0x80));
}

struct span list_trim(struct span text)
{
    for (bool more = text.size > 0; more;) {
        more = false;
        while (text.size > 0 && (unsigned char)text.data[0] <= ' ') {
            text = span_from(text, 1);
        }
        while (text.size > 0 && (unsigned char)text.data[text.size - 1] <= ' ') {
            text.size--;
        }
        size_t front = wide_mark(text);
        text = span_from(text, front);
        more = front > 0;
        if (ends_in_odd_byte(text)) {
            text.size--;
            more = true;
        }
        bool wide = text.size > 0 && (unsigned char)text.data[text.size - 1] >= 0x80;
        for (size_t size = 2; wide && size <= 3 && text.size >= size; size++) {
            if (wide_mark(span_from(text, text.size - size)) == size) {
                text.size -= size;
                more = true;
            }
        }
    }
    return text;
}

static bool is_dash(struct span text, unsigned has)
{
    static const char *const dashes[] = {
        "-", "--", "\xe2\x80\x93", "\xe2\x80\x94", "->", "=>", "|", "=", "/", "*", "+", ":"};
    bool may = text.size <= 3 && !(has & (TEXT_HAS_DIGIT | TEXT_HAS_HEX | TEXT_HAS_LETTER));
    for (size_t i = 0; may && i < sizeof dashes / sizeof dashes[0]; i++) {
        if (span_is(text, dashes[i])) {
            return true;
        }
    }
    return false;
}

/* [2001:db8::1], with what follows up to a boundary. */
static size_t bracketed_address(struct span text)
{
    size_t colons = 0;
    for (size_t i = 1; i < text.size && i < 64; i++) {
        char c = text.data[i];
        if (c == ']') {
            return colons >= 2 ? i + 1 : 0;
        }
        colons += c == ':';
        if (c != ':' && c != '.' && c != '%' && ascii_hex_digit(c) < 0) {
            return 0;
        }
    }
    return 0;
}

static size_t piece_size(struct span text)
{
    const unsigned ends = TEXT_HAS_BLANK | TEXT_HAS_CONTROL | TEXT_HAS_COMMA | TEXT_HAS_BAR |
                          TEXT_HAS_QUOTE | TEXT_HAS_MARKUP;
    size_t size = 0;
    while (size < text.size && !(text_has_class[(unsigned char)text.data[size]] & ends)) {
        size++;
    }
    return size;
}

/* A plain word, as columns hold: online, botnet_cc. */
static bool is_plain_word(struct span text)
{
    return text.size > 2 && text_has_only(text_has(text), TEXT_HAS_HEX | TEXT_HAS_LETTER |
                                                              TEXT_HAS_UNDERSCORE | TEXT_HAS_DASH);
}

/* Does the URL go on behind this comma or semicolon? Not where a blank, a further value, a type or
 * a time is; nor, behind the first comma of a path, where a plain word is: what is read then is a
 * URL that events with the longer one have, too. */
static bool goes_on(struct span url, struct span rest)
{
    struct span piece = span_of(rest.data + 1, piece_size(span_from(rest, 1)));
    struct buf normal = BUF_INIT;
    struct indicator indicator;
    if (piece.size == 0) {
        return false;
    }
    if (rest.data[0] == ';') {
        return memchr(piece.data, '=', piece.size) != NULL;
    }
    bool first = !memchr(url.data, ',', url.size) && !memchr(url.data, '?', url.size);
    bool value = !indicator_parse(piece, &normal, &indicator) && list_is_sure(&indicator);
    buf_fini(&normal);
    bool time = piece.size >= 8 && ascii_all_digits(span_of(piece.data, 4)) && piece.data[4] == '-';
    return !value && !time && !(first && is_plain_word(piece)) && !list_is_placeholder(piece) &&
           list_name_of(piece).role != LIST_ROLE_KIND;
}

enum bound {
    BOUND_NONE,
    BOUND_BLANK,
    BOUND_COMMA,
    BOUND_QUOTE,
    BOUND_OPEN,
    BOUND_CLOSE,
    BOUND_MAYBE, /* within a word, unless a mark begins there */
};

static enum bound bound_at(struct span text, size_t at)
{
    static const unsigned char bounds[256] = {
        [' '] = BOUND_BLANK,  ['\t'] = BOUND_BLANK, ['\r'] = BOUND_BLANK, ['\n'] = BOUND_BLANK,
        [','] = BOUND_COMMA,  [';'] = BOUND_COMMA,  ['|'] = BOUND_COMMA,  ['"'] = BOUND_QUOTE,
        ['\''] = BOUND_QUOTE, ['`'] = BOUND_QUOTE,  ['<'] = BOUND_QUOTE,  ['>'] = BOUND_QUOTE,
        ['('] = BOUND_OPEN,   ['['] = BOUND_OPEN,   ['{'] = BOUND_OPEN,   [')'] = BOUND_CLOSE,
        [']'] = BOUND_CLOSE,  ['}'] = BOUND_CLOSE,  ['\0'] = BOUND_BLANK, ['.'] = BOUND_MAYBE,
        [':'] = BOUND_MAYBE};
    unsigned char c = (unsigned char)text.data[at];
    return c < 0xc2 ? (enum bound)bounds[c] : BOUND_MAYBE;
}

/* What the word goes over at `at`: a mark of defanging, an address in brackets; 0: nothing such. */
static size_t within_word(struct span text, size_t at, bool first)
{
    struct span rest = span_from(text, at);
    size_t size = first && rest.data[0] == '[' ? bracketed_address(rest) : 0;
    bool dot = rest.data[0] == '.' && rest.size > 1 && memchr("])}", rest.data[1], 3);
    if (size == 0 && (dot || memchr("[({", rest.data[0], 3))) {
        size = refang_mark(rest);
        bool bare = size == 2; /* "[." or ".]", which need no other half */
        size = bare && first && rest.data[0] == '[' ? 0 : size;
    }
    return size;
}

/* Behind what is in brackets within a URL; `at`: they do not close before the word ends. */
static size_t over_brackets(struct span text, size_t at)
{
    const char *close = memchr(text.data + at, text.data[at] == '(' ? ')' : '}', text.size - at);
    size_t end = close ? (size_t)(close - text.data) + 1 : at;
    return piece_size(span_from(text, at)) >= end - at ? end : at;
}

static bool begins_authority(struct span text, size_t at)
{
    return text.data[at] == ':' && at + 2 < text.size && text.data[at + 1] == '/';
}

/* How much of the word is at `at`, where its plain bytes end; 0: it ends there. */
static size_t step_over(struct span text, size_t at, size_t start, bool url)
{
    enum bound bound = bound_at(text, at);
    size_t over = bound == BOUND_BLANK ? 0 : within_word(text, at, at == start);
    if (over > 0) {
        return over;
    }
    if (bound == BOUND_MAYBE) {
        return wide_mark(span_from(text, at)) > 0 ? 0 : 1;
    }
    if (!url || text.data[at] == '|' || text.data[at] == '[') {
        return 0;
    }
    return bound == BOUND_COMMA
               ? goes_on(span_of(text.data + start, at - start), span_from(text, at))
           : bound == BOUND_OPEN ? over_brackets(text, at) - at
                                 : 0;
}

/* Up to where the word goes that begins at `at`. */
static size_t word_end(struct span text, size_t at)
{
    size_t start = at;
    bool url = false;
    while (at < text.size) {
        if (bound_at(text, at) == BOUND_NONE) {
            at++;
            continue;
        }
        url = url || begins_authority(text, at);
        size_t over = step_over(text, at, start, url);
        if (over == 0) {
            break;
        }
        at += over;
    }
    return at;
}

static struct span trim_word(struct span word)
{
    while (word.size > 0 && !ascii_is_letter(word.data[word.size - 1]) &&
           memchr(".,:!?", word.data[word.size - 1], 5)) {
        word.size--;
    }
    while (word.size > 2 && span_starts(word, "**")) {
        word = span_from(word, 2);
    }
    while (word.size > 1 && word.data[word.size - 1] == '*' && word.data[0] != '*') {
        word.size--;
    }
    return word;
}

/* Where a word begins, behind what is between words; *out notes what that was. */
static size_t word_start(struct span text, size_t at, struct list_word *out)
{
    for (; at < text.size; at++) {
        enum bound bound = bound_at(text, at);
        size_t wide = bound == BOUND_MAYBE ? wide_mark(span_from(text, at)) : 0;
        if (bound == BOUND_NONE || (bound == BOUND_MAYBE && wide == 0) ||
            (bound == BOUND_OPEN && within_word(text, at, true) > 0)) {
            break;
        }
        out->in_brackets = bound == BOUND_OPEN || (out->in_brackets && bound != BOUND_CLOSE);
        out->is_link = text.data[at] == '(' && at > 0 && text.data[at - 1] == ']';
        out->commas_around &= bound == BOUND_COMMA;
        at += wide > 0 ? wide - 1 : 0;
    }
    return at;
}

bool list_word_next(struct span text, size_t *at, struct list_word *out)
{
    *out = (struct list_word){.commas_around = true};
    size_t start = word_start(text, *at, out);
    if (start >= text.size) {
        *at = start;
        return false;
    }
    size_t end = word_end(text, start);
    end = end > start ? end : start + 1;
    out->text = span_of(text.data + start, end - start);
    out->has = text_has(out->text);
    out->is_dash = is_dash(out->text, out->has);
    out->text = trim_word(out->text);
    if (out->text.size < end - start) {
        out->has = text_has(out->text);
    }
    out->is_link = out->is_link ||
                   (end < text.size && text.data[end] == '[' && observable_url_mark(out->text));
    *at = end;
    return true;
}
