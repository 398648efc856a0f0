/* Cuts a stream into chunks that end at the end of a line, or of a JSON value that spans lines.
 * Memory is bounded by the longest value that is taken. */
#include "tools/stele/import/chunks.h"

#include "schema/event/json_text.h"
#include "schema/text/ascii.h"
#include "tools/stele/import/wrapper.h"

void chunks_fini(struct chunks *chunks)
{
    buf_fini(&chunks->bytes);
    buf_fini(&chunks->units);
}

int64_t chunk_count_lines(struct span bytes)
{
    int64_t lines = 0;
    for (struct span line; span_next_line(&bytes, &line);) {
        lines++;
    }
    return lines;
}

size_t chunk_whole_lines(struct span bytes)
{
    const char *newline = bytes.size > 0 ? memrchr(bytes.data, '\n', bytes.size) : NULL;
    return newline ? (size_t)(newline - bytes.data) + 1 : 0;
}

/* Does the stream begin with an array or a list, or with an object that goes on behind its first
 * line? So, too, when there is no end of a line at hand. */
static bool spans_lines(struct span start)
{
    if (span_starts(start, "\xef\xbb\xbf")) {
        start = span_from(start, 3);
    }
    start = span_from(start, json_text_skip_space(start, 0));
    if (start.size == 0 || *start.data != '{') {
        return start.size > 0 && *start.data == '[';
    }
    size_t end = span_find(start, '\n');
    struct span line = ascii_trim(span_of(start.data, end), " \t\r");
    return end == start.size || wrapper_list_begin(start, 0) > 0 ||
           strchr("{[,:", line.data[line.size - 1]) != NULL;
}

static void open_bracket(struct chunks *chunks, struct span text, size_t at)
{
    if (chunks->depth == 0) {
        bool list = text.data[at] == '{' && wrapper_list_begin(text, at) > 0;
        chunks->base = list ? 2 : text.data[at] == '[';
    }
    chunks->depth++;
}

static void close_bracket(struct chunks *chunks, size_t at)
{
    chunks->depth -= chunks->depth > 0;
    if (chunks->depth == chunks->base || chunks->depth == 0) {
        chunks->cut = at + 1;
    }
    if (chunks->depth < chunks->base) {
        chunks->base = 0;
    }
}

/* Follows the brackets of what has come. A string ends with its line, whatever is wrong with it. */
static void follow(struct chunks *chunks)
{
    struct span text = buf_span(&chunks->bytes);
    for (size_t at = chunks->followed; at < text.size; at++) {
        char c = text.data[at];
        if (c == '\n') {
            chunks->in_string = false;
            chunks->escaped = false;
            chunks->cut = chunks->depth == 0 ? at + 1 : chunks->cut;
        } else if (chunks->in_string) {
            bool ends = c == '"' && !chunks->escaped;
            chunks->in_string = !ends;
            chunks->escaped = c == '\\' && !chunks->escaped;
        } else if (c == '"') {
            chunks->in_string = true;
            chunks->escaped = false;
        } else if (c == '{' || c == '[') {
            open_bracket(chunks, text, at);
        } else if (c == '}' || c == ']') {
            close_bracket(chunks, at);
        }
    }
    chunks->followed = text.size;
}

/* Bytes at hand that may be given away. */
static size_t sure_size(const struct chunks *chunks)
{
    int64_t sure = unpack_sure(chunks->unpack) - chunks->before;
    size_t size = chunks->bytes.size;
    return chunks->only_sure && size < CHUNK_WHOLE_MAX && sure < (int64_t)size ? (size_t)sure
                                                                               : size;
}

/* Where the bytes at hand can be cut; 0 when more must be read first. */
static size_t cut_at(struct chunks *chunks)
{
    size_t size = sure_size(chunks);
    if (chunks->end) {
        return size;
    }
    if (size < CHUNK_BYTES) {
        return 0;
    }
    if (chunks->spans && (chunks->cut > 0 || size < CHUNK_WHOLE_MAX)) {
        return chunks->cut;
    }
    size_t lines = chunk_whole_lines(span_of(chunks->bytes.data, size));
    if (lines > 0 && chunks->spans) { /* too large: from here on as if nothing were open */
        chunks->depth = chunks->base;
    }
    return lines;
}

