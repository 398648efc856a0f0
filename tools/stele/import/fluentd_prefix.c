#include "tools/stele/import/fluentd_prefix.h"

#include <stdio.h>

#include "schema/text/ascii.h"

enum { UNIX_DIGITS_MIN = 9, UNIX_DIGITS_MAX = 11 };

/* Seconds since 1970, with or without a fraction (time_type unixtime, float). */
static bool parse_unix(struct span text, int64_t *out_us)
{
    int64_t seconds = 0;
    size_t at = 0;
    for (; at < text.size && ascii_is_digit(text.data[at]); at++) {
        if (at == UNIX_DIGITS_MAX) {
            return false;
        }
        seconds = seconds * 10 + (text.data[at] - '0');
    }
    if (at < UNIX_DIGITS_MIN || (at < text.size && text.data[at] != '.')) {
        return false;
    }
    int64_t us = 0;
    int64_t step = CLOCK_SECOND_US / 10;
    for (at++; at < text.size; at++, step /= 10) {
        if (!ascii_is_digit(text.data[at])) {
            return false;
        }
        us += (text.data[at] - '0') * step;
    }
    *out_us = seconds * CLOCK_SECOND_US + us;
    return true;
}

/* "2026-01-02 03:04:05.000000000 +0000", as Ruby writes a time. */
static bool parse_ruby(struct span text, int64_t *out_us)
{
    char copy[64];
    if (text.size < 25 || text.size > 40 || text.data[10] != ' ' ||
        text.data[text.size - 6] != ' ') {
        return false;
    }
    struct span zone = span_from(text, text.size - 5);
    int n = snprintf(copy, sizeof copy, "%.*sT%.*s%.*s:%.*s", 10, text.data, (int)text.size - 17,
                     text.data + 11, 3, zone.data, 2, zone.data + 3);
    return n > 0 && (size_t)n < sizeof copy &&
           clock_parse_rfc3339(span_of(copy, (size_t)n), out_us);
}

static bool parse_time(struct span text, int64_t *out_us)
{
    return clock_parse_rfc3339(text, out_us) || parse_ruby(text, out_us) ||
           parse_unix(text, out_us);
}

/* The object's brace behind a delimiter, or 0. */
static size_t find_object(struct span line)
{
    size_t size = line.size < FLUENTD_PREFIX_BYTES_MAX ? line.size : FLUENTD_PREFIX_BYTES_MAX;
    for (size_t at = 1; at < size; at++) {
        const char *brace = memchr(line.data + at, '{', size - at);
        if (!brace) {
            return 0;
        }
        at = (size_t)(brace - line.data);
        char before = line.data[at - 1];
        if (before == '\t' || before == ' ' || before == ',') {
            return at;
        }
    }
    return 0;
}

static bool is_tag(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if ((unsigned char)text.data[i] <= ' ') {
            return false;
        }
    }
    return true;
}

/* A time and a tag with the delimiter between; false when there is none, or no time. */
static bool read_both(struct span head, char delimiter, struct fluentd_prefix *out)
{
    const char *cut = memrchr(head.data, delimiter, head.size);
    size_t size = cut ? (size_t)(cut - head.data) : 0;
    out->tag = span_from(head, size + 1);
    return cut && parse_time(span_of(head.data, size), &out->time_us);
}

/* Time and tag, one of them or both, with a delimiter between. Without a time only a tab makes the
 * line one of Fluentd's: any text may stand before a space. */
static bool read_fields(struct span head, char delimiter, struct fluentd_prefix *out)
{
    *out = (struct fluentd_prefix){.form = FLUENTD_PREFIX_FILE};
    if (parse_time(head, &out->time_us)) {
        return true;
    }
    if (!memchr(head.data, delimiter, head.size)) {
        out->tag = head;
        return delimiter == '\t' && is_tag(head);
    }
    return read_both(head, delimiter, out) && is_tag(out->tag);
}

/* "TIME TAG:" */
static bool read_stdout(struct span head, struct fluentd_prefix *out)
{
    *out = (struct fluentd_prefix){.form = FLUENTD_PREFIX_STDOUT};
    return span_ends(head, ":") && read_both(span_of(head.data, head.size - 1), ' ', out);
}

bool fluentd_prefix_read(struct span line, struct fluentd_prefix *out_prefix)
{
    size_t brace = find_object(line);
    if (brace < 2) {
        return false;
    }
    struct fluentd_prefix prefix;
    char delimiter = line.data[brace - 1];
    struct span head = span_of(line.data, brace - 1);
    bool found =
        (delimiter == ' ' && read_stdout(head, &prefix)) || read_fields(head, delimiter, &prefix);
    if (found) {
        prefix.size = brace;
        *out_prefix = prefix;
    }
    return found;
}
