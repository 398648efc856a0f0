/* What kind of indicator a value is, by its shape. */
#include "query/ioc/indicator_internal.h"
#include "query/ioc/text_has.h"
#include "query/ioc/top_level.h"
#include "query/language/address.h"
#include "schema/text/ascii.h"

static const char unclear[] = "its kind is not clear: write user:NAME, file:NAME or agent:TEXT";

static bool can_be_ip(unsigned has)
{
    return text_has_only(has, TEXT_HAS_DIGIT | TEXT_HAS_DOT) ||
           has & (TEXT_HAS_OPEN | TEXT_HAS_PERCENT) ||
           (has & TEXT_HAS_COLON && !(has & TEXT_HAS_SLASH));
}

/* What stands before the slash is an address: then the whole is a range, or nothing. */
static bool begins_with_address(struct span text, unsigned has)
{
    const char *slash = has & TEXT_HAS_SLASH ? memchr(text.data, '/', text.size) : NULL;
    if (!slash || slash == text.data ||
        !(ascii_hex_digit(text.data[0]) >= 0 || memchr(":[", text.data[0], 2))) {
        return false;
    }
    unsigned char low[16];
    unsigned char high[16];
    struct span address = span_of(text.data, (size_t)(slash - text.data));
    return address_read_range(address, low, high) &&
           !(memchr(address.data, '.', address.size) && memchr(address.data, ':', address.size));
}

static bool is_uuid(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text.data[i] != '-' : ascii_hex_digit(text.data[i]) < 0) {
            return false;
        }
    }
    return text.size == 36;
}

static bool is_colon_hex(struct span text)
{
    size_t colons = 0;
    for (size_t i = 0; i < text.size; i++) {
        colons += text.data[i] == ':';
        if (text.data[i] != ':' && ascii_hex_digit(text.data[i]) < 0) {
            return false;
        }
    }
    return colons >= 3 && text.size == colons * 3 + 2;
}

bool indicator_parse_is_path(struct span text)
{
    bool drive = text.size > 3 && ascii_is_letter(text.data[0]) && text.data[1] == ':' &&
                 text.data[2] == '\\' && text.data[3] != '\\';
    bool variable = text.size > 3 && text.data[0] == '%' &&
                    memmem(text.data + 1, text.size - 1, "%\\", 2) != NULL;
    bool share = span_starts(text, "\\\\") && text.size > 4 && text.data[2] != '\\';
    return drive || variable || share || (text.size > 1 && text.data[0] == '/');
}

/* A regular expression, or a path that is escaped for one. */
static bool is_expression(struct span text)
{
    struct span rest = span_from(text, span_starts(text, "\\\\") ? 2 : 0);
    return (rest.size > 0 &&
            (memmem(rest.data, rest.size, "\\\\", 2) || memmem(rest.data, rest.size, "\\.", 2) ||
             memmem(rest.data, rest.size, ".*", 2) || memmem(rest.data, rest.size, "(?", 2) ||
             memmem(rest.data, rest.size, "[^", 2))) ||
           span_starts(text, "^") || span_ends(text, "$");
}

static bool is_registry_key(struct span text)
{
    static const char *const roots[] = {"HKLM\\", "HKCU\\", "HKCR\\", "HKU\\", "HKEY_"};
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        if (span_starts(text, roots[i])) {
            return true;
        }
    }
    return false;
}

static const char *guess_file(struct span text, unsigned has, struct buf *normal,
                              struct indicator *out)
{
    if (is_expression(text)) {
        return "an expression, which is not read";
    }
    if (is_registry_key(text)) {
        return "a key of the registry, which no event has";
    }
    if (has & TEXT_HAS_NEVER || memchr(text.data, ';', text.size)) {
        return "a path with blanks, quotes or columns in it: write file:PATH";
    }
    return indicator_read_as(text, OBSERVABLE_FILE, normal, out);
}

/* host/path, where the host is one that can be. */
static const char *guess_url(struct span text, struct buf *normal, struct indicator *out)
{
    struct indicator host = {0};
    struct span name =
        span_of(text.data, (size_t)((const char *)memchr(text.data, '/', text.size) - text.data));
    const char *why = indicator_read_as(name, OBSERVABLE_DOMAIN, normal, &host);
    bool fits = !why && top_level_of(normal->data) != TOP_LEVEL_NONE;
    normal->size = 0;
    if (!fits && !observable_ip(name, normal)) {
        return "neither a URL nor a path";
    }
    normal->size = 0;
    return indicator_read_as(text, OBSERVABLE_URL, normal, out);
}

/* A URL with a star: all of a host (http://name/ and a star), of what is below it (*.name), or a
 * pattern. */
