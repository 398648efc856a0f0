/* Finding observables by shape inside of text. */
#include "schema/event/observable_internal.h"

#include "schema/text/ascii.h"

enum {
    DECODED_BYTES_MAX = 64 * 1024,
    BASE64_CHARS_MIN = 12,
    DECODE_DEPTH_MAX = 2,
    HASH_DIGITS_MIN = 32,
    URL_BYTES_MAX = 4096
};

/* What a character can be part of, and what it says of the word that it is in. */
enum class {
    IN_NAME = 1,   /* names, addresses, e-mails; a slash is not, it cuts a path */
    IN_URL = 2,    /* all but white space, controls, quotes and <>|`^{}\ */
    IN_FILE = 4,   /* all but white space, controls, quotes and <>|`;&(),=*? */
    IN_BASE64 = 8, /* letters, digits and +/-_ */
    A_DOT = 16,    /* or beyond ASCII, where dots are too (IDNA) */
    A_COLON = 32,
    AN_AT = 64,
    A_SLASH = 128, /* either way */
};

/* Bit c of 128. */
#define IN_SET(c, low, high)                                                                       \
    (((c) < 64 ? UINT64_C(low) >> ((c)&63) : UINT64_C(high) >> ((c)&63)) & 1)
#define CLASS_ASCII(c)                                                                             \
    (unsigned char)((IN_SET(c, 0x07ff602000000000, 0x07fffffeafffffff) ? IN_NAME : 0) |            \
                    (IN_SET(c, 0xafffff7a00000000, 0x47fffffeafffffff) ? IN_URL : 0) |             \
                    (IN_SET(c, 0x07ffe83a00000000, 0x6ffffffeffffffff) ? IN_FILE : 0) |            \
                    (IN_SET(c, 0x03ffa80000000000, 0x07fffffe87fffffe) ? IN_BASE64 : 0) |          \
                    ((c) == '.' ? A_DOT : 0) | ((c) == ':' ? A_COLON : 0) |                        \
                    ((c) == '@' ? AN_AT : 0) | ((c) == '/' || (c) == '\\' ? A_SLASH : 0))
#define CLASS(c)    ((c) < 128 ? CLASS_ASCII(c) : IN_NAME | IN_URL | IN_FILE | A_DOT)
#define CLASS_4(c)  CLASS(c), CLASS((c) + 1), CLASS((c) + 2), CLASS((c) + 3)
#define CLASS_16(c) CLASS_4(c), CLASS_4((c) + 4), CLASS_4((c) + 8), CLASS_4((c) + 12)
#define CLASS_64(c) CLASS_16(c), CLASS_16((c) + 16), CLASS_16((c) + 32), CLASS_16((c) + 48)
static const unsigned char classes[256] = {CLASS_64(0), CLASS_64(64), CLASS_64(128), CLASS_64(192)};

static unsigned class_of(char c)
{
    return classes[(unsigned char)c];
}

/* The next run of characters of the class at *at or behind it, and all that they say; false when
 * there is none. *at is set behind it. */
static bool next_run(struct span text, size_t *at, unsigned in, struct span *out_run,
                     unsigned *out_says)
{
    size_t start = *at;
    while (start < text.size && !(class_of(text.data[start]) & in)) {
        start++;
    }
    size_t end = start;
    unsigned says = 0;
    for (; end < text.size && (class_of(text.data[end]) & in); end++) {
        says |= class_of(text.data[end]);
    }
    *at = end;
    *out_run = span_of(text.data + start, end - start);
    *out_says = says;
    return end > start;
}

static bool is_one_of(char c, const char *set)
{
    while (*set != '\0' && *set != c) { /* sets are short, and asked for each character */
        set++;
    }
    return *set != '\0';
}

static struct span trim(struct span text, const char *front, const char *back)
{
    while (text.size > 0 && is_one_of(text.data[0], front)) {
        text = span_from(text, 1);
    }
    while (text.size > 0 && is_one_of(text.data[text.size - 1], back)) {
        text.size--;
    }
    return text;
}

