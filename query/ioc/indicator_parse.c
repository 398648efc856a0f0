#include "query/ioc/indicator_parse.h"

#include "query/ioc/indicator_internal.h"
#include "query/ioc/text_has.h"
#include "schema/text/refang.h"

static struct span trim_blanks(struct span text)
{
    while (text.size > 0 && (unsigned char)text.data[0] <= ' ') {
        text = span_from(text, 1);
    }
    while (text.size > 0 && (unsigned char)text.data[text.size - 1] <= ' ') {
        text.size--;
    }
    return text;
}

static bool takes_as_is(enum observable_kind kind)
{
    return kind == OBSERVABLE_USER || kind == OBSERVABLE_FILE || kind == OBSERVABLE_AGENT;
}

/* Has the text a mark that may stand for a dot, an @ or a scheme? Names of files keep theirs. */
static bool may_be_defanged(struct span text, unsigned has, bool known, enum observable_kind kind)
{
    bool mark = has & (TEXT_HAS_OPEN | TEXT_HAS_CLOSE | TEXT_HAS_BACKSLASH | TEXT_HAS_UNDERSCORE);
    bool scheme = text.size > 1 && (text.data[1] | 0x20) == 'x';
    return (mark || scheme) && !refang_is_plain(text) &&
           (known ? !takes_as_is(kind) : !indicator_parse_is_path(text));
}

static const char *read_clear(struct span text, unsigned has, bool known, enum observable_kind kind,
                              struct buf *normal, struct indicator *out)
{
    const char *why = text.size == 0 ? "empty"
                      : known        ? indicator_read_as(text, kind, normal, out)
                                     : indicator_guess(text, has, normal, out);
    if (!why && !buf_ok(normal)) {
        why = "out of memory";
    }
    return !why && normal->size == 0 ? "empty" : why;
}

static const char *read_defanged(struct span text, bool known, enum observable_kind kind,
                                 struct buf *normal, struct indicator *out)
{
    struct buf clear = BUF_INIT;
    refang(text, &clear);
    out->defanged = !span_equal(buf_span(&clear), text);
    struct span whole = trim_blanks(buf_span(&clear));
    const char *why = buf_ok(&clear) ? read_clear(whole, text_has(whole), known, kind, normal, out)
                                     : "out of memory";
    buf_fini(&clear);
    return why;
}

static const char *read_kind(struct span text, unsigned has, bool known, enum observable_kind kind,
                             struct buf *normal, struct indicator *out)
{
    *out = (struct indicator){.text = text};
    buf_clear(normal);
    if (text.size == 0 || text.size > INDICATOR_PARSE_BYTES_MAX) {
        return text.size == 0 ? "empty" : "longer than 4,096 bytes";
    }
    const char *why = may_be_defanged(text, has, known, kind)
                          ? read_defanged(text, known, kind, normal, out)
                          : read_clear(text, has, known, kind, normal, out);
    out->normal = buf_span(normal);
    return why;
}

const char *indicator_parse_known(struct span text, unsigned has, struct buf *normal,
                                  struct indicator *out)
{
    const char *colon = has & TEXT_HAS_COLON ? memchr(text.data, ':', text.size) : NULL;
    enum observable_kind kind = OBSERVABLE_KINDS;
    if (colon) {
        struct span rest = span_from(text, (size_t)(colon + 1 - text.data));
        if (!span_starts(rest, "//") &&
            observable_kind_find(span_of(text.data, (size_t)(colon - text.data)), &kind)) {
            const char *why = read_kind(trim_blanks(rest), has, true, kind, normal, out);
            out->text = text;
            return why;
        }
    }
    return read_kind(text, has, false, OBSERVABLE_KINDS, normal, out);
}

const char *indicator_parse(struct span text, struct buf *normal, struct indicator *out)
{
    text = trim_blanks(text);
    return indicator_parse_known(text, text_has(text), normal, out);
}

const char *indicator_parse_as(struct span text, enum observable_kind kind, struct buf *normal,
                               struct indicator *out)
{
    text = trim_blanks(text);
    return read_kind(text, text_has(text), true, kind, normal, out);
}
