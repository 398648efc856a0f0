#include "query/needle.h"

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

/* Numbers are compared as they are written by schema/event.h, not as they stand in the bytes; and
 * so "true" may not be searched for by its letters alone where a number could have them. */
static bool may_be_number(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!memchr("0123456789.+-einfa", text.data[i], 18)) {
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
            if (i - at > best.size) {
                best = span_of(pattern.data + at, i - at);
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

struct needle needle_of(const struct predicate *predicate)
{
    struct needle needle = {0};
    if (predicate->kind == PREDICATE_SUBSTRING) {
        needle.value = predicate->text;
    } else if (predicate->kind == PREDICATE_GLOB) {
        needle.value = longest_literal(predicate->text);
    }
    if (!all_plain(needle.value) || may_be_number(needle.value)) {
        needle.value.size = 0;
    }
    needle.key = last_key(predicate->field);
    if (!all_plain(needle.key)) {
        needle.key.size = 0;
    }
    return needle;
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

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool same_lower(const char *bytes, struct span wanted)
{
    for (size_t i = 0; i < wanted.size; i++) {
        if (lower(bytes[i]) != wanted.data[i]) {
            return false;
        }
    }
    return true;
}

/* The place in the needle of its character that is rarest in audit events, roughly. */
static size_t rarest(struct span wanted)
{
    static const char common_first[] = "\"e:,atiors_nldcum-p.10g2hfb34v8967y5wk";
    size_t best = 0;
    size_t best_rank = 0;
    for (size_t i = 0; i < wanted.size; i++) {
        const char *at = memchr(common_first, wanted.data[i], sizeof common_first - 1);
        size_t rank = at ? (size_t)(at - common_first) : sizeof common_first;
        if (rank >= best_rank) {
            best = i;
            best_rank = rank;
        }
    }
    return best;
}

/* memchr for the rarest character, in both cases, finds the few places to look at. */
static bool holds_lower(struct span line, struct span wanted)
{
    if (line.size < wanted.size) {
        return false;
    }
    size_t place = rarest(wanted);
    char small = wanted.data[place];
    char capital = small >= 'a' && small <= 'z' ? (char)(small - 32) : small;
    const char *from = line.data + place;
    const char *end = line.data + line.size - (wanted.size - place - 1);
    const char *next_small = memchr(from, small, (size_t)(end - from));
    const char *next_capital =
        capital == small ? NULL : memchr(from, capital, (size_t)(end - from));
    while (next_small || next_capital) {
        bool take_small = next_small && (!next_capital || next_small < next_capital);
        const char *at = take_small ? next_small : next_capital;
        if (same_lower(at - place, wanted)) {
            return true;
        }
        const char *next = memchr(at + 1, *at, (size_t)(end - at - 1));
        *(take_small ? &next_small : &next_capital) = next;
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

bool needle_may_hold(const struct needle *needle, struct span line)
{
    if ((needle->value.size == 0 && needle->key.size == 0) || holds_pair(line, '\\', 'u')) {
        return true;
    }
    if (needle->key.size > 0 && !holds_key(line, needle->key)) {
        return false;
    }
    /* The lower case of a dotted capital I is the ASCII letter. */
    return needle->value.size == 0 || holds_lower(line, needle->value) ||
           holds_pair(line, '\xc4', '\xb0');
}
