#include "query/list/list.h"

#include "query/list/list_internal.h"
#include "schema/base/utf8.h"
#include "schema/text/ascii.h"

enum { YAML_LINES = 60 };

static uint32_t unit_at(struct span bytes, size_t at, bool big)
{
    const unsigned char *two = (const unsigned char *)bytes.data + at;
    return big ? (uint32_t)two[0] << 8 | two[1] : (uint32_t)two[1] << 8 | two[0];
}

/* RFC 2781; a surrogate alone becomes U+FFFD. */
static void from_utf16(struct span bytes, size_t from, bool big, struct buf *out)
{
    for (size_t at = from; at + 1 < bytes.size; at += 2) {
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

/* Without a BOM: every other byte of what comes first is zero. */
static bool is_bare_utf16(struct span bytes, bool *out_big)
{
    size_t zeros[2] = {0, 0};
    size_t size = bytes.size < 64 ? bytes.size & ~(size_t)1 : 64;
    for (size_t i = 0; i < size; i++) {
        zeros[i & 1] += bytes.data[i] == '\0';
    }
    *out_big = zeros[0] > 0;
    return size >= 8 && (zeros[0] == size / 2 || zeros[1] == size / 2) &&
           (zeros[0] == 0 || zeros[1] == 0);
}

/* And no address in brackets, no section's heading, no pattern. */
static bool is_json(struct span text)
{
    size_t at = 1;
    while (at < text.size && (unsigned char)text.data[at] <= ' ') {
        at++;
    }
    return span_starts(text, "{") ||
           (span_starts(text, "[") && at < text.size && memchr("{[\"]", text.data[at], 4));
}

/* An element, not an address in <>. */
static bool is_xml(struct span text)
{
    size_t size = 1;
    while (size < text.size &&
           (ascii_is_letter(text.data[size]) || ascii_is_digit(text.data[size]) ||
            memchr("_-:", text.data[size], 3))) {
        size++;
    }
    struct span rest = span_from(text, size);
    return span_starts(text, "<?") || span_starts(text, "<!") || span_starts(text, "</") ||
           (span_starts(text, "<") && size > 1 && rest.size > 0 &&
            memchr(" \t\r\n>/", rest.data[0], 6) && !span_starts(rest, "//"));
}

/* "key:", "key: value", perhaps with "- " in front. */
static bool is_yaml_line(struct span line, bool *out_nested)
{
    size_t at = 0;
    while (at < line.size && line.data[at] == ' ') {
        at++;
    }
    bool item = at + 1 < line.size && line.data[at] == '-' && line.data[at + 1] == ' ';
    bool deep = at > 0 || item;
    at += item ? 2 : 0;
    size_t start = at;
    while (at < line.size && (ascii_is_letter(line.data[at]) || ascii_is_digit(line.data[at]) ||
                              memchr("_-", line.data[at], 2))) {
        at++;
    }
    bool key = at > start && at < line.size && line.data[at] == ':' &&
               (at + 1 == line.size || line.data[at + 1] == ' ');
    *out_nested = deep && key;
    return key || deep;
}

/* Every line of what comes first is one of YAML, and some are nested. */
static bool is_yaml(struct span text)
{
    bool any_key = false;
    bool any_nested = false;
    if (span_starts(text, "---\n") || span_starts(text, "%YAML")) {
        return true;
    }
    for (size_t i = 0; i < YAML_LINES && text.size > 0; i++) {
        const char *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        struct span line = span_of(text.data, size);
        bool nested = false;
        line.size -= span_ends(line, "\r");
        text = span_from(text, size + 1);
        if (line.size == 0 || line.data[0] == '#') {
            continue;
        }
        if (!is_yaml_line(line, &nested)) {
            return false;
        }
        any_nested |= nested;
        any_key |= !nested && line.data[0] != ' ' && line.data[0] != '-';
        any_key |= nested && line.data[0] == '-';
    }
    return any_key && any_nested;
}

static enum status read_container(struct list_reader *reader, struct span bytes)
{
    struct span start = bytes;
    while (start.size > 0 && (unsigned char)start.data[0] <= ' ') {
        start = span_from(start, 1);
    }
    if (is_json(start)) {
        reader->report->form = LIST_JSON;
        reader->report->shape = "JSON";
        enum status status = list_json_fits(bytes, reader->err);
        return THEN(status, list_read_json(reader, bytes));
    }
    if (is_xml(start)) {
        reader->report->form = LIST_XML;
        reader->report->shape = "XML";
        return list_read_xml(reader, start);
    }
    if (is_yaml(start)) {
        struct err ignored;
        struct err *err = reader->err;
        struct list_report before = *reader->report;
        reader->report->form = LIST_YAML;
        reader->report->shape = "YAML";
        reader->err = &ignored;
        enum status status = list_read_yaml(reader, start);
        reader->err = err;
        if (status == OK) {
            return OK;
        }
        *reader->report = before; /* it only looked like YAML */
        list_fields_fini(&reader->fields);
    }
    return list_read_text(reader, bytes);
}

enum status list_read(struct indicator_set *set, uint32_t list, struct span bytes,
                      const struct list_options *options, struct list_report *out_report,
                      struct err *err)
{
    struct list_reader reader = {.set = set,
                                 .list = list,
                                 .options = options,
                                 .report = out_report,
                                 .note = INDICATOR_NOTE_NONE,
                                 .section = {.kind = OBSERVABLE_KINDS},
                                 .err = err};
    struct buf utf8 = BUF_INIT;
    bool big = false;
    *out_report = (struct list_report){.shape = "lines", .expired_as = options->expired};
    if (span_starts(bytes, "\xff\xfe") || span_starts(bytes, "\xfe\xff")) {
        from_utf16(bytes, 2, bytes.data[0] == '\xfe', &utf8);
        bytes = buf_span(&utf8);
    } else if (span_starts(bytes, "\xef\xbb\xbf")) {
        bytes = span_from(bytes, 3);
    } else if (is_bare_utf16(bytes, &big)) {
        from_utf16(bytes, 0, big, &utf8);
        bytes = buf_span(&utf8);
    }
    enum status status = buf_status(&utf8, "list", err);
    status = THEN(status, read_container(&reader, bytes.size > 0 ? bytes : span_of("", 0)));
    list_fields_fini(&reader.fields);
    buf_fini(&reader.normal);
    buf_fini(&reader.line);
    buf_fini(&utf8);
    return status;
}
