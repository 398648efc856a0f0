#include "query/ioc/list_internal.h"

#include "query/ioc/indicator_parse.h"
#include "query/ioc/refang.h"
#include "schema/text/ascii.h"

enum { PROSE_WORDS_MAX = 4 };

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

struct span list_trim(struct span text)
{
    for (bool more = true; more;) {
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
        for (size_t size = 2; size <= 3 && text.size >= size; size++) {
            struct span tail = span_from(text, text.size - size);
            if ((unsigned char)tail.data[0] >= 0xc2 && wide_mark(tail) == size) {
                text.size -= size;
                more = true;
            }
        }
    }
    return text;
}

static bool is_dash(struct span text)
{
    return span_is(text, "-") || span_is(text, "--") || span_is(text, "\xe2\x80\x93") ||
           span_is(text, "\xe2\x80\x94") || span_is(text, "->") || span_is(text, "=>") ||
           span_is(text, "|") || span_is(text, "=") || span_is(text, "/") || span_is(text, "*") ||
           span_is(text, "+") || span_is(text, ":");
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
    size_t size = 0;
    while (size < text.size && !memchr(" \t\r\n,;|\"'<>", text.data[size], 11)) {
        size++;
    }
    return size;
}

/* Does the URL go on behind this comma or semicolon? Not where a blank, a further value, a type or
 * a time is. */
static bool goes_on(struct span text, size_t at)
{
    struct span rest = span_from(text, at + 1);
    struct span piece = span_of(rest.data, piece_size(rest));
    struct buf normal = BUF_INIT;
    struct indicator indicator;
    if (piece.size == 0) {
        return false;
    }
    if (text.data[at] == ';') {
        return memchr(piece.data, '=', piece.size) != NULL;
    }
    bool value = !indicator_parse(piece, &normal, &indicator) && list_is_sure(&indicator);
    buf_fini(&normal);
    bool time = piece.size >= 8 && ascii_all_digits(span_of(piece.data, 4)) && piece.data[4] == '-';
    return !value && !time && !list_is_placeholder(piece) &&
           list_name_of(piece).role != LIST_ROLE_KIND;
}

enum bound { BOUND_NONE, BOUND_BLANK, BOUND_COMMA, BOUND_QUOTE, BOUND_OPEN, BOUND_CLOSE };

static const unsigned char bounds[256] = {
    [' '] = BOUND_BLANK,  ['\t'] = BOUND_BLANK, ['\r'] = BOUND_BLANK, ['\n'] = BOUND_BLANK,
    [','] = BOUND_COMMA,  [';'] = BOUND_COMMA,  ['|'] = BOUND_COMMA,  ['"'] = BOUND_QUOTE,
    ['\''] = BOUND_QUOTE, ['`'] = BOUND_QUOTE,  ['<'] = BOUND_QUOTE,  ['>'] = BOUND_QUOTE,
    ['('] = BOUND_OPEN,   ['['] = BOUND_OPEN,   ['{'] = BOUND_OPEN,   [')'] = BOUND_CLOSE,
    [']'] = BOUND_CLOSE,  ['}'] = BOUND_CLOSE,  ['\0'] = BOUND_BLANK,
};

