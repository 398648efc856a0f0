/* Two things are known to the archive and cannot be told from the lines: when an event without a
 * believable time came, beyond the day; and, in some engines, how a number that is not whole is
 * written with 17 digits. A predicate that hangs on one of them makes the query fail, with a
 * reason, when it meets such an event ($unless), and only then. */
#include "query/lake/lake_predicate.h"

#include "query/lake/lake_regex.h"
#include "query/language/match.h"
#include "query/language/number.h"

/* A term is cut at TERM_BYTES_MAX bytes, before it is made lower case, which may halve it. */
enum { WORD_BYTES_MAX = 127 };

struct predicate_writer {
    enum lake_engine engine;
    const struct predicate *predicate;
    struct buf *out;
};

static enum status refuse(const struct predicate_writer *leaf, struct err *err, const char *why)
{
    return err_set(err, ERR_USAGE, "this leaf cannot be said in %s: %s",
                   lake_engine_name(leaf->engine), why);
}

static void add(const struct predicate_writer *leaf, const char *plain)
{
    buf_add_str(leaf->out, plain);
}

static void add_text(const struct predicate_writer *leaf, struct span text)
{
    lake_engine_literal(text, leaf->out);
}

/* "$any(LIST, x, it is a value that is looked at AND " */
static void begin_any(const struct predicate_writer *leaf, const char *list)
{
    buf_printf(leaf->out, "$any(%s, x, ", list);
    if (leaf->predicate->field.size > 0) {
        add(leaf, "$at(x, path) = ");
        add_text(leaf, leaf->predicate->field);
    } else {
        add(leaf, "$at(x, free)");
    }
    add(leaf, " AND ");
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
static void add_uid(const struct predicate_writer *leaf, bool any_case)
{
    struct span typed = leaf->predicate->typed;
    struct buf changed = BUF_INIT;
    add(leaf, "coalesce(uid, '') IN (");
    add_text(leaf, typed);
    for (int upper = 0; any_case && upper < 2; upper++) {
        char from = upper ? 'a' : 'A';
        changed.size = 0;
        for (size_t i = 0; i < typed.size; i++) {
            char c = typed.data[i];
            bool change = c >= from && c <= from + 25;
            buf_add_char(&changed, (char)(change ? c ^ 0x20 : c));
        }
        add(leaf, ", ");
        add_text(leaf, buf_span(&changed));
    }
    leaf->out->failed = leaf->out->failed || !buf_ok(&changed);
    buf_fini(&changed);
    add(leaf, ")");
}

static void write_term(const struct predicate_writer *leaf)
{
    const struct predicate *predicate = leaf->predicate;
    char number[NUMBER_TEXT_BYTES];
    struct buf between = BUF_INIT;
    buf_printf(&between, " %.*s ", SPAN_FMT(predicate->text));
    leaf->out->failed = leaf->out->failed || !buf_ok(&between);
    add(leaf, "(");
    begin_any(leaf, "terms");
    add(leaf, "$has($at(x, terms), ");
    add_text(leaf, buf_span(&between));
    add(leaf, "))");
    buf_fini(&between);
    if (predicate->is_number) {
        add(leaf, " OR ");
        begin_any(leaf, "fields");
        add(leaf, "$at(x, value) = ");
        add_text(leaf, number_text_of(predicate->number, number));
        add(leaf, ")");
    }
    if (predicate->field.size == 0 && predicate->typed.size > 0) {
        add(leaf, " OR ");
        add_uid(leaf, true);
    }
    add(leaf, ")");
}

static void write_phrase(const struct predicate_writer *leaf)
{
    const struct predicate *predicate = leaf->predicate;
    struct buf words = BUF_INIT;
    for (size_t i = 0; i < predicate->n_words; i++) {
        buf_add_char(&words, ' ');
        buf_add_span(&words, predicate->words[i]);
    }
    buf_add_str(&words, predicate->last_is_prefix ? "" : " ");
    leaf->out->failed = leaf->out->failed || !buf_ok(&words);
    begin_any(leaf, "terms");
    add(leaf, "$has($at(x, words), ");
    add_text(leaf, buf_span(&words));
    add(leaf, "))");
    buf_fini(&words);
}

static void write_prefix(const struct predicate_writer *leaf)
{
    struct buf begin = BUF_INIT;
    buf_printf(&begin, " %.*s", SPAN_FMT(leaf->predicate->text));
    leaf->out->failed = leaf->out->failed || !buf_ok(&begin);
    begin_any(leaf, "terms");
    add(leaf, "$has($at(x, terms), ");
    add_text(leaf, buf_span(&begin));
    add(leaf, "))");
    buf_fini(&begin);
}

static void write_substring(const struct predicate_writer *leaf)
{
    begin_any(leaf, "fields");
    add(leaf, "$has($at(x, low), ");
    add_text(leaf, leaf->predicate->text);
    add(leaf, "))");
}

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
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
        bool bare = is_alphanumeric(c) || (unsigned char)c >= 0x80 || (unsigned char)c < ' ';
        buf_add_str(out, bare ? "" : "\\");
        buf_add_char(out, c);
    }
    buf_add_str(out, "\\z");
}

