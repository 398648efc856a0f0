/* The words of a segment's text, asked of FTS5 (https://www.sqlite.org/fts5.html). The table has
 * words and no terms of several: a term is asked for by the words that it has, and by itself where
 * it may be one. */
#include <stdlib.h>

#include "schema/event/term.h"
#include "schema/segment/segment_internal.h"

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

/* Every term as a string, all of them wanted; a star makes the last one a prefix. */
static enum status match_terms(const struct segment_term_query *question, struct buf *out,
                               struct err *err)
{
    CHECK(question->n_terms > 0);
    for (size_t i = 0; i < question->n_terms; i++) {
        buf_add_str(out, i ? " AND " : "");
        add_string(out, question->terms[i]);
    }
    buf_add_str(out, question->last_is_prefix ? " *" : "");
    return buf_status(out, "query", err);
}

/* The words of a NUL-divided list, all of them wanted. */
static void match_all_words(struct span words, bool last_is_prefix, struct buf *out)
{
    for (size_t at = 0; at < words.size;) {
        struct span word = span_str(words.data + at);
        buf_add_str(out, at ? " AND " : "");
        add_string(out, word);
        at += word.size + 1;
    }
    buf_add_str(out, last_is_prefix ? " *" : "");
}

/* True when text ends inside of a word, which may go on. */
static bool ends_open(struct span text)
{
    return text.size > 0 && term_is_letter(text.data[text.size - 1]);
}

/* A term that may be the start of a longer one: cut at TERM_BYTES_MAX, and then made shorter by its
 * lower case. */
static bool can_be_cut(struct span term)
{
    return term.size >= TERM_BYTES_MAX / 2;
}

/* The cut may have gone through the last character, which has no lower case then. */
static struct span without_cut(struct span term)
{
    while (term.size > 0 && ((unsigned char)term.data[term.size - 1] & 0xc0) == 0x80) {
        term.size--;
    }
    bool lead = term.size > 0 && (unsigned char)term.data[term.size - 1] >= 0xc0;
    term.size -= lead;
    return term;
}

/* The runs of letters, each followed by a NUL. */
static void add_runs(struct span text, struct buf *out)
{
    size_t at = 0;
    for (size_t i = 0; i <= text.size; i++) {
        if (i == text.size || !term_is_letter(text.data[i])) {
            buf_add(out, text.data + at, i - at);
            buf_add(out, "", i > at);
            at = i + 1;
        }
    }
}

/* The last atom of a start: it may yet become one word (an address, a UUID), go on as several, or
 * be one whose end is only punctuation. */
static void match_tail(struct span tail, struct buf *words, struct buf *out)
{
    add_string(out, tail);
    buf_add_str(out, " *");
    if (!term_is_plain(tail)) {
        buf_clear(words);
        add_runs(tail, words);
        buf_add_str(out, " OR (");
        match_all_words(buf_span(words), ends_open(tail), out);
        buf_add_char(out, ')');
    }
    if (!ends_open(tail)) {
        buf_clear(words);
        (void)term_cut_words(tail, words);
        buf_add_str(out, " OR (");
        match_all_words(buf_span(words), false, out);
        buf_add_char(out, ')');
    }
}

/* The start of a term by the words that it has when it is none itself. */
static void match_start(struct span start, struct buf *words, struct buf *out)
{
    start = can_be_cut(start) ? without_cut(start) : start;
    struct span tail = span_from(start, term_last_atom(start));
    (void)term_cut_words(span_of(start.data, start.size - tail.size), words);
    match_all_words(buf_span(words), false, out);
    if (tail.size > 0) {
        buf_add_str(out, words->size > 0 ? " AND (" : "(");
        match_tail(tail, words, out);
        buf_add_char(out, ')');
    }
}

/* True when the word itself is all that need be asked for. */
static bool is_exact(struct span term, bool is_prefix)
{
    /* "10" begins both the word 10 and the address 10.0.0.1, and either is found; but "a.b" may go
     * on as a word of its own only in an address. */
    if (term_is_plain(term)) {
        return true;
    }
    struct buf words = BUF_INIT;
    bool exact = !is_prefix && term_cut_words(term, &words) == 1 && words.size == term.size + 1 &&
                 memcmp(words.data, term.data, term.size) == 0;
    buf_fini(&words);
    return exact;
}

/* A term is a word of the text, or some. */
static void match_term(struct span term, bool is_prefix, struct buf *out)
{
    struct buf words = BUF_INIT;
    buf_add_char(out, '(');
    add_string(out, term);
    buf_add_str(out, is_prefix ? " *" : "");
    if (!is_exact(term, is_prefix)) {
        buf_add_str(out, " OR (");
        if (is_prefix || can_be_cut(term)) {
            match_start(term, &words, out);
        } else {
            (void)term_cut_words(term, &words);
            match_all_words(buf_span(&words), false, out);
        }
        buf_add_char(out, ')');
    }
    buf_add_char(out, ')');
    out->failed |= words.failed;
    buf_fini(&words);
}

/* For the text table, which has words only. */
static enum status match_text(const struct segment_term_query *question, struct buf *out,
                              struct err *err)
{
    CHECK(question->n_terms > 0);
    if (question->are_words) {
        return match_terms(question, out, err);
    }
    for (size_t i = 0; i < question->n_terms; i++) {
        bool last = i + 1 == question->n_terms;
        buf_add_str(out, i ? " AND " : "");
        match_term(question->terms[i], last && question->last_is_prefix, out);
    }
    return buf_status(out, "query", err);
}

void segment_block_set_fini(struct segment_block_set *set)
{
    free(set->words);
    *set = (struct segment_block_set){0};
}

bool segment_block_set_has(const struct segment_block_set *set, int64_t block)
{
    uint64_t at = (uint64_t)(block - set->first);
    return at / 64 < set->n_words && set->words[at / 64] >> at % 64 & 1;
}

static bool block_set_reserve(const struct segment *segment, struct segment_block_set *set)
{
    if (set->words || segment->blocks.count == 0) {
        return true;
    }
    set->first = segment->blocks.items[0].id;
    for (size_t i = 0; i < segment->blocks.count; i++) {
        int64_t id = segment->blocks.items[i].id;
        set->first = id < set->first ? id : set->first;
    }
    set->n_words = (size_t)(segment->last_id - set->first) / 64 + 1;
    set->words = calloc(set->n_words, sizeof *set->words);
    return set->words != NULL;
}

enum status segment_text_blocks(struct segment *segment, const struct segment_term_query *question,
                                struct segment_block_set *set, struct err *err)
{
    sqlite3_stmt *stmt;
    struct buf match = BUF_INIT;
    if (!block_set_reserve(segment, set)) {
        return err_nomem(err, "search");
    }
    enum status status = segment_statement(segment, SEGMENT_TEXT_BLOCKS, &stmt, err);
    status = THEN(status, match_text(question, &match, err));
    if (status == OK) {
        db_bind_span(stmt, 1, buf_span(&match));
        bool row = false;
        while ((status = db_step(stmt, &row, err)) == OK && row) {
            uint64_t at = (uint64_t)(sqlite3_column_int64(stmt, 0) - set->first);
            if (at / 64 < set->n_words) {
                set->words[at / 64] |= UINT64_C(1) << at % 64;
            }
        }
        (void)sqlite3_reset(stmt);
    }
    buf_fini(&match);
    if (status == ERR_CORRUPT) { /* what it does not tell is looked for in every block */
        memset(set->words, 0xff, set->n_words * sizeof *set->words);
        status = OK;
    }
    return status;
}
