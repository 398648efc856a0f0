/* Cuts a stream into chunks that end at the end of a line, or of a JSON value that spans lines.
 * Memory is bounded by the longest value that is taken. */
#include "tools/stele/import/chunks.h"

#include "tools/stele/import/wrapper.h"

void chunks_init(struct chunks *chunks, struct unpack *unpack)
{
    *chunks = (struct chunks){.unpack = unpack, .next_line = 1};
}

void chunks_fini(struct chunks *chunks)
{
    buf_fini(&chunks->bytes);
}

int64_t chunk_count_lines(struct span bytes)
{
    int64_t lines = 0;
    while (bytes.size > 0) {
        const char *newline = memchr(bytes.data, '\n', bytes.size);
        if (!newline) {
            break;
        }
        lines++;
        bytes = span_from(bytes, (size_t)(newline - bytes.data) + 1);
    }
    return lines;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Does the stream begin with an array or a list, or with an object that goes on behind its first
 * line? So, too, when there is no end of a line at hand. */
static bool spans_lines(struct span start)
{
    if (span_starts(start, "\xef\xbb\xbf")) {
        start = span_from(start, 3);
    }
    while (start.size > 0 && is_space(*start.data)) {
        start = span_from(start, 1);
    }
    if (start.size == 0 || *start.data == '[') {
        return start.size > 0;
    }
    const char *newline = memchr(start.data, '\n', start.size);
    size_t size = newline ? (size_t)(newline - start.data) : start.size;
    while (size > 0 && is_space(start.data[size - 1])) {
        size--;
    }
    return *start.data == '{' && (!newline || wrapper_list_begin(start, 0) > 0 ||
                                  (size > 0 && strchr("{[,:", start.data[size - 1]) != NULL));
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
    const char *newline = memrchr(chunks->bytes.data, '\n', size);
    if (newline && chunks->spans) { /* too large: from here on as if nothing were open */
        chunks->depth = chunks->base;
    }
    return newline ? (size_t)(newline - chunks->bytes.data) + 1 : 0;
}

static void read_more(struct chunks *chunks)
{
    chunks->failed =
        unpack_read(chunks->unpack, CHUNK_BYTES, &chunks->bytes, &chunks->end, &chunks->failure);
    if (!chunks->started && *unpack_packing(chunks->unpack) && chunks->failed == OK) {
        chunks->failed = unpack_refuse(chunks->unpack, buf_span(&chunks->bytes), &chunks->failure);
        chunks->bytes.size = chunks->failed == OK ? chunks->bytes.size : 0;
    }
    chunks->end = chunks->end || chunks->failed != OK;
    if (!chunks->started) {
        chunks->started = true;
        chunks->spans = !chunks->plain && spans_lines(buf_span(&chunks->bytes));
    }
    if (chunks->failed != OK && chunks->drop_torn && chunks->bytes.size > 0) {
        size_t sure = sure_size(chunks);
        const char *newline = memrchr(chunks->bytes.data, '\n', sure);
        chunks->bytes.size = newline ? (size_t)(newline - chunks->bytes.data) + 1 : 0;
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
                           (long long)chunks->next_line, CHUNK_LINE_MAX / (1024 * 1024));
        }
        read_more(chunks);
        cut = cut_at(chunks);
    }
    if (cut == 0) {
        if (chunks->failed != OK) {
            *err = chunks->failure;
            return chunks->failed;
        }
        *out_end = true;
        return OK;
    }
    chunks->given = cut;
    struct span span = span_of(bytes->data, cut);
    int64_t newlines = chunk_count_lines(span);
    *out_chunk = (struct chunk){.bytes = span,
                                .first_line = chunks->next_line,
                                .lines = newlines + (span.data[cut - 1] != '\n'),
                                .spans = chunks->spans};
    chunks->next_line += newlines;
    *out_end = false;
    return OK;
}
