/* Words compared as sums over a segment, and the tree that finds them. Reads only, but for
 * temporary tables. */
#include "schema/verify/verify_words.h"

#include <stdlib.h>

#include "schema/base/hash64.h"
#include "schema/db/db.h"
#include "schema/event/term.h"

enum { SLOTS_LEAST = 1 << 15 };

void verify_words_fini(struct verify_words *words)
{
    block_words_fini(&words->text);
    free(words->seen.slots);
    words->seen = (struct verify_word_set){.slots = NULL};
}

/* Sums of these are compared: each pair must weigh differently. */
static uint64_t weigh(uint64_t word_hash, int64_t block)
{
    uint64_t pair[2] = {word_hash, (uint64_t)block};
    return hash64(span_of(pair, sizeof pair), 0);
}

/* The hash's slot, or the free one where it would be. 0 counts as another hash, here and for the
 * table. */
static uint64_t *slot_of(const struct verify_word_set *set, uint64_t hash)
{
    size_t at = (size_t)hash & set->mask;
    while (set->slots[at] != 0 && set->slots[at] != hash) {
        at = (at + 1) & set->mask;
    }
    return &set->slots[at];
}

static bool grow(struct verify_word_set *set)
{
    size_t n_slots = set->slots ? 2 * (set->mask + 1) : SLOTS_LEAST;
    struct verify_word_set larger = {
        .slots = calloc(n_slots, sizeof *set->slots), .mask = n_slots - 1, .count = set->count};
    if (!larger.slots) {
        return false;
    }
    for (size_t i = 0; set->slots && i <= set->mask; i++) {
        if (set->slots[i] != 0) {
            *slot_of(&larger, set->slots[i]) = set->slots[i];
        }
    }
    free(set->slots);
    *set = larger;
    return true;
}

static uint64_t hash_of(struct span word)
{
    uint64_t hash = hash64(word, 0);
    return hash == 0 ? 1 : hash;
}

/* A word counts once in a block. */
static int take_word(void *context, struct span term, enum term_level level, uint32_t first_word,
                     uint32_t last_word)
{
    (void)level;
    struct verify_words *words = context;
    if (first_word != last_word) { /* the table has words only */
        return 0;
    }
    struct verify_word_set *seen = &words->seen;
    if ((!seen->slots || seen->count > seen->mask / 2) && !grow(seen)) {
        words->nomem = true;
        return 1;
    }
    uint64_t hash = hash_of(term);
    uint64_t *slot = slot_of(seen, hash);
    if (*slot == 0) {
        *slot = hash;
        seen->count++;
        words->sum += weigh(hash, words->block);
    }
    return 0;
}

/* Text is indexed value by value. */
static void sum_text(struct verify_words *words, int64_t block)
{
    struct span text = buf_span(&words->text.text);
    words->sum = 0;
    words->block = block;
    words->seen.count = 0;
    if (words->seen.slots) {
        memset(words->seen.slots, 0, (words->seen.mask + 1) * sizeof *words->seen.slots);
    }
    while (text.size > 0 && !words->nomem) {
        size_t size = span_find(text, DB_RECORD_SEPARATOR);
        (void)term_split(span_of(text.data, size), take_word, words);
        text = span_from(text, size + 1);
    }
}

enum status verify_words_block(struct verify_words *words, const struct verify_segment *verify,
                               struct segment *segment, const struct block_info *info,
                               uint64_t *out_sum, bool *out_has, struct err *err)
{
    struct block_columns columns;
    struct err why;
    words->nomem = false;
    enum status status =
        segment_open_columns(segment, SEGMENT_DATA_EVENTS, info->id, &columns, &why);
    status = THEN(status, block_words_gather(&words->text, &columns, &why));
    if (status == OK) {
        sum_text(words, info->id);
        *out_sum = words->sum;
        status = words->nomem ? err_nomem(&why, "verify") : OK;
    }
    *out_has = status == OK;
    return verify_outcome(verify->report, verify->where, info->number, "its text cannot be read",
                          status, &why, err);
}

