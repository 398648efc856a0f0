/* Templates of keys: checked once (known parts, no empty names, objects told apart), then filled
 * in for each object. Pure. */
#include "tools/stele/export/key_template.h"

#include <stdio.h>

#include "schema/base/clock.h"

enum { PART_BYTES = 72 };

#define PARTS                                                                                      \
    "{day} {ymd} {year} {month} {mday} {archive} {archive_id} {first} {last} {number} {digest} "   \
    "{sha256} {ext}"

enum part {
    PART_DAY = 1 << 0,
    PART_YEAR = 1 << 1,
    PART_MONTH = 1 << 2,
    PART_MDAY = 1 << 3,
    PART_FIRST = 1 << 4,
    PART_NUMBER = 1 << 5,
    SEGMENT_SIZE_OTHER = 1 << 6,
};

/* The parts, and what they tell of an object. */
static const struct known_part {
    const char *name;
    unsigned tells;
} known[] = {
    {"day", PART_DAY},
    {"ymd", PART_DAY},
    {"year", PART_YEAR},
    {"month", PART_MONTH},
    {"mday", PART_MDAY},
    {"archive", SEGMENT_SIZE_OTHER},
    {"first", PART_FIRST},
    {"last", SEGMENT_SIZE_OTHER},
    {"number", PART_NUMBER},
    {"digest", SEGMENT_SIZE_OTHER},
    {"sha256", SEGMENT_SIZE_OTHER},
    {"ext", SEGMENT_SIZE_OTHER},
    {"archive_id", SEGMENT_SIZE_OTHER},
};

static const struct known_part *part_find(struct span name)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (span_is(name, known[i].name)) {
            return &known[i];
        }
    }
    return NULL;
}

static void part_fill(struct span name, const struct key_template_facts *facts,
                      char out[PART_BYTES])
{
    char day[CLOCK_TEXT_BYTES];
    char hex[DIGEST_HEX_BYTES];
    clock_format_day(facts->day_us, day);
    digest_hex(facts->sha256, hex);
    if (span_is(name, "day")) {
        (void)snprintf(out, PART_BYTES, "%s", day);
    } else if (span_is(name, "ymd")) {
        (void)snprintf(out, PART_BYTES, "%.4s%.2s%.2s", day, day + 5, day + 8);
    } else if (span_is(name, "year")) {
        (void)snprintf(out, PART_BYTES, "%.4s", day);
    } else if (span_is(name, "month")) {
        (void)snprintf(out, PART_BYTES, "%.2s", day + 5);
    } else if (span_is(name, "mday")) {
        (void)snprintf(out, PART_BYTES, "%.2s", day + 8);
    } else if (span_is(name, "archive")) {
        (void)snprintf(out, PART_BYTES, "%.8s", facts->archive_id);
    } else if (span_is(name, "archive_id")) {
        (void)snprintf(out, PART_BYTES, "%.36s", facts->archive_id);
    } else if (span_is(name, "first")) {
        (void)snprintf(out, PART_BYTES, "%06lld", (long long)facts->first_block);
    } else if (span_is(name, "last")) {
        (void)snprintf(out, PART_BYTES, "%06lld", (long long)facts->last_block);
    } else if (span_is(name, "number")) {
        (void)snprintf(out, PART_BYTES, "%06lld", (long long)facts->number);
    } else if (span_is(name, "digest")) {
        (void)snprintf(out, PART_BYTES, "%.16s", hex);
    } else if (span_is(name, "sha256")) {
        (void)snprintf(out, PART_BYTES, "%s", hex);
    } else {
        (void)snprintf(out, PART_BYTES, "%s", object_codec_extension(facts->codec));
    }
}

/* The next piece of the template: text up to a brace, or the name of a part. False at the end, or
 * when a brace is not closed (*out_open). */
static bool next_piece(struct span *rest, bool *out_is_part, struct span *out, bool *out_open)
{
    *out_open = false;
    if (rest->size == 0) {
        return false;
    }
    *out_is_part = rest->data[0] == '{';
    const char *end = memchr(rest->data, *out_is_part ? '}' : '{', rest->size);
    if (*out_is_part && !end) {
        *out_open = true;
        return false;
    }
    size_t size = end ? (size_t)(end - rest->data) : rest->size;
    *out = *out_is_part ? span_of(rest->data + 1, size - 1) : span_of(rest->data, size);
    *rest = span_from(*rest, size + (*out_is_part ? 1 : 0));
    return true;
}

/* Literal text: what a key, a URL and a path all keep as it is. */
static enum status check_text(const char *text, struct span literal, struct err *err)
{
    for (size_t i = 0; i < literal.size; i++) {
        unsigned char c = (unsigned char)literal.data[i];
        if (c < ' ' || c > '~' || strchr("}\\?#", c)) {
            return err_set(err, ERR_USAGE,
                           "--key: \"%s\": keys are of printable ASCII without \\ ? # and single }",
                           text);
        }
    }
    return OK;
}

/* Folders of the key must be names. */
static enum status check_folders(const char *text, struct err *err)
{
    for (const char *at = text;; at++) {
        size_t n = strcspn(at, "/");
        if (n == 0 || at[0] == '.') {
            return err_set(err, ERR_USAGE,
                           "--key: \"%s\": no slash at its begin or end, none behind another, and "
                           "no name that begins with a dot",
                           text);
        }
        at += n;
        if (*at == '\0') {
            return OK;
        }
    }
}

enum status key_template_check(const char *text, struct err *err)
{
    struct span rest = span_str(text);
    struct span piece;
    bool is_part;
    bool open;
    unsigned told = 0;
    enum status status = check_folders(text, err);
    while (status == OK && next_piece(&rest, &is_part, &piece, &open)) {
        const struct known_part *part = is_part ? part_find(piece) : NULL;
        if (is_part && !part) {
            return err_set(err, ERR_USAGE, "--key: no such part: {%.*s}; there are " PARTS,
                           (int)(piece.size < 40 ? piece.size : 40), piece.data);
        }
        told |= part ? part->tells : 0;
        status = is_part ? OK : check_text(text, piece, err);
    }
    if (status == OK && open) {
        return err_set(err, ERR_USAGE, "--key: \"%s\": a { is not closed", text);
    }
    unsigned date = PART_YEAR | PART_MONTH | PART_MDAY;
    bool day = (told & PART_DAY) || (told & date) == date;
    if (status == OK && !(told & PART_NUMBER) && !(day && (told & PART_FIRST))) {
        return err_set(err, ERR_USAGE,
                       "--key: \"%s\" would give two objects the same key: it needs {number}, or "
                       "{first} with {day} (or {ymd}, or {year}, {month} and {mday})",
                       text);
    }
    return status;
}

enum status key_template_fill(const char *text, const struct key_template_facts *facts,
                              char out[TARGET_KEY_BYTES], struct err *err)
{
    struct span rest = span_str(text);
    struct span piece;
    bool is_part;
    bool open;
    size_t n = 0;
    while (next_piece(&rest, &is_part, &piece, &open)) {
        char value[PART_BYTES];
        if (is_part) {
            part_fill(piece, facts, value);
            piece = span_str(value);
        }
        if (n + piece.size >= TARGET_KEY_BYTES) {
            return err_set(err, ERR_LIMIT, "--key: a key of over %d bytes", TARGET_KEY_BYTES - 1);
        }
        memcpy(out + n, piece.data, piece.size);
        n += piece.size;
    }
    out[n] = '\0';
    return OK;
}
