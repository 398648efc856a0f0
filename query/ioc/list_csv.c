/* CSV (RFC 4180), with any header and any order of columns. */
#include "query/ioc/indicator_parse.h"
#include "query/ioc/list_internal.h"
#include "schema/text/ascii.h"

enum { COLUMNS_MAX = 256, MD5_DIGITS = 32, WASTED_BYTES_MAX = 64 * 1024 * 1024 };

enum role { ROLE_OTHER, ROLE_VALUE, ROLE_TYPE, ROLE_KIND, ROLE_CONFIDENCE, ROLE_ABOUT };

struct table {
    struct list_reader *reader;
    struct span rest;
    int64_t line; /* of what comes next */
    char delimiter;
    struct buf text; /* of the row's cells, one behind the other */
    size_t start[COLUMNS_MAX + 1];
    size_t columns;
    enum role roles[COLUMNS_MAX];
    enum observable_kind kinds[COLUMNS_MAX]; /* with ROLE_KIND */
    bool has_roles;
    size_t wasted; /* bytes searched for the end of quotes that have none */
};

/* Headers seen in feeds (URLhaus, ThreatFox, MISP, Sentinel), and what their columns hold. */
static const struct {
    const char *name;
    enum role role;
    enum observable_kind kind;
} headers[] = {
    {"value", ROLE_VALUE, 0},
    {"ioc", ROLE_VALUE, 0},
    {"ioc_value", ROLE_VALUE, 0},
    {"indicator", ROLE_VALUE, 0},
    {"indicator_value", ROLE_VALUE, 0},
    {"observable", ROLE_VALUE, 0},
    {"type", ROLE_TYPE, 0},
    {"ioc_type", ROLE_TYPE, 0},
    {"indicator_type", ROLE_TYPE, 0},
    {"kind", ROLE_TYPE, 0},
    {"ip", ROLE_KIND, OBSERVABLE_IP},
    {"ip_address", ROLE_KIND, OBSERVABLE_IP},
    {"ipv4", ROLE_KIND, OBSERVABLE_IP},
    {"ipv6", ROLE_KIND, OBSERVABLE_IP},
    {"src_ip", ROLE_KIND, OBSERVABLE_IP},
    {"dst_ip", ROLE_KIND, OBSERVABLE_IP},
    {"cidr", ROLE_KIND, OBSERVABLE_IP},
    {"domain", ROLE_KIND, OBSERVABLE_DOMAIN},
    {"hostname", ROLE_KIND, OBSERVABLE_DOMAIN},
    {"fqdn", ROLE_KIND, OBSERVABLE_DOMAIN},
    {"url", ROLE_KIND, OBSERVABLE_URL},
    {"email", ROLE_KIND, OBSERVABLE_EMAIL},
    {"hash", ROLE_KIND, OBSERVABLE_HASH},
    {"md5", ROLE_KIND, OBSERVABLE_HASH},
    {"sha1", ROLE_KIND, OBSERVABLE_HASH},
    {"sha256", ROLE_KIND, OBSERVABLE_HASH},
    {"sha512", ROLE_KIND, OBSERVABLE_HASH},
    {"md5_hash", ROLE_KIND, OBSERVABLE_HASH},
    {"sha1_hash", ROLE_KIND, OBSERVABLE_HASH},
    {"sha256_hash", ROLE_KIND, OBSERVABLE_HASH},
    {"user", ROLE_KIND, OBSERVABLE_USER},
    {"username", ROLE_KIND, OBSERVABLE_USER},
    {"file", ROLE_KIND, OBSERVABLE_FILE},
    {"filename", ROLE_KIND, OBSERVABLE_FILE},
    {"file_name", ROLE_KIND, OBSERVABLE_FILE},
    {"user_agent", ROLE_KIND, OBSERVABLE_AGENT},
    {"useragent", ROLE_KIND, OBSERVABLE_AGENT},
    {"sid", ROLE_KIND, OBSERVABLE_SESSION},
    {"session_id", ROLE_KIND, OBSERVABLE_SESSION},
    {"serial_number", ROLE_KIND, OBSERVABLE_SERIAL},
    {"confidence", ROLE_CONFIDENCE, 0},
    {"confidence_level", ROLE_CONFIDENCE, 0},
    {"malware_printable", ROLE_ABOUT, 0},
    {"malware", ROLE_ABOUT, 0},
    {"threat", ROLE_ABOUT, 0},
    {"description", ROLE_ABOUT, 0},
    {"comment", ROLE_ABOUT, 0},
};

static struct span cell_text(const struct table *table, size_t column)
{
    struct span text = span_of(table->text.data + table->start[column],
                               table->start[column + 1] - table->start[column]);
    return ascii_trim_blanks(text);
}

