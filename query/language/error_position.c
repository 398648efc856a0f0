#include "query/language/error_position.h"

#include "schema/base/utf8.h"

size_t error_position_character(struct span text, size_t at)
{
    size_t character = 1;
    for (size_t i = 0; i < at && i < text.size; character++) {
        uint32_t point;
        size_t n = utf8_decode(span_from(text, i), &point);
        i += n ? n : 1;
    }
    return character;
}

void error_position_mark(struct span text, size_t character, struct buf *out)
{
    struct buf caret = BUF_INIT;
    buf_add_str(out, "  ");
    buf_add_str(&caret, "  ");
    size_t seen = 0;
    for (size_t i = 0; i < text.size;) {
        uint32_t point = 0;
        size_t n = utf8_decode(span_from(text, i), &point);
        n = n ? n : 1;
        if (point < 0x20 || point == 0x7f || (point >= 0x80 && point < 0xa0)) {
            buf_add_char(out, ' ');
        } else {
            buf_add(out, text.data + i, n);
        }
        if (++seen < character) {
            buf_add_char(&caret, ' ');
        }
        i += n;
    }
    buf_add_char(out, '\n');
    buf_add_span(out, buf_span(&caret));
    buf_add_str(out, "^\n");
    buf_fini(&caret);
}
