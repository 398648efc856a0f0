/* Templates are the table's own: a mistake in one is a bug, found by CHECK. What comes from an
 * event is bounded where it is added. */
#include "query/render/event_sentence.h"

#include <stdio.h>

#include "query/render/event_type.h"
#include "schema/text/ascii.h"

enum { LEVELS_MAX = 4, TEMPLATE_MAX = 2048 };

struct sentence {
    struct buf *out;
    const struct event *event;
    size_t end; /* of out, when it is as long as it may become */
    size_t depth;
    struct {
        size_t start;
        bool lacks; /* a value that must be there */
    } levels[LEVELS_MAX + 1];
};

/* One byte more than may stay, so that it is seen that something was cut. */
static void add_text(struct sentence *sentence, struct span text)
{
    size_t size = sentence->out->size;
    size_t room = size <= sentence->end ? sentence->end - size + 1 : 0;
    buf_add(sentence->out, text.data, text.size < room ? text.size : room);
}

static void add_str(struct sentence *sentence, const char *text)
{
    add_text(sentence, span_str(text));
}

static void add_all(struct sentence *sentence, struct span path, const char *between)
{
    const struct event *event = sentence->event;
    bool first = true;
    for (size_t i = 0; i < event->n_fields && sentence->out->size <= sentence->end; i++) {
        if (span_equal(event->fields[i].path, path)) {
            add_str(sentence, first ? "" : between);
            add_text(sentence, event->fields[i].value);
            first = false;
        }
    }
}

/* What is no number, or too large for one, is shown as it is. */
static bool read_number(const struct event_field *field, uint64_t *out_number)
{
    uint64_t number = 0;
    if (field->value.size > 18) {
        return false;
    }
    for (size_t i = 0; i < field->value.size; i++) {
        if (!ascii_is_digit(field->value.data[i])) {
            return false;
        }
        number = number * 10 + (uint64_t)(field->value.data[i] - '0');
    }
    *out_number = number;
    return true;
}

static void add_bytes(struct sentence *sentence, const struct event_field *field)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    const struct event *event = sentence->event;
    double sum = 0;
    for (size_t i = 0; i < event->n_fields; i++) {
        uint64_t number;
        if (!span_equal(event->fields[i].path, field->path)) {
            continue;
        }
        if (!read_number(&event->fields[i], &number)) {
            add_text(sentence, field->value);
            return;
        }
        sum += (double)number;
    }
    size_t unit = 0;
    for (; sum >= 1024 && unit < 4; unit++) {
        sum /= 1024;
    }
    char text[40];
    (void)snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", sum,
                   unit == 0 && sum == 1 ? "byte" : units[unit]);
    add_str(sentence, text);
}

static void add_mode(struct sentence *sentence, const struct event_field *field)
{
    uint64_t mode;
    char text[40];
    if (!read_number(field, &mode)) {
        add_text(sentence, field->value);
        return;
    }
    (void)snprintf(text, sizeof text, "0%llo", (unsigned long long)mode);
    add_str(sentence, text);
}

/* Teleport writes the year 1 for a time that is not set. */
static bool is_zero_time(struct span time)
{
    return span_starts(time, "0001-01-01T");
}

/* To the second; what is no time is shown as it is. False when it is not set. */
static bool add_time(struct sentence *sentence, const struct event_field *field)
{
    int64_t us;
    char text[CLOCK_TEXT_BYTES];
    if (is_zero_time(field->value)) {
        return false;
    }
    if (clock_parse_rfc3339(field->value, &us) && us > 0) {
        add_str(sentence, clock_format(us - us % CLOCK_SECOND_US, text));
    } else {
        add_text(sentence, field->value);
    }
    return true;
}

/* Above an hour to the minute, rounded: a certificate of 12 h is made a moment before its event. */
static void add_duration(struct sentence *sentence, int64_t us)
{
    char text[60];
    int64_t tenths = (us + 50000) / 100000;
    int64_t minutes = (us / CLOCK_SECOND_US + 30) / 60;
    if (us < CLOCK_SECOND_US) {
        (void)snprintf(text, sizeof text, "%lld ms", (long long)(us / 1000));
    } else if (tenths < 600) {
        (void)snprintf(text, sizeof text, "%lld.%lld s", (long long)(tenths / 10),
                       (long long)(tenths % 10));
    } else if (tenths < 36000) {
        (void)snprintf(text, sizeof text, "%lld min %lld.%lld s", (long long)(tenths / 600),
                       (long long)(tenths / 10 % 60), (long long)(tenths % 10));
    } else if (minutes < 2880) {
        (void)snprintf(text, sizeof text, minutes % 60 ? "%lld h %lld min" : "%lld h",
                       (long long)(minutes / 60), (long long)(minutes % 60));
    } else {
        (void)snprintf(text, sizeof text, minutes / 60 % 24 ? "%lld d %lld h" : "%lld d",
                       (long long)(minutes / 1440), (long long)(minutes / 60 % 24));
    }
    add_str(sentence, text);
}

/* False: one of the times is none, or they are the wrong way round. */
static bool add_since(struct sentence *sentence, const struct event_field *field, struct span other)
{
    const struct event_field *from = event_type_field(sentence->event, other);
    int64_t from_us;
    int64_t to_us;
    if (!from || is_zero_time(from->value) || is_zero_time(field->value) ||
        !clock_parse_rfc3339(from->value, &from_us) || !clock_parse_rfc3339(field->value, &to_us) ||
        to_us < from_us) {
        return false;
    }
    add_duration(sentence, to_us - from_us);
    return true;
}

