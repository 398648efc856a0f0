/* Values as other languages write them: quotation marks, patterns, lists, networks. */
#include "query/advice/foreign_internal.h"
#include "query/language/address.h"
#include "query/language/understand.h"
#include "schema/base/utf8.h"
#include "schema/event/term.h"
#include "schema/text/ascii.h"

static bool has(struct span text, const char *part)
{
    return memmem(text.data, text.size, part, strlen(part)) != NULL;
}

/* Begins "TEXT" */
static void quote(struct buf *out, struct span text)
{
    buf_add_char(out, '"');
    foreign_show(out, text);
    buf_add_char(out, '"');
}

static bool is_named(const struct foreign *foreign, size_t i)
{
    return foreign_is_text(foreign, i) || foreign->tokens[i].kind == LEX_FIELD;
}

static bool advise_typographic(const struct foreign *foreign, size_t i, struct buf *out)
{
    struct span text = foreign->tokens[i].text;
    for (size_t at = 0; is_named(foreign, i) && at < text.size;) {
        uint32_t point;
        size_t n = utf8_decode(span_from(text, at), &point);
        if ((point >= 0x2018 && point <= 0x201f) || point == 0xab || point == 0xbb ||
            point == 0x2039 || point == 0x203a || point == 0x300c || point == 0x300d) {
            quote(out, span_of(text.data + at, n));
            buf_add_str(out,
                        " is a typographic quotation mark and was searched as text; write \"...\"");
            return true;
        }
        at += n ? n : 1;
    }
    return false;
}

static bool is_invisible(uint32_t point)
{
    return point == 0xa0 || point == 0xad || (point >= 0x2000 && point <= 0x200f) ||
           (point >= 0x2028 && point <= 0x202f) || (point >= 0x205f && point <= 0x2064) ||
           point == 0x3000 || point == 0xfeff;
}

static bool advise_invisible(const struct foreign *foreign, size_t i, struct buf *out)
{
    struct span text = foreign->tokens[i].text;
    for (size_t at = 0; is_named(foreign, i) && at < text.size;) {
        uint32_t point;
        size_t n = utf8_decode(span_from(text, at), &point);
        if (n > 0 && is_invisible(point)) {
            buf_printf(out, "an invisible character, U+%04X, is part of ", (unsigned)point);
            quote(out, text);
            buf_add_str(out, "; write an ordinary space, or nothing");
            return true;
        }
        at += n ? n : 1;
    }
    return false;
}

/* An en dash, an em dash or a minus sign where - was meant. */
static bool advise_dash(const struct foreign *foreign, size_t i, struct buf *out)
{
    struct span text = foreign->tokens[i].text;
    uint32_t point;
    size_t n = text.size > 0 ? utf8_decode(text, &point) : 0;
    if (foreign->tokens[i].kind == LEX_PHRASE || !is_named(foreign, i) || n == 0 ||
        !((point >= 0x2010 && point <= 0x2015) || point == 0x2212)) {
        return false;
    }
    quote(out, span_of(text.data, n));
    buf_add_str(out, " is a typographic dash and was searched as text; write - or NOT");
    return true;
}

static bool advise_apostrophe(const struct foreign *foreign, size_t i, struct buf *out)
{
    struct span word = foreign->tokens[i].text;
    if (!foreign_is_word(foreign, i) || word.size < 2 || !strchr("'`", word.data[0])) {
        return false;
    }
    buf_printf(out, "%c is no quotation mark of a query and was searched as text; write \"...\"",
               word.data[0]);
    return true;
}

