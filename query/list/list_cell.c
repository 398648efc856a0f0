/* Cells: values whose column, key or type says more or less what they are. */
#include "query/ioc/indicator_parse.h"
#include "query/list/list_internal.h"

/* All words are plainly indicators: then the cell holds these, whatever the type says. */
static bool is_all_plain(struct list_reader *reader, struct span text)
{
    struct list_word word;
    struct indicator indicator;
    bool any = false;
    for (size_t at = 0; list_word_next(text, &at, &word);) {
        if (indicator_parse(word.text, &reader->normal, &indicator) || !list_is_sure(&indicator) ||
            indicator.kind == OBSERVABLE_DOMAIN) {
            return false;
        }
        any = true;
    }
    return any;
}

static enum status take_words(struct list_reader *reader, int64_t line, struct span text,
                              enum observable_kind kind, const char *why)
{
    int64_t taken = 0;
    int64_t refused = reader->report->refused;
    enum status status = list_take_words(reader, line, text, kind, false, &taken);
    if (status == OK && taken == 0 && reader->report->refused == refused) {
        list_refuse(reader, line, text, why ? why : "no indicator in it");
    }
    return status;
}

/* A value of a kind that its shape must bear out: else what it plainly is instead. */
static enum status take_shaped(struct list_reader *reader, int64_t line, struct span text,
                               enum observable_kind kind)
{
    struct indicator indicator;
    struct span first;
    struct span last;
    unsigned has = text_has(text);
    if (list_may_be_range(has) && list_is_range(text, &first, &last)) {
        return list_take_range(reader, line, text, first, last);
    }
    if (kind == OBSERVABLE_URL && !memchr(text.data, '/', text.size)) {
        kind = OBSERVABLE_KINDS; /* a host without a path */
    }
    const char *why = kind == OBSERVABLE_KINDS
                          ? indicator_parse_known(text, has, &reader->normal, &indicator)
                          : indicator_parse_as(text, kind, &reader->normal, &indicator);
    if (!why && (kind != OBSERVABLE_KINDS || list_is_sure(&indicator))) {
        return list_take(reader, line, text, NULL, &indicator);
    }
    return take_words(reader, line, text, kind, why);
}

/* A value that its column says to be an indicator, and nothing of which kind. */
static enum status take_any(struct list_reader *reader, int64_t line, struct span text)
{
    struct indicator indicator;
    struct span first;
    struct span last;
    unsigned has = text_has(text);
    if (list_may_be_range(has) && list_is_range(text, &first, &last)) {
        return list_take_range(reader, line, text, first, last);
    }
    const char *why = indicator_parse_known(text, has, &reader->normal, &indicator);
    return why ? take_words(reader, line, text, OBSERVABLE_KINDS, why)
               : list_take(reader, line, text, NULL, &indicator);
}

static enum status take_of_kind(struct list_reader *reader, int64_t line, struct span text,
                                enum observable_kind kind)
{
    if (list_is_as_it_stands(kind)) {
        return is_all_plain(reader, text) && kind == OBSERVABLE_FILE
                   ? take_words(reader, line, text, kind, NULL)
                   : list_take_value(reader, line, text, kind);
    }
    return take_shaped(reader, line, text, kind);
}

enum status list_take_cell(struct list_reader *reader, int64_t line, struct span text,
                           enum observable_kind kind, struct span type)
{
    struct list_name name = {.kind = OBSERVABLE_KINDS};
    text = list_trim(text);
    type = list_trim(type);
    if (list_is_placeholder(text)) {
        return OK;
    }
    if (text.data[0] == '[' && memchr(text.data, '=', text.size) &&
        memchr(text.data, '\'', text.size)) {
        return list_take_pattern(reader, line, text);
    }
    if (kind != OBSERVABLE_KINDS) {
        return take_of_kind(reader, line, text, kind);
    }
    if (type.size > 0) {
        name = list_known_name(reader, type);
    }
    if (name.role == LIST_ROLE_NONE || name.role == LIST_ROLE_REFERENCE ||
        name.role == LIST_ROLE_ABOUT) {
        list_refuse(reader, line, text, list_no_type);
        return OK;
    }
    if (name.role == LIST_ROLE_KIND && memchr(text.data, '|', text.size)) {
        return list_take_typed(reader, line, type, name.kind, text);
    }
    return name.role == LIST_ROLE_KIND && name.kind != OBSERVABLE_KINDS
               ? take_of_kind(reader, line, text, name.kind)
           : type.size > 0 ? take_shaped(reader, line, text, OBSERVABLE_KINDS)
                           : take_any(reader, line, text);
}
