/* Operators, comparisons and clauses of SQL, Lucene, KQL, SPL, LogsQL and the shell that stand
 * among the words. */
#include "query/advice/foreign_internal.h"
#include "schema/text/ascii.h"

static const struct {
    const char *word;
    const char *advice;
} operators[] = {
    {"and", "write AND in capitals, or nothing, between two parts"},
    {"or", "write OR in capitals between two parts"},
    {"not", "write NOT in capitals, or -, in front of a part"},
    {"xor", "a query has AND, OR and NOT"},
    {"&&", "write AND, or nothing, between two parts"},
    {"&", "write AND, or nothing, between two parts"},
    {"||", "write OR between two parts"},
    {"|", "a query has no pipes; OR between two parts finds either"},
    {"!", "write NOT or - in front of a part"},
};

static bool is_understood(const struct foreign *foreign, struct span word)
{
    for (const struct query_note *note = foreign->query->notes; note; note = note->next) {
        if (note->text.size > word.size + 2 && note->text.data[word.size + 1] == '"' &&
            memcmp(note->text.data + 1, word.data, word.size) == 0) {
            return true;
        }
    }
    return false;
}

static bool advise_operator(const struct foreign *foreign, size_t i, struct buf *out)
{
    struct span word = foreign->tokens[i].text;
    for (size_t k = 0; foreign_is_word(foreign, i) && foreign_field(foreign, i).size == 0 &&
                       k < sizeof operators / sizeof operators[0];
         k++) {
        if (foreign_is(word, operators[k].word) && !is_understood(foreign, word)) {
            buf_printf(out, "\"%.*s\" was searched as a word; %s", SPAN_FMT(word),
                       operators[k].advice);
            return true;
        }
    }
    return false;
}

static bool is_url(struct span word)
{
    return memmem(word.data, word.size, "://", 3) || memchr(word.data, '?', word.size);
}

/* a&&b, a||b, a|b, a&b */
static bool advise_joined(const struct foreign *foreign, size_t i, struct buf *out)
{
    struct span word = foreign->tokens[i].text;
    if (!foreign_is_word(foreign, i) || is_url(word)) {
        return false;
    }
    const char *either = memchr(word.data, '|', word.size);
    const char *both = memchr(word.data, '&', word.size);
    if (!either && !both) {
        return false;
    }
    buf_add_char(out, '"');
    foreign_show(out, word);
    buf_printf(out,
               "\" was searched as words in a row; write %s, with spaces around it, for \"%c\"",
               either ? "OR" : "AND", either ? '|' : '&');
    return true;
}

static bool advise_sign_in_front(const struct foreign *foreign, size_t i, struct buf *out)
{
    struct span word = foreign->tokens[i].text;
    if (!foreign_is_word(foreign, i) || word.size < 2 || foreign_field(foreign, i).size > 0 ||
        !strchr("!+~@$.", word.data[0]) ||
        !(ascii_is_letter(word.data[1]) || strchr("(._", word.data[1]))) {
        return false;
    }
    buf_add_char(out, '"');
    foreign_show(out, word);
    buf_printf(out, "\" was searched as words; %s",
               word.data[0] == '!'   ? "write NOT or - in front of what is excluded"
               : word.data[0] == '+' ? "leave the + out: parts must all match anyway"
                                     : "a part of a query is a word, or field:value");
    return true;
}

/* The words around a comparison that stands by itself. */
static void show_comparison(const struct foreign *foreign, size_t i, const char *sign, bool deny,
                            struct buf *out)
{
    struct span name = foreign->tokens[i - 1].text;
    struct span value = foreign->tokens[i + 1].text;
    bool has_name = foreign_is_text(foreign, i - 1) && lex_is_field_name(name);
    buf_add_str(out, deny ? "NOT " : "");
    foreign_show_field(out, has_name ? name : (struct span){0});
    buf_add_str(out, sign);
    foreign_show(out, has_name && foreign_is_text(foreign, i + 1) ? value : span_str("value"));
}

static bool advise_comparison(const struct foreign *foreign, size_t i, struct buf *out)
{
    static const struct {
        const char *word;
        const char *sign;
        bool deny;
    } comparisons[] = {
        {"=", "", false},     {"==", "", false},  {"===", "", false},    {":=", "", false},
        {":", "", false},     {"eq", "", false},  {"equals", "", false}, {"=~", "", false},
        {"~", "", false},     {"!=", "", true},   {"!==", "", true},     {"<>", "", true},
        {"!~", "", true},     {"ne", "", true},   {"neq", "", true},     {"<", "<", false},
        {"<=", "<=", false},  {">", ">", false},  {">=", ">=", false},   {"gt", ">", false},
        {"gte", ">=", false}, {"lt", "<", false}, {"lte", "<=", false},
    };
    struct span word = foreign->tokens[i].text;
    for (size_t k = 0;
         foreign_is_word(foreign, i) && k < sizeof comparisons / sizeof comparisons[0]; k++) {
        bool is_letters = ascii_is_letter(comparisons[k].word[0]);
        bool is_between = foreign_is_text(foreign, i - 1) && foreign_is_text(foreign, i + 1);
        if (foreign_is(word, comparisons[k].word) && (is_between || !is_letters)) {
            buf_printf(out, "\"%.*s\" was searched as text; write ", SPAN_FMT(word));
            show_comparison(foreign, i, comparisons[k].sign, comparisons[k].deny, out);
            buf_add_str(out, ", without spaces");
            return true;
        }
    }
    return false;
}

