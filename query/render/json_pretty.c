#include "query/render/json_pretty.h"

#include "query/render/terminal_text.h"
#include "schema/event/json_text.h"

enum { INDENT = 2, INDENT_MAX = 100 };

static void new_line(struct buf *out, size_t depth)
{
    size_t spaces = (depth < INDENT_MAX ? depth : INDENT_MAX) * INDENT;
    buf_add_char(out, '\n');
    for (size_t i = 0; i < spaces; i++) {
        buf_add_char(out, ' ');
    }
}

void json_pretty_add(struct span raw, struct buf *out)
{
    size_t depth = 0;
    for (size_t at = json_text_skip_space(raw, 0); at < raw.size;
         at = json_text_skip_space(raw, at)) {
        char c = raw.data[at];
        if (c == '"') {
            size_t end = json_text_skip_value(raw, at);
            (void)terminal_text_add(out, span_of(raw.data + at, end - at), SIZE_MAX);
            at = end;
            continue;
        }
        size_t next = json_text_skip_space(raw, at + 1);
        bool empty = next < raw.size && (c == '{' || c == '[') &&
                     (raw.data[next] == '}' || raw.data[next] == ']');
        if (empty) {
            buf_add_char(out, c);
            buf_add_char(out, raw.data[next]);
            at = next + 1;
            continue;
        }
        if (c == '}' || c == ']') {
            depth -= depth > 0;
            new_line(out, depth);
        }
        (void)terminal_text_add(out, span_of(&c, 1), SIZE_MAX);
        if (c == ':') {
            buf_add_char(out, ' ');
        } else if (c == '{' || c == '[') {
            new_line(out, ++depth);
        } else if (c == ',') {
            new_line(out, depth);
        }
        at++;
    }
}
