/* A line of text as a person reads it: a heading, a remark, a value with or without a label. */
#include "query/ioc/indicator_parse.h"
#include "query/list/list_internal.h"
#include "schema/text/ascii.h"
#include "schema/text/refang.h"

enum {
    HEADING_WORDS_MAX = 8,
    HEADING_WORD_BYTES_MAX = 31,
    HEADING_BYTES_MAX = 80,
    LABEL_BYTES_MAX = 48
};

static const char no_indicator[] = "no indicator in this line";

static bool is_remark(struct span line)
{
    return line.data[0] == '#' || line.data[0] == ';' || span_starts(line, "//") ||
           span_starts(line, "<!--");
}

/* Without what follows a # behind a blank (a URL may hold one). */
static struct span without_remark(struct span line)
{
    for (size_t at = 1; at < line.size; at++) {
        const char *mark = memchr(line.data + at, '#', line.size - at);
        if (!mark) {
            break;
        }
        at = (size_t)(mark - line.data);
        if (line.data[at - 1] == ' ' || line.data[at - 1] == '\t') {
            line.size = at;
        }
    }
    return line;
}

/* "- ", "* ", "1. ", "2) " in front. */
static struct span without_bullet(struct span line)
{
    size_t digits = 0;
    while (digits < line.size && ascii_is_digit(line.data[digits])) {
        digits++;
    }
    size_t mark =
        digits > 0 && digits <= 3 && digits < line.size && memchr(".)", line.data[digits], 2)
            ? digits + 1
        : digits == 0 && memchr("-*+>", line.data[0], 4) ? 1
                                                         : 0;
    bool is = mark > 0 && mark < line.size && (line.data[mark] == ' ' || line.data[mark] == '\t');
    return is ? list_trim(span_from(line, mark)) : line;
}

/* "LABEL: value" and "LABEL - value": cuts the label off. */
static struct list_name cut_label(struct list_reader *reader, struct span *line)
{
    const unsigned of_labels = TEXT_HAS_DIGIT | TEXT_HAS_HEX | TEXT_HAS_LETTER | TEXT_HAS_BLANK |
                               TEXT_HAS_UNDERSCORE | TEXT_HAS_DASH | TEXT_HAS_OPEN |
                               TEXT_HAS_CLOSE | TEXT_HAS_SLASH | TEXT_HAS_COLON | TEXT_HAS_EQUALS;
    struct list_name none = {.kind = OBSERVABLE_KINDS};
    for (size_t i = 1; i < line->size && i <= LABEL_BYTES_MAX; i++) {
        char c = line->data[i];
        bool colon =
            c == ':' && i + 1 < line->size && line->data[i + 1] <= ' ' && line->data[i + 1] > 0;
        bool dash = (c == '-' || c == '=') && line->data[i - 1] == ' ' && i + 1 < line->size &&
                    line->data[i + 1] == ' ';
        if (!(text_has_class[(unsigned char)c] & of_labels)) {
            return none;
        }
        if (colon || dash) {
            struct list_name name = list_known_name(reader, span_of(line->data, i));
            if (name.role == LIST_ROLE_UNKNOWN) {
                return none;
            }
            *line = list_trim(span_from(*line, i + 1));
            return name;
        }
    }
    return none;
}

/* What follows such a heading was written about the indicators. "Source IPs" are the ones meant. */
static bool is_of_references(struct span heading, struct list_name name)
{
    static const char *const parts[] = {"eference",       "Links",    "Credit",
                                        "urther reading", "See also", "ore information"};
    bool source = memmem(heading.data, heading.size, "ource", 5) != NULL;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (memmem(heading.data, heading.size, parts[i], strlen(parts[i]))) {
            return true;
        }
    }
    return source && name.role != LIST_ROLE_KIND;
}

/* Words, of which none is as long as a hash. *out_count: how many. */
static bool has_short_words(struct span text, size_t *out_count)
{
    size_t size = 0;
    *out_count = text.size > 0;
    for (size_t i = 0; i < text.size; i++) {
        bool blank = text.data[i] == ' ' || text.data[i] == '\t';
        *out_count += text.data[i] == ' ';
        size = blank ? 0 : size + 1;
        if (size > HEADING_WORD_BYTES_MAX) {
            return false;
        }
    }
    return true;
}

