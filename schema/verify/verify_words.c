/* Words compared as sums over a segment, and the tree that finds them. Reads only, but for
 * temporary tables; one thread. */
#include "schema/verify/verify_words.h"

#include <stdio.h>
#include <stdlib.h>

#include "schema/base/hash64.h"
#include "schema/base/vec.h"
#include "schema/db/db.h"
#include "schema/event/term.h"
#include "schema/segment/block_words.h"

/* What a block's words should sum up to, and what the table gives. */
struct block_sum {
    int64_t block;
    uint64_t wanted;
    uint64_t found;
};

struct verify_words {
    const struct verify_segment *verify;
    struct segment *segment;
    VEC(struct block_sum) sums; /* by block */
    VEC(uint64_t) hashes;       /* of the words of the block at hand */
    struct block_words text;
    bool nomem;
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
        block_words_fini(&words->text);
        free(words);
    }
}

/* Sums of these are compared: each pair must weigh differently. */
static uint64_t weigh(uint64_t word_hash, int64_t block)
{
    uint64_t pair[2] = {word_hash, (uint64_t)block};
    return hash64(span_of(pair, sizeof pair), 0);
}

static int take_word(void *context, struct span term, enum term_level level, uint32_t first_word,
                     uint32_t last_word)
{
    (void)level;
    struct verify_words *words = context;
    if (first_word == last_word) { /* the table has words only */
        words->nomem |= !vec_push(&words->hashes, hash64(term, 0));
    }
    return 0;
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* A word counts once in a block. Text is indexed value by value. */
static uint64_t sum_of_text(struct verify_words *words, int64_t block)
{
    struct span text = buf_span(&words->text.text);
    uint64_t sum = 0;
    vec_clear(&words->hashes);
    while (text.size > 0) {
        size_t size = span_find(text, DB_RECORD_SEPARATOR);
        (void)term_split(span_of(text.data, size), take_word, words);
        text = span_from(text, size + 1);
    }
    vec_sort(&words->hashes, compare_hashes);
    for (size_t i = 0; i < words->hashes.count; i++) {
        const uint64_t *hash = &words->hashes.items[i];
        sum += i == 0 || hash[-1] != *hash ? weigh(*hash, block) : 0;
    }
    return sum;
}

enum status verify_words_block(struct verify_words *words, const struct block_info *info,
                               struct err *err)
{
    struct block_columns columns;
    struct err why;
    enum status status =
        segment_open_columns(words->segment, SEGMENT_DATA_EVENTS, info->id, &columns, &why);
    status = THEN(status, block_words_gather(&words->text, &columns, &why));
    if (status == OK) {
        const struct block_sum sum = {.block = info->id, .wanted = sum_of_text(words, info->id)};
        words->nomem |= !vec_push(&words->sums, sum);
        status = words->nomem ? err_nomem(&why, "verify") : OK;
    }
    return verify_outcome(words->verify->report, words->verify->where, info->id,
                          "its text cannot be read", status, &why, err);
}

static void take_found(struct verify_words *words, uint64_t word_hash, int64_t block)
{
    struct block_sum *sums = words->sums.items;
    size_t low = 0;
    size_t high = words->sums.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (sums[middle].block < block) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < words->sums.count && sums[low].block == block) {
        sums[low].found += weigh(word_hash, block);
    }
}

static enum status read_table(struct verify_words *words, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum status status = db_exec(
        segment_db(words->segment),
        "CREATE VIRTUAL TABLE temp.verify_words USING fts5vocab(main, text_word, instance)", err);
    status = THEN(status, db_prepare(segment_db(words->segment),
                                     "SELECT term, doc FROM temp.verify_words", &stmt, err));
    while (status == OK && (status = db_step(stmt, &row, err)) == OK && row) {
        take_found(words, hash64(db_column_span(stmt, 0), 0), sqlite3_column_int64(stmt, 1));
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

/* The tree by which words are looked up, checked by FTS5 itself. Its check is a write statement, so
 * it is done on a copy of the tree in a temporary file. */
static enum status check_tree(struct verify_words *words, struct err *err)
{
    sqlite3 *db = segment_db(words->segment);
    struct err why;
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL); /* for the copy's tables */
    enum status status =
        db_exec(db,
                "CREATE VIRTUAL TABLE temp.word_tree USING fts5(words, content = '',"
                " detail = none, columnsize = 0, tokenize = 'stele words');"
                "DELETE FROM temp.word_tree_data;"
                "INSERT INTO temp.word_tree_data SELECT id, block FROM main.text_word_data;"
                "INSERT INTO temp.word_tree_idx SELECT segid, term, pgno FROM main.text_word_idx",
                err);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (status == OK &&
        db_exec(db, "INSERT INTO temp.word_tree (word_tree) VALUES ('integrity-check')", &why) !=
            OK) {
        verify_say(words->verify->report, words->verify->where, 0,
                   "the tree of its words (text_word) is damaged");
    }
    enum status dropped =
        db_exec(db, "DROP TABLE IF EXISTS temp.word_tree", status == OK ? err : NULL);
    return THEN(status, dropped);
}

enum status verify_words_compare(struct verify_words *words, struct err *err)
{
    struct err why;
    segment_close_columns(words->segment); /* temporary tables are dropped below */
    enum status status = read_table(words, &why);
    const struct block_sum *sums = words->sums.items;
    for (size_t i = 0; status == OK && i < words->sums.count; i++) {
        if (sums[i].wanted != sums[i].found) {
            verify_say(words->verify->report, words->verify->where, sums[i].block,
                       "its words (text_word) are not those of its events");
        }
    }
    status = THEN(status, check_tree(words, &why));
    return verify_outcome(words->verify->report, words->verify->where, 0, "its words", status, &why,
                          err);
}
