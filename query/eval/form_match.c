#include "query/eval/form_match.h"

#include <math.h>

#include "query/language/match.h"
#include "schema/text/ascii.h"

/* Integers from here on are written otherwise by event.h. */
#define EXACT_BELOW 9007199254740992.0

enum { UUID_CHARS = 36 };

/* The characters of a form's spellings, in lower case. */
static const char *characters_of(enum value_form_kind kind)
{
    static const char *const characters[] = {
        [VALUE_FORM_NONE] = "",
        [VALUE_FORM_INTEGER] = "0123456789-",
        [VALUE_FORM_DIGITS] = "0123456789-",
        [VALUE_FORM_UUID] = "0123456789abcdef-",
        [VALUE_FORM_TIME] = "0123456789-:.tz",
        [VALUE_FORM_IPV4] = "0123456789.",
        [VALUE_FORM_ENDPOINT] = "0123456789.:",
    };
    return characters[kind];
}

static size_t count_of(struct span text, char c)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        count += text.data[i] == c;
    }
    return count;
}

/* No spelling has more of these than so many. */
static bool has_few_marks(enum value_form_kind kind, struct span literal)
{
    static const struct {
        size_t dashes;
        size_t colons;
        size_t dots;
        size_t letters; /* t and z */
    } most[] = {
        [VALUE_FORM_NONE] = {0, 0, 0, 0},     [VALUE_FORM_INTEGER] = {1, 0, 0, 0},
        [VALUE_FORM_DIGITS] = {1, 0, 0, 0},   [VALUE_FORM_UUID] = {4, 0, 0, 0},
        [VALUE_FORM_TIME] = {2, 2, 1, 2},     [VALUE_FORM_IPV4] = {0, 0, 3, 0},
        [VALUE_FORM_ENDPOINT] = {0, 1, 3, 0},
    };
    return count_of(literal, '-') <= most[kind].dashes &&
           count_of(literal, ':') <= most[kind].colons &&
           count_of(literal, '.') <= most[kind].dots &&
           count_of(literal, 't') + count_of(literal, 'z') <= most[kind].letters;
}

static bool can_have(enum value_form_kind kind, struct span literal)
{
    const char *characters = characters_of(kind);
    for (size_t i = 0; i < literal.size; i++) {
        if (!strchr(characters, literal.data[i])) {
            return false;
        }
    }
    return has_few_marks(kind, literal);
}

static bool is_numeric_bound(const struct bound *bound)
{
    return bound->kind == BOUND_NONE || bound->kind == BOUND_NUMBER;
}

static bool is_time_bound(const struct bound *bound)
{
    return bound->kind == BOUND_NONE || bound->kind == BOUND_TIME;
}

static enum form_match_way way_of_range(const struct predicate *predicate,
                                        enum value_form_kind kind)
{
    bool numeric = is_numeric_bound(&predicate->low) && is_numeric_bound(&predicate->high);
    bool times = is_time_bound(&predicate->low) && is_time_bound(&predicate->high);
    if (numeric && kind == VALUE_FORM_INTEGER) {
        return FORM_MATCH_NUMBERS;
    }
    if (times && kind == VALUE_FORM_TIME) {
        return FORM_MATCH_NUMBERS;
    }
    return FORM_MATCH_SPELLED;
}

/* A word of a UUID is one of its groups, or all of it. */
static bool is_uuid_word(struct span text)
{
    return text.size == 4 || text.size == 8 || text.size == 12 || text.size == UUID_CHARS;
}

static enum form_match_way way_of_term(const struct predicate *predicate,
                                       const struct needle *needle, enum value_form_kind kind)
{
    bool has_bytes = can_have(kind, needle->literal);
    if (kind == VALUE_FORM_INTEGER || kind == VALUE_FORM_DIGITS) {
        return has_bytes || predicate->is_number ? FORM_MATCH_NUMBERS : FORM_MATCH_NONE;
    }
    if (kind == VALUE_FORM_UUID) {
        return has_bytes && is_uuid_word(predicate->text) ? FORM_MATCH_NUMBERS : FORM_MATCH_NONE;
    }
    return has_bytes ? FORM_MATCH_SPELLED : FORM_MATCH_NONE;
}

enum form_match_way form_match_way(const struct predicate *predicate, const struct needle *needle,
                                   enum value_form_kind form)
{
    switch (predicate->kind) {
    case PREDICATE_EXISTS:
        return FORM_MATCH_ALL;
    case PREDICATE_RANGE:
        return way_of_range(predicate, form);
    case PREDICATE_TERM:
        return way_of_term(predicate, needle, form);
    case PREDICATE_SUBSTRING:
        if (!can_have(form, predicate->text)) {
            return FORM_MATCH_NONE; /* it has no escapes */
        }
        return form == VALUE_FORM_UUID || form == VALUE_FORM_IPV4 || form == VALUE_FORM_ENDPOINT
                   ? FORM_MATCH_NUMBERS
                   : FORM_MATCH_SPELLED;
    case PREDICATE_PREFIX:
    case PREDICATE_GLOB:
    case PREDICATE_PHRASE:
        return can_have(form, needle->literal) ? FORM_MATCH_SPELLED : FORM_MATCH_NONE;
    case PREDICATE_ADDRESS:
        return form == VALUE_FORM_IPV4 || form == VALUE_FORM_ENDPOINT ? FORM_MATCH_SPELLED
                                                                      : FORM_MATCH_NONE;
    case PREDICATE_SEVERITY:
    case PREDICATE_UID:
        return FORM_MATCH_SPELLED;
    case PREDICATE_ALL:
    case PREDICATE_OBSERVABLE:
    case PREDICATE_TIME:
        break;
    }
    return FORM_MATCH_NONE;
}

