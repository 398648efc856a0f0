/* The loop over 64 bytes at a time has no branches, so that the compiler can use wide registers. An
 * escape (\u) and the dotted capital I, whose lower case is ASCII, always pass. */
#include "query/eval/needle.h"

#include "query/language/number.h"
#include "schema/event/term.h"
#include "schema/text/ascii.h"

/* Characters that JSON lets stand only as they are, or as \u escapes (looked for apart). */
static bool is_plain(char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '/';
}

static bool is_hex_or_colon(char c)
{
    return c == ':' || ascii_hex_digit(c) >= 0;
}

static bool all_of(struct span text, bool (*is)(char c))
{
    for (size_t i = 0; i < text.size; i++) {
        if (!is(text.data[i])) {
            return false;
        }
    }
    return true;
}

static bool is_address_char(char c)
{
    return c == '.' || is_hex_or_colon(c);
}

/* The longest run of plain characters. */
static struct span longest_plain(struct span text)
{
    struct span best = span_of(text.data, 0);
    size_t at = 0;
    for (size_t i = 0; i <= text.size; i++) {
        if (i == text.size || !is_plain(text.data[i])) {
            best = i - at > best.size ? span_of(text.data + at, i - at) : best;
            at = i + 1;
        }
    }
    return best;
}

/* Terms of IPv6 addresses are written out, and mapped IPv4 addresses may be spelled as IPv6: there
 * the literal need not stand in the value. */
static void take(struct needle *needle, struct span text, bool may_be_address)
{
    needle->literal = longest_plain(text);
    needle->addresses = may_be_address;
}

static void take_word(struct needle *needle, struct span word)
{
    take(needle, word, all_of(word, is_address_char));
    if (memchr(word.data, ':', word.size) && all_of(word, is_hex_or_colon)) {
        needle->literal.size = 0; /* may be a written out address, and stands nowhere as it is */
    }
}

/* Of words that are no addresses rather than of others. */
static void take_longest_word(struct needle *needle, const struct predicate *predicate)
{
    size_t best = 0;
    for (size_t i = 0; i < predicate->n_words; i++) {
        struct needle of_word = {0};
        take_word(&of_word, predicate->words[i]);
        size_t size = of_word.literal.size;
        size_t rank = size == 0 ? 0 : size + (of_word.addresses ? 0 : TERM_BYTES_MAX);
        if (rank > best) {
            best = rank;
            *needle = of_word;
        }
    }
}

static void take_longest_piece(struct needle *needle, struct span pattern)
{
    size_t at = 0;
    for (size_t i = 0; i <= pattern.size; i++) {
        if (i == pattern.size || pattern.data[i] == '*') {
            struct span piece = longest_plain(span_of(pattern.data + at, i - at));
            if (piece.size > needle->literal.size) {
                take(needle, piece, all_of(piece, is_address_char));
            }
            at = i + 1;
        }
    }
}

/* Roughly how rare a character is in audit events. */
static size_t rarity(char c)
{
    static const char common_first[] = "\"e:,atiors_nldcum-p.10g2hfb34v8967y5wk";
    const char *at = memchr(common_first, c, sizeof common_first - 1);
    return at ? (size_t)(at - common_first) : sizeof common_first;
}

static void find_rare(struct needle *needle)
{
    struct span literal = needle->literal;
    for (size_t i = 1; i < literal.size; i++) {
        if (rarity(literal.data[i]) > rarity(literal.data[needle->rare[0]])) {
            needle->rare[0] = i;
        }
    }
    needle->rare[1] = needle->rare[0] == 0 && literal.size > 1;
    for (size_t i = 0; i < literal.size; i++) {
        if (i != needle->rare[0] &&
            rarity(literal.data[i]) > rarity(literal.data[needle->rare[1]])) {
            needle->rare[1] = i;
        }
    }
}

/* The number as event.h writes it has the literal: it is found by that. */
static bool is_in_number(const struct needle *needle, double number)
{
    char text[NUMBER_TEXT_BYTES];
    struct span plain = number_text_of(number, text);
    return needle->literal.size > 0 &&
           memmem(plain.data, plain.size, needle->literal.data, needle->literal.size);
}

struct needle needle_of(const struct predicate *predicate)
{
    struct needle needle = {0};
    switch (predicate->kind) {
    case PREDICATE_SUBSTRING:
        take(&needle, predicate->text, false);
        break;
    case PREDICATE_GLOB:
        take_longest_piece(&needle, predicate->text);
        break;
    case PREDICATE_TERM:
        take_word(&needle, predicate->text);
        needle.numbers = predicate->is_number && !is_in_number(&needle, predicate->number);
        break;
    case PREDICATE_PREFIX:
        take_word(&needle, predicate->text);
        break;
    case PREDICATE_PHRASE:
        take_longest_word(&needle, predicate);
        break;
    case PREDICATE_ALL:
    case PREDICATE_RANGE:
    case PREDICATE_EXISTS:
    case PREDICATE_OBSERVABLE:
    case PREDICATE_ADDRESS:
    case PREDICATE_SEVERITY:
    case PREDICATE_TIME:
    case PREDICATE_UID:
        break;
    }
    if (needle.literal.size > 0) {
        find_rare(&needle);
    }
    return needle;
}

