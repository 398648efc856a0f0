#include "query/ioc/list.h"

#include "query/ioc/indicator_parse.h"
#include "query/ioc/list_internal.h"
#include "schema/base/utf8.h"
#include "schema/text/ascii.h"

/* A remark: # at the front, or behind a blank (a URL may hold one). */
static struct span without_remark(struct span line)
{
    for (size_t at = 0; at < line.size;) {
        const char *mark = memchr(line.data + at, '#', line.size - at);
        size_t i = mark ? (size_t)(mark - line.data) : line.size;
        bool alone = i == 0 || line.data[i - 1] == ' ' || line.data[i - 1] == '\t';
        if (mark && alone) {
            line.size = i;
        }
        at = i + 1;
    }
    return ascii_trim_blanks(line);
}

static enum status read_lines(struct list_reader *reader, struct span text)
{
    enum status status = OK;
    while (status == OK && text.size > 0) {
        const char *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        struct span line = without_remark(span_of(text.data, size));
        text = span_from(text, size + 1);
        reader->line++;
        if (line.size > 0) {
            struct indicator indicator;
            const char *why = indicator_parse(line, &reader->normal, &indicator);
            status = list_add(reader, line, why, &indicator);
        }
    }
    return status;
}

static uint32_t unit_at(struct span bytes, size_t at, bool big)
{
    const unsigned char *two = (const unsigned char *)bytes.data + at;
    return big ? (uint32_t)two[0] << 8 | two[1] : (uint32_t)two[1] << 8 | two[0];
}

/* RFC 2781; a surrogate alone becomes U+FFFD. */
static void from_utf16(struct span bytes, bool big, struct buf *out)
{
    for (size_t at = 2; at + 1 < bytes.size; at += 2) {
        uint32_t point = unit_at(bytes, at, big);
        if (point >= 0xd800 && point < 0xdc00 && at + 3 < bytes.size) {
            uint32_t low = unit_at(bytes, at + 2, big);
            if (low >= 0xdc00 && low < 0xe000) {
                point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
                at += 2;
            }
        }
        char four[4];
        bool alone = point >= 0xd800 && point < 0xe000;
        buf_add(out, four, utf8_encode(alone ? 0xfffd : point, four));
    }
}

/* And not an address in brackets. */
static bool is_json_array(struct span text)
{
    struct span inner = ascii_skip_blanks(span_from(text, 1));
    return inner.size > 0 && memchr("{[\"]", inner.data[0], 4);
}

enum status list_json_fits(struct span text, struct err *err)
{
    if (text.size > LIST_JSON_BYTES_MAX) {
        return err_set(err, ERR_LIMIT, "JSON of over 64 MiB: split it");
    }
    size_t values = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        values += c == ',' || c == '[' || c == '{';
    }
    return values <= LIST_JSON_VALUES_MAX
               ? OK
               : err_set(err, ERR_LIMIT, "JSON of over 4 million values: split it");
}

enum status list_read(struct indicator_set *set, const struct list_source *source,
                      struct list_report *out_report, struct err *err)
{
    struct span bytes = source->bytes;
    struct list_reader reader = {.set = set,
                                 .list = source->list,
                                 .refused = source->refused,
                                 .context = source->context,
                                 .report = out_report,
                                 .note = INDICATOR_NOTE_NONE,
                                 .err = err};
    struct buf utf8 = BUF_INIT;
    *out_report = (struct list_report){0};
    if (span_starts(bytes, "\xff\xfe") || span_starts(bytes, "\xfe\xff")) {
        from_utf16(bytes, bytes.data[0] == '\xfe', &utf8);
        bytes = buf_span(&utf8);
    } else if (span_starts(bytes, "\xef\xbb\xbf")) {
        bytes = span_from(bytes, 3);
    }
    enum status status = buf_status(&utf8, "list", err);
    struct span start = ascii_skip_blanks(bytes);
    bool json = span_starts(start, "{") || (span_starts(start, "[") && is_json_array(start));
    if (status != OK) {
        out_report->form = LIST_LINES;
    } else if (json) {
        out_report->form = LIST_JSON;
        status = list_json_fits(start, err);
        status = THEN(status, list_read_json(&reader, start, source->now_us));
    } else {
        out_report->form = list_is_csv(bytes) ? LIST_CSV : LIST_LINES;
        status = out_report->form == LIST_CSV ? list_read_csv(&reader, bytes)
                                              : read_lines(&reader, bytes);
    }
    buf_fini(&reader.normal);
    buf_fini(&utf8);
    return status;
}