static enum bound bound_at(struct span text, size_t at)
{
    return (enum bound)bounds[(unsigned char)text.data[at]];
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

/* Up to where the word goes that begins at `at`. */
static size_t word_end(struct span text, size_t at)
{
    size_t start = at;
    bool url = false;
    while (at < text.size) {
        size_t over = within_word(text, at, at == start);
        enum bound bound = bound_at(text, at);
        url = url || (text.data[at] == ':' && at + 2 < text.size && text.data[at + 1] == '/');
        if (over > 0) {
            at += over;
        } else if (bound == BOUND_COMMA && url && text.data[at] != '|' && goes_on(text, at)) {
            at++;
        } else if (url && bound == BOUND_OPEN && text.data[at] != '[') {
            const char *close =
                memchr(text.data + at, text.data[at] == '(' ? ')' : '}', text.size - at);
            size_t end = close ? (size_t)(close - text.data) + 1 : at;
            if (!close || piece_size(span_from(text, at)) < end - at) {
                break;
            }
            at = end;
        } else if (bound != BOUND_NONE || wide_mark(span_from(text, at)) > 0) {
            break;
        } else {
            at++;
        }
    }
    return at;
}

static struct span trim_word(struct span word)
{
    while (word.size > 0 && memchr(".,:!?", word.data[word.size - 1], 5)) {
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

bool list_word_next(struct span text, size_t *at, struct list_word *out)
{
    size_t i = *at;
    *out = (struct list_word){.commas_around = true};
    for (; i < text.size; i++) {
        struct span rest = span_from(text, i);
        size_t wide = wide_mark(rest);
        enum bound bound = bound_at(text, i);
        if (wide == 0 && (bound == BOUND_NONE || within_word(text, i, true) > 0)) {
            break;
        }
        out->in_brackets = bound == BOUND_OPEN || (out->in_brackets && bound != BOUND_CLOSE);
        out->is_link = text.data[i] == '(' && i > 0 && text.data[i - 1] == ']';
        out->commas_around &= bound == BOUND_COMMA;
        i += wide > 0 ? wide - 1 : 0;
    }
    if (i >= text.size) {
        *at = i;
        return false;
    }
    size_t end = word_end(text, i);
    end = end > i ? end : i + 1;
    out->text = span_of(text.data + i, end - i);
    out->is_dash = is_dash(out->text);
    out->text = trim_word(out->text);
    out->is_link = out->is_link || (end < text.size && text.data[end] == '[' &&
                                    memmem(out->text.data, out->text.size, "://", 3));
    *at = end;
    return true;
}

/* Only such a word is worth a try: it has a dot, a colon, a slash, an @, or the length of a hash.
 */
static bool may_be_value(struct span word)
{
    static const bool marks[256] = {['.'] = true, [':'] = true, ['/'] = true, ['@'] = true,
                                    [']'] = true, [')'] = true, ['_'] = true};
    bool size = word.size == 32 || word.size == 40 || word.size == 64 || word.size == 128;
    for (size_t i = 0; i < word.size && !size; i++) {
        size = marks[(unsigned char)word.data[i]] || (unsigned char)word.data[i] >= 0x80;
    }
    return size;
}

/* label:value, label=value */
static struct span without_label(struct span word)
{
    size_t size = 0;
    while (size < word.size && size < 24 &&
           (ascii_is_letter(word.data[size]) || ascii_is_digit(word.data[size]) ||
            memchr("-_", word.data[size], 2))) {
        size++;
    }
    bool mark = size > 0 && size < word.size && memchr(":=", word.data[size], 2);
    struct list_name name = mark ? list_name_of(span_of(word.data, size)) : (struct list_name){0};
    if (!mark || (name.role != LIST_ROLE_KIND && word.data[size] == ':') ||
        span_starts(span_from(word, size + 1), "//")) {
        return word;
    }
    return span_from(word, size + 1);
}

/* Names of files that are also names of hosts. */
static bool is_file_name(const struct indicator *indicator)
{
    static const char *const ends[] = {".zip", ".sh",  ".py",  ".pl",  ".md",  ".mov", ".rs", ".so",
                                       ".ps",  ".cab", ".app", ".com", ".bin", ".jar", ".ms"};
    for (size_t i = 0; indicator->kind == OBSERVABLE_DOMAIN && i < sizeof ends / sizeof ends[0];
         i++) {
        if (span_ends(indicator->normal, ends[i])) {
            return true;
        }
    }
    return false;
}

struct word_taker {
    struct list_reader *reader;
    int64_t line;
    enum observable_kind kind; /* what a label or a column said */
    bool defanged;             /* all of it is */
    int64_t taken;
    int64_t prose;   /* words that are no values, since the last value */
    bool after_hash; /* what came last */
    enum status status;
};

/* Is it surely meant, wherever it stands? */
static bool is_strong(const struct word_taker *taker, const struct indicator *indicator)
{
    return taker->defanged || indicator->defanged || indicator->kind == OBSERVABLE_HASH ||
           (taker->taken == 0 && indicator->kind == OBSERVABLE_IP);
}

static const char *why_not(const struct word_taker *taker, const struct list_word *word,
                           const struct indicator *indicator)
{
    if (word->is_link) {
        return "the target of a link";
    }
    if (taker->after_hash && !indicator->defanged && !taker->defanged &&
        (indicator->kind == OBSERVABLE_DOMAIN || indicator->kind == OBSERVABLE_FILE) &&
        (is_file_name(indicator) || !word->commas_around)) {
        return "the name of the file with the hash before it";
    }
    if (taker->prose > 0 && taker->taken > 0 && !is_strong(taker, indicator)) {
        return "in a remark";
    }
    return taker->prose > PROSE_WORDS_MAX && !is_strong(taker, indicator) ? "in a sentence" : NULL;
}

/* NULL: the word is an indicator, by its shape or, if it can be, of the kind that was said. */
static const char *read_word(const struct word_taker *taker, struct span text,
                             struct indicator *out)
{
    struct buf *normal = &taker->reader->normal;
    if (!may_be_value(text)) {
        return "";
    }
    const char *why = indicator_parse(text, normal, out);
    if (why && taker->kind == OBSERVABLE_DOMAIN) {
        why = indicator_parse_as(text, taker->kind, normal, out);
    }
    return why ? why : list_is_sure(out) ? NULL : "";
}

static void take_word(struct word_taker *taker, const struct list_word *word)
{
    struct indicator indicator;
    struct span text = word->text;
    struct span first;
    struct span last;
    if (list_is_range(text, &first, &last)) {
        taker->status = list_take_range(taker->reader, taker->line, text, first, last);
        taker->taken++;
        taker->prose = 0;
        return;
    }
    const char *why = read_word(taker, text, &indicator);
    if (why) {
        text = without_label(text);
        why = text.size < word->text.size ? read_word(taker, text, &indicator) : why;
    }
    if (why) {
        taker->prose += !word->is_dash && word->text.size > 0 && !list_is_placeholder(word->text);
        return;
    }
    why = why_not(taker, word, &indicator);
    taker->after_hash = indicator.kind == OBSERVABLE_HASH || (taker->after_hash && why);
    taker->status = list_take(taker->reader, taker->line, text, why, &indicator);
    taker->taken += !why;
    taker->prose = why ? taker->prose : 0;
}

enum status list_take_words(struct list_reader *reader, int64_t line, struct span text,
                            enum observable_kind kind, bool defanged, int64_t *out_taken)
{
    struct word_taker taker = {
        .reader = reader, .line = line, .kind = kind, .defanged = defanged, .status = OK};
    struct list_word word;
    for (size_t at = 0; taker.status == OK && list_word_next(text, &at, &word);) {
        take_word(&taker, &word);
    }
    *out_taken = taker.taken;
    return taker.status;
}
