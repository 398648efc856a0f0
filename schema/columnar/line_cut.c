#include "schema/columnar/line_cut.h"

#include "schema/text/json_plain.h"

/* What a byte is outside of strings. */
enum byte_class { OTHER, BLANK, BARE };

static const uint8_t byte_classes[256] = {
    [' '] = BLANK, ['\t'] = BLANK, ['\n'] = BLANK, ['\r'] = BLANK, ['+'] = BARE, ['-'] = BARE,
    ['.'] = BARE,  ['0'] = BARE,   ['1'] = BARE,   ['2'] = BARE,   ['3'] = BARE, ['4'] = BARE,
    ['5'] = BARE,  ['6'] = BARE,   ['7'] = BARE,   ['8'] = BARE,   ['9'] = BARE, ['A'] = BARE,
    ['B'] = BARE,  ['C'] = BARE,   ['D'] = BARE,   ['E'] = BARE,   ['F'] = BARE, ['G'] = BARE,
    ['H'] = BARE,  ['I'] = BARE,   ['J'] = BARE,   ['K'] = BARE,   ['L'] = BARE, ['M'] = BARE,
    ['N'] = BARE,  ['O'] = BARE,   ['P'] = BARE,   ['Q'] = BARE,   ['R'] = BARE, ['S'] = BARE,
    ['T'] = BARE,  ['U'] = BARE,   ['V'] = BARE,   ['W'] = BARE,   ['X'] = BARE, ['Y'] = BARE,
    ['Z'] = BARE,  ['a'] = BARE,   ['b'] = BARE,   ['c'] = BARE,   ['d'] = BARE, ['e'] = BARE,
    ['f'] = BARE,  ['g'] = BARE,   ['h'] = BARE,   ['i'] = BARE,   ['j'] = BARE, ['k'] = BARE,
    ['l'] = BARE,  ['m'] = BARE,   ['n'] = BARE,   ['o'] = BARE,   ['p'] = BARE, ['q'] = BARE,
    ['r'] = BARE,  ['s'] = BARE,   ['t'] = BARE,   ['u'] = BARE,   ['v'] = BARE, ['w'] = BARE,
    ['x'] = BARE,  ['y'] = BARE,   ['z'] = BARE};

static uint8_t class_at(struct span line, size_t at)
{
    return at < line.size ? byte_classes[(uint8_t)line.data[at]] : (uint8_t)OTHER;
}

static bool byte_is(struct span line, size_t at, char c)
{
    return at < line.size && line.data[at] == c;
}

static size_t skip(struct span line, size_t at, enum byte_class class)
{
    while (class_at(line, at) == class) {
        at++;
    }
    return at;
}

size_t line_cut_string_end(struct span line, size_t at)
{
    at++;
    while ((at = json_plain_end(line, at)) < line.size) {
        uint8_t c = (uint8_t)line.data[at];
        if (c == '"') {
            return at + 1;
        }
        if (c < 0x20) {
            return 0;
        }
        at += c == '\\' && at + 1 < line.size && (uint8_t)line.data[at + 1] >= 0x20 ? 2 : 1;
    }
    return 0;
}

/* The place behind the array or object that begins at line[at]; 0 when its brackets do not close.
 * What is between them is not looked at but for strings. */
static size_t brackets_end(struct span line, size_t at)
{
    size_t open = 0;
    while (at < line.size) {
        char c = line.data[at];
        if (c == '"') {
            at = line_cut_string_end(line, at);
            if (at == 0) {
                return 0;
            }
            continue;
        }
        if ((uint8_t)c < 0x20 && class_at(line, at) != BLANK) {
            return 0;
        }
        open += c == '[' || c == '{';
        open -= c == ']' || c == '}';
        at++;
        if (open == 0) {
            return at;
        }
    }
    return 0;
}

static size_t value_end(struct span line, size_t at)
{
    if (byte_is(line, at, '"')) {
        return line_cut_string_end(line, at);
    }
    if (byte_is(line, at, '[') || byte_is(line, at, '{')) {
        return brackets_end(line, at);
    }
    size_t end = skip(line, at, BARE);
    return end == at ? 0 : end;
}

/* The line up to `end` belongs to the shape, from where the last value ended. */
static bool add_shape(struct line_cut *out, struct span line, size_t begin, size_t end)
{
    if (out->shape_size + (end - begin) + 1 > sizeof out->shape) {
        return false;
    }
    memcpy(out->shape + out->shape_size, line.data + begin, end - begin);
    out->shape_size += end - begin;
    return true;
}

/* A key, its colon and the blanks around them; 0 when they are not there. */
static size_t key_end(struct span line, size_t at)
{
    if (!byte_is(line, at, '"')) {
        return 0;
    }
    at = line_cut_string_end(line, at);
    if (at == 0) {
        return 0;
    }
    at = skip(line, at, BLANK);
    return byte_is(line, at, ':') ? skip(line, at + 1, BLANK) : 0;
}

/* Closes objects behind a value and finds the next key; *depth is 0 behind the line's own. 0: this
 * is no object. */
static size_t next_key(struct span line, size_t at, int *depth)
{
    at = skip(line, at, BLANK);
    while (*depth > 0 && byte_is(line, at, '}')) {
        --*depth;
        at = skip(line, at + 1, BLANK);
    }
    if (*depth == 0) {
        return at;
    }
    return byte_is(line, at, ',') ? skip(line, at + 1, BLANK) : 0;
}

bool line_cut(struct span line, int depth_max, struct line_cut *out)
{
    out->shape_size = 0;
    out->n_values = 0;
    size_t copied = 0; /* of the line, into the shape or as a value */
    size_t at = skip(line, 0, BLANK);
    int depth = 0;
    if (line.size > LINE_CUT_BYTES_MAX || !byte_is(line, at, '{')) {
        return false;
    }
    do {
        bool is_object = byte_is(line, at, '{') && depth < depth_max;
        if (is_object) {
            depth++;
            at = skip(line, at + 1, BLANK);
        } else {
            size_t end = value_end(line, at);
            if (end == 0 || out->n_values == LINE_CUT_VALUES_MAX ||
                !add_shape(out, line, copied, at)) {
                return false;
            }
            out->shape[out->shape_size++] = LINE_CUT_HOLE;
            out->values[out->n_values++] = span_of(line.data + at, end - at);
            at = copied = end;
        }
        if (!is_object || byte_is(line, at, '}')) {
            at = next_key(line, at, &depth);
        }
        if (at > 0 && depth > 0) {
            at = key_end(line, at);
        }
    } while (at > 0 && depth > 0);
    return at == line.size && at > 0 && add_shape(out, line, copied, at);
}