/* Text in quotation marks that means something without them. */
static bool advise_quoted(const struct foreign *foreign, size_t i, struct buf *out)
{
    const struct lex_token *token = &foreign->tokens[i];
    struct span text = token->text;
    if (token->kind != LEX_PHRASE || text.size == 0) {
        return false;
    }
    const char *colon = memchr(text.data, ':', text.size);
    struct span name = span_of(text.data, colon ? (size_t)(colon - text.data) : 0);
    bool is_field = colon && lex_is_field_name(name) && !has(text, "://") &&
                    name.size + 1 < text.size && !ascii_is_space(colon[1]);
    bool is_network = understand_is_network(text);
    if (!is_field && !is_network && !memchr(text.data, '*', text.size)) {
        return false;
    }
    quote(out, text);
    buf_add_str(out, " stands in quotation marks and was searched as text; ");
    if (is_network) {
        buf_add_str(out, "write ");
        foreign_show_field(out, foreign_field(foreign, i).size ? foreign_field(foreign, i)
                                                               : span_str("ip"));
        foreign_show(out, text);
    } else if (is_field) {
        buf_add_str(out, "quote the value alone: ");
        foreign_show_field(out, name);
        quote(out, span_from(text, name.size + 1));
    } else {
        buf_add_str(out, "a star is one without them only");
    }
    return true;
}

static bool advise_defanged(const struct foreign *foreign, size_t i, struct buf *out)
{
    const struct lex_token *token = &foreign->tokens[i];
    struct arena arena = ARENA_INIT;
    struct span clear = token->text;
    struct err err;
    bool is = token->kind == LEX_PHRASE && token->text.size > 0 &&
              understand_refang(&arena, token->text, &clear, &err) == OK &&
              !span_equal(clear, token->text);
    if (is) {
        quote(out, token->text);
        buf_add_str(out, " is defanged and was searched as it stands; write ");
        foreign_show(out, clear);
    }
    arena_fini(&arena);
    return is;
}

/* /al.*e/, al.+, ^al, ~al */
static bool is_regex(struct span word)
{
    static const char *const signs[] = {".+",   "\\d",  "\\w", "\\s", "[a-z",
                                        "[A-Z", "[0-9", "[^",  "(?"};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (has(word, signs[i])) {
            return true;
        }
    }
    if (has(span_of(word.data, word.size - 1), ".*")) {
        return true; /* at the end it may be meant: session.* */
    }
    bool slashes = word.size > 2 && word.data[0] == '/' && span_ends(word, "/");
    return slashes || word.data[0] == '^' || word.data[0] == '~' || span_ends(word, "$");
}

/* al.* finds what begins with "al.", which is as a rule meant of types only. */
static bool advise_dot(const struct foreign *foreign, size_t i, struct buf *out)
{
    struct span word = foreign->tokens[i].text;
    if (!foreign_is_word(foreign, i) || !span_ends(word, ".*") || word.size < 3 ||
        span_is(foreign_field(foreign, i), "event") || foreign_field(foreign, i).size == 0) {
        return false;
    }
    quote(out, word);
    buf_add_str(out, " is no regular expression: it finds a word that begins with ");
    quote(out, span_of(word.data, word.size - 1));
    return true;
}

static bool advise_pattern(const struct foreign *foreign, size_t i, struct buf *out)
{
    struct span word = foreign->tokens[i].text;
    if (!foreign_is_word(foreign, i) || word.size < 2) {
        return false;
    }
    bool regex = is_regex(word);
    bool question = memchr(word.data, '?', word.size) && !has(word, "://") && !has(word, "/");
    bool percent = word.data[0] == '%' || span_ends(word, "%");
    if (!regex && !question && !percent && !span_is(word, "*:*")) {
        return false;
    }
    quote(out, word);
    buf_add_str(out, regex
                         ? " was searched as text: there are no regular expressions; * stands for "
                           "any text: begin*, *part*, a*z"
                     : question ? ": ? is no wildcard; * stands for any text, or none"
                     : percent  ? ": % is no wildcard; * stands for any text, or none"
                                : " was searched as text; * is every event");
    return true;
}

/* alice,bob and a;b */
static bool advise_list(const struct foreign *foreign, size_t i, struct buf *out)
{
    struct span word = foreign->tokens[i].text;
    if (!foreign_is_word(foreign, i) || word.size < 2 ||
        !(memchr(word.data, ',', word.size) || memchr(word.data, ';', word.size))) {
        return false;
    }
    struct span field = foreign_field(foreign, i);
    quote(out, word);
    buf_add_str(out, " was searched as words in a row: a comma does not separate values; write ");
    if (field.size > 0) {
        foreign_show_field(out, field);
    }
    buf_add_str(out, "(a OR b) for either");
    return true;
}