bool observable_scan_emit(struct observable_scan *scan, enum observable_kind kind, struct span text,
                          bool (*form)(struct span text, struct buf *out))
{
    struct buf *normal = &scan->observer->normal;
    if (form) {
        normal->size = 0;
        if (!form(text, normal) || !buf_ok(normal)) {
            return false;
        }
        text = buf_span(normal);
    }
    struct observable found = scan->at;
    found.kind = kind;
    found.normal = text;
    scan->each(scan->context, &found);
    return true;
}

void observable_scan_emit_file(struct observable_scan *scan, struct span file)
{
    (void)observable_scan_emit(scan, OBSERVABLE_FILE, file, NULL);
    struct buf *normal = &scan->observer->normal;
    normal->size = 0;
    if (observable_file(file, normal) && !span_equal(buf_span(normal), file)) {
        (void)observable_scan_emit(scan, OBSERVABLE_FILE, buf_span(normal), NULL);
    }
}

/* An address begins with a digit, or is of hexadecimal groups; what surely is none is not tried. */
static bool emit_ip(struct observable_scan *scan, struct span text)
{
    if (text.size < 2 || text.size > 64) {
        return false;
    }
    char c = text.data[0];
    bool digit = c >= '0' && c <= '9';
    bool hex = digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '[';
    if (!digit && (!hex || !memchr(text.data, ':', text.size))) {
        return false;
    }
    return observable_scan_emit(scan, OBSERVABLE_IP, text, observable_ip);
}

static bool is_hash_size(size_t size)
{
    return size == 32 || size == 40 || size == 64 || size == 128;
}

static bool is_word(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c) || (unsigned char)c >= 0x80;
}

/* Hashes in a longer name: <hash>.bin, a_<hash>, 0x<hash>; digits that go on make none. */
static void scan_hashes(struct observable_scan *scan, struct span name)
{
    for (size_t at = 0; at + HASH_DIGITS_MIN <= name.size;) {
        size_t end = at;
        while (end < name.size && ascii_hex_digit(name.data[end]) >= 0) {
            end++;
        }
        bool marked = at >= 2 && ascii_lower(name.data[at - 1]) == 'x' && name.data[at - 2] == '0';
        bool apart = (at == 0 || !is_word(name.data[at - 1]) || marked) &&
                     (end == name.size || !is_word(name.data[end]));
        if (apart && is_hash_size(end - at) && end - at < name.size) {
            (void)observable_scan_emit(scan, OBSERVABLE_HASH, span_of(name.data + at, end - at),
                                       observable_hash);
        }
        at = end + 1;
    }
}

static void scan_name(struct observable_scan *scan, struct span name, unsigned says, bool in_path)
{
    name = trim(name, "[.-_%", "].-_%");
    const char *at = says & AN_AT ? (name.size ? memchr(name.data, '@', name.size) : NULL) : NULL;
    if (at) {
        (void)observable_scan_emit(scan, OBSERVABLE_EMAIL, name, observable_email);
        name = span_from(name, (size_t)(at + 1 - name.data));
        if (emit_ip(scan, name)) {
            return;
        }
    }
    if (!observable_scan_emit(scan, OBSERVABLE_HASH, name, observable_hash)) {
        scan_hashes(scan, name);
        if ((!in_path || at) && (says & A_DOT)) {
            (void)observable_scan_emit(scan, OBSERVABLE_DOMAIN, name, observable_domain);
        }
    }
}

static void scan_token(struct observable_scan *scan, struct span token, unsigned says, bool in_path)
{
    if (says & (A_DOT | A_COLON)) {
        struct span whole = trim(token, ".-", ".-:@");
        if (emit_ip(scan, whole) || emit_ip(scan, trim(whole, "[", "]"))) {
            return;
        }
    }
    for (size_t at = 0; at < token.size;) {
        const char *colon = memchr(token.data + at, ':', token.size - at);
        size_t end = colon ? (size_t)(colon - token.data) : token.size;
        struct span piece = span_of(token.data + at, end - at);
        struct span rest = trim(piece, "[.-", "].-");
        if (rest.size > 0 && !emit_ip(scan, rest)) {
            scan_name(scan, piece, says, in_path && at == 0);
        }
        at = end + 1;
    }
}

