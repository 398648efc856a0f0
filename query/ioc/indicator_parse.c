#include "query/ioc/indicator_parse.h"

#include "query/ioc/indicator_internal.h"
#include "query/ioc/refang.h"

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

static const char *read_kind(struct span text, bool known, enum observable_kind kind,
                             struct buf *normal, struct indicator *out)
{
    struct buf clear = BUF_INIT;
    *out = (struct indicator){.text = text};
    buf_clear(normal);
    if (text.size == 0 || text.size > INDICATOR_PARSE_BYTES_MAX) {
        return text.size == 0 ? "empty" : "longer than 4,096 bytes";
    }
    if (!(known && takes_as_is(kind)) && !refang_is_plain(text) &&
        !(!known && indicator_is_path(text))) {
        refang(text, &clear);
        out->defanged = !span_equal(buf_span(&clear), text);
        text = trim_blanks(buf_span(&clear));
    }
    const char *why = text.size == 0 ? "empty"
                      : known        ? indicator_read_as(text, kind, normal, out)
                                     : indicator_guess(text, normal, out);
    if (!why && !(buf_ok(&clear) && buf_ok(normal))) {
        why = "out of memory";
    }
    if (!why && normal->size == 0) {
        why = "empty";
    }
    buf_fini(&clear);
    out->normal = buf_span(normal);
    return why;
}

const char *indicator_parse(struct span text, struct buf *normal, struct indicator *out)
{
    text = trim_blanks(text);
    const char *colon = text.size ? memchr(text.data, ':', text.size) : NULL;
    enum observable_kind kind = OBSERVABLE_KINDS;
    if (colon) {
        struct span rest = span_from(text, (size_t)(colon + 1 - text.data));
        if (!span_starts(rest, "//") &&
            observable_kind_find(span_of(text.data, (size_t)(colon - text.data)), &kind)) {
            const char *why = read_kind(trim_blanks(rest), true, kind, normal, out);
            out->text = text;
            return why;
        }
    }
    return read_kind(text, false, OBSERVABLE_KINDS, normal, out);
}

const char *indicator_parse_as(struct span text, enum observable_kind kind, struct buf *normal,
                               struct indicator *out)
{
    return read_kind(trim_blanks(text), true, kind, normal, out);
}
