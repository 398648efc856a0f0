/* Two things are known to the archive and cannot be told from the lines: when an event without a
 * believable time came, beyond the day; and, in some engines, how a number that is not whole is
 * written with 17 digits. A predicate that hangs on one of them makes the query fail, with a
 * reason, when it meets such an event ($unless), and only then. */
#include "query/lake/lake_predicate.h"

#include "query/lake/lake_network.h"
#include "query/lake/lake_regex.h"
#include "query/language/match.h"
#include "query/language/number.h"
#include "schema/text/ascii.h"

/* A term is cut at TERM_BYTES_MAX bytes, before it is made lower case, which may halve it. */
enum { WORD_BYTES_MAX = 127 };

struct predicate_writer {
    enum lake_engine engine;
    const struct predicate *predicate;
    struct buf *out;
};

static enum status refuse(const struct predicate_writer *writer, struct err *err, const char *why)
{
    return err_set(err, ERR_USAGE, "this leaf cannot be said in %s: %s",
                   lake_engine_name(writer->engine), why);
}

static void add(const struct predicate_writer *writer, const char *plain)
{
    buf_add_str(writer->out, plain);
}

static void add_text(const struct predicate_writer *writer, struct span text)
{
    lake_engine_literal(text, writer->out);
}

/* "$any(LIST, x, it is a value that is looked at AND " */
static void begin_any(const struct predicate_writer *writer, const char *list)
{
    buf_printf(writer->out, "$any(%s, x, ", list);
    if (writer->predicate->field.size > 0) {
        add(writer, "$at(x, path) = ");
        add_text(writer, writer->predicate->field);
    } else {
        add(writer, "$at(x, free)");
    }
    add(writer, " AND ");
}

/* Could the text of a number that is not whole, 1.25 or 1e-07, hold or equal it? */
static bool looks_numeric(struct span text)
{
    size_t dots = 0;
    size_t letters = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '\0' || !strchr("0123456789+-.e*", text.data[i])) {
            return false;
        }
        dots += text.data[i] == '.';
        letters += text.data[i] == 'e';
    }
    return dots < 2 && letters < 2;
}

static bool hangs_on_numbers(const struct predicate *predicate)
{
    switch (predicate->kind) {
    case PREDICATE_TERM:
    case PREDICATE_PREFIX:
    case PREDICATE_SUBSTRING:
    case PREDICATE_GLOB:
        return looks_numeric(predicate->text);
    case PREDICATE_PHRASE:
        for (size_t i = 0; i < predicate->n_words; i++) {
            if (!looks_numeric(predicate->words[i])) {
                return false;
            }
        }
        return true;
    case PREDICATE_RANGE:
        return predicate->low.kind == BOUND_TEXT || predicate->high.kind == BOUND_TEXT;
    case PREDICATE_ALL:
    case PREDICATE_EXISTS:
    case PREDICATE_OBSERVABLE:
    case PREDICATE_ADDRESS:
    case PREDICATE_SEVERITY:
    case PREDICATE_TIME:
    case PREDICATE_UID:
        break;
    }
    return false;
}

/* Of the words of a phrase, or the one word of a term: every one short enough to be compared. */
static bool words_fit(const struct predicate *predicate)
{
    for (size_t i = 0; i < predicate->n_words; i++) {
        if (predicate->words[i].size > WORD_BYTES_MAX) {
            return false;
        }
    }
    return predicate->text.size <= WORD_BYTES_MAX;
}

/* One of the spellings that a whole uid is found by. */
static void add_uid(const struct predicate_writer *writer, bool any_case)
{
    struct span typed = writer->predicate->typed;
    struct buf changed = BUF_INIT;
    add(writer, "coalesce(uid, '') IN (");
    add_text(writer, typed);
    for (int upper = 0; any_case && upper < 2; upper++) {
        char from = upper ? 'a' : 'A';
        changed.size = 0;
        for (size_t i = 0; i < typed.size; i++) {
            char c = typed.data[i];
            bool change = c >= from && c <= from + 25;
            buf_add_char(&changed, (char)(change ? c ^ 0x20 : c));
        }
        add(writer, ", ");
        add_text(writer, buf_span(&changed));
    }
    writer->out->failed = writer->out->failed || !buf_ok(&changed);
    buf_fini(&changed);
    add(writer, ")");
}