static void scan_tokens(struct observable_scan *scan, struct span text)
{
    struct span token;
    unsigned says;
    for (size_t at = 0; next_run(text, &at, IN_NAME, &token, &says);) {
        if ((says & (A_DOT | A_COLON | AN_AT)) || token.size >= HASH_DIGITS_MIN) {
            bool in_path = token.data > text.data && (class_of(token.data[-1]) & A_SLASH);
            scan_token(scan, token, says, in_path);
        }
    }
}

static void emit_url(struct observable_scan *scan, struct span text)
{
    struct span url = trim(text, "", ".,;:!?)]");
    if (!observable_scan_emit(scan, OBSERVABLE_URL, url, observable_url)) {
        return;
    }
    struct span host = observable_url_host(buf_span(&scan->observer->normal));
    char copy[256];
    size_t size = host.size < sizeof copy ? host.size : 0;
    memcpy(copy, host.data, size);
    host = span_of(copy, size);
    if (!emit_ip(scan, host)) {
        (void)observable_scan_emit(scan, OBSERVABLE_DOMAIN, host, observable_domain);
    }
}

/* Where a URL may end before the run of its characters does: at what a shell or a list puts behind
 * it, and within a query, where the next field begins. */
static void emit_url_ends(struct observable_scan *scan, struct span run, bool inner)
{
    const char *end[] = {memchr(run.data, ';', run.size), memchr(run.data, ',', run.size),
                         memmem(run.data, run.size, "&&", 2),
                         inner ? memchr(run.data, '&', run.size) : NULL};
    emit_url(scan, run);
    for (size_t i = 0; i < sizeof end / sizeof end[0]; i++) {
        if (end[i]) {
            emit_url(scan, span_of(run.data, (size_t)(end[i] - run.data)));
        }
    }
}

/* Each URL, and those within its query. A URL of over URL_BYTES_MAX is none, and what could be its
 * beginning is not looked at any further than that. */
static void scan_urls(struct observable_scan *scan, struct span text)
{
    size_t run_end = 0;
    size_t before = 0; /* the end of what was looked at */
    const char *colon = text.size > 0 ? memchr(text.data, ':', text.size) : NULL;
    for (size_t at = colon ? (size_t)(colon - text.data) : text.size; at < text.size;) {
        const char *mark = memmem(text.data + at, text.size - at, "://", 3);
        if (!mark) {
            return;
        }
        size_t middle = (size_t)(mark - text.data);
        size_t start = middle;
        while (start > before && (class_of(text.data[start - 1]) & IN_BASE64) &&
               !is_one_of(text.data[start - 1], "/-_")) {
            start--;
        }
        bool inner = middle < run_end;
        if (!inner) {
            struct span run;
            unsigned says;
            run_end = middle;
            (void)next_run(text, &run_end, IN_URL, &run, &says);
        }
        size_t end = run_end - start > URL_BYTES_MAX ? start + URL_BYTES_MAX : run_end;
        emit_url_ends(scan, span_of(text.data + start, end - start), inner);
        at = middle + 3;
        before = at;
    }
}

/* What has a slash or a dot in it; of a command each word that is not an option. */
static void scan_files(struct observable_scan *scan, struct span text)
{
    bool is_whole = scan->field->kind == OBSERVABLE_FILE && scan->depth == 0;
    struct span word;
    unsigned says;
    for (size_t at = 0; next_run(text, &at, IN_FILE, &word, &says);) {
        bool named = scan->field->words_are_files && word.data[0] != '-';
        if ((says & (A_DOT | A_SLASH)) || named) {
            struct span file = trim(word, "", ".:");
            if (file.size > 1 && !(is_whole && file.size == text.size)) {
                observable_scan_emit_file(scan, file);
            }
        }
    }
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' || c == '-' ? 62 : 63;
}

/* RFC 4648, either alphabet, padding left out. Appends text; UTF-16LE (PowerShell's) loses its
 * zero bytes. False, and nothing appended, when the result is not text. */