/* "User - bob": what has no shape of its own stands behind its label. */
static bool is_labelled_name(struct list_reader *reader, struct span line, unsigned has)
{
    if (!(has & TEXT_HAS_BLANK && has & (TEXT_HAS_DASH | TEXT_HAS_EQUALS))) {
        return false;
    }
    struct list_name label = cut_label(reader, &line);
    return label.role == LIST_ROLE_KIND && line.size > 0 && list_is_as_it_stands(label.kind);
}

/* A line that names what follows. *out_name: as what. */
static bool is_heading(struct list_reader *reader, struct span line, unsigned has,
                       struct list_name *out_name)
{
    const unsigned never =
        TEXT_HAS_DOT | TEXT_HAS_AT | TEXT_HAS_BACKSLASH | TEXT_HAS_QUOTE | TEXT_HAS_BAR;
    bool marked = span_starts(line, "##") || span_starts(line, "==") || span_ends(line, ":");
    struct span text = ascii_trim(line, "#=*_-: \t[]");
    size_t words = 0;
    *out_name = (struct list_name){.kind = OBSERVABLE_KINDS};
    if (has & never || text.size >= HEADING_BYTES_MAX || text_has(text) & TEXT_HAS_COLON ||
        !has_short_words(text, &words) || words > HEADING_WORDS_MAX ||
        is_labelled_name(reader, line, has)) {
        return false;
    }
    struct list_name name = text.size > 0 ? list_known_name(reader, text)
                                          : (struct list_name){.kind = OBSERVABLE_KINDS};
    bool reference = text.size > 0 && is_of_references(text, name);
    if (name.role != LIST_ROLE_REFERENCE || reference) {
        *out_name = name;
        out_name->role = reference ? LIST_ROLE_REFERENCE : name.role;
    }
    bool said = name.role == LIST_ROLE_KIND || name.role == LIST_ROLE_VALUE ||
                name.role == LIST_ROLE_TYPE || reference;
    return marked || said;
}

/* "evil [.] com", "http:// evil .example /x": defanged with blanks, which go. */
static bool is_spread(struct span line, unsigned has)
{
    if (!(has & TEXT_HAS_BLANK)) {
        return false;
    }
    for (size_t at = 0;
         has & (TEXT_HAS_OPEN | TEXT_HAS_CLOSE | TEXT_HAS_UNDERSCORE) && at < line.size; at++) {
        size_t size = memchr("[({._", line.data[at], 5) ? refang_mark(span_from(line, at)) : 0;
        size_t end = at + size;
        if (size > 0 &&
            ((at > 0 && line.data[at - 1] == ' ') || (end < line.size && line.data[end] == ' '))) {
            return true;
        }
    }
    const char *mark =
        has & TEXT_HAS_COLON && has & TEXT_HAS_SLASH ? observable_url_mark(line) : NULL;
    return mark && span_starts(span_from(line, (size_t)(mark - line.data) + 3), " ");
}

/* Blanks beside a dot or a slash of a URL that is written with blanks go, too. */
static struct span drawn_together(struct list_reader *reader, struct span line)
{
    struct buf *out = &reader->line;
    buf_clear(out);
    refang(line, out);
    struct span text = buf_span(out);
    if (!buf_ok(out) || !memmem(text.data, text.size, ":// ", 4)) {
        return text;
    }
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        bool blank = out->data[i] == ' ' && size > 0 && i + 1 < text.size &&
                     (memchr("./", out->data[size - 1], 2) || memchr("./", out->data[i + 1], 2));
        out->data[size] = out->data[i];
        size += !blank;
    }
    out->size = size;
    return buf_span(out);
}