/* "$any(LIST, x, ... AND $has($at(x, MEMBER), 'text'))"; ends the text. */
static void write_has(const struct predicate_writer *writer, const char *list, const char *member,
                      struct buf *text)
{
    begin_any(writer, list);
    buf_printf(writer->out, "$has($at(x, %s), ", member);
    writer->out->failed = writer->out->failed || !buf_ok(text);
    add_text(writer, buf_span(text));
    add(writer, "))");
    buf_fini(text);
}

static void write_term(const struct predicate_writer *writer)
{
    const struct predicate *predicate = writer->predicate;
    char number[NUMBER_TEXT_BYTES];
    struct buf between = BUF_INIT;
    buf_printf(&between, " %.*s ", SPAN_FMT(predicate->text));
    add(writer, "(");
    write_has(writer, "terms", "terms", &between);
    if (predicate->is_number) {
        add(writer, " OR ");
        begin_any(writer, "fields");
        add(writer, "$at(x, value) = ");
        add_text(writer, number_text_of(predicate->number, number));
        add(writer, ")");
    }
    if (predicate->field.size == 0 && predicate->typed.size > 0) {
        add(writer, " OR ");
        add_uid(writer, true);
    }
    add(writer, ")");
}

static void write_phrase(const struct predicate_writer *writer)
{
    const struct predicate *predicate = writer->predicate;
    struct buf words = BUF_INIT;
    for (size_t i = 0; i < predicate->n_words; i++) {
        buf_add_char(&words, ' ');
        buf_add_span(&words, predicate->words[i]);
    }
    buf_add_str(&words, predicate->last_is_prefix ? "" : " ");
    write_has(writer, "terms", "words", &words);
}

static void write_prefix(const struct predicate_writer *writer)
{
    struct buf begin = BUF_INIT;
    buf_printf(&begin, " %.*s", SPAN_FMT(writer->predicate->text));
    write_has(writer, "terms", "terms", &begin);
}

static void write_substring(const struct predicate_writer *writer)
{
    struct buf text = BUF_INIT;
    buf_add_span(&text, writer->predicate->text);
    write_has(writer, "fields", "low", &text);
}

/* The pattern as a regular expression. */
static void glob_shape(struct span glob, struct buf *out)
{
    buf_add_str(out, "(?s)^");
    for (size_t i = 0; i < glob.size; i++) {
        char c = glob.data[i];
        if (c == '*') {
            buf_add_str(out, ".*");
            continue;
        }
        bool bare = ascii_is_digit(c) || ascii_is_letter(c) || c == '_' ||
                    (unsigned char)c >= 0x80 || (unsigned char)c < ' ';
        buf_add_str(out, bare ? "" : "\\");
        buf_add_char(out, c);
    }
    buf_add_str(out, "\\z");
}

static void write_glob(const struct predicate_writer *writer)
{
    struct buf shape = BUF_INIT;
    glob_shape(writer->predicate->text, &shape);
    writer->out->failed = writer->out->failed || !buf_ok(&shape);
    add(writer, "$unless(");
    begin_any(writer, "terms");
    add(writer,
        "$any($split($at(x, terms), ' '), w, $bytes(w) > 256 AND $bytes(w) <> $length(w))), "
        "'stele: a pattern with stars cannot be asked of words of more than 256 bytes with "
        "letters beyond ASCII', (");
    begin_any(writer, "terms");
    add(writer, "$any($split($at(x, terms), ' '), w, $matches($sub(w, 1, 256), ");
    add_text(writer, buf_span(&shape));
    add(writer, "))) OR ");
    begin_any(writer, "fields");
    add(writer, "$matches($at(x, low), ");
    add_text(writer, buf_span(&shape));
    add(writer, "))))");
    buf_fini(&shape);
}

static void write_order(const struct predicate_writer *writer, const struct bound *bound, bool low)
{
    buf_printf(writer->out, " %s%s ", low ? ">" : "<", bound->inclusive ? "=" : "");
}

