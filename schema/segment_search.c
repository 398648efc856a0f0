/* A segment's dictionary, its terms, and the question whether it holds an event already. */
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
    if (!row || value >= DICTIONARY_VALUES_MAX) { /* readers make room for all up to the id */
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

/* Hands the rows (id, field, text) of a bound statement to `each`. */
static enum status each_value(sqlite3_stmt *stmt, long field, segment_value_each *each,
                              void *context, struct err *err)
{
    bool row = false;
    bool more = true;
    enum status status = OK;
    while (more && (status = db_step(stmt, &row, err)) == OK && row) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        if (id < 0 || id >= DICTIONARY_VALUES_MAX) {
            status = err_set(err, ERR_CORRUPT, "%s: no value has the number %lld",
                             sqlite3_db_filename(sqlite3_db_handle(stmt), "main"), (long long)id);
            break;
        }
        uint32_t of = (uint32_t)sqlite3_column_int64(stmt, 1);
        if (field < 0 || of == (uint32_t)field) {
            more = each(context, (uint32_t)id, of, db_column_span(stmt, 2));
        }
    }
    (void)sqlite3_reset(stmt);
    return status;
}

enum status segment_values(struct segment *segment, long field, segment_value_each *each,
                           void *context, struct err *err)
{
    sqlite3_stmt *stmt;
    enum status status = segment_statement(segment, SEGMENT_VALUES, &stmt, err);
    return status == OK ? each_value(stmt, field, each, context, err) : status;
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
        status = each_value(stmt, -1, each, context, err);
    }
    buf_fini(&match);
    return status;
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

