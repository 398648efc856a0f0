/* Words compared as sums over a segment, and the trees that find them. Reads only, but for
 * temporary tables; one thread. */
#include "schema/verify/verify_words.h"

#include <stdio.h>
#include <stdlib.h>

#include "schema/base/hash64.h"
#include "schema/base/vec.h"
#include "schema/block/batch.h"
#include "schema/db/db.h"
#include "schema/event/term.h"
#include "schema/segment/segment.h"

/* What a block's words should sum up to, and what the tables give. */
struct block_sum {
    int64_t block;
    bool can_tell;
    uint64_t wanted;
    uint64_t found;
};

struct word_hash {
    uint64_t slot;
    uint64_t hash;
};

struct verify_words {
    const struct verify_segment *verify;
    struct segment *segment;
    VEC(struct block_sum) sums;   /* by block */
    VEC(struct word_hash) hashes; /* of the block at hand: one for each word, by event */
    bool nomem;
    struct buf text;
    uint16_t slot;
};

enum status verify_words_new(const struct verify_segment *verify, struct segment *segment,
                             struct verify_words **out_words, struct err *err)
{
    struct verify_words *words = calloc(1, sizeof *words);
    if (!words) {
        return err_nomem(err, "verify");
    }
    words->verify = verify;
    words->segment = segment;
    *out_words = words;
    return OK;
}

void verify_words_free(struct verify_words *words)
{
    if (words) {
        vec_fini(&words->sums);
        vec_fini(&words->hashes);
        buf_fini(&words->text);
        free(words);
    }
}

/* Sums of these are compared: each pair must weigh differently. */
static uint64_t weigh(uint64_t word_hash, uint64_t document)
{
    uint64_t pair[2] = {word_hash, document};
    return hash64(span_of(pair, sizeof pair), 0);
}

void verify_words_begin(struct verify_words *words, const struct block_info *info, bool can_tell)
{
    const struct block_sum sum = {.block = info->id, .can_tell = can_tell};
    words->nomem |= !vec_push(&words->sums, sum);
    vec_clear(&words->hashes);
}

static int take_word(void *context, struct span term, enum term_level level, uint32_t first_word,
                     uint32_t last_word)
{
    (void)level;
    struct verify_words *words = context;
    if (first_word == last_word) { /* the text table has words only */
        const struct word_hash hash = {words->slot, hash64(term, 0)};
        words->nomem |= !vec_push(&words->hashes, hash);
    }
    return 0;
}

enum status verify_words_add(struct verify_words *words, const struct batch *batch,
                             const struct batch_cell *cells, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct batch_value *value = batch_value(batch, cells[i].value);
        buf_clear(&words->text);
        buf_add(&words->text, value->text, value->size);
        if (cells[i].port) {
            buf_printf(&words->text, ":%u", cells[i].port);
        }
        words->slot = cells[i].slot;
        (void)term_split(buf_span(&words->text), take_word, words);
    }
    enum status status = buf_status(&words->text, "verify", err);
    return status == OK && words->nomem ? err_nomem(err, "verify") : status;
}

static int compare_hashes(const void *a, const void *b)
{
    const struct word_hash *x = a;
    const struct word_hash *y = b;
    if (x->slot != y->slot) {
        return x->slot < y->slot ? -1 : 1;
    }
    return (x->hash > y->hash) - (x->hash < y->hash);
}

/* A word counts once in an event. */
enum status verify_words_end(struct verify_words *words, struct err *err)
{
    if (words->nomem) {
        return err_nomem(err, "verify");
    }
    struct block_sum *sum = vec_last(&words->sums);
    const struct word_hash *hashes = words->hashes.items;
    vec_sort(&words->hashes, compare_hashes);
    for (size_t i = 0; i < words->hashes.count; i++) {
        if (i == 0 || compare_hashes(&hashes[i - 1], &hashes[i]) != 0) {
            uint64_t document = (uint64_t)sum->block * BLOCK_EVENTS_MAX + hashes[i].slot;
            sum->wanted += weigh(hashes[i].hash, document);
        }
    }
    return OK;
}

/* Each (word, document) of a table. */
typedef void words_each(void *context, uint64_t word_hash, int64_t document);

