/* A segment's dictionary and its terms. */
#include <stdlib.h>

#include "schema/dictionary.h"
#include "schema/segment_internal.h"
#include "schema/term.h"

enum status segment_value(struct segment *segment, uint32_t value, uint32_t *out_field,
                          struct span *out_text, struct err *err)
{
    sqlite3_stmt *stmt;
    enum status status = segment_statement(segment, SEGMENT_VALUE, &stmt, err);
    if (status != OK) {
        return status;
    }
    (void)sqlite3_reset(stmt);
    (void)sqlite3_bind_int64(stmt, 1, value);
    bool row = false;
    status = db_step(stmt, &row, err);
    if (status != OK) {
        return status;
    }
    bool known = row && value < DICTIONARY_VALUES_MAX; /* readers make room for all up to the id */
    if (!row && value < DICTIONARY_VALUES_MAX) {
        char uuid[UUID_TEXT_BYTES];
        status = uuid_value_text(segment, value, &known, out_field, uuid, err);
        if (status == OK && known) {
            buf_clear(&segment->scratch);
            buf_add(&segment->scratch, uuid, sizeof uuid);
            *out_text = buf_span(&segment->scratch);
            return buf_status(&segment->scratch, segment->path, err);
        }
        if (status != OK) {
            return status;
        }
    }
    if (!known) {
        (void)sqlite3_reset(stmt);
        return err_set(err, ERR_CORRUPT, "%s: value %u is missing", segment->path, value);
    }
    buf_clear(&segment->scratch);
    buf_add_span(&segment->scratch, db_column_span(stmt, 1));
    int64_t field = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_reset(stmt);
    status = buf_status(&segment->scratch, segment->path, err);
    if (status == OK) {
        *out_field = (uint32_t)field;
        *out_text = buf_span(&segment->scratch);
    }
    return status;
}

/* Hands the rows (id, field, text) of a bound statement to `each`; with `uuids`, those of
 * uuid_values.h between them, so that all come in order of id. */
static enum status each_value(struct segment *segment, sqlite3_stmt *stmt, long field, bool uuids,
                              segment_value_each *each, void *context, struct err *err)
{
    bool row = false;
    bool more = true;
    int64_t next = 0; /* id behind the last one */
    enum status status = OK;
    while (more && (status = db_step(stmt, &row, err)) == OK && row) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        if (id < 0 || id >= DICTIONARY_VALUES_MAX) {
            status = err_set(err, ERR_CORRUPT, "%s: no value has the number %lld",
                             sqlite3_db_filename(sqlite3_db_handle(stmt), "main"), (long long)id);
            break;
        }
        if (uuids && id > next) {
            status = uuid_values_each(segment, next, id, field, each, context, &more, err);
        }
        next = id + 1;
        uint32_t of = (uint32_t)sqlite3_column_int64(stmt, 1);
        if (status == OK && more && (field < 0 || of == (uint32_t)field)) {
            more = each(context, (uint32_t)id, of, db_column_span(stmt, 2));
        }
        if (status != OK) {
            break;
        }
    }
    (void)sqlite3_reset(stmt);
    if (status == OK && uuids && more) {
        status = uuid_values_each(segment, next, DICTIONARY_VALUES_MAX, field, each, context, &more,
                                  err);
    }
    return status;
}

enum status segment_values(struct segment *segment, long field, segment_value_each *each,
                           void *context, struct err *err)
{
    sqlite3_stmt *stmt;
    enum status status = segment_statement(segment, SEGMENT_VALUES, &stmt, err);
    return status == OK ? each_value(segment, stmt, field, true, each, context, err) : status;
}

static void add_string(struct buf *out, struct span term)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < term.size; i++) {
        if (term.data[i] == '"') {
            buf_add_char(out, '"');
        }
        buf_add_char(out, term.data[i]);
    }
    buf_add_char(out, '"');
}

/* For the dictionary, which has all terms. FTS5: every term as a string, all of them wanted; a star
 * makes the last one a prefix. */
static enum status match_terms(const struct span *terms, size_t n_terms, bool last_is_prefix,
                               struct buf *out, struct err *err)
{
    CHECK(n_terms > 0);
    for (size_t i = 0; i < n_terms; i++) {
        buf_add_str(out, i ? " AND " : "");
        add_string(out, terms[i]);
    }
    buf_add_str(out, last_is_prefix ? " *" : "");
    return buf_status(out, "query", err);
}