static void write_glob(const struct predicate_writer *leaf)
{
    struct buf shape = BUF_INIT;
    glob_shape(leaf->predicate->text, &shape);
    leaf->out->failed = leaf->out->failed || !buf_ok(&shape);
    add(leaf, "$unless(");
    begin_any(leaf, "terms");
    add(leaf, "$any($split($at(x, terms), ' '), w, $bytes(w) > 256 AND $bytes(w) <> $length(w))), "
              "'stele: a pattern with stars cannot be asked of words of more than 256 bytes with "
              "letters beyond ASCII', (");
    begin_any(leaf, "terms");
    add(leaf, "$any($split($at(x, terms), ' '), w, $matches($sub(w, 1, 256), ");
    add_text(leaf, buf_span(&shape));
    add(leaf, "))) OR ");
    begin_any(leaf, "fields");
    add(leaf, "$matches($at(x, low), ");
    add_text(leaf, buf_span(&shape));
    add(leaf, "))))");
    buf_fini(&shape);
}

static void write_order(const struct predicate_writer *leaf, const struct bound *bound, bool low)
{
    buf_printf(leaf->out, " %s%s ", low ? ">" : "<", bound->inclusive ? "=" : "");
}

/* The value against one end: "CASE WHEN it can be compared THEN ... ELSE false END". */
static void write_bound(const struct predicate_writer *leaf, const struct bound *bound, bool low)
{
    switch (bound->kind) {
    case BOUND_NUMBER:
        add(leaf,
            "CASE WHEN $matches($at(x, value), '" LAKE_REGEX_NUMBER
            "') AND $length($at(x, value)) < 64 THEN " LAKE_REGEX_SQL_NUMBER("$at(x, value)"));
        write_order(leaf, bound, low);
        buf_printf(leaf->out, "$double('%.17g') ELSE false END", bound->number);
        break;
    case BOUND_TIME:
        add(leaf, "CASE WHEN $matches($at(x, value), '^" LAKE_REGEX_TIME
                  "\\z') THEN " LAKE_REGEX_SQL_TIME_US("$at(x, value)"));
        write_order(leaf, bound, low);
        buf_printf(leaf->out, "%lld WHEN $matches($at(x, value), '^" LAKE_REGEX_DAY "\\z') THEN ",
                   (long long)bound->time_us);
        add(leaf, LAKE_REGEX_SQL_DAYS("$at(x, value)") " * 86400000000");
        write_order(leaf, bound, low);
        buf_printf(leaf->out, "%lld ELSE false END", (long long)bound->time_us);
        break;
    case BOUND_TEXT:
        add(leaf, "$at(x, low)");
        write_order(leaf, bound, low);
        add_text(leaf, bound->text);
        break;
    case BOUND_NONE:
        add(leaf, "true");
        break;
    }
}

static void write_range(const struct predicate_writer *leaf)
{
    begin_any(leaf, "fields");
    write_bound(leaf, &leaf->predicate->low, true);
    add(leaf, " AND ");
    write_bound(leaf, &leaf->predicate->high, false);
    add(leaf, ")");
}

