/* A query's text as tokens. Pure: no memory but the arena's. */
#ifndef QUERY_LANGUAGE_LEX_H
#define QUERY_LANGUAGE_LEX_H

#include "schema/base/arena.h"
#include "schema/base/err.h"

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_PHRASE,
    TOKEN_FIELD, /* name and colon; what follows belongs to it */
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_RANGE_OPEN, /* [ behind a field */
    TOKEN_RANGE_CLOSE,
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_NOT,
    TOKEN_MINUS,
    TOKEN_LESS, /* behind a field */
    TOKEN_LESS_EQUAL,
    TOKEN_MORE,
    TOKEN_MORE_EQUAL,
};

struct token {
    enum token_kind kind;
    size_t at;        /* byte offset of its first character */
    struct span text; /* WORD; PHRASE without quotes, \" and \\ resolved; FIELD without colon */
};

struct lexer {
    struct span text;
    size_t at;
    bool behind_field; /* the last token was FIELD or a comparison */
    bool in_range;
    struct arena *arena;
};

/* ERR_USAGE for a quote that is never closed, with *out_at its byte offset. */
MUST_USE enum status lex_next(struct lexer *lexer, struct token *out_token, size_t *out_at,
                              struct err *err);

#endif