static bool same_lower(const char *bytes, struct span wanted)
{
    for (size_t i = 0; i < wanted.size; i++) {
        if (ascii_lower(bytes[i]) != wanted.data[i]) {
            return false;
        }
    }
    return true;
}

static bool begins_at(const struct needle *needle, struct span text, size_t at)
{
    const char *byte = text.data + at;
    size_t left = text.size - at;
    return (left >= needle->literal.size && same_lower(byte, needle->literal)) ||
           (left >= 2 &&
            ((byte[0] == '\\' && byte[1] == 'u') || (byte[0] == '\xc4' && byte[1] == '\xb0')));
}

bool needle_other_spelling(const struct needle *needle, struct span text)
{
    if (needle->numbers && text.size > 0 &&
        (ascii_is_digit(text.data[0]) || memchr("+-.", text.data[0], 3))) {
        return true;
    }
    size_t colon = needle->addresses ? span_find(text, ':') : text.size;
    return colon < text.size && memchr(text.data + colon + 1, ':', text.size - colon - 1);
}

static bool is_number_char(char c)
{
    return ascii_is_digit(c) || c == '+' || c == '-' || c == '.' || c == 'e';
}

static bool is_within(struct span text, const char *whole)
{
    return memmem(whole, strlen(whole), text.data, text.size) != NULL;
}

/* Numbers may be spelled otherwise than event.h writes them: 1e400 is inf. Whether the literal may
 * stand in what it writes. */
static bool may_be_of_number(struct span literal)
{
    char *dot = memchr(literal.data, '.', literal.size);
    size_t behind = dot ? literal.size - (size_t)(dot - literal.data) - 1 : 0;
    bool one_dot = !dot || !memchr(dot + 1, '.', behind);
    return (one_dot && all_of(literal, is_number_char)) || is_within(literal, "-inf") ||
           is_within(literal, "nan");
}

bool needle_is_certain(const struct needle *needle)
{
    return needle->literal.size > 0 && !needle->addresses && !needle->numbers &&
           !may_be_of_number(needle->literal);
}

enum { STRIDE = 64, FOLD = 0x20 };

/* True when one of the 64 places from `at` on may begin what is wanted: the two rare characters in
 * either case, an escape, or a dotted capital I. No branch inside, so that the compiler makes wide
 * registers of it. */
static bool stride_may_hold(const struct needle *needle, const unsigned char *restrict at)
{
    const unsigned char *first = at + needle->rare[0];
    const unsigned char *second = at + needle->rare[1];
    unsigned char wanted_first = (unsigned char)(needle->literal.data[needle->rare[0]] | FOLD);
    unsigned char wanted_second = (unsigned char)(needle->literal.data[needle->rare[1]] | FOLD);
    unsigned char hit = 0;
    for (size_t i = 0; i < STRIDE; i++) {
        unsigned char pair =
            ((first[i] | FOLD) == wanted_first) & ((second[i] | FOLD) == wanted_second);
        unsigned char escape = (at[i] == '\\') & (at[i + 1] == 'u');
        unsigned char dotted = (at[i] == 0xc4) & (at[i + 1] == 0xb0);
        hit |= pair | escape | dotted;
    }
    return hit != 0;
}

size_t needle_next(const struct needle *needle, struct span text, size_t from)
{
    CHECK(needle->literal.size > 0);
    size_t at = from;
    while (at < text.size) {
        size_t end = at + STRIDE;
        if (end + needle->literal.size + 1 <= text.size) {
            if (!stride_may_hold(needle, (const unsigned char *)text.data + at)) {
                at = end;
                continue;
            }
        } else {
            end = text.size;
        }
        for (; at < end; at++) {
            if (begins_at(needle, text, at)) {
                return at;
            }
        }
    }
    return text.size;
}

/* Elements of an array are spelled inside of it: numbers and addresses may be anywhere there. */
static bool may_match_inside(const struct needle *needle, struct span text)
{
    return needle->numbers || all_of(needle->literal, is_address_char) ||
           may_be_of_number(needle->literal) || needle_other_spelling(needle, text) ||
           needle_next(needle, text, 0) < text.size;
}

bool needle_may_match(const struct needle *needle, struct span text, bool is_string)
{
    if (needle->literal.size == 0 || text.size == 0) {
        return true;
    }
    if (!is_string) {
        bool is_list = text.data[0] == '[' || text.data[0] == '{';
        return !is_list || may_match_inside(needle, text);
    }
    return needle_other_spelling(needle, text) || needle_next(needle, text, 0) < text.size;
}