static void end_cell(struct table *table)
{
    if (table->columns < COLUMNS_MAX) {
        table->start[++table->columns] = table->text.size;
    }
}

/* Nothing but blanks so far in the cell at hand. */
static bool is_blank(const struct table *table)
{
    size_t at = table->start[table->columns];
    while (at < table->text.size && table->text.data[at] == ' ') {
        at++;
    }
    return at == table->text.size;
}

/* Does the quoted cell whose text begins here have an end: a quote, not doubled, with the delimiter
 * or the end of the line behind it? The bytes of failed searches are bounded for the whole list. */
static bool is_closed(struct table *table, size_t at)
{
    struct span rest = table->rest;
    size_t i = at;
    while (i < rest.size && table->wasted < WASTED_BYTES_MAX) {
        const char *quote = memchr(rest.data + i, '"', rest.size - i);
        i = quote ? (size_t)(quote - rest.data) + 1 : rest.size;
        if (!quote || (i < rest.size && rest.data[i] == '"')) {
            i += quote != NULL;
            continue;
        }
        size_t after = i;
        while (after < rest.size && rest.data[after] == ' ') {
            after++;
        }
        if (after == rest.size || memchr("\r\n", rest.data[after], 2) ||
            rest.data[after] == table->delimiter) {
            return true;
        }
        break;
    }
    table->wasted += i - at;
    return false;
}

/* One row into cells; a quoted cell may hold delimiters, doubled quotes and line breaks. A quote
 * that is never closed ends with its line, so that one bad row does not swallow the rest. */
static void next_row(struct table *table)
{
    struct span rest = table->rest;
    size_t at = 0;
    bool quoted = false;
    table->text.size = 0;
    table->columns = 0;
    table->start[0] = 0;
    for (; at < rest.size; at++) {
        char c = rest.data[at];
        bool twice = at + 1 < rest.size && rest.data[at + 1] == '"';
        if (quoted && c == '"' && twice) {
            buf_add_char(&table->text, '"');
            at++;
        } else if (c == '"' && (quoted || is_blank(table))) { /* ThreatFox has a blank first */
            table->text.size = quoted ? table->text.size : table->start[table->columns];
            quoted = !quoted && is_closed(table, at + 1);
        } else if (c == '\n' && !quoted) {
            at++;
            break;
        } else if (c == table->delimiter && !quoted) {
            end_cell(table);
        } else {
            buf_add_char(&table->text, c);
        }
    }
    end_cell(table);
    for (size_t i = 0; i < at; i++) {
        table->line += rest.data[i] == '\n';
    }
    table->rest = span_from(rest, at);
}

static bool same_folded(struct span text, const char *name)
{
    return text.size == strlen(name) && strncasecmp(text.data, name, text.size) == 0;
}

/* Takes the row as a header; false when no name in it is known. */
static bool read_header(struct table *table)
{
    for (size_t i = 0; i < table->columns; i++) {
        struct span name = cell_text(table, i);
        while (span_starts(name, "#") || span_starts(name, " ") || span_starts(name, "\"")) {
            name = span_from(name, 1);
        }
        name.size -= span_ends(name, "\"");
        table->roles[i] = ROLE_OTHER;
        for (size_t h = 0; h < sizeof headers / sizeof headers[0]; h++) {
            if (same_folded(name, headers[h].name)) {
                table->roles[i] = headers[h].role;
                table->kinds[i] = headers[h].kind;
                table->has_roles |= headers[h].role == ROLE_VALUE || headers[h].role == ROLE_KIND;
            }
        }
    }
    return table->has_roles;
}

/* Kinds that a cell of unknown meaning may be: those that nothing else looks like. */
static bool is_sure(const struct indicator *indicator)
{
    return indicator->kind == OBSERVABLE_IP || indicator->kind == OBSERVABLE_URL ||
           indicator->kind == OBSERVABLE_DOMAIN || indicator->kind == OBSERVABLE_EMAIL ||
           indicator->kind == OBSERVABLE_HASH;
}

static enum status add_by_shape(struct table *table, bool is_first)
{
    struct list_reader *reader = table->reader;
    enum status status = OK;
    size_t taken = 0;
    for (size_t i = 0; status == OK && i < table->columns; i++) {
        struct indicator indicator;
        if (!indicator_parse(cell_text(table, i), &reader->normal, &indicator) &&
            is_sure(&indicator)) {
            status = list_add(reader, cell_text(table, i), NULL, &indicator);
            taken++;
        }
    }
    if (status == OK && taken == 0 && !is_first) {
        status = list_add(reader, buf_span(&table->text), "no indicator in this row", NULL);
    }
    return status;
}

