/* Recursive descent over the tokens of lex.c, one token ahead; depth is counted (QUERY_DEPTH_MAX).
 * An error is set where it is found, with the byte it is at; parse_query turns that into a
 * character and puts it in front. Any thread. */
#include "query/language/parse.h"

#include <stdlib.h>

#include "query/language/build.h"
#include "query/language/error_position.h"
#include "query/language/lex.h"
#include "query/language/understand.h"
#include "schema/base/utf8.h"

struct parser {
    struct lex lexer;
    struct lex_token token; /* the next one, not taken yet */
    enum lex_kind before;   /* the kind of the one taken last */
    struct build build;
    struct span field; /* of the group we are in */
    unsigned depth;
    size_t at; /* byte offset of what is wrong, once something is */
    struct err *err;
};

static enum status fault(struct parser *parser, size_t at, const char *text)
{
    parser->at = at;
    return err_set(parser->err, ERR_USAGE, "%s", text);
}

static enum status advance(struct parser *parser)
{
    parser->before = parser->token.kind;
    return lex_next(&parser->lexer, &parser->token, &parser->at, parser->err);
}

static enum status node_new(struct parser *parser, enum node_kind kind, struct node *first,
                            struct node **out_node)
{
    parser->at = parser->token.at;
    return build_node(&parser->build, kind, first, out_node);
}

static enum status value_new(struct parser *parser, struct span field,
                             const struct predicate_form *form, size_t at, struct node **out_node)
{
    parser->at = at;
    return understand_value(&parser->build, field, form, out_node);
}

/* The token behind the next one; LEX_END when it is wrong, which is said when it is taken. */
static struct lex_token peek(const struct parser *parser)
{
    struct lex lexer = parser->lexer;
    struct lex_token token = {.kind = LEX_END};
    struct err err;
    size_t at;
    (void)!lex_next(&lexer, &token, &at, &err);
    return token;
}

static bool is_word(const struct lex_token *token, const char *word)
{
    return token->kind == LEX_WORD && span_is(token->text, word);
}

static bool begins_part(const struct lex_token *token)
{
    bool is_joint = is_word(token, "and") || is_word(token, "or");
    return token->kind != LEX_END && token->kind != LEX_CLOSE && token->kind != LEX_AND &&
           token->kind != LEX_OR && !is_joint;
}

static enum status take_as_operator(struct parser *parser, enum lex_kind kind, const char *operator)
{
    parser->token.kind = kind;
    return understand_operator(&parser->build, parser->token.text, operator);
}

/* Behind a part: "and" and "or" in lower case, with a part behind them. */
static enum status read_lower_joint(struct parser *parser)
{
    bool is_and = is_word(&parser->token, "and");
    if (!is_and && !is_word(&parser->token, "or")) {
        return OK;
    }
    const struct lex_token next = peek(parser);
    return begins_part(&next)
               ? take_as_operator(parser, is_and ? LEX_AND : LEX_OR, is_and ? "AND" : "OR")
               : OK;
}

/* "not" in lower case: "could not connect" are words. */
static enum status read_lower_not(struct parser *parser)
{
    if (!is_word(&parser->token, "not")) {
        return OK;
    }
    const struct lex_token next = peek(parser);
    bool denies = next.kind == LEX_FIELD || next.kind == LEX_OPEN ||
                  (begins_part(&next) && (parser->before == LEX_AND || parser->before == LEX_OR));
    return denies ? take_as_operator(parser, LEX_NOT, "NOT") : OK;
}

static bool is_value(enum lex_kind kind)
{
    return kind == LEX_WORD || kind == LEX_PHRASE;
}

static bool is_comparison(enum lex_kind kind)
{
    return kind >= LEX_LESS && kind <= LEX_GREATER_EQUAL;
}