/* ei>5, user~alice, user= alice, user=(a OR b), :alice */
static bool advise_joined_comparison(const struct foreign *foreign, size_t i, struct buf *out)
{
    struct span word = foreign->tokens[i].text;
    if (!foreign_is_word(foreign, i) || word.size == 0) {
        return false;
    }
    size_t name_size = 0;
    while (name_size < word.size && !strchr("<>=~:!", word.data[name_size])) {
        name_size++;
    }
    struct span name = span_of(word.data, name_size);
    struct span rest = span_from(word, name_size);
    bool is_value = foreign_field(foreign, i).size > 0;
    size_t sign_size = 0;
    while (sign_size < rest.size && strchr("<>=~:!", rest.data[sign_size])) {
        sign_size++;
    }
    bool is_equality = name_size > 0 && rest.size > sign_size && span_starts(rest, "=") &&
                       !span_starts(rest, "=~");
    if (sign_size == 0 || (name_size > 0 && (is_value || !lex_is_field_name(name))) ||
        is_equality || (name_size == 0 && rest.size == sign_size) || span_starts(rest, "://") ||
        span_starts(rest, ":\\")) {
        return false;
    }
    struct span behind = span_from(rest, sign_size);
    if (rest.data[0] == '~' && behind.size > 0 && ascii_all_digits(behind)) {
        return false; /* alice~2 */
    }
    bool orders = rest.data[0] == '<' || rest.data[0] == '>';
    buf_add_char(out, '"');
    foreign_show(out, word);
    buf_add_str(out, "\" was searched as words; write ");
    foreign_show_field(out, is_value ? foreign_field(foreign, i) : name);
    if (orders) {
        buf_add(out, rest.data, sign_size);
    }
    foreign_show(out, behind.size > 0 ? behind : span_str("value"));
    buf_add_str(out, ", without spaces");
    return true;
}

/* user in (a, b) */
static bool advise_in(const struct foreign *foreign, size_t i, struct buf *out)
{
    struct span word = foreign->tokens[i].text;
    bool has_list = foreign->tokens[i + 1].kind == LEX_OPEN ||
                    span_starts(foreign->tokens[i + 1].text, "[") ||
                    span_starts(foreign->tokens[i + 1].text, "{");
    if (!foreign_is_word(foreign, i) || !foreign_is(word, "in") || !has_list) {
        return false;
    }
    struct span name = foreign->tokens[i - 1].text;
    bool has_name =
        foreign_is_word(foreign, i - 1) && lex_is_field_name(name) && !foreign_is(name, "not");
    buf_printf(out, "\"%.*s\" was searched as a word; write ", SPAN_FMT(word));
    foreign_show_field(out, has_name ? name : foreign_field(foreign, i));
    buf_add_str(out, "(a OR b) for one of several values");
    return true;
}

static bool advise_clause(const struct foreign *foreign, size_t i, struct buf *out)
{
    static const char part[] = "part of a value is *part*, the beginning of a word begin*";
    static const char without[] = "field:* has the field, NOT field:* has it not";
    static const char sql[] = "a query is not SQL; stele sql takes that";
    static const char options[] = "counts and sums are options: see stele search --help";
    static const struct {
        const char *word;
        const char *advice;
        bool first; /* only as the first word */
    } clauses[] = {
        {"like", part, false},     {"ilike", part, false},
        {"contains", part, false}, {"startswith", part, false},
        {"endswith", part, false}, {"matches", part, false},
        {"regexp", part, false},   {"rlike", part, false},
        {"is", without, false},    {"exists", without, false},
        {"null", without, false},  {"select", sql, true},
        {"where", sql, true},      {"from", sql, true},
        {"stats", options, false}, {"between", "a range is field:[a TO b]", false},
    };
    struct span word = foreign->tokens[i].text;
    for (size_t k = 0; foreign_is_word(foreign, i) && k < sizeof clauses / sizeof clauses[0]; k++) {
        bool is_alone = foreign->count == 2;
        if (foreign_is(word, clauses[k].word) && !is_alone && (i == 1 || !clauses[k].first)) {
            buf_printf(out, "\"%.*s\" was searched as a word; %s", SPAN_FMT(word),
                       clauses[k].advice);
            return true;
        }
    }
    return false;
}

/* _exists_:user */
static bool advise_exists(const struct foreign *foreign, size_t i, struct buf *out)
{
    struct span field = foreign_field(foreign, i);
    bool exists = span_is(field, "_exists_");
    if ((!exists && !span_is(field, "_missing_")) || !foreign_is_text(foreign, i)) {
        return false;
    }
    buf_printf(out, "\"%.*s\" is no name of its own; write %s", SPAN_FMT(field),
               exists ? "" : "NOT ");
    foreign_show_field(out, foreign->tokens[i].text);
    buf_add_char(out, '*');
    return true;
}

/* --limit 5 inside of the query is NOT NOT limit 5. */
static bool advise_option(const struct foreign *foreign, size_t i, struct buf *out)
{
    const struct lex_token *token = &foreign->tokens[i];
    if (i < 3 || token->kind != LEX_WORD || token[-1].kind != LEX_MINUS ||
        token[-2].kind != LEX_MINUS || token->at != token[-2].at + 2 ||
        !ascii_is_letter(token->text.data[0])) {
        return false;
    }
    buf_add_str(out, "\"--");
    foreign_show(out, token->text);
    buf_add_str(out, "\" is a part of the query here and was searched as a word; options stand "
                     "outside of the query's quotation marks, and before a --");
    return true;
}

foreign_rule *const foreign_operator_rules[] = {
    advise_option, advise_in,     advise_comparison,    advise_operator,
    advise_joined, advise_clause, advise_sign_in_front, advise_joined_comparison,
    advise_exists, NULL,
};