static const char *guess_starred(struct span text, struct buf *normal, struct indicator *out)
{
    const char *mark = observable_url_mark(text);
    struct span rest = mark ? span_from(text, (size_t)(mark - text.data) + 3) : text;
    struct span host = span_of(rest.data, span_find(rest, '/'));
    struct span path = span_from(rest, host.size);
    host = span_starts(host, "*.") ? span_from(host, 2) : host;
    bool all = path.size == 0 || span_is(path, "/") || span_is(path, "/*");
    if (!all || memchr(host.data, '*', host.size)) {
        return "a URL with a wildcard: write url:URL if it has a star";
    }
    if (observable_ip(host, normal)) {
        out->kind = OBSERVABLE_IP;
        return NULL;
    }
    return indicator_read_as(host, OBSERVABLE_DOMAIN, normal, out);
}

/* Is a star the host's, or all of the path? Those of a query are bytes like others. */
static bool is_starred(struct span url)
{
    struct span bare = observable_url_bare(url);
    size_t star = span_find(bare, '*');
    return star < bare.size && (star < span_find(bare, '/') || star < span_find(bare, '?'));
}

/* A name: of a host below a top-level domain, of a file else. */
static const char *guess_name(struct span text, unsigned has, struct buf *normal,
                              struct indicator *out)
{
    bool marked = span_starts(text, "=") || span_starts(text, "*.");
    if (has & TEXT_HAS_SLASH) {
        return has & TEXT_HAS_OTHER && is_starred(text) ? guess_starred(text, normal, out)
                                                        : guess_url(text, normal, out);
    }
    const char *why = indicator_read_as(text, OBSERVABLE_DOMAIN, normal, out);
    if (why) {
        return out->exact || has & TEXT_HAS_DOT ? why : unclear;
    }
    enum top_level top = marked ? TOP_LEVEL_ROOT : top_level_of(normal->data);
    if (top == TOP_LEVEL_UNCLEAR) {
        return "a file, or a name of an alternative root: write file:NAME or domain:NAME";
    }
    if (top == TOP_LEVEL_NONE) {
        *out = (struct indicator){.text = out->text, .defanged = out->defanged};
        normal->size = 0;
        return indicator_read_as(text, OBSERVABLE_FILE, normal, out);
    }
    return NULL;
}

/* An @ before any slash is an e-mail address's. */
static bool is_email(struct span text, unsigned has)
{
    const char *at = has & TEXT_HAS_AT ? memchr(text.data, '@', text.size) : NULL;
    const char *slash = has & TEXT_HAS_SLASH ? memchr(text.data, '/', text.size) : NULL;
    return at && (!slash || at < slash);
}

/* Most texts of a list have no other bytes than names have. */
static const char *guess_of_names(struct span text, unsigned has, struct buf *normal,
                                  struct indicator *out)
{
    if (text_has_only(has, TEXT_HAS_DIGIT | TEXT_HAS_DOT) && observable_ip(text, normal)) {
        out->kind = OBSERVABLE_IP;
        return NULL;
    }
    if (text_has_only(has, TEXT_HAS_DIGIT | TEXT_HAS_HEX) && observable_hash(text, normal)) {
        out->kind = OBSERVABLE_HASH;
        return NULL;
    }
    return text_has_only(has, TEXT_HAS_DIGIT | TEXT_HAS_HEX | TEXT_HAS_DASH) && is_uuid(text)
               ? indicator_read_as(text, OBSERVABLE_SESSION, normal, out)
               : guess_name(text, has, normal, out);
}

const char *indicator_guess(struct span text, unsigned has, struct buf *normal,
                            struct indicator *out)
{
    if (text_has_only(has, TEXT_HAS_OF_NAMES)) {
        return guess_of_names(text, has, normal, out);
    }
    if (begins_with_address(text, has)) {
        return indicator_read_as(text, OBSERVABLE_IP, normal, out);
    }
    if (can_be_ip(has) && observable_ip(text, normal)) {
        out->kind = OBSERVABLE_IP;
        return NULL;
    }
    if (has & TEXT_HAS_COLON && has & TEXT_HAS_SLASH && observable_url_mark(text)) {
        if (has & (TEXT_HAS_NEVER | TEXT_HAS_QUOTE)) {
            return "a URL and more, between blanks, quotes or columns";
        }
        if (has & TEXT_HAS_OTHER && is_starred(text)) {
            return guess_starred(text, normal, out);
        }
        return indicator_read_as(text, OBSERVABLE_URL, normal, out);
    }
    if (text_has_only(has, TEXT_HAS_DIGIT | TEXT_HAS_HEX | TEXT_HAS_COLON) && is_colon_hex(text)) {
        return indicator_read_as(text, OBSERVABLE_SERIAL, normal, out);
    }
    if (text.data[0] == '/' || has & TEXT_HAS_BACKSLASH) {
        return guess_file(text, has, normal, out);
    }
    if (has & TEXT_HAS_NEVER) {
        return unclear;
    }
    if (is_email(text, has)) {
        text = span_from(text, span_starts(text, "mailto:") ? 7 : 0);
        return indicator_read_as(text, OBSERVABLE_EMAIL, normal, out);
    }
    return guess_name(text, has, normal, out);
}