static bool advise_bracket(const struct foreign *foreign, size_t i, struct buf *out)
{
    struct span word = foreign->tokens[i].text;
    if (!foreign_is_word(foreign, i) || word.size == 0 ||
        !(word.data[0] == '{' || span_ends(word, "}") || word.data[0] == '[')) {
        return false;
    }
    struct span field = foreign_field(foreign, i);
    if (word.data[0] == '[' && has(word, ":")) {
        return false; /* [2001:db8::1]:22 */
    }
    quote(out, word);
    buf_add_str(out, " was searched as text; a range is ");
    foreign_show_field(out, field);
    buf_add_str(out, "[a TO b], or without its ends ");
    foreign_show_field(out, field);
    buf_add_str(out, ">a ");
    foreign_show_field(out, field);
    buf_add_str(out, "<b");
    return true;
}

static bool advise_nearness(const struct foreign *foreign, size_t i, struct buf *out)
{
    struct span word = foreign->tokens[i].text;
    size_t size = word.size;
    while (size > 0 && (ascii_is_digit(word.data[size - 1]) || word.data[size - 1] == '.')) {
        size--;
    }
    if (!foreign_is_word(foreign, i) || size < 2 || !strchr("~^", word.data[size - 1]) ||
        !term_is_letter(word.data[size - 2])) {
        return false;
    }
    quote(out, word);
    buf_printf(out,
               ": \"%c\" was searched as text; there is no likeness and no weight, * stands for "
               "any text",
               word.data[size - 1]);
    return true;
}

static bool advise_escape(const struct foreign *foreign, size_t i, struct buf *out)
{
    struct span word = foreign->tokens[i].text;
    for (size_t at = 0; foreign_is_word(foreign, i) && at + 1 < word.size; at++) {
        if (word.data[at] == '\\' && strchr("*:?-()[]{}\"'@/", word.data[at + 1])) {
            quote(out, word);
            buf_add_str(out, ": a backslash escapes nothing outside of \"...\"; put what is meant "
                             "literally in quotation marks");
            return true;
        }
    }
    return false;
}

/* How many numbers with dots between them begin the text, and where they end. */
static size_t count_octets(struct span text, size_t *out_end)
{
    size_t count = 0;
    size_t at = 0;
    while (at < text.size && ascii_is_digit(text.data[at])) {
        while (at < text.size && ascii_is_digit(text.data[at])) {
            at++;
        }
        count++;
        *out_end = at;
        if (at == text.size || text.data[at] != '.') {
            break;
        }
        at++;
    }
    return count;
}

/* 10.0.0.0/255.0.0.0, 10.0.0.1-10.0.0.9, 10.0.0, 10.0.0.x */
static bool advise_network(const struct foreign *foreign, size_t i, struct buf *out)
{
    struct span word = foreign->tokens[i].text;
    size_t end = 0;
    size_t octets = foreign_is_text(foreign, i) ? count_octets(word, &end) : 0;
    struct span rest = span_from(word, octets ? end : word.size);
    bool is_mask = octets == 4 && span_starts(rest, "/") && !understand_is_network(word);
    bool is_span = octets == 4 && span_starts(rest, "-");
    bool is_part = (octets == 3 && (rest.size == 0 || span_is(rest, "."))) ||
                   (octets >= 2 && (span_is(rest, ".x") || span_is(rest, ".X"))) ||
                   (octets == 2 && span_is(rest, "."));
    if (!is_mask && !is_span && !is_part) {
        return false;
    }
    quote(out, word);
    buf_add_str(out,
                is_span   ? " was searched as text; addresses from one to another are ip:[a TO b]"
                : is_mask ? " was searched as text; a network is ip:address/bits, as ip:10.0.0.0/8"
                          : " was searched as a word, and addresses are whole; a network is "
                            "ip:address/bits, as ip:10.0.0.0/8, or 10.0.*");
    return true;
}

foreign_rule *const foreign_value_rules[] = {
    advise_typographic, advise_invisible,
    advise_dash,        advise_apostrophe,
    advise_defanged,    advise_quoted,
    advise_network,     advise_pattern,
    advise_list,        advise_bracket,
    advise_nearness,    advise_escape,
    advise_dot,         NULL,
};
