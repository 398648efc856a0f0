/* Most lines are turned away by a look for a few bytes. Sound only for characters that JSON writes
 * in one way; escapes (\u) and the dotted capital I, whose lower case is ASCII, always pass. The
 * loop over 64 bytes at a time has no branches, so that the compiler can use wide registers. Pure;
 * any thread. */
#include "query/eval/prefilter.h"

#include "schema/text/ascii.h"

/* Characters that JSON lets stand only as they are, or as \u escapes (looked for apart). */
static bool is_plain(char c)
{
    return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '/';
}

static bool all_plain(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!is_plain(text.data[i]) && text.data[i] != ' ') {
            return false;
        }
    }
    return text.size > 0;
}

/* Numbers are compared as they are written by schema/event/event.h, not as they stand in the bytes;
 * and so "true" may not be searched for by its letters alone where a number could have them. */
static bool can_be_number(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!memchr("0123456789.+-einfa", text.data[i], 18)) {
            return false;
        }
    }
    return true;
}

/* An IPv6 address is written out in its term, and not in the bytes. */
static bool can_be_address(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!memchr("0123456789abcdef:", text.data[i], 17)) {
            return false;
        }
    }
    return true;
}

static struct span longest_literal(struct span pattern)
{
    struct span best = span_of(pattern.data, 0);
    size_t at = 0;
    for (size_t i = 0; i <= pattern.size; i++) {
        if (i == pattern.size || pattern.data[i] == '*') {
            struct span literal = span_of(pattern.data + at, i - at);
            if (literal.size > best.size && !can_be_address(literal)) {
                best = literal;
            }
            at = i + 1;
        }
    }
    return best;
}

static struct span last_key(struct span field)
{
    for (size_t i = field.size; i > 0; i--) {
        if (field.data[i - 1] == '.') {
            return span_from(field, i);
        }
    }
    return field;
}

/* Roughly how rare a character is in audit events. */
static size_t rarity(char c)
{
    static const char common_first[] = "\"e:,atiors_nldcum-p.10g2hfb34v8967y5wk";
    const char *at = memchr(common_first, c, sizeof common_first - 1);
    return at ? (size_t)(at - common_first) : sizeof common_first;
}

static void find_rare(struct prefilter *prefilter)
{
    struct span value = prefilter->value;
    for (size_t i = 1; i < value.size; i++) {
        if (rarity(value.data[i]) > rarity(value.data[prefilter->rare[0]])) {
            prefilter->rare[0] = i;
        }
    }
    prefilter->rare[1] = prefilter->rare[0] == 0 && value.size > 1;
    for (size_t i = 0; i < value.size; i++) {
        if (i != prefilter->rare[0] &&
            rarity(value.data[i]) > rarity(value.data[prefilter->rare[1]])) {
            prefilter->rare[1] = i;
        }
    }
}

struct prefilter prefilter_of(const struct predicate *predicate)
{
    struct prefilter prefilter = {0};
    if (predicate->kind == PREDICATE_SUBSTRING) {
        prefilter.value = predicate->text;
    } else if (predicate->kind == PREDICATE_GLOB) {
        prefilter.value = longest_literal(predicate->text);
    }
    if (!all_plain(prefilter.value) || can_be_number(prefilter.value)) {
        prefilter.value.size = 0;
    }
    find_rare(&prefilter);
    prefilter.key = last_key(predicate->field);
    if (!all_plain(prefilter.key)) {
        prefilter.key.size = 0;
    }
    return prefilter;
}

static bool holds_key(struct span line, struct span key)
{
    while (line.size > key.size) {
        const char *at = memmem(line.data, line.size - 1, key.data, key.size);
        if (!at) {
            return false;
        }
        if (at[key.size] == '"') {
            return true;
        }
        line = span_from(line, (size_t)(at - line.data) + 1);
    }
    return false;
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

/* At once: exact for one line, and of the end of many. */
static bool holds_lower(struct span line, struct span wanted)
{
    for (size_t at = 0; at + wanted.size <= line.size; at++) {
        if (same_lower(line.data + at, wanted)) {
            return true;
        }
    }
    return false;
}

/* True when `first` stands right before `second` somewhere; `first` is rare. */
static bool holds_pair(struct span line, char first, char second)
{
    const char *end = line.data + line.size;
    for (const char *at = line.data; end - at > 1; at++) {
        at = memchr(at, first, (size_t)(end - at - 1));
        if (!at) {
            return false;
        }
        if (at[1] == second) {
            return true;
        }
    }
    return false;
}

bool prefilter_can_match(const struct prefilter *prefilter, struct span line)
{
    if ((prefilter->value.size == 0 && prefilter->key.size == 0) || holds_pair(line, '\\', 'u')) {
        return true;
    }
    if (prefilter->key.size > 0 && !holds_key(line, prefilter->key)) {
        return false;
    }
    /* The lower case of a dotted capital I is the ASCII letter. */
    return prefilter->value.size == 0 || holds_lower(line, prefilter->value) ||
           holds_pair(line, '\xc4', '\xb0');
}

enum { STRIDE = 64, FOLD = 0x20 };

/* True when one of the 64 places from `at` on may begin what is wanted: the two rare characters in
 * either case, an escape, or a dotted capital I. No branch inside, so that the compiler makes wide
 * registers of it. */
static bool stride_may_hold(const struct prefilter *prefilter, const unsigned char *restrict at)
{
    const unsigned char *first = at + prefilter->rare[0];
    const unsigned char *second = at + prefilter->rare[1];
    unsigned char wanted_first = (unsigned char)(prefilter->value.data[prefilter->rare[0]] | FOLD);
    unsigned char wanted_second = (unsigned char)(prefilter->value.data[prefilter->rare[1]] | FOLD);
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

static bool begins_at(const struct prefilter *prefilter, struct span text, size_t at)
{
    const char *byte = text.data + at;
    size_t left = text.size - at;
    return (left >= prefilter->value.size && same_lower(byte, prefilter->value)) ||
           (left >= 2 &&
            ((byte[0] == '\\' && byte[1] == 'u') || (byte[0] == '\xc4' && byte[1] == '\xb0')));
}

size_t prefilter_next(const struct prefilter *prefilter, struct span text, size_t from)
{
    CHECK(prefilter->value.size > 0);
    size_t at = from;
    while (at < text.size) {
        size_t end = at + STRIDE;
        if (end + prefilter->value.size + 1 <= text.size) {
            if (!stride_may_hold(prefilter, (const unsigned char *)text.data + at)) {
                at = end;
                continue;
            }
        } else {
            end = text.size;
        }
        for (; at < end; at++) {
            if (begins_at(prefilter, text, at)) {
                return at;
            }
        }
    }
    return text.size;
}
