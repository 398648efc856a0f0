/* Finds an event's end and its head without building its fields; when anything is unusual it
 * gives up and the reader parses. Pure functions, any thread. */
#include "schema/event/event_scan.h"

#include "schema/base/utf8.h"
#include "schema/text/ascii.h"
#include "schema/text/json_plain.h"

struct scan {
    const char *at;
    const char *end;
    uint64_t objects; /* a bit for each open container: 1 object, 0 array; the innermost is bit 0 */
    unsigned depth;
    bool after_value;            /* in the innermost container */
    struct event_scan_head head; /* spans without data: not seen */
};

static bool scan_is(struct scan *scan, char c)
{
    return scan->at < scan->end && *scan->at == c;
}

static void skip_spaces(struct scan *scan)
{
    while (scan->at < scan->end && ascii_is_space(*scan->at)) {
        scan->at++;
    }
}

/* Mostly there is none. */
static inline void skip_space(struct scan *scan)
{
    if (scan->at < scan->end && *scan->at <= ' ') {
        skip_spaces(scan);
    }
}

/* At a backslash. \u0000 and surrogates have rules of their own (schema/event/event.c). */
static bool scan_escape(struct scan *scan)
{
    if (scan->end - scan->at < 6) {
        return false; /* nothing can end behind it */
    }
    char c = scan->at[1];
    if (c != 'u') {
        scan->at += 2;
        return c != '\0' && strchr("\"\\/bfnrt", c) != NULL;
    }
    const char *hex = scan->at + 2;
    for (int i = 0; i < 4; i++) {
        if (ascii_hex_digit(hex[i]) < 0) {
            return false;
        }
    }
    scan->at += 6;
    return memcmp(hex, "0000", 4) != 0 && (hex[0] | 0x20) != 'd';
}

/* At the opening quote; *out_text is what stands between the quotes. */
static inline bool scan_string(struct scan *scan, struct span *out_text, bool *out_escapes)
{
    const char *start = ++scan->at;
    *out_escapes = false;
    for (;;) {
        scan->at += json_plain_end(span_of(scan->at, (size_t)(scan->end - scan->at)), 0);
        if (scan->at == scan->end) {
            return false;
        }
        if (*scan->at == '"') {
            *out_text = span_of(start, (size_t)(scan->at++ - start));
            return true;
        }
        *out_escapes = true;
        if (*scan->at != '\\' || !scan_escape(scan)) {
            return false;
        }
    }
}

static bool scan_digits(struct scan *scan)
{
    const char *start = scan->at;
    while (scan->at < scan->end && ascii_is_digit(*scan->at)) {
        scan->at++;
    }
    return scan->at > start;
}

static bool scan_number(struct scan *scan)
{
    const char *start = scan->at;
    scan->at += *scan->at == '-';
    bool zero = scan_is(scan, '0');
    const char *whole = scan->at;
    if (!scan_digits(scan) || (zero && scan->at - whole > 1)) {
        return false;
    }
    if (scan_is(scan, '.')) {
        scan->at++;
        if (!scan_digits(scan)) {
            return false;
        }
    }
    if (scan_is(scan, 'e') || scan_is(scan, 'E')) {
        scan->at++;
        scan->at += scan_is(scan, '+') || scan_is(scan, '-');
        if (!scan_digits(scan)) {
            return false;
        }
    }
    return scan->at - start < 60; /* cJSON reads 63 characters */
}

static bool scan_word(struct scan *scan, struct span word)
{
    bool fine =
        (size_t)(scan->end - scan->at) >= word.size && memcmp(scan->at, word.data, word.size) == 0;
    scan->at += fine ? word.size : 0;
    return fine;
}

static bool scan_open(struct scan *scan)
{
    if (scan->depth == EVENT_SCAN_DEPTH_MAX) {
        return false;
    }
    scan->objects = scan->objects << 1 | (*scan->at++ == '{');
    scan->depth++;
    scan->after_value = false;
    return true;
}