static void add_plain(struct sentence *sentence, struct span text)
{
    size_t start = sentence->out->size;
    add_text(sentence, text);
    for (size_t i = start; i < sentence->out->size; i++) {
        char *c = &sentence->out->data[i];
        *c = *c == '_' || *c == '.' ? ' ' : ascii_lower(*c);
    }
}

static size_t last_part(struct span text)
{
    size_t at = text.size;
    while (at > 0 && text.data[at - 1] != '.') {
        at--;
    }
    return at;
}

static void add_verb(struct sentence *sentence, struct span type, bool past)
{
    static const struct {
        const char *part;
        const char *past;
        const char *verb;
    } verbs[] = {{"create", "Created", "create"},  {"created", "Created", "create"},
                 {"update", "Changed", "change"},  {"updated", "Changed", "change"},
                 {"patch", "Changed", "change"},   {"delete", "Deleted", "delete"},
                 {"deleted", "Deleted", "delete"}, {"get", "Read", "read"}};
    struct span part = span_from(type, last_part(type));
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (span_is(part, verbs[i].part)) {
            add_str(sentence, past ? verbs[i].past : verbs[i].verb);
            return;
        }
    }
    add_plain(sentence, part);
}

/* False when the value is none in this form. */
static bool add_form(struct sentence *sentence, const struct event_field *field, struct span form)
{
    if (span_is(form, "")) {
        add_text(sentence, field->value);
    } else if (span_is(form, "list") || span_is(form, "words")) {
        add_all(sentence, field->path, span_is(form, "list") ? ", " : " ");
    } else if (span_is(form, "bytes")) {
        add_bytes(sentence, field);
    } else if (span_is(form, "mode")) {
        add_mode(sentence, field);
    } else if (span_is(form, "time")) {
        return add_time(sentence, field);
    } else if (span_starts(form, "since ")) {
        return add_since(sentence, field, span_from(form, strlen("since ")));
    } else if (span_is(form, "plain")) {
        add_plain(sentence, field->value);
    } else if (span_is(form, "thing")) {
        size_t part = last_part(field->value);
        add_plain(sentence, span_of(field->value.data, part > 0 ? part - 1 : 0));
    } else if (span_is(form, "did") || span_is(form, "do")) {
        add_verb(sentence, field->value, span_is(form, "did"));
    } else {
        CHECK(span_is(form, "if"));
    }
    return true;
}

/* `part` is what stands between { and }. */
static void add_part(struct sentence *sentence, struct span part)
{
    size_t colon = span_find(part, ':');
    struct span form = colon < part.size ? span_from(part, colon + 1) : span_of(NULL, 0);
    const struct event_field *field = event_type_field(sentence->event, span_of(part.data, colon));
    if (field && add_form(sentence, field, form)) {
        return;
    }
    if (sentence->depth == 0) {
        add_str(sentence, "?");
    }
    sentence->levels[sentence->depth].lacks = true;
}

static void open_level(struct sentence *sentence)
{
    CHECK(sentence->depth < LEVELS_MAX);
    sentence->depth++;
    sentence->levels[sentence->depth].start = sentence->out->size;
    sentence->levels[sentence->depth].lacks = false;
}

static void close_level(struct sentence *sentence)
{
    CHECK(sentence->depth > 0);
    if (sentence->levels[sentence->depth].lacks) {
        sentence->out->size = sentence->levels[sentence->depth].start;
    }
    sentence->depth--;
}

/* Cuts between characters. */
static void cut(struct buf *out, size_t end)
{
    if (buf_ok(out) && out->size > end) {
        while (end > 0 && ((unsigned char)out->data[end] & 0xc0) == 0x80) {
            end--;
        }
        out->size = end;
        buf_add_str(out, "\xe2\x80\xa6");
    }
}

void event_sentence_fill(struct buf *out, const struct event *event, const char *template,
                         size_t max)
{
    struct sentence sentence = {.out = out, .event = event, .end = out->size + max};
    for (const char *at = template; *at;) {
        if (*at == '[') {
            open_level(&sentence);
            at++;
        } else if (*at == ']') {
            close_level(&sentence);
            at++;
        } else if (*at == '{') {
            size_t size = strcspn(at + 1, "}");
            add_part(&sentence, span_of(at + 1, size));
            at += size + 2;
        } else {
            size_t size = strcspn(at, "[]{");
            add_text(&sentence, span_of(at, size));
            at += size;
        }
    }
    CHECK(sentence.depth == 0);
    cut(out, sentence.end);
}

void event_sentence_add(struct buf *out, const struct event *event, size_t max)
{
    const struct event_type *type = event_type_find(event);
    bool failed = event_type_failed(event);
    if (!failed || *type->failed) {
        bool use_failed = failed || !*type->done;
        event_sentence_fill(out, event, use_failed ? type->failed : type->done, max);
        return;
    }
    /* A type that is not known to fail: its sentence must not stand as if it had been done. */
    char template[TEMPLATE_MAX];
    int size =
        snprintf(template, sizeof template, "Failed: %s[: {error|exitError|message}]", type->done);
    CHECK(size > 0 && (size_t)size < sizeof template);
    event_sentence_fill(out, event, template, max);
}
