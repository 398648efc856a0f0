#include "tools/stele/replay/form/json_one_line.h"

#include "schema/base/utf8.h"

/* Where a walk over the bytes is. */
struct json_state {
    bool string;  /* between quotes */
    bool escaped; /* behind a backslash */
};

static void step(struct json_state *at, char c)
{
    if (at->escaped) {
        at->escaped = false;
    } else if (at->string && c == '\\') {
        at->escaped = true;
    } else if (c == '"') {
        at->string = !at->string;
    }
}

void json_one_line_add(struct span raw, struct buf *out)
{
    struct json_state at = {0};
    for (struct span line; span_next_line(&raw, &line);) {
        for (size_t i = 0; i < line.size; i++) {
            step(&at, line.data[i]);
        }
        buf_add_span(out, line);
        buf_add_str(out, !at.string ? " " : at.escaped ? "n" : "\\n");
        at.escaped = false;
    }
    buf_add_span(out, raw);
}

/* Bytes from the start of text that can be copied as they are. */
static size_t plain_bytes(struct span text, struct json_state *at)
{
    size_t i = 0;
    while (i < text.size && (unsigned char)text.data[i] >= ' ') {
        if ((unsigned char)text.data[i] < 0x80) {
            step(at, text.data[i]);
            i++;
            continue;
        }
        uint32_t point;
        size_t n = utf8_decode(span_from(text, i), &point);
        if (n == 0) {
            break;
        }
        at->escaped = false;
        i += n;
    }
    return i;
}

void json_one_line_strict(struct span raw, struct buf *out)
{
    struct json_state at = {0};
    struct span rest = raw;
    while (rest.size > 0) {
        size_t plain = plain_bytes(rest, &at);
        buf_add(out, rest.data, plain);
        rest = span_from(rest, plain);
        if (rest.size == 0) {
            break;
        }
        unsigned char c = (unsigned char)rest.data[0];
        if (!at.string) {
            buf_add_char(out, c < ' ' ? ' ' : '?');
        } else {
            /* a backslash that stands in front is one by itself then */
            buf_printf(out, "%s\\u%04x", at.escaped ? "\\" : "", c < ' ' ? c : 0xfffdu);
        }
        at.escaped = false;
        rest = span_from(rest, 1);
    }
}