bool form_match_any(const struct predicate *predicate, const struct needle *needle)
{
    for (int kind = VALUE_FORM_NONE + 1; kind <= VALUE_FORM_ENDPOINT; kind++) {
        if (form_match_way(predicate, needle, (enum value_form_kind)kind) != FORM_MATCH_NONE) {
            return true;
        }
    }
    return false;
}

/* What a word of digits asks of an integer: to be this one, or -1 times it, for a word has no sign
 * in front; or the number that was typed. */
static void match_integers(const struct predicate *predicate, const uint64_t *numbers, size_t count,
                           uint8_t *out_hits)
{
    uint64_t word = 0;
    struct span text = predicate->text;
    bool is_word = text.size > 0 && text.size <= 18 && ascii_all_digits(text) &&
                   (text.data[0] != '0' || text.size == 1);
    for (size_t i = 0; is_word && i < text.size; i++) {
        word = word * 10 + (uint64_t)(text.data[i] - '0');
    }
    for (size_t i = 0; i < count; i++) {
        out_hits[i] = is_word & ((numbers[i] == word) | (numbers[i] == UINT64_C(0) - word));
    }
    bool is_exact = fabs(predicate->number) < EXACT_BELOW; /* text of more digits is no number */
    for (size_t i = 0; predicate->is_number && is_exact && i < count; i++) {
        out_hits[i] |= (double)(int64_t)numbers[i] == predicate->number;
    }
}

/* False: it has something else than digits, as letters of several bytes are. */
static bool read_hex(struct span text, uint64_t *out_number)
{
    *out_number = 0;
    for (size_t i = 0; i < text.size; i++) {
        int digit = ascii_hex_digit(text.data[i]);
        if (digit < 0) {
            return false;
        }
        *out_number = *out_number << 4 | (uint64_t)digit;
    }
    return true;
}

static void match_uuids(struct span text, const uint64_t *numbers, const uint64_t *seconds,
                        size_t count, uint8_t *out_hits)
{
    uint64_t mask_12 = (UINT64_C(1) << 48) - 1;
    if (text.size == UUID_CHARS) {
        struct value_form_bits bits;
        char quoted[VALUE_FORM_SPELLING_MAX];
        quoted[0] = quoted[37] = '"';
        memcpy(quoted + 1, text.data, 36);
        bool is =
            value_form_read((struct value_form){VALUE_FORM_UUID, 0}, span_of(quoted, 38), &bits);
        for (size_t i = 0; i < count; i++) {
            out_hits[i] = is && numbers[i] == bits.number && seconds[i] == bits.second;
        }
        return;
    }
    uint64_t word;
    bool is_hex = read_hex(text, &word);
    for (size_t i = 0; i < count; i++) {
        bool is = false;
        if (text.size == 8) {
            is = numbers[i] >> 32 == word;
        } else if (text.size == 12) {
            is = (seconds[i] & mask_12) == word;
        } else {
            is = (numbers[i] >> 16 & 0xffff) == word || (numbers[i] & 0xffff) == word ||
                 seconds[i] >> 48 == word;
        }
        out_hits[i] = is_hex && is;
    }
}

static bool is_in_time(const struct bound *bound, int64_t time_us, bool low)
{
    if (bound->kind == BOUND_NONE || (bound->inclusive && time_us == bound->time_us)) {
        return true;
    }
    return low ? time_us > bound->time_us : time_us < bound->time_us;
}

static void match_range(const struct predicate *predicate, enum value_form_kind kind,
                        const uint64_t *numbers, size_t count, uint8_t *out_hits)
{
    for (size_t i = 0; i < count; i++) {
        int64_t number = (int64_t)numbers[i];
        if (kind == VALUE_FORM_INTEGER) {
            out_hits[i] = match_integer(predicate, number);
            continue;
        }
        int64_t time_us = number / 1000 - (number % 1000 < 0);
        out_hits[i] = is_in_time(&predicate->low, time_us, true) &&
                      is_in_time(&predicate->high, time_us, false);
    }
}

void form_match_numbers(const struct predicate *predicate, const struct form_parts *parts,
                        struct value_form form, const uint64_t *numbers, const uint64_t *seconds,
                        size_t count, uint8_t *out_hits)
{
    if (predicate->kind == PREDICATE_RANGE) {
        match_range(predicate, form.kind, numbers, count, out_hits);
    } else if (predicate->kind == PREDICATE_SUBSTRING) {
        form_parts_match(parts, form.kind, numbers, seconds, count, out_hits);
    } else if (form.kind == VALUE_FORM_UUID) {
        match_uuids(predicate->text, numbers, seconds, count, out_hits);
    } else {
        match_integers(predicate, numbers, count, out_hits);
    }
}
