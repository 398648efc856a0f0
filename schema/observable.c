/* Finding observables: by field, and by shape inside of text. */
#include "schema/observable.h"

enum { DECODED_BYTES_MAX = 64 * 1024, BASE64_CHARS_MIN = 12, DECODE_DEPTH_MAX = 2 };

/* What a field holds by its name (Teleport: events.proto, and metadata of each event type). */
static const struct {
    const char *path;
    enum observable_kind kind;
} field_kinds[] = {
    {"user", OBSERVABLE_USER},
    {"login", OBSERVABLE_USER},
    {"user_name", OBSERVABLE_USER},
    {"username", OBSERVABLE_USER},
    {"name", OBSERVABLE_USER},
    {"impersonator", OBSERVABLE_USER},
    {"delegator", OBSERVABLE_USER},
    {"reviewer", OBSERVABLE_USER},
    {"updated_by", OBSERVABLE_USER},
    {"participants", OBSERVABLE_USER},
    {"invited", OBSERVABLE_USER},
    {"db_user", OBSERVABLE_USER},
    {"kubernetes_users", OBSERVABLE_USER},
    {"windows_user", OBSERVABLE_USER},
    {"aws_assumed_role", OBSERVABLE_USER},
    {"identity.user", OBSERVABLE_USER},
    {"identity.impersonator", OBSERVABLE_USER},
    {"identity.logins", OBSERVABLE_USER},
    {"identity.kubernetes_users", OBSERVABLE_USER},
    {"identity.bot_name", OBSERVABLE_USER},
    {"members.member_name", OBSERVABLE_USER},
    {"removed_members", OBSERVABLE_USER},
    {"attributes.sub", OBSERVABLE_USER},
    {"attributes.actor", OBSERVABLE_USER},
    {"sid", OBSERVABLE_SESSION},
    {"session_id", OBSERVABLE_SESSION},
    {"serial_number", OBSERVABLE_SERIAL},
    {"certificate.serial_number", OBSERVABLE_SERIAL},
    {"user_agent", OBSERVABLE_AGENT},
};

struct scan {
    struct observer *observer;
    struct observable at; /* field, value, decoded */
    int depth;
    observable_each *each;
    void *context;
};

static void scan_text(struct scan *scan, struct span text);

void observer_fini(struct observer *observer)
{
    buf_fini(&observer->normal);
    buf_fini(&observer->decoded);
}