void verify_word_table_fini(struct verify_word_table *table)
{
    free(table->sums);
    *table = (struct verify_word_table){.sums = NULL};
}

/* NULL: there is no such block. */
static struct verify_word_sum *sum_of(const struct verify_word_table *table, int64_t block)
{
    size_t low = 0;
    size_t high = table->n_sums;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (table->sums[middle].block < block) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < table->n_sums && table->sums[low].block == block ? &table->sums[low] : NULL;
}

static enum status begin_sums(struct verify_word_table *table, const struct segment *segment)
{
    const int64_t *blocks = segment_block_ids(segment, &table->n_sums);
    table->sums = calloc(table->n_sums + 1, sizeof *table->sums);
    if (!table->sums) {
        return err_nomem(&table->err, "verify");
    }
    for (size_t i = 0; i < table->n_sums; i++) {
        table->sums[i].block = blocks[i];
    }
    return OK;
}

static enum status read_table(struct verify_word_table *table, sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum status status = db_exec(
        db, "CREATE VIRTUAL TABLE temp.verify_words USING fts5vocab(main, text_word, instance)",
        &table->err);
    status =
        THEN(status, db_prepare(db, "SELECT term, doc FROM temp.verify_words", &stmt, &table->err));
    while (status == OK && (status = db_step(stmt, &row, &table->err)) == OK && row) {
        int64_t block = sqlite3_column_int64(stmt, 1);
        struct verify_word_sum *sum = sum_of(table, block);
        if (sum) {
            sum->found += weigh(hash_of(db_column_span(stmt, 0)), block);
        }
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

/* The tree by which words are looked up, checked by FTS5 itself. Its check is a write statement, so
 * it is done on a copy of the tree in a temporary file. */
static enum status check_tree(struct verify_word_table *table, sqlite3 *db)
{
    struct err why;
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL); /* for the copy's tables */
    enum status status =
        db_exec(db,
                "CREATE VIRTUAL TABLE temp.word_tree USING fts5(words, content = '',"
                " detail = none, columnsize = 0, tokenize = 'stele words');"
                "DELETE FROM temp.word_tree_data;"
                "INSERT INTO temp.word_tree_data SELECT id, block FROM main.text_word_data;"
                "INSERT INTO temp.word_tree_idx SELECT segid, term, pgno FROM main.text_word_idx",
                &table->err);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    table->tree_is_damaged =
        status == OK &&
        db_exec(db, "INSERT INTO temp.word_tree (word_tree) VALUES ('integrity-check')", &why) !=
            OK;
    enum status dropped =
        db_exec(db, "DROP TABLE IF EXISTS temp.word_tree", status == OK ? &table->err : NULL);
    return THEN(status, dropped);
}

void verify_word_table_read(struct verify_word_table *table, struct segment *segment)
{
    segment_close_columns(segment); /* temporary tables are dropped below */
    table->status = begin_sums(table, segment);
    table->status = THEN(table->status, read_table(table, segment_db(segment)));
    table->is_read = table->status == OK;
    table->status = THEN(table->status, check_tree(table, segment_db(segment)));
}

void verify_word_table_want(struct verify_word_table *table, int64_t block, uint64_t sum)
{
    struct verify_word_sum *of = sum_of(table, block);
    if (of) {
        of->is_wanted = true;
        of->wanted = sum;
    }
}

enum status verify_word_table_compare(const struct verify_word_table *table,
                                      const struct verify_segment *verify, struct err *err)
{
    for (size_t i = 0; table->is_read && i < table->n_sums; i++) {
        const struct verify_word_sum *sum = &table->sums[i];
        if (sum->is_wanted && sum->wanted != sum->found) {
            verify_say(verify->report, verify->where, sum->block,
                       "its words (text_word) are not those of its events");
        }
    }
    if (table->tree_is_damaged) {
        verify_say(verify->report, verify->where, 0,
                   "the tree of its words (text_word) is damaged");
    }
    return verify_outcome(verify->report, verify->where, 0, "its words", table->status, &table->err,
                          err);
}