static void write_severity(const struct predicate_writer *leaf)
{
    static const char letters[] = "??IiWwEeSs";
    enum event_severity severity = leaf->predicate->severity;
    begin_any(leaf, "fields");
    buf_printf(leaf->out, "$matches($at(x, value), '[%c%c]\\z'))", letters[severity * 2],
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
static void write_address(const struct predicate_writer *leaf)
{
    const struct predicate *predicate = leaf->predicate;
    add(leaf, "$any(addresses, x, x >= '");
    for (size_t i = 0; i < OBSERVABLE_KEY_ADDRESS_BYTES; i++) {
        buf_printf(leaf->out, "%02x", predicate->address_low[i]);
    }
    add(leaf, "' AND x <= '");
    for (size_t i = 0; i < OBSERVABLE_KEY_ADDRESS_BYTES; i++) {
        buf_printf(leaf->out, "%02x", predicate->address_high[i]);
    }
    add(leaf, "')");
}

static enum status write_any(const struct predicate_writer *leaf)
{
    switch (leaf->predicate->kind) {
    case PREDICATE_ALL:
        add(leaf, "true");
        break;
    case PREDICATE_TERM:
        write_term(leaf);
        break;
    case PREDICATE_PHRASE:
        write_phrase(leaf);
        break;
    case PREDICATE_PREFIX:
        write_prefix(leaf);
        break;
    case PREDICATE_SUBSTRING:
        write_substring(leaf);
        break;
    case PREDICATE_GLOB:
        write_glob(leaf);
        break;
    case PREDICATE_RANGE:
        write_range(leaf);
        break;
    case PREDICATE_EXISTS:
        begin_any(leaf, "fields");
        add(leaf, "true)");
        break;
    case PREDICATE_SEVERITY:
        write_severity(leaf);
        break;
    case PREDICATE_TIME:
        lake_predicate_write_time(leaf->predicate->time_low_us, leaf->predicate->time_high_us,
                                  leaf->out);
        break;
    case PREDICATE_UID:
        add_uid(leaf, false);
        break;
    case PREDICATE_OBSERVABLE:
        write_address(leaf);
        break;
    }
    return OK;
}

static enum status check(const struct predicate_writer *leaf, struct err *err)
{
    const struct predicate *predicate = leaf->predicate;
    if (match_is_reserved(predicate->field)) {
        return refuse(leaf, err,
                      "stele.source and stele.mark are kept by the archive and are not in "
                      "what is shipped");
    }
    if (predicate->kind == PREDICATE_OBSERVABLE && predicate->observable != OBSERVABLE_IP) {
        return refuse(leaf, err,
                      "domain:, url: and hash: look into text in ways of their own; ask for words, "
                      "\"evil com\", or for a part, *evil.com/a*");
    }
    bool by_words = predicate->kind == PREDICATE_TERM || predicate->kind == PREDICATE_PREFIX ||
                    predicate->kind == PREDICATE_PHRASE;
    if (by_words && !words_fit(predicate)) {
        return refuse(leaf, err,
                      "words of more than 127 bytes are cut in the archive; ask for a "
                      "part, *like this*");
    }
    return OK;
}

enum status lake_predicate_write(enum lake_engine engine, const struct predicate *predicate,
                                 struct buf *out, struct err *err)
{
    const struct predicate_writer leaf = {.engine = engine, .predicate = predicate, .out = out};
    enum status status = check(&leaf, err);
    if (status != OK) {
        return status;
    }
    bool guarded = engine != LAKE_ENGINE_DUCKDB && hangs_on_numbers(predicate);
    if (guarded) {
        add(&leaf, "$unless(");
        begin_any(&leaf, "fields");
        add(&leaf,
            "$at(x, kind) = 'f'), 'stele: this engine cannot write a number that is not whole "
            "as the archive does', ");
    }
    status = write_any(&leaf);
    add(&leaf, guarded ? ")" : "");
    return status;
}