/* The first cell of a role that has something in it. */
static struct span cell_of(const struct table *table, enum role role)
{
    for (size_t i = 0; i < table->columns; i++) {
        if (table->roles[i] == role && cell_text(table, i).size > 0) {
            return cell_text(table, i);
        }
    }
    return span_of("", 0);
}

static enum status add_cell(struct table *table, size_t column, struct span type)
{
    struct span text = cell_text(table, column);
    enum observable_kind kind = OBSERVABLE_KINDS;
    if (table->roles[column] == ROLE_KIND) {
        kind = table->kinds[column];
    } else if (type.size > 0 && list_type_find(type, &kind)) {
        return list_add_typed(table->reader, type, kind, text);
    }
    return list_add_value(table->reader, text, kind);
}

static enum status add_row(struct table *table)
{
    struct list_reader *reader = table->reader;
    struct span type = cell_of(table, ROLE_TYPE);
    struct span about = cell_of(table, ROLE_ABOUT);
    enum status status = OK;
    bool any = false;
    reader->note =
        (struct indicator_note){.confidence = list_read_confidence(cell_of(table, ROLE_CONFIDENCE)),
                                .valid_from_us = INT64_MIN,
                                .about = about};
    for (size_t i = 0; status == OK && i < table->columns; i++) {
        bool value = table->roles[i] == ROLE_VALUE || table->roles[i] == ROLE_KIND;
        if (value && cell_text(table, i).size > 0) {
            status = add_cell(table, i, type);
            any = true;
        }
    }
    if (status == OK && !any) {
        status = list_add(reader, buf_span(&table->text), "no indicator in this row", NULL);
    }
    return status;
}

static char delimiter_of(struct span line)
{
    static const char all[] = {'\t', ',', ';'};
    for (size_t i = 0; i < sizeof all; i++) {
        if (memchr(line.data, all[i], line.size)) {
            return all[i];
        }
    }
    return '\0';
}

/* The first line that is neither empty nor a remark. */
static struct span first_line(struct span text)
{
    while (text.size > 0) {
        const char *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        struct span line = span_of(text.data, size);
        if (size > 1 && line.data[0] != '#') {
            return line;
        }
        text = span_from(text, size + 1);
    }
    return text;
}

bool list_is_csv(struct span text)
{
    struct span line = first_line(text);
    struct buf normal = BUF_INIT;
    struct indicator indicator;
    const char *remark = line.size ? memmem(line.data, line.size, " #", 2) : NULL;
    if (remark) {
        line.size = (size_t)(remark - line.data);
    }
    bool alone = line.size == 0 || !indicator_parse(line, &normal, &indicator);
    buf_fini(&normal);
    return !alone && delimiter_of(line) != '\0';
}

/* hashes.csv of a MISP feed: MD5 of values, each with the UUID of its event. */
static bool is_misp_hashes(const struct table *table)
{
    struct buf normal = BUF_INIT;
    struct indicator hash;
    struct indicator event;
    bool is = table->columns == 2 && !indicator_parse(cell_text(table, 0), &normal, &hash) &&
              hash.kind == OBSERVABLE_HASH && hash.normal.size == MD5_DIGITS &&
              !indicator_parse(cell_text(table, 1), &normal, &event) &&
              event.kind == OBSERVABLE_SESSION;
    buf_fini(&normal);
    return is;
}

enum status list_read_csv(struct list_reader *reader, struct span text)
{
    struct table table = {
        .reader = reader, .rest = text, .line = 1, .delimiter = delimiter_of(first_line(text))};
    enum status status = OK;
    bool first = true;
    while (status == OK && table.rest.size > 0) {
        reader->line = table.line;
        bool remark = table.rest.data[0] == '#';
        next_row(&table);
        struct span whole = buf_span(&table.text);
        if (!buf_ok(&table.text)) {
            status = err_nomem(reader->err, "list");
        } else if (remark) { /* URLhaus has its header in one */
            (void)(first && !table.has_roles && table.columns > 1 && read_header(&table));
        } else if (whole.size > 0 && !(whole.size == 1 && whole.data[0] == '\r')) {
            bool header = first && !table.has_roles && read_header(&table);
            if (first && is_misp_hashes(&table)) {
                status = err_set(reader->err, ERR_FORMAT,
                                 "a MISP feed's hashes.csv has digests of values: give the feed's "
                                 "events");
            } else if (!header) {
                status = table.has_roles ? add_row(&table) : add_by_shape(&table, first);
            }
            first = false;
        }
    }
    buf_fini(&table.text);
    return status;
}