static enum status parse_comparison(struct parser *parser, struct span field,
                                    struct node **out_node)
{
    enum lex_kind kind = parser->token.kind;
    size_t at = parser->token.at;
    enum status status = advance(parser);
    if (status != OK) {
        return status;
    }
    if (!is_value(parser->token.kind)) {
        return fault(parser, at, "the comparison must be followed by a value");
    }
    struct predicate_bound end = {.set = true,
                                  .inclusive = kind == LEX_LESS_EQUAL || kind == LEX_GREATER_EQUAL,
                                  .text = parser->token.text};
    struct predicate_form form = {.kind = PREDICATE_FORM_RANGE};
    if (kind == LEX_LESS || kind == LEX_LESS_EQUAL) {
        form.high = end;
    } else {
        form.low = end;
    }
    status = value_new(parser, field, &form, parser->token.at, out_node);
    return THEN(status, advance(parser));
}

static enum status parse_end(struct parser *parser, size_t open_at, struct predicate_bound *out_end)
{
    enum status status = advance(parser);
    if (status != OK) {
        return status;
    }
    if (parser->token.kind == LEX_END) {
        return fault(parser, open_at, "\"[\" is never closed: [from TO to]");
    }
    if (!is_value(parser->token.kind)) {
        return fault(parser, parser->token.at, "a range is written [from TO to]");
    }
    *out_end = (struct predicate_bound){.text = parser->token.text, .inclusive = true};
    out_end->set = parser->token.kind == LEX_PHRASE || !span_is(parser->token.text, "*");
    return OK;
}

static enum status parse_range(struct parser *parser, struct span field, struct node **out_node)
{
    size_t open_at = parser->token.at;
    struct predicate_form form = {.kind = PREDICATE_FORM_RANGE};
    struct predicate_bound middle;
    enum status status = parse_end(parser, open_at, &form.low);
    size_t at = parser->token.at;
    status = THEN(status, parse_end(parser, open_at, &middle));
    if (status == OK && !span_is(middle.text, "TO")) {
        return fault(parser, parser->token.at, "a range is written [from TO to]");
    }
    status = THEN(status, parse_end(parser, open_at, &form.high));
    status = THEN(status, advance(parser));
    if (status == OK && parser->token.kind != LEX_RANGE_CLOSE) {
        return parser->token.kind == LEX_END
                   ? fault(parser, open_at, "\"[\" is never closed: [from TO to]")
                   : fault(parser, parser->token.at, "a range is written [from TO to]");
    }
    status = THEN(status, value_new(parser, field, &form, at, out_node));
    return THEN(status, advance(parser));
}

static enum status parse_or(struct parser *parser, struct node **out_node);

static enum status parse_group(struct parser *parser, struct span field, struct node **out_node)
{
    size_t at = parser->token.at;
    struct span outer = parser->field;
    enum status status = advance(parser);
    if (status == OK && parser->token.kind == LEX_CLOSE) {
        return fault(parser, at, "the parentheses are empty");
    }
    if (status == OK && parser->token.kind == LEX_END) {
        return fault(parser, at, "\"(\" is never closed");
    }
    parser->field = field;
    status = THEN(status, parse_or(parser, out_node));
    parser->field = outer;
    if (status != OK) {
        return status;
    }
    if (parser->token.kind != LEX_CLOSE) {
        return fault(parser, at, "\"(\" is never closed");
    }
    return advance(parser);
}

/* name=value; the value may stand in quotes right behind the word. */
static enum status parse_equality(struct parser *parser, const struct understand_equality *equality,
                                  struct node **out_node)
{
    struct lex_token word = parser->token;
    size_t end = parser->lexer.at;
    const struct lex_token next = peek(parser);
    struct predicate_form value = {.kind = PREDICATE_FORM_WORD, .text = equality->value};
    struct predicate_form as_it_stands = {.kind = PREDICATE_FORM_WORD, .text = word.text};
    enum status status = OK;
    if (value.text.size == 0 && next.kind == LEX_PHRASE && next.at == end && next.text.size > 0) {
        status = advance(parser);
        value = (struct predicate_form){.kind = PREDICATE_FORM_PHRASE, .text = next.text};
        word.text.size = parser->lexer.at - word.at;
    }
    parser->at = word.at;
    status = THEN(status,
                  value.text.size > 0
                      ? understand_equality(&parser->build, word.text, equality, &value, out_node)
                      : value_new(parser, (struct span){0}, &as_it_stands, word.at, out_node));
    return THEN(status, advance(parser));
}

