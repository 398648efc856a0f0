/* The tokens of a query, and the rules that look at them. */
#ifndef QUERY_ADVICE_FOREIGN_INTERNAL_H
#define QUERY_ADVICE_FOREIGN_INTERNAL_H

#include "query/advice/foreign.h"
#include "query/language/lex.h"

enum { FOREIGN_TOKENS_MAX = 512 };

struct foreign {
    const struct query *query;
    struct arena arena;
    struct lex_token tokens[FOREIGN_TOKENS_MAX]; /* the first and the last are LEX_END */
    size_t ends[FOREIGN_TOKENS_MAX];             /* byte offset behind each */
    size_t count;
};

/* Looks at token i, which has one before and one behind it. True: it appended a line, without its
 * newline. */
typedef bool foreign_rule(const struct foreign *foreign, size_t i, struct buf *out);

/* Rules up to a NULL: on operators, and on values. */
extern foreign_rule *const foreign_operator_rules[];
extern foreign_rule *const foreign_value_rules[];

/* The text for a terminal, cut when it is long. */
void foreign_show(struct buf *out, struct span text);
/* The field that token i is a value of; empty: none. */
struct span foreign_field(const struct foreign *foreign, size_t i);
/* "user:", or "field:" when there is none. */
void foreign_show_field(struct buf *out, struct span field);
/* The same word but for the case of its letters. */
bool foreign_is(struct span text, const char *word);
static inline bool foreign_is_word(const struct foreign *foreign, size_t i)
{
    return foreign->tokens[i].kind == LEX_WORD;
}
static inline bool foreign_is_text(const struct foreign *foreign, size_t i)
{
    return foreign_is_word(foreign, i) || foreign->tokens[i].kind == LEX_PHRASE;
}

#endif
