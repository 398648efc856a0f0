#include "tools/stele/chunks.h"

void chunks_init(struct chunks *chunks, struct unpack *unpack)
{
    *chunks = (struct chunks){.unpack = unpack, .next_line = 1};
}

void chunks_fini(struct chunks *chunks)
{
    buf_fini(&chunks->bytes);
}

int64_t count_lines(struct span bytes)
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

/* Does the stream begin with an array, or with an object that goes on behind its first line? */
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
    return *start.data == '{' && size > 0 && strchr("{[,:", start.data[size - 1]) != NULL;
}

/* Where the bytes at hand can be cut; 0 when more must be read first. */
static size_t cut_at(const struct chunks *chunks)
{
    size_t size = chunks->bytes.size;
    if (chunks->end) {
        return size;
    }
    if (size < CHUNK_BYTES || (chunks->whole && size < CHUNK_WHOLE_MAX)) {
        return 0;
    }
    const char *newline = memrchr(chunks->bytes.data, '\n', size);
    return newline ? (size_t)(newline - chunks->bytes.data) + 1 : 0;
}

static void read_more(struct chunks *chunks)
{
    chunks->failed =
        unpack_read(chunks->unpack, CHUNK_BYTES, &chunks->bytes, &chunks->end, &chunks->failure);
    chunks->end = chunks->end || chunks->failed != OK;
    if (!chunks->started) {
        chunks->started = true;
        chunks->whole = spans_lines(buf_span(&chunks->bytes));
    }
}

enum status chunks_next(struct chunks *chunks, struct chunk *out_chunk, bool *out_end,
                        struct err *err)
{
    struct buf *bytes = &chunks->bytes;
    if (chunks->given > 0) {
        memmove(bytes->data, bytes->data + chunks->given, bytes->size - chunks->given);
        bytes->size -= chunks->given;
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
    int64_t newlines = count_lines(span);
    *out_chunk = (struct chunk){.bytes = span,
                                .first_line = chunks->next_line,
                                .lines = newlines + (span.data[cut - 1] != '\n')};
    chunks->next_line += newlines;
    *out_end = false;
    return OK;
}