static enum status parse_value(struct parser *parser, struct span field, struct node **out_node)
{
    struct lex_token token = parser->token;
    if (token.kind == LEX_WORD && field.size == 0 && span_is(token.text, "-")) {
        return fault(parser, token.at, "\"-\" must be followed by a term");
    }
    struct predicate_form form = {.kind = token.kind == LEX_PHRASE ? PREDICATE_FORM_PHRASE
                                                                   : PREDICATE_FORM_WORD,
                                  .text = token.text};
    struct understand_equality equality;
    if (token.kind == LEX_WORD && field.size == 0 &&
        understand_equality_read(token.text, &equality)) {
        return parse_equality(parser, &equality, out_node);
    }
    enum status status = value_new(parser, field, &form, token.at, out_node);
    return THEN(status, advance(parser));
}

static enum status parse_field(struct parser *parser, struct node **out_node)
{
    struct lex_token field = parser->token;
    if (parser->field.size > 0) {
        return fault(parser, field.at, "a field within another field's parentheses");
    }
    size_t end = parser->lexer.at;
    enum status status = advance(parser);
    if (status != OK) {
        return status;
    }
    enum lex_kind kind = parser->token.kind;
    if (parser->token.at != end) {
        kind = LEX_END;
    }
    if (kind == LEX_OPEN) {
        return parse_group(parser, field.text, out_node);
    }
    if (kind == LEX_RANGE_OPEN) {
        return parse_range(parser, field.text, out_node);
    }
    if (is_comparison(kind)) {
        return parse_comparison(parser, field.text, out_node);
    }
    if (is_value(kind)) {
        return parse_value(parser, field.text, out_node);
    }
    return fault(parser, field.at, "the field has no value: name:value, without a space");
}

static enum status parse_primary(struct parser *parser, struct node **out_node)
{
    enum lex_kind kind = parser->token.kind;
    if (kind == LEX_OPEN) {
        return parse_group(parser, parser->field, out_node);
    }
    if (kind == LEX_FIELD) {
        return parse_field(parser, out_node);
    }
    if (is_value(kind)) {
        return parse_value(parser, parser->field, out_node);
    }
    return fault(parser, parser->token.at,
                 kind == LEX_CLOSE                   ? "\")\" closes nothing"
                 : kind == LEX_AND || kind == LEX_OR ? "AND and OR stand between two parts"
                                                     : "a term is missing here");
}

/* Any number of NOTs: two take each other away. */
static enum status parse_unary(struct parser *parser, struct node **out_node)
{
    bool deny = false;
    size_t at = 0;
    enum status status = read_lower_not(parser);
    while (status == OK && (parser->token.kind == LEX_NOT || parser->token.kind == LEX_MINUS)) {
        deny = !deny;
        at = parser->token.at;
        status = advance(parser);
        if (status == OK && (parser->token.kind == LEX_END || parser->token.kind == LEX_CLOSE)) {
            return fault(parser, at, "NOT must be followed by a term");
        }
    }
    status = THEN(status, parse_primary(parser, out_node));
    return deny ? THEN(status, node_new(parser, NODE_NOT, *out_node, out_node)) : status;
}

static bool ends_and(enum lex_kind kind)
{
    return kind == LEX_END || kind == LEX_CLOSE || kind == LEX_OR;
}

