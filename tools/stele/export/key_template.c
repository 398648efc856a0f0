/* Templates of keys: checked once (known parts, no empty names, objects told apart), then filled
 * in for each object. Pure. */
#include "tools/stele/export/key_template.h"

#include <stdio.h>

#include "schema/base/clock.h"

enum { TEXT_BYTES = 72 };

#define PARTS                                                                                      \
    "{day} {ymd} {year} {month} {mday} {archive} {archive_id} {first} {last} {events} {number} "   \
    "{digest} {sha256} {ext}"

enum part {
    PART_DAY = 1 << 0,
    PART_YEAR = 1 << 1,
    PART_MONTH = 1 << 2,
    PART_MDAY = 1 << 3,
    PART_FIRST = 1 << 4,
    PART_NUMBER = 1 << 5,
};

/* What a part is a piece of. */
enum text {
    TEXT_DAY, /* 2026-11-23 */
    TEXT_YMD, /* 20261123 */
    TEXT_ARCHIVE_ID,
    TEXT_FIRST,
    TEXT_LAST,
    TEXT_EVENTS,
    TEXT_NUMBER,
    TEXT_DIGEST,
    TEXT_EXTENSION,
    TEXT_COUNT
};

/* The parts, what they tell of an object, and where in a text they stand; size 0: to its end. */
static const struct known_part {
    const char *name;
    unsigned tells;
    enum text text;
    size_t at;
    size_t size;
} known[] = {
    {"day", PART_DAY, TEXT_DAY, 0, 0},
    {"ymd", PART_DAY, TEXT_YMD, 0, 0},
    {"year", PART_YEAR, TEXT_YMD, 0, 4},
    {"month", PART_MONTH, TEXT_YMD, 4, 2},
    {"mday", PART_MDAY, TEXT_YMD, 6, 2},
    {"archive", 0, TEXT_ARCHIVE_ID, 0, 8},
    {"archive_id", 0, TEXT_ARCHIVE_ID, 0, 36},
    {"first", PART_FIRST, TEXT_FIRST, 0, 0},
    {"last", 0, TEXT_LAST, 0, 0},
    {"events", 0, TEXT_EVENTS, 0, 0},
    {"number", PART_NUMBER, TEXT_NUMBER, 0, 0},
    {"digest", 0, TEXT_DIGEST, 0, 16},
    {"sha256", 0, TEXT_DIGEST, 0, 0},
    {"ext", 0, TEXT_EXTENSION, 0, 0},
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

static void texts_fill(const struct key_template_facts *facts, char out[TEXT_COUNT][TEXT_BYTES])
{
    char day[CLOCK_TEXT_BYTES];
    clock_format_day(facts->day_us, day);
    (void)snprintf(out[TEXT_DAY], TEXT_BYTES, "%s", day);
    (void)snprintf(out[TEXT_YMD], TEXT_BYTES, "%.4s%.2s%.2s", day, day + 5, day + 8);
    (void)snprintf(out[TEXT_ARCHIVE_ID], TEXT_BYTES, "%s", facts->archive_id);
    (void)snprintf(out[TEXT_FIRST], TEXT_BYTES, "%06lld", (long long)facts->first_block);
    (void)snprintf(out[TEXT_LAST], TEXT_BYTES, "%06lld", (long long)facts->last_block);
    (void)snprintf(out[TEXT_NUMBER], TEXT_BYTES, "%06lld", (long long)facts->number);
    (void)snprintf(out[TEXT_EVENTS], TEXT_BYTES, "%lld", (long long)facts->content.events);
    (void)digest_hex(&facts->content.sha256, out[TEXT_DIGEST]);
    (void)snprintf(out[TEXT_EXTENSION], TEXT_BYTES, "%s", object_codec_extension(facts->codec));
}

static struct span part_text(const struct known_part *part, char texts[TEXT_COUNT][TEXT_BYTES])
{
    struct span text = span_from(span_str(texts[part->text]), part->at);
    text.size = part->size > 0 && part->size < text.size ? part->size : text.size;
    return text;
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
    size_t size = span_find(*rest, *out_is_part ? '}' : '{');
    *out_open = *out_is_part && size == rest->size;
    if (*out_open) {
        return false;
    }
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
    char texts[TEXT_COUNT][TEXT_BYTES];
    texts_fill(facts, texts);
    while (next_piece(&rest, &is_part, &piece, &open)) {
        piece = is_part ? part_text(part_find(piece), texts) : piece;
        if (n + piece.size >= TARGET_KEY_BYTES) {
            return err_set(err, ERR_LIMIT, "--key: a key of over %d bytes", TARGET_KEY_BYTES - 1);
        }
        memcpy(out + n, piece.data, piece.size);
        n += piece.size;
    }
    out[n] = '\0';
    return OK;
}
