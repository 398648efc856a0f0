#include "query/list/list_internal.h"

#include "schema/text/ascii.h"

static const char blanks[] = " \t";

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Cuts the first word off the text. */
static struct span cut_word(struct span *text)
{
    size_t start = 0;
    while (start < text->size && is_blank(text->data[start])) {
        start++;
    }
    size_t end = start;
    while (end < text->size && !is_blank(text->data[end])) {
        end++;
    }
    struct span word = span_of(text->data + start, end - start);
    *text = span_from(*text, end);
    return word;
}

static bool is_one_of(struct span word, const char *const *names)
{
    for (size_t i = 0; names[i]; i++) {
        if (word.size == strlen(names[i]) && strncasecmp(word.data, names[i], word.size) == 0) {
            return true;
        }
    }
    return false;
}

/* Addresses that lead nowhere, as hosts files and resolvers answer. */
static bool is_nowhere(struct span word)
{
    static const char *const names[] = {"0.0.0.0",         "127.0.0.1", "127.0.1.1",
                                        "127.0.0.53",      "::",        "::1",
                                        "255.255.255.255", "#",         NULL};
    return is_one_of(word, names);
}

/* Names of zones that answer for the list itself. */
static bool is_zone_type(struct span word)
{
    static const char *const names[] = {"CNAME", "A", "AAAA", "TXT", "NS", "SOA", "DNAME", NULL};
    return word.size > 0 && word.size <= 5 && is_one_of(word, names);
}

/* "NAME [TTL] [IN] TYPE ...": *out_type is the type. */
static bool is_zone_line(struct span line, struct span *out_name, struct span *out_type,
                         struct span *out_rest)
{
    *out_name = cut_word(&line);
    for (int i = 0; i < 3; i++) {
        struct span word = cut_word(&line);
        if (is_zone_type(word)) {
            *out_type = word;
            *out_rest = ascii_trim(line, blanks);
            return out_rest->size > 0;
        }
        if (!ascii_all_digits(word) && !span_is(word, "IN")) {
            return false;
        }
    }
    return false;
}

/* The zone's own servers, on a line that goes on with the name before. */
static bool is_of_zone_itself(struct span line)
{
    if (!memchr("NSI", line.data[0], 3)) {
        return false;
    }
    struct span first = cut_word(&line);
    struct span second = cut_word(&line);
    return span_is(first, "NS") || span_is(first, "SOA") ||
           (span_is(first, "IN") && (span_is(second, "NS") || span_is(second, "SOA")));
}

static bool is_adblock(struct span line, unsigned has)
{
    return span_starts(line, "||") || span_starts(line, "@@") || span_starts(line, "|http") ||
           span_starts(line, "[Adblock") || (line.size > 1 && line.data[0] == '!') ||
           (has & TEXT_HAS_HASH &&
            (memmem(line.data, line.size, "##", 2) || memmem(line.data, line.size, "#@#", 3) ||
             memmem(line.data, line.size, "#?#", 3)));
}

static const char *const dnsmasq_words[] = {"address=/", "server=/", "local=/",
                                            "ipset=/",   "nftset=/", NULL};
static const char *const unbound_words[] = {"local-zone:", "local-data:", "zone ", "zone\t", NULL};

static bool starts_with_one(struct span line, const char *const *words)
{
    for (size_t i = 0; words[i]; i++) {
        if (span_starts(line, words[i])) {
            return true;
        }
    }
    return false;
}

static bool is_zone(struct span line, unsigned has)
{
    struct span rest;
    struct span name;
    struct span type;
    return has & TEXT_HAS_BLANK &&
           (is_of_zone_itself(line) || is_zone_line(line, &name, &type, &rest));
}

enum list_line_form list_line_form_of(struct span line, unsigned has)
{
    struct span rest = line;
    if (line.size < 3) {
        return LIST_LINE_PLAIN;
    }
    if (memchr("01:2", line.data[0], 4) && is_nowhere(cut_word(&rest)) &&
        ascii_trim(rest, blanks).size > 0) {
        return LIST_LINE_HOSTS;
    }
    if (has & TEXT_HAS_EQUALS && starts_with_one(line, dnsmasq_words)) {
        return LIST_LINE_DNSMASQ;
    }
    if (has & TEXT_HAS_MARKUP && starts_with_one(line, unbound_words) &&
        memchr(line.data, '"', line.size)) {
        return LIST_LINE_UNBOUND;
    }
    if (is_adblock(line, has)) {
        return LIST_LINE_ADBLOCK;
    }
    return span_starts(line, "$TTL") || span_starts(line, "$ORIGIN") || is_zone(line, has)
               ? LIST_LINE_ZONE
               : LIST_LINE_PLAIN;
}

const char *list_line_form_name(enum list_line_form form)
{
    static const char *const names[] = {
        [LIST_LINE_PLAIN] = NULL,
        [LIST_LINE_HOSTS] = "hosts file",
        [LIST_LINE_ADBLOCK] = "Adblock filters",
        [LIST_LINE_DNSMASQ] = "dnsmasq configuration",
        [LIST_LINE_UNBOUND] = "resolver configuration",
        [LIST_LINE_ZONE] = "response policy zone",
    };
    return names[form];
}

/* A name that the form says is one; single labels (localhost) are of the machine itself. */
static enum status take_name(struct list_reader *reader, int64_t number, struct span name)
{
    name = ascii_trim(name, "\"' \t");
    if (!memchr(name.data, '.', name.size) || is_nowhere(name) ||
        span_is(name, "localhost.localdomain")) {
        return OK;
    }
    return list_take_cell(reader, number, name, OBSERVABLE_DOMAIN, span_of("", 0));
}