/* What is joined goes under one node; a single part stands for itself. */
static enum status join(struct parser *parser, enum node_kind kind, struct node *first,
                        struct node **out_node)
{
    if (!first->next) {
        *out_node = first;
        return OK;
    }
    return node_new(parser, kind, first, out_node);
}

static enum status parse_and(struct parser *parser, struct node **out_node)
{
    struct node *first = NULL;
    struct node **tail = &first;
    enum status status;
    do {
        status = parse_unary(parser, tail);
        if (status != OK) {
            return status;
        }
        tail = &(*tail)->next;
        status = read_lower_joint(parser);
        if (status == OK && parser->token.kind == LEX_AND) {
            size_t at = parser->token.at;
            status = advance(parser);
            if (status == OK && ends_and(parser->token.kind)) {
                return fault(parser, at, "AND and OR stand between two parts");
            }
        }
    } while (status == OK && !ends_and(parser->token.kind));
    return THEN(status, join(parser, NODE_AND, first, out_node));
}

static enum status parse_or(struct parser *parser, struct node **out_node)
{
    if (++parser->depth > QUERY_DEPTH_MAX) {
        return fault(parser, parser->token.at, "parentheses are nested too deep");
    }
    struct node *first = NULL;
    struct node **tail = &first;
    enum status status;
    for (;;) {
        status = parse_and(parser, tail);
        if (status != OK) {
            return status;
        }
        tail = &(*tail)->next;
        if (parser->token.kind != LEX_OR) {
            break;
        }
        size_t at = parser->token.at;
        status = advance(parser);
        if (status != OK) {
            return status;
        }
        if (parser->token.kind == LEX_END || parser->token.kind == LEX_CLOSE) {
            return fault(parser, at, "AND and OR stand between two parts");
        }
    }
    parser->depth--;
    return join(parser, NODE_OR, first, out_node);
}

static enum status parse_all(struct parser *parser)
{
    enum status status = advance(parser);
    if (status == OK && parser->token.kind == LEX_END) {
        struct predicate all = {.kind = PREDICATE_ALL};
        return build_leaf(&parser->build, &all, &parser->build.query->root);
    }
    status = THEN(status, parse_or(parser, &parser->build.query->root));
    if (status == OK && parser->token.kind == LEX_CLOSE) {
        return fault(parser, parser->token.at, "\")\" closes nothing");
    }
    return status;
}

enum status parse_query(struct span text, int64_t now_us, struct query **out_query,
                        size_t *out_character, struct err *err)
{
    if (text.size > QUERY_BYTES_MAX) {
        return err_set(err, ERR_USAGE, "query: %zu bytes, and %d is the limit", text.size,
                       QUERY_BYTES_MAX);
    }
    size_t bad;
    struct query *query;
    enum status status = build_query(&query, err);
    if (status != OK) {
        return status;
    }
    struct span copy = arena_copy(&query->arena, text);
    if (!copy.data) {
        parse_query_free(query);
        return err_nomem(err, "query");
    }
    query->text = copy;
    struct err inner = {.text = ""};
    struct parser parser = {.lexer = {.text = copy, .arena = &query->arena},
                            .build = {.query = query, .maker = {&query->arena, now_us, &inner}},
                            .err = &inner};
    if (!utf8_valid(copy, &bad) || memchr(copy.data, '\0', copy.size)) {
        const char *nul = memchr(copy.data, '\0', copy.size);
        status = fault(&parser, nul ? (size_t)(nul - copy.data) : bad, "this is not UTF-8 text");
    } else {
        status = parse_all(&parser);
    }
    if (status == OK) {
        *out_query = query;
        return OK;
    }
    if (status == ERR_USAGE) {
        size_t character = error_position_character(copy, parser.at);
        if (out_character) {
            *out_character = character;
        }
        (void)err_set(err, status, "query, character %zu: %s", character, inner.text);
    } else if (err) {
        (void)err_copy(err, &inner);
    }
    parse_query_free(query);
    return status;
}