/* A path in front of words: its last part has an ending, and no word goes on with it. */
static bool is_path_and_words(struct span line, struct span *out_path)
{
    size_t size = 0;
    while (size < line.size && line.data[size] != ' ' && line.data[size] != '\t') {
        size++;
    }
    struct span path = span_of(line.data, size);
    struct span rest = span_from(line, size);
    const char *dot = path.size > 0 ? memrchr(path.data, '.', path.size) : NULL;
    const char *last = path.size > 0 ? memrchr(path.data, '\\', path.size) : NULL;
    last = last ? last : path.size > 0 ? memrchr(path.data, '/', path.size) : NULL;
    *out_path = path;
    return dot && last && dot > last + 1 && rest.size > 0 && path.data + path.size - dot <= 8 &&
           !memchr(rest.data, '\\', rest.size);
}

/* "What: C:\\x.dll": a path alone behind a label of any name. */
static struct span path_behind_label(struct span line, unsigned has)
{
    const char *end = has & TEXT_HAS_COLON ? memmem(line.data, line.size, ": ", 2) : NULL;
    struct span path =
        end ? list_trim(span_from(line, (size_t)(end + 2 - line.data))) : span_of("", 0);
    bool is = path.size > 0 && indicator_parse_is_path(path) && !(text_has(path) & TEXT_HAS_BLANK);
    return is ? path : span_of("", 0);
}

/* A line with blanks is no value, unless its kind is written in front: "user:bob b". */
static bool may_be_value(struct span line, unsigned has)
{
    size_t size = has & TEXT_HAS_COLON ? span_find(line, ':') : 0;
    enum observable_kind kind;
    return !(has & TEXT_HAS_BLANK) || observable_kind_find(span_of(line.data, size), &kind);
}

struct rest {
    struct span text;
    unsigned has;
    enum observable_kind kind; /* what a label or a heading said */
    bool defanged;
};

/* Words, and what was refused of them; nothing of both is one refusal. */
static enum status take_words(struct list_reader *reader, int64_t number, const struct rest *rest)
{
    struct indicator indicator;
    int64_t taken = 0;
    int64_t refused = reader->report->refused;
    enum status status =
        list_take_words(reader, number, rest->text, rest->kind, rest->defanged, &taken);
    if (status == OK && taken == 0 && reader->report->refused == refused) {
        bool path = rest->text.data[0] == '/' || rest->has & TEXT_HAS_BACKSLASH;
        bool words = rest->has & TEXT_HAS_BLANK && !path;
        const char *why = words ? NULL : indicator_parse(rest->text, &reader->normal, &indicator);
        list_refuse(reader, number, rest->text, why ? why : no_indicator);
    }
    return status;
}

static enum status take_rest(struct list_reader *reader, int64_t number, const struct rest *rest)
{
    struct indicator indicator;
    struct span path;
    struct span first;
    struct span last;
    struct span line = rest->text;
    if (list_may_be_range(rest->has) && list_is_range(line, &first, &last)) {
        return list_take_range(reader, number, line, first, last);
    }
    if (may_be_value(line, rest->has) &&
        !indicator_parse_known(line, rest->has, &reader->normal, &indicator) &&
        !(indicator.kind == OBSERVABLE_URL && rest->has & TEXT_HAS_COMMA)) {
        indicator.defanged |= rest->defanged;
        return list_take(reader, number, line, NULL, &indicator);
    }
    path = path_behind_label(line, rest->has);
    if (path.size > 0 && !indicator_parse(path, &reader->normal, &indicator)) {
        return list_take(reader, number, path, NULL, &indicator);
    }
    if ((line.data[0] == '/' || rest->has & TEXT_HAS_BACKSLASH) && is_path_and_words(line, &path) &&
        !indicator_parse(path, &reader->normal, &indicator) && indicator.kind == OBSERVABLE_FILE) {
        return list_take(reader, number, path, NULL, &indicator);
    }
    return take_words(reader, number, rest);
}

/* Addresses, hashes and what is defanged are not links to what was written. */
static bool is_no_reference(struct list_reader *reader, struct span line)
{
    struct indicator indicator;
    return !indicator_parse(line, &reader->normal, &indicator) &&
           (indicator.kind == OBSERVABLE_IP || indicator.kind == OBSERVABLE_HASH ||
            indicator.defanged);
}

