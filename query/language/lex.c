/* The text decides what a word is by what stands before it: "[" opens a range and "<" compares only
 * behind a field; "-" denies only in front of something; inside of a range "]" ends a word. */
#include "query/language/lex.h"

#include "query/language/address.h"
#include "schema/event/term.h"
#include "schema/text/ascii.h"
#include "schema/text/refang.h"

static bool is_letter(char c)
{
    return ascii_is_letter(c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool ends_word(const struct lex *lexer, char c)
{
    return ascii_is_space(c) || c == '"' || (lexer->in_range ? c == ']' : c == '(' || c == ')');
}

/* Size of what stands for a dot or the like in defanged text, evil(.)com, between two letters. */
static size_t defanged_size(struct span text, size_t at)
{
    size_t size = text.data[at] == '(' ? refang_mark(span_from(text, at)) : 0;
    bool goes_on = size > 0 && at + size < text.size && term_is_letter(text.data[at + size]);
    return goes_on && term_is_letter(text.data[at - 1]) ? size : 0;
}

static struct span read_run(const struct lex *lexer)
{
    size_t end = lexer->at;
    while (end < lexer->text.size) {
        size_t mark = end > lexer->at && !lexer->in_range ? defanged_size(lexer->text, end) : 0;
        if (mark == 0 && ends_word(lexer, lexer->text.data[end])) {
            break;
        }
        end += mark ? mark : 1;
    }
    return span_of(lexer->text.data + lexer->at, end - lexer->at);
}

bool lex_is_field_name(struct span name)
{
    if (name.size == 0 || !(is_letter(name.data[0]) || name.data[0] == '@')) {
        return false;
    }
    for (size_t i = 1; i < name.size; i++) {
        char c = name.data[i];
        if (!is_letter(c) && !ascii_is_digit(c) && c != '.' && c != '-' && c != '/') {
            return false;
        }
    }
    return true;
}

/* With or without a port, or a network. */
static bool is_address(struct span text)
{
    unsigned char low[16];
    unsigned char high[16];
    struct buf term = BUF_INIT;
    bool is = term_address(text, &term) || address_read_range(text, low, high);
    buf_fini(&term);
    return is;
}

/* Length of the field's name when the run begins with one, else 0. URLs (scheme://), Windows paths
 * (C:\) and IPv6 addresses have a colon and are words. */
static size_t field_name_size(struct span run)
{
    const char *colon = memchr(run.data, ':', run.size);
    if (!colon) {
        return 0;
    }
    struct span name = span_of(run.data, (size_t)(colon - run.data));
    struct span rest = span_from(run, name.size + 1);
    if (span_starts(rest, "//") || span_starts(rest, "\\") || !lex_is_field_name(name) ||
        is_address(run)) {
        return 0;
    }
    return name.size;
}

static enum status read_phrase(struct lex *lexer, struct lex_token *token, size_t *out_at,
                               struct err *err)
{
    size_t start = ++lexer->at;
    char *text = arena_alloc(lexer->arena, lexer->text.size - start + 1);
    if (!text) {
        return err_nomem(err, "query");
    }
    size_t size = 0;
    for (; lexer->at < lexer->text.size; lexer->at++) {
        char c = lexer->text.data[lexer->at];
        if (c == '"') {
            lexer->at++;
            token->kind = LEX_PHRASE;
            token->text = span_of(text, size);
            return OK;
        }
        char next = lexer->at + 1 < lexer->text.size ? lexer->text.data[lexer->at + 1] : '\0';
        if (c == '\\' && (next == '"' || next == '\\')) {
            c = next;
            lexer->at++;
        }
        text[size++] = c;
    }
    *out_at = start - 1;
    return err_set(err, ERR_USAGE, "the quotation mark is never closed");
}

static void read_word(struct lex *lexer, bool is_value, struct lex_token *token)
{
    struct span run = read_run(lexer);
    size_t name_size = is_value ? 0 : field_name_size(run);
    if (name_size > 0) {
        token->kind = LEX_FIELD;
        token->text = span_of(run.data, name_size);
        lexer->at += name_size + 1;
        lexer->behind_field = true;
        return;
    }
    token->kind = is_value              ? LEX_WORD
                  : span_is(run, "OR")  ? LEX_OR
                  : span_is(run, "AND") ? LEX_AND
                  : span_is(run, "NOT") ? LEX_NOT
                                        : LEX_WORD;
    token->text = run;
    lexer->at += run.size;
}

static void accept(struct lex *lexer, struct lex_token *token, enum lex_kind kind, size_t size)
{
    token->kind = kind;
    token->text = span_of(lexer->text.data + lexer->at, size);
    lexer->at += size;
}

/* What only means something behind a field. */
static bool read_behind_field(struct lex *lexer, struct lex_token *token)
{
    struct span rest = span_from(lexer->text, lexer->at);
    struct span run = read_run(lexer);
    /* [2001:db8::1]:22 is a word; a range has white space before it is closed. */
    if (rest.data[0] == '[' && !memchr(run.data, ']', run.size)) {
        accept(lexer, token, LEX_RANGE_OPEN, 1);
        lexer->in_range = true;
        return true;
    }
    if (rest.data[0] != '<' && rest.data[0] != '>') {
        return false;
    }
    bool equal = rest.size > 1 && rest.data[1] == '=';
    enum lex_kind kind = rest.data[0] == '<' ? (equal ? LEX_LESS_EQUAL : LEX_LESS)
                                             : (equal ? LEX_GREATER_EQUAL : LEX_GREATER);
    accept(lexer, token, kind, equal ? 2 : 1);
    lexer->behind_field = true;
    return true;
}

/* "-" in front of something that can be denied. */
static bool is_minus(const struct lex *lexer)
{
    struct span rest = span_from(lexer->text, lexer->at);
    return rest.data[0] == '-' && rest.size > 1 && !ascii_is_space(rest.data[1]) &&
           rest.data[1] != ')';
}

/* What a bracket means here; LEX_END where it is part of a word. */
static enum lex_kind bracket_kind(const struct lex *lexer, char c)
{
    if (lexer->in_range) {
        return c == ']' ? LEX_RANGE_CLOSE : LEX_END;
    }
    return c == '(' ? LEX_OPEN : c == ')' ? LEX_CLOSE : LEX_END;
}

/* A phrase; or a field, when a colon follows right behind the quotation mark. */
static enum status read_quoted(struct lex *lexer, bool may_be_field, struct lex_token *token,
                               size_t *out_at, struct err *err)
{
    enum status status = read_phrase(lexer, token, out_at, err);
    if (status == OK && may_be_field && token->text.size > 0 &&
        span_starts(span_from(lexer->text, lexer->at), ":")) {
        token->kind = LEX_FIELD;
        lexer->at++;
        lexer->behind_field = true;
    }
    return status;
}

static enum status read_token(struct lex *lexer, bool behind_field, struct lex_token *token,
                              size_t *out_at, struct err *err)
{
    bool is_value = behind_field || lexer->in_range;
    char c = lexer->text.data[lexer->at];
    enum lex_kind bracket = bracket_kind(lexer, c);
    if (c == '"') {
        return read_quoted(lexer, !is_value, token, out_at, err);
    }
    if (bracket != LEX_END) {
        accept(lexer, token, bracket, 1);
        lexer->in_range = false;
    } else if (!is_value && is_minus(lexer)) {
        accept(lexer, token, LEX_MINUS, 1);
    } else if (!behind_field || !read_behind_field(lexer, token)) {
        read_word(lexer, is_value, token);
    }
    return OK;
}

enum status lex_next(struct lex *lexer, struct lex_token *out_token, size_t *out_at,
                     struct err *err)
{
    size_t before = lexer->at;
    while (lexer->at < lexer->text.size && ascii_is_space(lexer->text.data[lexer->at])) {
        lexer->at++;
    }
    /* A field's value stands right behind the colon, or it has none. */
    bool behind_field = lexer->behind_field && lexer->at == before;
    lexer->behind_field = false;
    struct lex_token token = {.kind = LEX_END, .at = lexer->at};
    enum status status = OK;
    if (lexer->at < lexer->text.size) {
        status = read_token(lexer, behind_field, &token, out_at, err);
    }
    if (status == OK) {
        *out_token = token;
    }
    return status;
}
