/* What all rules use. */
#include "query/advice/foreign_internal.h"
#include "query/render/terminal_text.h"

enum { SHOWN_COLUMNS = 60 };

void foreign_show(struct buf *out, struct span text)
{
    (void)terminal_text_add(out, text, SHOWN_COLUMNS);
}

struct span foreign_field(const struct foreign *foreign, size_t i)
{
    bool is_value =
        foreign->tokens[i - 1].kind == LEX_FIELD && foreign->ends[i - 1] == foreign->tokens[i].at;
    return is_value ? foreign->tokens[i - 1].text : (struct span){0};
}

void foreign_show_field(struct buf *out, struct span field)
{
    foreign_show(out, field.size ? field : span_str("field"));
    buf_add_char(out, ':');
}

bool foreign_is(struct span text, const char *word)
{
    return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}