/* What the form made of it, if anything. */
static bool emit(struct scan *scan, enum observable_kind kind, struct span text,
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

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Sets of ASCII characters: bit c of 128. */
static bool in_set(const uint64_t set[2], char c)
{
    unsigned char at = (unsigned char)c;
    return at < 128 && set[at >> 6] >> (at & 63) & 1;
}

/* Names, addresses, e-mails: letters, digits, ._-:@[]% and all beyond ASCII; no slash, which cuts a
 * path. */
static bool in_token(char c)
{
    static const uint64_t set[2] = {UINT64_C(0x07ff602000000000), UINT64_C(0x07fffffeafffffff)};
    return in_set(set, c) || (unsigned char)c >= 0x80;
}

/* All but white space, controls, quotes and <>|`^{}\ */
static bool in_url(char c)
{
    static const uint64_t set[2] = {UINT64_C(0xafffff7a00000000), UINT64_C(0x47fffffeafffffff)};
    return in_set(set, c) || (unsigned char)c >= 0x80;
}

/* All but white space, controls, quotes and <>|`;&(),=*? which end a file's name in a command. */
static bool in_file(char c)
{
    static const uint64_t set[2] = {UINT64_C(0x07ffe83a00000000), UINT64_C(0x6ffffffeffffffff)};
    return in_set(set, c) || (unsigned char)c >= 0x80;
}

/* Letters, digits and +/-_ */
static bool in_base64(char c)
{
    static const uint64_t set[2] = {UINT64_C(0x03ffa80000000000), UINT64_C(0x07fffffe87fffffe)};
    return in_set(set, c);
}

static size_t run_of(struct span text, size_t at, bool (*in)(char))
{
    size_t end = at;
    while (end < text.size && in(text.data[end])) {
        end++;
    }
    return end;
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

static void scan_name(struct scan *scan, struct span name, bool in_path)
{
    name = trim(name, "[.-_", "].-_");
    const char *at = name.size ? memchr(name.data, '@', name.size) : NULL;
    if (at) {
        (void)emit(scan, OBSERVABLE_EMAIL, name, observable_email);
        name = span_from(name, (size_t)(at + 1 - name.data));
        if (emit(scan, OBSERVABLE_IP, name, observable_ip)) {
            return;
        }
    }
    if (!emit(scan, OBSERVABLE_HASH, name, observable_hash) && (!in_path || at)) {
        (void)emit(scan, OBSERVABLE_DOMAIN, name, observable_domain);
    }
}

static void scan_token(struct scan *scan, struct span token, bool in_path)
{
    struct span whole = trim(token, ".-", ".-:@");
    if (emit(scan, OBSERVABLE_IP, whole, observable_ip) ||
        emit(scan, OBSERVABLE_IP, trim(whole, "[", "]"), observable_ip)) {
        return;
    }
    for (size_t at = 0; at < token.size;) {
        const char *colon = memchr(token.data + at, ':', token.size - at);
        size_t end = colon ? (size_t)(colon - token.data) : token.size;
        struct span piece = span_of(token.data + at, end - at);
        struct span rest = trim(piece, "[.-", "].-");
        if (rest.size > 0 && !emit(scan, OBSERVABLE_IP, rest, observable_ip)) {
            scan_name(scan, piece, in_path && at == 0);
        }
        at = end + 1;
    }
}

static void scan_tokens(struct scan *scan, struct span text)
{
    for (size_t at = 0; at < text.size;) {
        size_t end = run_of(text, at, in_token);
        if (end == at) {
            at++;
            continue;
        }
        bool in_path = at > 0 && is_one_of(text.data[at - 1], "/\\");
        scan_token(scan, span_of(text.data + at, end - at), in_path);
        at = end;
    }
}

static void scan_urls(struct scan *scan, struct span text)
{
    for (size_t at = 0; at < text.size;) {
        const char *mark = memmem(text.data + at, text.size - at, "://", 3);
        if (!mark) {
            return;
        }
        size_t middle = (size_t)(mark - text.data);
        size_t start = middle;
        while (start > at && (is_alnum(text.data[start - 1]) || text.data[start - 1] == '+')) {
            start--;
        }
        size_t end = run_of(text, middle, in_url);
        struct span url = trim(span_of(text.data + start, end - start), "", ".,;:!?)]");
        if (emit(scan, OBSERVABLE_URL, url, observable_url)) {
            struct span host = observable_url_host(buf_span(&scan->observer->normal));
            char copy[256];
            size_t size = host.size < sizeof copy ? host.size : 0;
            memcpy(copy, host.data, size);
            host = span_of(copy, size);
            if (!emit(scan, OBSERVABLE_IP, host, observable_ip)) {
                (void)emit(scan, OBSERVABLE_DOMAIN, host, observable_domain);
            }
        }
        at = end > middle + 3 ? end : middle + 3;
    }
}

static void scan_files(struct scan *scan, struct span text)
{
    for (size_t at = 0; at < text.size;) {
        size_t end = run_of(text, at, in_file);
        struct span file = trim(span_of(text.data + at, end - at), "", ".:");
        if (file.size > 1) {
            (void)emit(scan, OBSERVABLE_FILE, file, NULL);
        }
        at = end == at ? at + 1 : end;
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
 * zero bytes. False, and nothing appended, when what comes out is no text. */
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

static void scan_base64(struct scan *scan, struct span text)
{
    struct buf *decoded = &scan->observer->decoded;
    for (size_t at = 0; at < text.size;) {
        size_t end = run_of(text, at, in_base64);
        size_t before = decoded->size;
        if (end - at >= BASE64_CHARS_MIN && before < DECODED_BYTES_MAX &&
            decode_text(decoded, span_of(text.data + at, end - at))) {
            struct scan inner = *scan;
            struct span plain = span_of(decoded->data + before, decoded->size - before);
            struct buf copy = BUF_INIT; /* `decoded` grows below */
            buf_add_span(&copy, plain);
            inner.at.decoded = true;
            inner.depth++;
            scan_text(&inner, buf_span(&copy));
            buf_fini(&copy);
            decoded->size = before;
        }
        at = end == at ? at + 1 : end;
    }
}

static void scan_text(struct scan *scan, struct span text)
{
    scan_urls(scan, text);
    scan_tokens(scan, text);
    scan_files(scan, text);
    if (scan->depth < DECODE_DEPTH_MAX) {
        scan_base64(scan, text);
    }
}

static void scan_field(struct scan *scan, const struct event_field *field)
{
    for (size_t i = 0; i < sizeof field_kinds / sizeof field_kinds[0]; i++) {
        if (span_is(field->path, field_kinds[i].path)) {
            enum observable_kind kind = field_kinds[i].kind;
            (void)emit(scan, kind, field->value,
                       kind == OBSERVABLE_SESSION  ? observable_session
                       : kind == OBSERVABLE_SERIAL ? observable_serial
                                                   : NULL);
        }
    }
    if (field->kind == EVENT_STRING) {
        scan_text(scan, field->value);
    }
}

bool observe_event(struct observer *observer, const struct event *event, observable_each *each,
                   void *context)
{
    struct scan scan = {.observer = observer, .each = each, .context = context};
    buf_clear(&observer->normal);
    buf_clear(&observer->decoded);
    for (size_t i = 0; i < event->n_fields; i++) {
        scan.at.field = event->fields[i].path;
        scan.at.value = event->fields[i].value;
        scan_field(&scan, &event->fields[i]);
    }
    return buf_ok(&observer->normal) && buf_ok(&observer->decoded);
}
