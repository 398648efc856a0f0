/* A query's text as tokens. Pure: no memory but the arena's. */
#ifndef QUERY_LANGUAGE_LEX_H
#define QUERY_LANGUAGE_LEX_H

#include "schema/base/arena.h"
#include "schema/base/err.h"

enum lex_kind {
    LEX_END,
    LEX_WORD,
    LEX_PHRASE,
    LEX_FIELD, /* name and colon; what follows belongs to it */
    LEX_OPEN,
    LEX_CLOSE,
    LEX_RANGE_OPEN, /* [ behind a field */
    LEX_RANGE_CLOSE,
    LEX_AND,
    LEX_OR,
    LEX_NOT,
    LEX_MINUS,
    LEX_LESS, /* behind a field */
    LEX_LESS_EQUAL,
    LEX_GREATER,
    LEX_GREATER_EQUAL,
};

struct lex_token {
    enum lex_kind kind;
    size_t at;        /* byte offset of its first character */
    struct span text; /* WORD; PHRASE without quotes, \" and \\ resolved; FIELD without colon */
};

struct lex {
    struct span text;
    size_t at;
    bool behind_field; /* the last token was FIELD or a comparison */
    bool in_range;
    struct arena *arena;
};

/* A name that may stand in front of a colon without quotes. */
bool lex_is_field_name(struct span name);

/* ERR_USAGE for a quote that is never closed, with *out_at its byte offset. */
MUST_USE enum status lex_next(struct lex *lexer, struct lex_token *out_token, size_t *out_at,
                              struct err *err);

#endif
