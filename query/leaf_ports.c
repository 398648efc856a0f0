/* Columns of endpoints: the dictionary has the address, the port stands beside it, and the event's
 * value is both. What the address satisfies, the whole does too (its terms are among the whole's),
 * except a comparison with a text; what only the whole can satisfy is asked of each event's. */
#include <stdio.h>

#include "query/leaf.h"
#include "query/match.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool all_digits(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!is_digit(text.data[i])) {
            return false;
        }
    }
    return text.size > 0;
}

/* What overlaps the port lies within it, or goes over the colon. */
static bool may_reach_port(struct span text)
{
    return all_digits(text) || memchr(text.data, ':', text.size) != NULL;
}

static bool glob_may_be_endpoint(struct span pattern)
{
    char first = pattern.data[0];
    char last = pattern.data[pattern.size - 1];
    return (first == '*' || first == '[' || is_digit(first)) && (last == '*' || is_digit(last));
}

bool leaf_port_possible(const struct predicate *predicate)
{
    switch (predicate->kind) {
    case PREDICATE_TERM:
    case PREDICATE_PREFIX:
    case PREDICATE_SUBSTRING:
        return predicate->text.size > 0 && may_reach_port(predicate->text);
    case PREDICATE_PHRASE: /* of an address and a port: two words */
        return predicate->n_words == 2 && all_digits(predicate->words[1]);
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
    if (predicate->kind != PREDICATE_TERM || text.size > 5 || !all_digits(text) ||
        text.data[0] == '0') {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        port = port * 10 + (uint32_t)(text.data[i] - '0');
    }
    *out_port = port <= UINT16_MAX ? (uint16_t)port : 0;
    return true;
}

/* The events of `slots`, all of the same entry, whose whole value satisfies the predicate. */
static enum status match_whole(const struct leaf *leaf, const struct column *column, uint32_t entry,
                               const struct bitmap *open, struct bitmap *map, struct err *err)
{
    uint32_t field;
    struct span address;
    enum status status = segment_value(
        leaf->segment, column->entry_values[column->entry_start[entry - 1]], &field, &address, err);
    if (status != OK || field >= segment_field_count(leaf->segment)) {
        return status;
    }
    struct span path = span_str(segment_field_name(leaf->segment, field));
    char text[SEGMENT_VALUE_BYTES_MAX + 8];
    if (address.size > SEGMENT_VALUE_BYTES_MAX) {
        return err_set(err, ERR_CORRUPT, "an address of %zu bytes", address.size);
    }
    memcpy(text, address.data, address.size);
    BITMAP_EACH(open, slot)
    {
        if (column->index[slot] == entry && column->ports[slot]) {
            int n = snprintf(text + address.size, 8, ":%u", column->ports[slot]);
            if (match_value(leaf->predicate, path, span_of(text, address.size + (size_t)n))) {
                bitmap_set(map, slot);
            }
        }
    }
    return OK;
}

enum status leaf_take_ports(const struct leaf *leaf, const struct column *column,
                            const struct bitmap *open, struct bitmap *map, struct err *err)
{
    uint16_t port;
    if (is_port_number(leaf->predicate, &port)) {
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
        enum status status = match_whole(leaf, column, entry, open, map, err);
        if (status != OK) {
            return status;
        }
    }
    return OK;
}
