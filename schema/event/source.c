#include "schema/event/source.h"

#include "schema/text/ascii.h"

struct source source_copy(const struct source *source, struct arena *arena, bool *out_fine)
{
    struct source copy = {.via = arena_copy(arena, source->via),
                          .peer = arena_copy(arena, source->peer),
                          .certificate = arena_copy(arena, source->certificate),
                          .tag = arena_copy(arena, source->tag),
                          .session_stream = source->session_stream};
    *out_fine = copy.via.data && copy.peer.data && copy.certificate.data && copy.tag.data;
    return copy;
}

bool source_equal(const struct source *a, const struct source *b)
{
    return span_equal(a->via, b->via) && span_equal(a->peer, b->peer) &&
           span_equal(a->certificate, b->certificate) && span_equal(a->tag, b->tag) &&
           a->session_stream == b->session_stream;
}

static bool is_sid(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (!ascii_is_digit(c) && !ascii_is_letter(c) && c != '-' && c != '_') {
            return false;
        }
    }
    return text.size > 0;
}

/* The start of "<sid>.log" in a path that ends in ".<sid>.log", or 0. A sid is a UUID in general,
 * but "0" and "test-session" have been seen; "test.log" alone has no sid. */
static size_t session_suffix(struct span path)
{
    if (!span_ends(path, ".log")) {
        return 0;
    }
    size_t end = path.size - 4;
    size_t dot = end;
    while (dot > 0 && path.data[dot - 1] != '.' && path.data[dot - 1] != '/') {
        dot--;
    }
    bool found =
        dot > 0 && path.data[dot - 1] == '.' && is_sid(span_of(path.data + dot, end - dot));
    return found ? dot : 0;
}

static char printable(char c)
{
    return c > ' ' && c < '\x7f' ? c : '_';
}

void source_from_path(struct span path, char *text, size_t text_bytes, struct source *out_source)
{
    CHECK(text_bytes > 0);
    size_t suffix = session_suffix(path);
    out_source->session_stream = suffix > 0;
    struct span head = path;
    if (suffix > 0) {
        head.size = suffix - 1;
    }
    const char *question = memchr(head.data, '?', head.size);
    if (question) {
        head.size = (size_t)(question - head.data);
    }
    while (head.size > 0 && head.data[0] == '/') {
        head = span_from(head, 1);
    }
    size_t used = 0;
    for (; used < head.size && used + 1 < text_bytes; used++) {
        text[used] = head.data[used] == '/' ? '.' : printable(head.data[used]);
    }
    if (suffix > 0 && used + 5 < text_bytes) {
        memcpy(text + used, used ? ".log" : "log", used ? 4 : 3);
        used += used ? 4 : 3;
    }
    text[used] = '\0';
    out_source->tag = span_of(text, used);
}

/* A UUID, or what follows "session.". */
static bool is_session_tag(struct span tag)
{
    size_t sid = session_suffix(tag);
    if (sid == 0) {
        return false;
    }
    struct span head = span_of(tag.data, sid - 1);
    struct span name = span_of(tag.data + sid, tag.size - 4 - sid);
    bool uuid = name.size == 36 && name.data[8] == '-' && name.data[13] == '-' &&
                name.data[18] == '-' && name.data[23] == '-';
    return uuid || span_is(head, "session") || span_ends(head, ".session");
}

void source_from_tag(struct span tag, char *text, size_t text_bytes, struct source *out_source)
{
    source_from_path(tag, text, text_bytes, out_source);
    if (out_source->session_stream && !is_session_tag(tag)) {
        out_source->session_stream = false;
        size_t size = tag.size < text_bytes ? tag.size : text_bytes - 1;
        for (size_t i = 0; i < size; i++) {
            text[i] = printable(tag.data[i]);
        }
        text[size] = '\0';
        out_source->tag = span_of(text, size);
    }
}

void source_text(const struct source *source, struct buf *out)
{
    buf_add_span(out, source->via);
    if (source->peer.size > 0) {
        buf_add_char(out, ' ');
        buf_add_span(out, source->peer);
    }
    if (source->certificate.size > 0) {
        buf_printf(out, " cert=%.*s", SPAN_FMT(source->certificate));
    }
    if (source->tag.size > 0) {
        buf_printf(out, " tag=%.*s", SPAN_FMT(source->tag));
    }
}