static enum status each_word(struct verify_words *words, const char *table, words_each *each,
                             void *context, struct err *err)
{
    char sql[160];
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    (void)snprintf(sql, sizeof sql,
                   "CREATE VIRTUAL TABLE temp.verify_%s USING fts5vocab(main, %s, instance)", table,
                   table);
    enum status status = db_exec(segment_db(words->segment), sql, err);
    (void)snprintf(sql, sizeof sql, "SELECT term, doc FROM temp.verify_%s", table);
    status = THEN(status, db_prepare(segment_db(words->segment), sql, &stmt, err));
    while (status == OK && (status = db_step(stmt, &row, err)) == OK && row) {
        each(context, hash64(db_column_span(stmt, 0), 0), sqlite3_column_int64(stmt, 1));
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

/* The tree by which words are looked up, checked by FTS5 itself. Its check is a write statement, so
 * it is done on a copy of the tree in a temporary file. */
static enum status check_tree(struct verify_words *words, const char *table, const char *tokenizer,
                              struct err *err)
{
    char sql[640];
    sqlite3 *db = segment_db(words->segment);
    struct err why;
    (void)snprintf(
        sql, sizeof sql,
        "CREATE VIRTUAL TABLE temp.tree_%s USING fts5(terms, content = '', detail = none,"
        " columnsize = 0, tokenize = '%s');"
        "DELETE FROM temp.tree_%s_data;"
        "INSERT INTO temp.tree_%s_data SELECT id, block FROM main.%s_data;"
        "INSERT INTO temp.tree_%s_idx SELECT segid, term, pgno FROM main.%s_idx",
        table, tokenizer, table, table, table, table, table);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL); /* for the copy's tables */
    enum status status = db_exec(db, sql, err);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)snprintf(sql, sizeof sql, "INSERT INTO temp.tree_%s (tree_%s) VALUES ('integrity-check')",
                   table, table);
    if (status == OK && db_exec(db, sql, &why) != OK) {
        verify_say(words->verify->report, words->verify->where, 0,
                   "the tree of its words (%s) is damaged", table);
    }
    (void)snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS temp.tree_%s", table);
    enum status dropped = db_exec(db, sql, status == OK ? err : NULL);
    return THEN(status, dropped);
}

static void take_text(void *context, uint64_t word_hash, int64_t document)
{
    struct verify_words *words = context;
    struct block_sum *sums = words->sums.items;
    size_t low = 0;
    size_t high = words->sums.count;
    int64_t block = document / BLOCK_EVENTS_MAX;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (sums[middle].block < block) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < words->sums.count && sums[low].block == block) {
        sums[low].found += weigh(word_hash, (uint64_t)document);
    }
}

static void take_value(void *context, uint64_t word_hash, int64_t document)
{
    uint64_t *found = context;
    *found += weigh(word_hash, (uint64_t)document);
}

/* What the dictionary's words should sum up to. */
struct value_sum {
    struct verify_words *words;
    uint64_t wanted;
};

static int take_term(void *context, struct span term, enum term_level level, uint32_t first_word,
                     uint32_t last_word)
{
    (void)last_word;
    return take_word(context, term, level, first_word, first_word);
}

static bool add_value(void *context, uint32_t value, uint32_t field, struct span text)
{
    (void)field;
    struct value_sum *sum = context;
    struct verify_words *words = sum->words;
    if (segment_value_is_uuid(text)) {
        return true; /* found by comparing, not by words */
    }
    vec_clear(&words->hashes);
    /* a value is indexed as text is, cut at record separators */
    while (text.size > 0) {
        const char *end = memchr(text.data, DB_RECORD_SEPARATOR, text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        (void)term_split(span_of(text.data, size), take_term, words);
        text = size < text.size ? span_from(text, size + 1) : span_from(text, text.size);
    }
    const struct word_hash *hashes = words->hashes.items;
    vec_sort(&words->hashes, compare_hashes);
    for (size_t i = 0; i < words->hashes.count; i++) {
        if (i == 0 || hashes[i - 1].hash != hashes[i].hash) {
            sum->wanted += weigh(hashes[i].hash, (uint64_t)value + 1);
        }
    }
    return !words->nomem;
}

static enum status compare_values(struct verify_words *words, struct err *err)
{
    struct value_sum sum = {.words = words};
    uint64_t found = 0;
    words->slot = 0;
    enum status status = segment_values(words->segment, -1, add_value, &sum, err);
    if (status == OK && words->nomem) {
        status = err_nomem(err, "verify");
    }
    status = THEN(status, each_word(words, "value_term", take_value, &found, err));
    if (status == OK && found != sum.wanted) {
        verify_say(words->verify->report, words->verify->where, 0,
                   "the words of its values (value_term) are not those of the values");
    }
    return status;
}

enum status verify_words_compare(struct verify_words *words, struct err *err)
{
    struct err why;
    enum status status = each_word(words, "text_term", take_text, words, &why);
    const struct block_sum *sums = words->sums.items;
    for (size_t i = 0; status == OK && i < words->sums.count; i++) {
        if (sums[i].can_tell && sums[i].wanted != sums[i].found) {
            verify_say(words->verify->report, words->verify->where, sums[i].block,
                       "its words (text_term) are not those of its events");
        }
    }
    status = THEN(status, compare_values(words, &why));
    status = THEN(status, check_tree(words, "text_term", "stele words", &why));
    status = THEN(status, check_tree(words, "value_term", "stele", &why));
    return verify_outcome(words->verify->report, words->verify->where, 0, "its words", status, &why,
                          err);
}