/* The value against one end: "CASE WHEN it can be compared THEN ... ELSE false END". */
static void write_bound(const struct predicate_writer *writer, const struct bound *bound, bool low)
{
    switch (bound->kind) {
    case BOUND_NUMBER:
        add(writer,
            "CASE WHEN $matches($at(x, value), '" LAKE_REGEX_NUMBER
            "') AND $length($at(x, value)) < 64 THEN " LAKE_REGEX_SQL_NUMBER("$at(x, value)"));
        write_order(writer, bound, low);
        buf_printf(writer->out, "$double('%.17g') ELSE false END", bound->number);
        break;
    case BOUND_TIME:
        add(writer, "CASE WHEN $matches($at(x, value), '^" LAKE_REGEX_TIME
                    "\\z') THEN " LAKE_REGEX_SQL_TIME_US("$at(x, value)"));
        write_order(writer, bound, low);
        buf_printf(writer->out, "%lld WHEN $matches($at(x, value), '^" LAKE_REGEX_DAY "\\z') THEN ",
                   (long long)bound->time_us);
        add(writer, LAKE_REGEX_SQL_DAYS("$at(x, value)") " * 86400000000");
        write_order(writer, bound, low);
        buf_printf(writer->out, "%lld ELSE false END", (long long)bound->time_us);
        break;
    case BOUND_TEXT:
        add(writer, "$at(x, low)");
        write_order(writer, bound, low);
        add_text(writer, bound->text);
        break;
    case BOUND_NONE:
        add(writer, "true");
        break;
    }
}

static void write_range(const struct predicate_writer *writer)
{
    begin_any(writer, "fields");
    write_bound(writer, &writer->predicate->low, true);
    add(writer, " AND ");
    write_bound(writer, &writer->predicate->high, false);
    add(writer, ")");
}

static void write_severity(const struct predicate_writer *writer)
{
    static const char letters[] = "??IiWwEeSs";
    enum event_severity severity = writer->predicate->severity;
    begin_any(writer, "fields");
    buf_printf(writer->out, "$matches($at(x, value), '[%c%c]\\z'))", letters[severity * 2],
               letters[severity * 2 + 1]);
}

/* The day of a moment, as objects are filed: none is before 1970 or after 9999. */
static void add_day(int64_t us, const char *before, struct buf *out)
{
    char day[CLOCK_TEXT_BYTES];
    const int64_t last_us = INT64_C(253402300799999999);
    us = us < 0 ? 0 : us > last_us ? last_us : us;
    buf_printf(out, "%s'%s'", before, clock_format_day(us, day));
}

static bool is_day_start(int64_t us)
{
    return clock_day_start(us) == us;
}

static void add_moment(bool is, const char *before, int64_t us, struct buf *out)
{
    if (is) {
        buf_printf(out, "%s%lld", before, (long long)us);
    } else {
        buf_add_str(out, "true");
    }
}

void lake_predicate_write_time(int64_t low_us, int64_t high_us, struct buf *out)
{
    bool low = low_us != INT64_MIN;
    bool high = high_us != INT64_MAX;
    if (low && high && low_us >= high_us) {
        buf_add_str(out, "false");
        return;
    }
    buf_add_str(out, "(true");
    if (low) {
        add_day(low_us, " AND dt >= ", out);
    }
    if (high) {
        add_day(high_us - 1, " AND dt <= ", out);
    }
    /* Days that are asked for in part. */
    bool low_part = low && !is_day_start(low_us);
    bool high_part = high && !is_day_start(high_us);
    if (low_part || high_part) {
        buf_add_str(out, " AND $unless(time_us IS NULL AND dt IN (");
        if (low_part) {
            add_day(low_us, "", out);
        }
        if (high_part) {
            add_day(high_us - 1, low_part ? ", " : "", out);
        }
        buf_add_str(out,
                    "), 'stele: an event has no believable time, and only its day of arrival is "
                    "known: ask for whole days', ");
    } else {
        buf_add_str(out, " AND (");
    }
    buf_add_str(out, "coalesce(");
    add_moment(low, "time_us >= ", low_us, out);
    buf_add_str(out, " AND ");
    add_moment(high, "time_us < ", high_us, out);
    buf_add_str(out, ", true)))");
}