static void scan_close(struct scan *scan)
{
    scan->at++;
    scan->objects >>= 1;
    scan->depth--;
    scan->after_value = true;
}

/* Where a member of the event itself is kept; NULL: it is not. */
static struct span *head_member(struct event_scan_head *head, struct span key)
{
    switch (key.size) {
    case 3:
        return span_is(key, "uid") ? &head->uid : NULL;
    case 4:
        return span_is(key, "time") ? &head->time : span_is(key, "code") ? &head->code : NULL;
    case 5:
        return span_is(key, "event") ? &head->type : NULL;
    default:
        return NULL;
    }
}

/* A member's name and the colon. `_raw` may be around another event (tools/stele/import/wrapper.h).
 */
static bool scan_key(struct scan *scan, struct span **out_member)
{
    struct span key;
    bool escapes;
    if (!scan_is(scan, '"') || !scan_string(scan, &key, &escapes)) {
        return false;
    }
    /* What stands below a member without a name has paths like those of the object itself. */
    if (scan->depth == 1 && (escapes || key.size == 0 || span_is(key, "_raw"))) {
        return false;
    }
    *out_member = scan->depth > 1 ? NULL : head_member(&scan->head, key);
    skip_space(scan);
    if (!scan_is(scan, ':')) {
        return false;
    }
    scan->at++;
    skip_space(scan);
    return true;
}

/* The first one that is a string counts; anything but one string is left to the parser, and so is
 * a type that may be another event. A time may be a number. */
static bool scan_member(struct scan *scan, struct span *member)
{
    bool escapes;
    if (member == &scan->head.time && !member->data && scan->at < scan->end &&
        ascii_is_digit(*scan->at)) {
        const char *start = scan->at;
        bool fine = scan_number(scan);
        *member = span_of(start, (size_t)(scan->at - start));
        return fine;
    }
    if (member->data || !scan_is(scan, '"') || !scan_string(scan, member, &escapes) || escapes) {
        return false;
    }
    return member != &scan->head.type ||
           (member->size > 0 && !memchr(member->data, '{', member->size));
}

static bool scan_value(struct scan *scan)
{
    struct span text;
    bool escapes;
    scan->after_value = true;
    if (scan->at == scan->end) {
        return false;
    }
    switch (*scan->at) {
    case '"':
        return scan_string(scan, &text, &escapes);
    case '{':
    case '[':
        return scan_open(scan);
    case 't':
        return scan_word(scan, span_str("true"));
    case 'f':
        return scan_word(scan, span_str("false"));
    case 'n':
        return scan_word(scan, span_str("null"));
    default:
        return scan_number(scan);
    }
}

/* In the innermost container: its end, or its next member or element, as far as a container that
 * begins there. */
static bool scan_step(struct scan *scan)
{
    bool in_object = scan->objects & 1;
    skip_space(scan);
    if (scan_is(scan, in_object ? '}' : ']')) {
        scan_close(scan);
        return true;
    }
    if (scan->after_value) {
        if (!scan_is(scan, ',')) {
            return false;
        }
        scan->at++;
        skip_space(scan);
    }
    struct span *member = NULL;
    if (in_object && !scan_key(scan, &member)) {
        return false;
    }
    if (!member) {
        return scan_value(scan);
    }
    scan->after_value = true;
    return scan_member(scan, member);
}

bool event_scan(struct span text, struct event_scan_head *out_head)
{
    size_t size = text.size < EVENT_SCAN_BYTES_MAX ? text.size : EVENT_SCAN_BYTES_MAX;
    struct scan scan = {.at = text.data, .end = text.data + size};
    if (!scan_is(&scan, '{')) {
        return false;
    }
    (void)scan_open(&scan);
    while (scan.depth > 0) {
        if (!scan_step(&scan)) {
            return false;
        }
    }
    struct span raw = span_of(text.data, (size_t)(scan.at - text.data));
    if (!scan.head.type.data || !utf8_valid(raw, NULL)) {
        return false;
    }
    scan.head.raw = raw;
    *out_head = scan.head;
    return true;
}