/* The words of a term, all of them wanted; false when it has none. */
static bool match_word_list(struct span term, struct buf *out)
{
    struct buf words = BUF_INIT;
    size_t count = term_words(term, &words);
    const char *at = words.data;
    for (size_t i = 0; i < count; i++, at += strlen(at) + 1) {
        buf_add_str(out, i ? " AND " : "");
        add_string(out, span_str(at));
    }
    out->failed |= words.failed;
    buf_fini(&words);
    return count > 0;
}

/* True when text ends inside of a word, which may go on. */
static bool ends_open(struct span text)
{
    return text.size > 0 && term_is_letter(text.data[text.size - 1]);
}

/* For the text table, which has words only: a term is asked for by its words. The start of a term
 * is the start of one word (an address, a UUID), or some words and the start of the last. */
static enum status match_words(const struct span *terms, size_t n_terms, bool last_is_prefix,
                               struct buf *out, struct err *err)
{
    CHECK(n_terms > 0);
    for (size_t i = 0; i < n_terms; i++) {
        buf_add_str(out, i ? " AND (" : "(");
        bool prefix = last_is_prefix && i + 1 == n_terms;
        if (prefix) {
            add_string(out, terms[i]);
            buf_add_str(out, " * OR (");
        }
        if (!match_word_list(terms[i], out)) {
            add_string(out, terms[i]);
        }
        if (prefix) {
            buf_add_str(out, ends_open(terms[i]) ? " *)" : ")");
        }
        buf_add_char(out, ')');
    }
    return buf_status(out, "query", err);
}

bool segment_text_is_exact(struct span term, bool is_prefix)
{
    struct buf words = BUF_INIT;
    size_t count = term_words(term, &words);
    bool exact =
        count == 1 && words.size == term.size + 1 && memcmp(words.data, term.data, term.size) == 0;
    /* "10" begins both the word 10 and the address 10.0.0.1, and either is found; but "a.b" may go
     * on as a word of its own only in an address. */
    exact = exact && (!is_prefix || term_is_plain(term));
    buf_fini(&words);
    return exact;
}

enum status segment_values_with(struct segment *segment, const struct span *terms, size_t n_terms,
                                bool last_is_prefix, segment_value_each *each, void *context,
                                struct err *err)
{
    sqlite3_stmt *stmt;
    struct buf match = BUF_INIT;
    enum status status = segment_statement(segment, SEGMENT_VALUES_WITH, &stmt, err);
    if (status == OK) {
        status = match_terms(terms, n_terms, last_is_prefix, &match, err);
    }
    if (status == OK) {
        db_bind_span(stmt, 1, buf_span(&match));
        status = each_value(segment, stmt, -1, false, each, context, err);
    }
    buf_fini(&match);
    /* A UUID is one term, and the only one of its value. */
    return status == OK && n_terms == 1
               ? uuid_values_with(segment, terms[0], last_is_prefix, each, context, err)
               : status;
}

enum status segment_text_events(struct segment *segment, int64_t block, size_t n_blocks,
                                const struct span *terms, size_t n_terms, bool last_is_prefix,
                                struct bitmap *out_maps, struct err *err)
{
    CHECK(n_blocks > 0);
    sqlite3_stmt *stmt;
    struct buf match = BUF_INIT;
    enum status status = segment_statement(segment, SEGMENT_TEXT_EVENTS, &stmt, err);
    if (status == OK) {
        status = match_words(terms, n_terms, last_is_prefix, &match, err);
    }
    if (status == OK) {
        int64_t first = block * BLOCK_EVENTS_MAX;
        int64_t count = (int64_t)n_blocks * BLOCK_EVENTS_MAX;
        memset(out_maps, 0, n_blocks * sizeof *out_maps);
        db_bind_span(stmt, 1, buf_span(&match));
        (void)sqlite3_bind_int64(stmt, 2, first);
        (void)sqlite3_bind_int64(stmt, 3, first + count - 1);
        bool row = false;
        while ((status = db_step(stmt, &row, err)) == OK && row) {
            int64_t at = sqlite3_column_int64(stmt, 0) - first;
            if (at >= 0 && at < count) {
                bitmap_set(&out_maps[at / BLOCK_EVENTS_MAX], (size_t)(at % BLOCK_EVENTS_MAX));
            }
        }
    }
    buf_fini(&match);
    return status;
}