/* What stands below a heading of references, or behind such a label, is none. */
static enum status take_labelled(struct list_reader *reader, int64_t number, struct span line,
                                 unsigned has)
{
    struct span whole = line;
    struct list_name label = {.kind = OBSERVABLE_KINDS};
    struct indicator indicator;
    if (has & TEXT_HAS_BLANK && has & (TEXT_HAS_COLON | TEXT_HAS_DASH | TEXT_HAS_EQUALS)) {
        label = cut_label(reader, &line);
    }
    if (label.role == LIST_ROLE_UNKNOWN) {
        label = reader->section;
    }
    if (label.role == LIST_ROLE_REFERENCE && !is_no_reference(reader, line)) {
        list_refuse(reader, number, whole, "a reference, not an indicator");
        return OK;
    }
    if (line.size == 0) {
        return OK;
    }
    struct rest rest = {.text = line, .has = has};
    rest.kind = label.role == LIST_ROLE_KIND ? label.kind : OBSERVABLE_KINDS;
    rest.defanged = is_spread(line, has);
    if (rest.defanged) {
        rest.text = drawn_together(reader, line);
    }
    if (line.size < whole.size || rest.defanged) {
        rest.has = text_has(rest.text);
    }
    bool as_it_stands = list_is_as_it_stands(rest.kind) || rest.kind == OBSERVABLE_DOMAIN;
    if (as_it_stands && line.size < whole.size &&
        !indicator_parse_as(rest.text, rest.kind, &reader->normal, &indicator)) {
        return list_take_cell(reader, number, rest.text, rest.kind, span_of("", 0));
    }
    if (rest.kind == OBSERVABLE_DOMAIN && !(rest.has & TEXT_HAS_BLANK) &&
        !indicator_parse_as(rest.text, rest.kind, &reader->normal, &indicator)) {
        return list_take(reader, number, rest.text, NULL, &indicator);
    }
    return take_rest(reader, number, &rest);
}

static bool is_rule(struct span line)
{
    for (size_t i = 0; i < line.size; i++) {
        if (!memchr("-=_*#~+|:` ", line.data[i], 11)) {
            return false;
        }
    }
    return true;
}

/* '[' as a pattern of STIX begins. */
static bool is_pattern(struct span line, unsigned has)
{
    return line.data[0] == '[' && has & TEXT_HAS_QUOTE && has & TEXT_HAS_EQUALS;
}

/* Whatever is more than one word. */
static enum status take_text(struct list_reader *reader, int64_t number, struct span line,
                             unsigned has)
{
    struct list_name heading;
    if (is_remark(line)) {
        if (line.data[0] == '#' && is_heading(reader, line, has, &heading) &&
            (heading.role != LIST_ROLE_REFERENCE || span_starts(line, "##"))) {
            reader->section = heading;
        }
        return OK;
    }
    enum list_line_form form = list_line_form_of(line, has);
    if (form == LIST_LINE_PLAIN && reader->form == LIST_LINE_ADBLOCK) {
        form = reader->form;
    }
    if (form != LIST_LINE_PLAIN) {
        return list_take_form(reader, number, line, form);
    }
    if (has & TEXT_HAS_HASH) {
        line = list_trim(without_remark(line));
        has = text_has(line);
    }
    if (is_rule(line) || list_is_placeholder(line)) {
        return OK;
    }
    if (is_pattern(line, has)) {
        return list_take_pattern(reader, number, line);
    }
    if (is_heading(reader, line, has, &heading)) {
        reader->section = heading;
        return OK;
    }
    struct span bare = without_bullet(line);
    return take_labelled(reader, number, bare, bare.size < line.size ? text_has(bare) : has);
}

enum status list_take_line(struct list_reader *reader, int64_t number, struct span line)
{
    struct indicator indicator;
    line = list_trim(line);
    if (line.size == 0) {
        return OK;
    }
    unsigned has = text_has(line);
    if (!(has & TEXT_HAS_BETWEEN) && !memchr("#|-*@!$;[", line.data[0], 9) &&
        reader->section.role == LIST_ROLE_UNKNOWN && reader->form != LIST_LINE_ADBLOCK &&
        !indicator_parse_known(line, has, &reader->normal, &indicator)) {
        return list_take(reader, number, line, NULL, &indicator);
    }
    return take_text(reader, number, line, has);
}
