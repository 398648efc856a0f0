/* Taking a day out of a file of merged days: in one transaction, so that a crash leaves all of it
 * or none. Readers that have the file open go on with what they see. */
#include "schema/segment/block_words.h"
#include "schema/segment/segment_internal.h"
#include "schema/segment/segment_writer.h"

/* FTS5 forgets a row when it is told all the words again; those of a damaged block stay, and lead
 * to no block. */
static enum status remove_words(struct segment *segment, struct block_words *words,
                                const struct block_info *info, struct err *err)
{
    struct block_columns columns;
    struct err why;
    enum status status =
        segment_open_columns(segment, SEGMENT_DATA_EVENTS, info->id, &columns, &why);
    status = THEN(status, block_words_gather(words, &columns, &why));
    if (status == OK && words->text.size > 0) {
        status = segment_run(segment, SEGMENT_REMOVE_TEXT_WORDS,
                             DB_WITH(DB_INT(info->id), DB_TEXT(buf_span(&words->text))), &why);
    }
    segment_close_columns(segment);
    if (status != OK && status != ERR_CORRUPT && err) {
        *err = why;
    }
    return status == ERR_CORRUPT ? OK : status;
}

static enum status remove_blocks(struct segment *segment, struct err *err)
{
    struct block_words words = {0};
    size_t count;
    const struct block_info *blocks = segment_blocks(segment, &count);
    enum status status = OK;
    for (size_t i = 0; status == OK && i < count; i++) {
        struct db_values id = DB_WITH(DB_INT(blocks[i].id));
        status = remove_words(segment, &words, &blocks[i], err);
        status = THEN(status, segment_run(segment, SEGMENT_REMOVE_DATA, id, err));
        status = THEN(status, segment_run(segment, SEGMENT_REMOVE_NEWLINES, id, err));
        status = THEN(status, segment_run(segment, SEGMENT_REMOVE_OBSERVABLES, id, err));
        status = THEN(status, segment_run(segment, SEGMENT_REMOVE_PROOF, id, err));
        status = THEN(status, segment_run(segment, SEGMENT_REMOVE_BLOCK, id, err));
    }
    block_words_fini(&words);
    return status;
}

static enum status remove_from(struct segment *segment, int64_t day_us, bool *out_is_empty,
                               struct err *err)
{
    *out_is_empty = segment->blocks.count == 0;
    if (!segment_select_day(segment, day_us)) {
        return OK;
    }
    *out_is_empty = segment->view_count == segment->blocks.count;
    if (*out_is_empty) {
        return OK;
    }
    enum status status = db_begin(segment->db, err);
    status = THEN(status, remove_blocks(segment, err));
    status = THEN(status, db_commit(segment->db, err));
    segment_statements_free(segment);
    status = THEN(status, db_shrink(segment->db, err));
    return THEN(status, db_exec(segment->db, "PRAGMA wal_checkpoint(TRUNCATE)", err));
}

enum status segment_writer_remove_day(const char *path, int64_t day_us, struct err *err)
{
    struct segment segment;
    sqlite3 *db = NULL;
    bool is_empty = false;
    enum status status = db_open(path, DB_WRITE, &segment_kind, &db, err);
    if (status != OK) {
        return status;
    }
    status = segment_attach(&segment, db, path, err);
    segment.shared = segment_vocabulary_new();
    status = status == OK && !segment.shared ? err_nomem(err, path) : status;
    status = THEN(status, remove_from(&segment, day_us, &is_empty, err));
    segment_detach(&segment);
    return status == OK && is_empty ? segment_unlink(path, err) : status;
}
