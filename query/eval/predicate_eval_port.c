/* Columns of endpoints: the dictionary has the address, the port stands beside it, and the event's
 * value is both. What the address satisfies, the whole does too (its terms are among the whole's),
 * except a comparison with a text and a pattern of the value as a whole; what only the whole can
 * satisfy is asked of each event's. */
#include <stdio.h>

#include "query/eval/predicate_eval.h"
#include "query/language/match.h"
#include "schema/block/bitmap.h"
#include "schema/text/ascii.h"

enum { PORT_DIGITS = 5 };

/* How much of the text is in front of the digits that it ends with. */
static size_t before_digits(struct span text)
{
    size_t at = text.size;
    while (at > 0 && ascii_is_digit(text.data[at - 1])) {
        at--;
    }
    return at;
}

/* What overlaps the port lies within it, or goes over the colon and ends there or within it. */
static bool can_reach_port(struct span text)
{
    size_t at = before_digits(text);
    return text.size - at <= PORT_DIGITS && (at == 0 || text.data[at - 1] == ':');
}

/* The terms that have the port are the port, and of 10.0.0.1:22 the whole; of [::1]:22 nothing
 * more, for the bracket divides. */
static bool term_may_reach_port(struct span text)
{
    const char *colon = memchr(text.data, ':', text.size);
    return can_reach_port(text) && ascii_is_digit(text.data[0]) &&
           (!colon || colon == text.data + before_digits(text) - 1);
}

/* Port, endpoint and chunk all end with the port: digits, and before them a colon or nothing. */
static bool glob_may_be_endpoint(struct span pattern)
{
    char first = pattern.data[0];
    size_t at = before_digits(pattern);
    bool ends = at == 0 || pattern.data[at - 1] == '*' ||
                (pattern.data[at - 1] == ':' && at < pattern.size);
    return ends && (first == '*' || first == '[' || ascii_is_digit(first));
}

/* The port is the last of an endpoint's words. */
static bool phrase_may_reach_port(const struct predicate *predicate)
{
    struct span last = predicate->words[predicate->n_words - 1];
    return last.size <= PORT_DIGITS && ascii_all_digits(last);
}

bool predicate_eval_any_port(const struct predicate *predicate, struct span address)
{
    return predicate->kind == PREDICATE_GLOB ? match_glob_term(predicate, address)
                                             : predicate->kind != PREDICATE_RANGE;
}

bool predicate_eval_port_possible(const struct predicate *predicate)
{
    switch (predicate->kind) {
    case PREDICATE_TERM:
    case PREDICATE_PREFIX:
        return predicate->text.size > 0 && term_may_reach_port(predicate->text);
    case PREDICATE_SUBSTRING:
        return predicate->text.size > 0 && can_reach_port(predicate->text);
    case PREDICATE_PHRASE:
        return predicate->n_words > 1 && phrase_may_reach_port(predicate);
    case PREDICATE_GLOB:
        return predicate->text.size > 0 && glob_may_be_endpoint(predicate->text);
    case PREDICATE_RANGE: /* an endpoint is neither a number nor a time */
        return predicate->low.kind == BOUND_TEXT || predicate->high.kind == BOUND_TEXT;
    case PREDICATE_ALL:
    case PREDICATE_EXISTS:
    case PREDICATE_OBSERVABLE:
    case PREDICATE_SEVERITY:
    case PREDICATE_TIME:
    case PREDICATE_UID:
        break;
    }
    return false;
}

/* A word of digits alone can only be the port, and is so by its number. */
static bool is_port_number(const struct predicate *predicate, uint16_t *out_port)
{
    struct span text = predicate->text;
    uint32_t port = 0;
    if (predicate->kind != PREDICATE_TERM || text.size > PORT_DIGITS || !ascii_all_digits(text) ||
        text.data[0] == '0') {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        port = port * 10 + (uint32_t)(text.data[i] - '0');
    }
    *out_port = port <= UINT16_MAX ? (uint16_t)port : 0;
    return true;
}

/* False: no port makes an endpoint of this address satisfy it. Of a phrase all words but the last
 * must be the address's. */
static bool address_may_match(const struct predicate *predicate, struct span path,
                              struct span address)
{
    if (predicate->kind != PREDICATE_PHRASE) {
        return true;
    }
    struct predicate before = *predicate;
    before.n_words--;
    before.last_is_prefix = false;
    return match_value(&before, path, address);
}

/* The open events, all of the same entry, whose whole value satisfies the predicate. */
static enum status match_whole(const struct predicate_eval *eval, const struct column *column,
                               uint32_t entry, const struct bitmap *open, struct bitmap *map,
                               struct err *err)
{
    uint32_t field;
    struct span address;
    enum status status = segment_value(
        eval->segment, column->entry_values[column->entry_start[entry - 1]], &field, &address, err);
    if (status != OK || field >= segment_field_count(eval->segment)) {
        return status;
    }
    struct span path = span_str(segment_field_name(eval->segment, field));
    char text[SEGMENT_VALUE_BYTES_MAX + 8];
    if (address.size > SEGMENT_VALUE_BYTES_MAX) {
        return err_set(err, ERR_CORRUPT, "an address of %zu bytes", address.size);
    }
    if (!address_may_match(eval->predicate, path, address)) {
        return OK;
    }
    memcpy(text, address.data, address.size);
    BITMAP_EACH(open, slot)
    {
        if (column->index[slot] == entry && column->ports[slot]) {
            int n = snprintf(text + address.size, 8, ":%u", column->ports[slot]);
            if (match_value(eval->predicate, path, span_of(text, address.size + (size_t)n))) {
                bitmap_set(map, slot);
            }
        }
    }
    return OK;
}

enum status predicate_eval_add_ports(const struct predicate_eval *eval, const struct column *column,
                                     const struct bitmap *open, struct bitmap *map, struct err *err)
{
    uint16_t port;
    if (is_port_number(eval->predicate, &port)) {
        BITMAP_EACH(open, slot)
        {
            if (port != 0 && column->index[slot] && column->ports[slot] == port) {
                bitmap_set(map, slot);
            }
        }
        return OK;
    }
    bool asked[BLOCK_EVENTS_MAX + 1] = {false};
    BITMAP_EACH(open, slot)
    {
        uint32_t entry = column->index[slot];
        if (entry == 0 || column->ports[slot] == 0 || asked[entry]) {
            continue;
        }
        asked[entry] = true;
        enum status status = match_whole(eval, column, entry, open, map, err);
        if (status != OK) {
            return status;
        }
    }
    return OK;
}