static bool decode_text(struct buf *out, struct span digits)
{
    size_t before = out->size;
    uint32_t bits = 0;
    int count = 0;
    for (size_t i = 0; i < digits.size; i++) {
        bits = bits << 6 | (uint32_t)base64_digit(digits.data[i]);
        count += 6;
        if (count < 8) {
            continue;
        }
        count -= 8;
        unsigned char byte = (unsigned char)(bits >> count);
        bool blank = byte == '\t' || byte == '\n' || byte == '\r';
        if (byte == 0 && (out->size - before) > 0) {
            continue;
        }
        if ((byte < ' ' && !blank) || byte >= 0x7f) {
            out->size = before;
            return false;
        }
        buf_add_char(out, (char)byte);
    }
    return buf_ok(out);
}

/* Looks at what was decoded behind `before`, and forgets it. */
static void scan_decoded(struct observable_scan *scan, size_t before)
{
    struct buf *decoded = &scan->observer->decoded;
    struct observable_scan inner = *scan;
    struct buf copy = BUF_INIT; /* `decoded` grows below */
    buf_add(&copy, decoded->data + before, decoded->size - before);
    inner.at.decoded = true;
    inner.depth++;
    observable_scan_text(&inner, buf_span(&copy));
    buf_fini(&copy);
    decoded->size = before;
}

/* %2F is /; and so is \/, as some write JSON within a text. */
static bool is_escape(struct span text, size_t at)
{
    return (text.data[at] == '%' && at + 2 < text.size && ascii_hex_digit(text.data[at + 1]) >= 0 &&
            ascii_hex_digit(text.data[at + 2]) >= 0) ||
           (text.data[at] == '\\' && at + 1 < text.size && text.data[at + 1] == '/');
}

static void scan_escaped(struct observable_scan *scan, struct span text)
{
    struct buf *decoded = &scan->observer->decoded;
    size_t before = decoded->size;
    bool any = false;
    bool maybe = text.size > 0 &&
                 (memchr(text.data, '%', text.size) ||
                  (memchr(text.data, '\\', text.size) && memmem(text.data, text.size, "\\/", 2)));
    for (size_t i = 0; maybe && i < text.size && before < DECODED_BYTES_MAX; i++) {
        char c = text.data[i];
        if (is_escape(text, i)) {
            any = true;
            if (c == '%') {
                c = (char)(ascii_hex_digit(text.data[i + 1]) << 4 |
                           ascii_hex_digit(text.data[i + 2]));
            } else {
                c = '/';
            }
            i += text.data[i] == '%' ? 2 : 1;
        }
        buf_add_char(decoded, c);
    }
    if (any && buf_ok(decoded)) {
        scan_decoded(scan, before);
    }
    decoded->size = before;
}

static void scan_base64(struct observable_scan *scan, struct span text)
{
    struct buf *decoded = &scan->observer->decoded;
    struct span digits;
    unsigned says;
    for (size_t at = 0; next_run(text, &at, IN_BASE64, &digits, &says);) {
        size_t before = decoded->size;
        if (digits.size >= BASE64_CHARS_MIN && before < DECODED_BYTES_MAX &&
            decode_text(decoded, digits)) {
            scan_decoded(scan, before);
        }
    }
}

/* As RFC 3339 writes them: these are many, each another, and none names anything. */
static bool is_time(struct span text)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd";
    enum { SHAPE_BYTES = sizeof shape - 1, TIME_BYTES_MAX = 35 };
    if (text.size < SHAPE_BYTES || text.size > TIME_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < SHAPE_BYTES; i++) {
        char c = text.data[i];
        if (shape[i] == 'd' ? c < '0' || c > '9' : c != shape[i]) {
            return false;
        }
    }
    for (size_t i = SHAPE_BYTES; i < text.size; i++) {
        if (!is_one_of(text.data[i], "0123456789.:+-Z")) {
            return false;
        }
    }
    return true;
}

void observable_scan_text(struct observable_scan *scan, struct span text)
{
    if (is_time(text) || emit_ip(scan, text)) {
        return; /* a time; or an address, with or without a port, and no more than that */
    }
    scan_urls(scan, text);
    scan_tokens(scan, text);
    scan_files(scan, text);
    if (scan->depth < DECODE_DEPTH_MAX) {
        scan_base64(scan, text);
        scan_escaped(scan, text);
    }
}