/* "addresses" has 16 bytes as 32 digits, as they are here. */
static void write_address(const struct predicate_writer *writer)
{
    const struct predicate *predicate = writer->predicate;
    add(writer, "$any(addresses, x, x >= '");
    for (size_t i = 0; i < OBSERVABLE_KEY_ADDRESS_BYTES; i++) {
        buf_printf(writer->out, "%02x", predicate->address_low[i]);
    }
    add(writer, "' AND x <= '");
    for (size_t i = 0; i < OBSERVABLE_KEY_ADDRESS_BYTES; i++) {
        buf_printf(writer->out, "%02x", predicate->address_high[i]);
    }
    add(writer, "')");
}

static void write_network(const struct predicate_writer *writer)
{
    struct buf shape = BUF_INIT;
    lake_network_shape(writer->predicate->address_low, writer->predicate->address_high, &shape);
    writer->out->failed = writer->out->failed || !buf_ok(&shape);
    begin_any(writer, "terms");
    add(writer, "$matches($at(x, terms), ");
    add_text(writer, buf_span(&shape));
    add(writer, "))");
    buf_fini(&shape);
}

static void write_all(const struct predicate_writer *writer)
{
    add(writer, "true");
}

static void write_exists(const struct predicate_writer *writer)
{
    begin_any(writer, "fields");
    add(writer, "true)");
}

static void write_time(const struct predicate_writer *writer)
{
    lake_predicate_write_time(writer->predicate->time_low_us, writer->predicate->time_high_us,
                              writer->out);
}

static void write_uid(const struct predicate_writer *writer)
{
    add_uid(writer, false);
}

static void (*const write_by_kind[])(const struct predicate_writer *writer) = {
    [PREDICATE_ALL] = write_all,
    [PREDICATE_TERM] = write_term,
    [PREDICATE_PHRASE] = write_phrase,
    [PREDICATE_PREFIX] = write_prefix,
    [PREDICATE_SUBSTRING] = write_substring,
    [PREDICATE_GLOB] = write_glob,
    [PREDICATE_RANGE] = write_range,
    [PREDICATE_EXISTS] = write_exists,
    [PREDICATE_OBSERVABLE] = write_address, /* check refuses the other kinds */
    [PREDICATE_ADDRESS] = write_network,
    [PREDICATE_SEVERITY] = write_severity,
    [PREDICATE_TIME] = write_time,
    [PREDICATE_UID] = write_uid,
};

static enum status check(const struct predicate_writer *writer, struct err *err)
{
    const struct predicate *predicate = writer->predicate;
    if (match_is_reserved(predicate->field)) {
        return refuse(writer, err,
                      "stele.source and stele.mark are kept by the archive and are not in "
                      "what is shipped");
    }
    if (predicate->kind == PREDICATE_OBSERVABLE && predicate->observable != OBSERVABLE_IP) {
        return refuse(writer, err,
                      "domain:, url: and hash: look into text in ways of their own; ask for words, "
                      "\"evil com\", or for a part, *evil.com/a*");
    }
    bool by_words = predicate->kind == PREDICATE_TERM || predicate->kind == PREDICATE_PREFIX ||
                    predicate->kind == PREDICATE_PHRASE;
    if (by_words && !words_fit(predicate)) {
        return refuse(writer, err,
                      "words of more than 127 bytes are cut in the archive; ask for a "
                      "part, *like this*");
    }
    return OK;
}

enum status lake_predicate_write(enum lake_engine engine, const struct predicate *predicate,
                                 struct buf *out, struct err *err)
{
    const struct predicate_writer writer = {.engine = engine, .predicate = predicate, .out = out};
    enum status status = check(&writer, err);
    if (status != OK) {
        return status;
    }
    bool guarded = engine != LAKE_ENGINE_DUCKDB && hangs_on_numbers(predicate);
    if (guarded) {
        add(&writer, "$unless(");
        begin_any(&writer, "fields");
        add(&writer,
            "$at(x, kind) = 'f'), 'stele: this engine cannot write a number that is not whole "
            "as the archive does', ");
    }
    write_by_kind[predicate->kind](&writer);
    add(&writer, guarded ? ")" : "");
    return OK;
}