/* 64 events at a time, and no branch for each: almost always none of them is meant. */
static void find_hash(const unsigned char *bytes, size_t n_events, uint32_t wanted,
                      struct bitmap *map)
{
    for (size_t first = 0; first < n_events; first += 64) {
        size_t n = n_events - first < 64 ? n_events - first : 64;
        const unsigned char *at = bytes + first * IDENTITY_BYTES;
        bool any = false;
        for (size_t i = 0; i < n; i++, at += IDENTITY_BYTES) {
            any |= ((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16) == wanted;
        }
        at = bytes + first * IDENTITY_BYTES;
        for (size_t i = 0; any && i < n; i++, at += IDENTITY_BYTES) {
            if (((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16) == wanted) {
                bitmap_set(map, first + i);
            }
        }
    }
}

enum status segment_identity_find(struct segment *segment, int64_t block, const uint32_t *hashes,
                                  size_t n_hashes, struct bitmap *map, struct err *err)
{
    const struct block_info *info = segment_block(segment, block);
    if (!info) {
        return segment_corrupt(segment, block, err);
    }
    sqlite3_stmt *stmt;
    enum status status = segment_statement(segment, SEGMENT_VECTOR, &stmt, err);
    bool row = false;
    if (status == OK) {
        (void)sqlite3_bind_int(stmt, 1, VECTOR_IDENTITIES);
        (void)sqlite3_bind_int64(stmt, 2, block);
        status = db_step(stmt, &row, err);
    }
    if (status != OK) {
        return status;
    }
    struct span blob = row ? db_column_span(stmt, 0) : span_of(NULL, 0);
    size_t bytes = info->n_events * IDENTITY_BYTES;
    struct span payload = blob.size > 0 ? span_from(blob, 1) : blob;
    if (blob.size == 0 || blob.data[0] != 0) { /* packed: hashes seldom are */
        buf_clear(&segment->scratch);
        status = vector_unpack(segment->codec, blob, bytes, &segment->scratch, err);
        payload = buf_span(&segment->scratch);
    }
    if (status == OK && payload.size != bytes) {
        status = err_set(err, ERR_CORRUPT, "a vector of the wrong length");
    }
    for (size_t i = 0; status == OK && i < n_hashes; i++) {
        find_hash((const unsigned char *)payload.data, info->n_events, hashes[i], map);
    }
    (void)sqlite3_reset(stmt);
    return status == ERR_CORRUPT ? segment_corrupt(segment, block, err) : status;
}

/* A batch of events by identity hash: chains in an open table, with a bitmap in front that turns
 * most of a block's hashes away at once. */
enum { KNOWN_BUCKETS = 8192, KNOWN_FILTER_BITS = 1 << 18 };

struct known {
    const struct event *events;
    const uint32_t *hashes;
    size_t count;
    int64_t time_min_us;
    int64_t time_max_us;
    bool any_arrival; /* some event has no time of its own: every block can hold it */
    uint64_t filter[KNOWN_FILTER_BITS / 64];
    uint16_t first[KNOWN_BUCKETS]; /* index + 1 */
    uint16_t next[BLOCK_EVENTS_MAX];
    struct arena arena;
};

static struct known *known_new(const struct event *events, const uint32_t *hashes, size_t count)
{
    CHECK(count <= BLOCK_EVENTS_MAX);
    struct known *known = calloc(1, sizeof *known);
    if (!known) {
        return NULL;
    }
    known->events = events;
    known->hashes = hashes;
    known->count = count;
    known->time_min_us = INT64_MAX;
    known->time_max_us = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        uint32_t hash = hashes[i];
        uint32_t bit = hash % KNOWN_FILTER_BITS;
        known->filter[bit / 64] |= UINT64_C(1) << bit % 64;
        known->next[i] = known->first[hash % KNOWN_BUCKETS];
        known->first[hash % KNOWN_BUCKETS] = (uint16_t)(i + 1);
        known->any_arrival |= events[i].time_is_arrival;
        int64_t time_us = events[i].time_us;
        known->time_min_us = time_us < known->time_min_us ? time_us : known->time_min_us;
        known->time_max_us = time_us > known->time_max_us ? time_us : known->time_max_us;
    }
    return known;
}

static enum status known_compare(struct segment *segment, struct known *known, int64_t block,
                                 size_t slot, size_t i, const int64_t *arrivals_us,
                                 struct bitmap *out_known, struct err *err)
{
    enum status status = segment_lines(segment, block, &segment->lines, err);
    if (status != OK) {
        return status;
    }
    struct event stored;
    arena_reset(&known->arena);
    if (!event_parse(block_line(&segment->lines, slot), arrivals_us[slot], &known->arena,
                     &stored)) {
        return segment_corrupt(segment, block, err);
    }
    if (event_same(&known->events[i], &stored)) {
        bitmap_set(out_known, i);
    }
    return OK;
}

static enum status known_in_block(struct segment *segment, struct known *known,
                                  const struct block_info *info, struct bitmap *out_known,
                                  struct err *err)
{
    uint32_t hashes[BLOCK_EVENTS_MAX];
    int64_t times_us[BLOCK_EVENTS_MAX];
    int64_t arrivals_us[BLOCK_EVENTS_MAX];
    bool have_times = false;
    enum status status = segment_identities(segment, info->id, hashes, err);
    for (size_t slot = 0; status == OK && slot < info->n_events; slot++) {
        uint32_t hash = hashes[slot];
        uint32_t bit = hash % KNOWN_FILTER_BITS;
        if (!(known->filter[bit / 64] >> bit % 64 & 1)) {
            continue;
        }
        for (uint16_t at = known->first[hash % KNOWN_BUCKETS]; status == OK && at != 0;
             at = known->next[at - 1]) {
            size_t i = at - 1u;
            if (known->hashes[i] != hash || bitmap_get(out_known, i)) {
                continue;
            }
            if (!have_times) {
                status = segment_times(segment, info->id, times_us, err);
                if (status == OK) {
                    status = segment_arrivals(segment, info->id, arrivals_us, err);
                }
                have_times = true;
            }
            if (status == OK &&
                (known->events[i].time_is_arrival || known->events[i].time_us == times_us[slot])) {
                status =
                    known_compare(segment, known, info->id, slot, i, arrivals_us, out_known, err);
            }
        }
    }
    return status;
}

enum status segment_known_events(struct segment *segment, const struct event *events,
                                 const uint32_t *hashes, size_t count, struct bitmap *out_known,
                                 struct err *err)
{
    memset(out_known, 0, sizeof *out_known);
    if (count == 0 || segment->n_blocks == 0) {
        return OK;
    }
    struct known *known = known_new(events, hashes, count);
    if (!known) {
        return err_set(err, ERR_NOMEM, "%s: out of memory", segment->path);
    }
    enum status status = OK;
    for (size_t i = 0; status == OK && i < segment->n_blocks; i++) {
        const struct block_info *info = &segment->blocks[i];
        if (known->any_arrival ||
            (info->time_min_us <= known->time_max_us && info->time_max_us >= known->time_min_us)) {
            status = known_in_block(segment, known, info, out_known, err);
        }
    }
    arena_fini(&known->arena);
    free(known);
    return status;
}