/* What has been read of UTF-16 goes into bytes. */
static enum status convert_units(struct chunks *chunks, enum status status)
{
    struct buf *units = &chunks->units;
    size_t taken =
        utf16_read(buf_span(units), chunks->order, chunks->end || status != OK, &chunks->bytes);
    if (taken > 0) {
        memmove(units->data, units->data + taken, units->size - taken);
        units->size -= taken;
    }
    return THEN(status, buf_status(&chunks->bytes, "import", &chunks->failure));
}

/* Reads on, of what comes first or of what has been known as UTF-16. */
static enum status read_bytes(struct chunks *chunks)
{
    struct buf *into = chunks->order == UTF16_NONE ? &chunks->bytes : &chunks->units;
    enum status status =
        unpack_read(chunks->unpack, CHUNK_BYTES, into, &chunks->end, &chunks->failure);
    if (!chunks->started && !chunks->plain) {
        chunks->order = utf16_detect(buf_span(&chunks->bytes));
        if (chunks->order != UTF16_NONE) {
            chunks->units = chunks->bytes;
            chunks->bytes = (struct buf)BUF_INIT;
        }
    }
    return chunks->order == UTF16_NONE ? status : convert_units(chunks, status);
}

static void read_more(struct chunks *chunks)
{
    chunks->failed = read_bytes(chunks);
    if (!chunks->started && *unpack_packing(chunks->unpack) && chunks->failed == OK) {
        chunks->failed = unpack_refuse(chunks->unpack, buf_span(&chunks->bytes), &chunks->failure);
        chunks->bytes.size = chunks->failed == OK ? chunks->bytes.size : 0;
    }
    chunks->end = chunks->end || chunks->failed != OK;
    if (!chunks->started) {
        chunks->started = true;
        chunks->spans = !chunks->plain && spans_lines(buf_span(&chunks->bytes));
    }
    if (chunks->failed != OK && chunks->drop_torn) {
        chunks->bytes.size = chunk_whole_lines(span_of(chunks->bytes.data, sure_size(chunks)));
    }
    if (chunks->spans) {
        follow(chunks);
    }
}

enum status chunks_next(struct chunks *chunks, struct chunk *out_chunk, bool *out_end,
                        struct err *err)
{
    struct buf *bytes = &chunks->bytes;
    if (chunks->given > 0) {
        memmove(bytes->data, bytes->data + chunks->given, bytes->size - chunks->given);
        bytes->size -= chunks->given;
        chunks->before += (int64_t)chunks->given;
        chunks->followed -= chunks->followed < chunks->given ? chunks->followed : chunks->given;
        chunks->cut -= chunks->cut < chunks->given ? chunks->cut : chunks->given;
        chunks->given = 0;
    }
    size_t cut = cut_at(chunks);
    while (cut == 0 && !chunks->end) {
        if (bytes->size > CHUNK_LINE_MAX) {
            return err_set(err, ERR_LIMIT, "line %lld has more than %d MiB",
                           (long long)chunks->lines + 1, CHUNK_LINE_MAX / (1024 * 1024));
        }
        read_more(chunks);
        cut = cut_at(chunks);
    }
    if (cut == 0 && chunks->failed != OK) {
        (void)err_copy(err, &chunks->failure);
        return chunks->failed;
    }
    *out_end = cut == 0;
    if (cut == 0) {
        return OK;
    }
    chunks->given = cut;
    struct span span = span_of(bytes->data, cut);
    int64_t newlines = chunk_count_lines(span);
    *out_chunk = (struct chunk){.bytes = span,
                                .first_line = chunks->lines + 1,
                                .lines = newlines + (span.data[cut - 1] != '\n'),
                                .spans = chunks->spans};
    chunks->lines += newlines;
    return OK;
}
