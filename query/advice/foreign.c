/* The text is cut into the parser's own tokens; every rule looks at every token until it has said
 * something once. */
#include "query/advice/foreign_internal.h"

#include <stdlib.h>

enum { RULES_MAX = 32 };

/* What is too long, or wrong, is looked at up to there. */
static void read_tokens(struct foreign *foreign, struct span text)
{
    struct lex lexer = {.text = text, .arena = &foreign->arena};
    struct err err;
    size_t at;
    foreign->count = 1;
    while (foreign->count + 1 < FOREIGN_TOKENS_MAX) {
        struct lex_token *token = &foreign->tokens[foreign->count];
        if (lex_next(&lexer, token, &at, &err) != OK || token->kind == LEX_END) {
            break;
        }
        foreign->ends[foreign->count++] = lexer.at;
    }
    foreign->tokens[foreign->count] = (struct lex_token){.kind = LEX_END, .at = text.size};
}

/* Returns how many of `most` lines were said. */
static size_t run_rules(const struct foreign *foreign, size_t most, struct buf *out)
{
    bool said[2][RULES_MAX] = {{false}};
    foreign_rule *const *const lists[] = {foreign_operator_rules, foreign_value_rules};
    size_t lines = 0;
    for (size_t i = 1; i < foreign->count; i++) {
        for (size_t list = 0; list < 2; list++) {
            for (size_t k = 0; lists[list][k]; k++) {
                if (lines < most && !said[list][k] && lists[list][k](foreign, i, out)) {
                    said[list][k] = true;
                    buf_add_char(out, '\n');
                    lines++;
                    break; /* one word, one piece of advice */
                }
            }
        }
    }
    return lines;
}

size_t foreign_advise(const struct query *query, struct buf *out)
{
    struct foreign *foreign = calloc(1, sizeof *foreign);
    if (!foreign) {
        return 0;
    }
    foreign->query = query;
    read_tokens(foreign, query->text);
    size_t lines = run_rules(foreign, FOREIGN_LINES_MAX, out);
    arena_fini(&foreign->arena);
    free(foreign);
    return lines;
}