static enum status take_hosts(struct list_reader *reader, int64_t number, struct span line)
{
    enum status status = OK;
    (void)cut_word(&line);
    while (status == OK && ascii_trim(line, blanks).size > 0) {
        struct span word = cut_word(&line);
        if (word.data[0] == '#') {
            return OK;
        }
        status = take_name(reader, number, word);
    }
    return status;
}

/* ||name^$options, |https://...|, a name alone; @@ and ## are exceptions and rules for what pages
 * show. */
static enum status take_adblock(struct list_reader *reader, int64_t number, struct span line)
{
    if (line.data[0] == '!' || span_starts(line, "[Adblock")) {
        return OK;
    }
    if (span_starts(line, "@@")) {
        list_refuse(reader, number, line, "an exception of the list");
        return OK;
    }
    if (line.data[0] != '|' && !text_has_only(text_has(line), TEXT_HAS_OF_NAMES)) {
        list_refuse(reader, number, line,
                    memchr(line.data, '#', line.size) ? "a rule for what a page shows"
                                                      : "a rule for a part of a URL");
        return OK;
    }
    struct span rest = ascii_trim(line, "|");
    size_t size = 0;
    while (size < rest.size && !memchr("^$|", rest.data[size], 3)) {
        size++;
    }
    rest.size = size;
    if (size > 1 && rest.data[size - 1] == '*') {
        rest.size -= size > 2 && rest.data[size - 2] == '/' ? 2 : 1;
    }
    return list_take_cell(reader, number, rest, OBSERVABLE_KINDS, span_str("adblock"));
}

/* address=/a.example/b.example/0.0.0.0: what is between slashes. */
static enum status take_dnsmasq(struct list_reader *reader, int64_t number, struct span line)
{
    enum status status = OK;
    const char *first = memchr(line.data, '/', line.size);
    struct span rest = span_from(line, (size_t)(first + 1 - line.data));
    for (const char *slash = NULL; status == OK;
         rest = span_from(rest, (size_t)(slash + 1 - rest.data))) {
        slash = rest.size > 0 ? memchr(rest.data, '/', rest.size) : NULL;
        if (!slash) {
            return OK;
        }
        status = take_name(reader, number, span_of(rest.data, (size_t)(slash - rest.data)));
    }
    return status;
}

/* local-zone: "name" action; local-data: "name A address"; zone "name" { ... }: the name. */
static enum status take_unbound(struct list_reader *reader, int64_t number, struct span line)
{
    const char *open = memchr(line.data, '"', line.size);
    struct span rest = span_from(line, (size_t)(open + 1 - line.data));
    const char *close = rest.size > 0 ? memchr(rest.data, '"', rest.size) : NULL;
    rest.size = close ? (size_t)(close - rest.data) : rest.size;
    return take_name(reader, number, cut_word(&rest));
}

/* 32.7.113.0.203.rpz-ip is 203.0.113.7/32; of IPv6 "zz" is "::" (RFC draft, RPZ). */
static enum status take_rpz_address(struct list_reader *reader, int64_t number, struct span name,
                                    struct span line)
{
    char parts[9][5];
    size_t count = 0;
    struct buf text = BUF_INIT;
    while (name.size > 0 && count < 9) {
        const char *dot = memchr(name.data, '.', name.size);
        size_t size = dot ? (size_t)(dot - name.data) : name.size;
        if (size == 0 || size > 4) {
            break;
        }
        memcpy(parts[count], name.data, size);
        parts[count++][size] = '\0';
        name = span_from(name, size + 1);
    }
    bool four = count == 5 && !memmem(line.data, line.size, ".zz.", 4);
    for (size_t i = count; i > 1; i--) {
        bool gap = strcmp(parts[i - 1], "zz") == 0;
        buf_printf(&text, "%s%s", gap ? "" : parts[i - 1],
                   i > 2 ? (four ? "." : ":") : (gap ? ":" : ""));
        if (gap && i == count) {
            buf_add_char(&text, ':');
        }
    }
    buf_printf(&text, "/%s", count > 0 ? parts[0] : "");
    enum status status = buf_status(&text, "list", reader->err);
    status = THEN(status, list_take_value(reader, number, buf_span(&text), OBSERVABLE_IP));
    buf_fini(&text);
    return status;
}

static enum status take_zone(struct list_reader *reader, int64_t number, struct span line)
{
    struct span name;
    struct span type;
    struct span target;
    if (line.data[0] == '$' || !is_zone_line(line, &name, &type, &target) ||
        is_one_of(type, (const char *const[]){"NS", "SOA", NULL}) || span_is(name, "@")) {
        return OK;
    }
    if (span_starts(target, "rpz-passthru")) {
        list_refuse(reader, number, line, "an exception of the list");
        return OK;
    }
    const char *rpz = memmem(name.data, name.size, ".rpz-", 5);
    struct span of = rpz ? span_of(name.data, (size_t)(rpz - name.data)) : name;
    bool host = !rpz || span_starts(span_from(name, of.size), ".rpz-nsdname");
    return host ? take_name(reader, number, of) : take_rpz_address(reader, number, of, name);
}

enum status list_take_form(struct list_reader *reader, int64_t number, struct span line,
                           enum list_line_form form)
{
    switch (form) {
    case LIST_LINE_HOSTS:
        return take_hosts(reader, number, line);
    case LIST_LINE_ADBLOCK:
        return take_adblock(reader, number, line);
    case LIST_LINE_DNSMASQ:
        return take_dnsmasq(reader, number, line);
    case LIST_LINE_UNBOUND:
        return take_unbound(reader, number, line);
    case LIST_LINE_ZONE:
        return take_zone(reader, number, line);
    case LIST_LINE_PLAIN:
        break;
    }
    return OK;
}
