/* Reading a column, and first those that predict it. */
#include <stdlib.h>

#include "schema/segment/segment_internal.h"

static enum status partner_lookup(void *context, uint32_t field,
                                  struct column_predictor *out_partner, struct err *err);

/* What column_decode asks for partners with. */
struct lookup {
    struct segment *segment;
    int64_t block;
    unsigned depth;
};

enum { LOOKUP_DEPTH_MAX = 4 };

static enum status read_column(struct segment *segment, uint32_t field, int64_t block,
                               unsigned depth, struct column_filter *filter, struct column *column,
                               struct err *err)
{
    const struct block_info *info = segment_block(segment, block);
    if (!info || depth > LOOKUP_DEPTH_MAX) {
        return segment_corrupt(segment, block, err);
    }
    sqlite3_stmt *stmt;
    struct span blob;
    enum status status = segment_blob(segment, SEGMENT_COLUMN,
                                      DB_WITH(DB_INT(field), DB_INT(block)), &stmt, &blob, err);
    if (status != OK) {
        return status;
    }
    if (blob.size == 0) {
        column->store = COLUMN_STORE_ABSENT;
        if (filter) {
            filter->answer = COLUMN_WANT_WHOLE;
        }
        (void)sqlite3_reset(stmt);
        return OK;
    }
    /* The statement is used again for partners: the payload must not be the statement's. */
    buf_clear(&column->blob);
    buf_add_span(&column->blob, blob);
    (void)sqlite3_reset(stmt);
    status = buf_status(&column->blob, segment->path, err);
    struct lookup lookup = {segment, block, depth + 1};
    status = THEN(status, column_decode(segment->codec, buf_span(&column->blob), info->n_events,
                                        partner_lookup, &lookup, filter, column, err));
    return status == ERR_CORRUPT ? segment_corrupt(segment, block, err) : status;
}

/* A place for the partner: where it is already (*out_there), or the one not used for longest. */
static struct segment_predictor_column *partner_place(struct segment *segment, uint32_t field,
                                                      int64_t block, bool *out_there)
{
    struct segment_predictor_column *oldest = NULL;
    *out_there = false;
    for (size_t i = 0; i < SEGMENT_PREDICTORS_MAX; i++) {
        struct segment_predictor_column *place = segment->predictors[i];
        if (!place) {
            place = segment->predictors[i] = calloc(1, sizeof *place);
            return place;
        }
        if (!place->busy && place->field == field && place->block == block) {
            *out_there = true;
            return place;
        }
        if (!place->busy && (!oldest || place->used < oldest->used)) {
            oldest = place;
        }
    }
    return oldest;
}

static void count_entries(struct segment_predictor_column *place, size_t n_events)
{
    memset(place->counts, 0, (place->column.n_entries + 1) * sizeof *place->counts);
    for (size_t slot = 0; slot < n_events; slot++) {
        place->counts[place->column.index[slot]]++;
    }
}

/* The chain of partners is shorter than the places there are, so a partner in use stays. */
static enum status partner_lookup(void *context, uint32_t field,
                                  struct column_predictor *out_partner, struct err *err)
{
    const struct lookup *lookup = context;
    bool there;
    struct segment_predictor_column *place =
        partner_place(lookup->segment, field, lookup->block, &there);
    if (!place) {
        return err_nomem(err, lookup->segment->path);
    }
    enum status status = OK;
    if (!there) {
        place->field = field;
        place->block = 0;
        place->busy = true;
        status = read_column(lookup->segment, field, lookup->block, lookup->depth, NULL,
                             &place->column, err);
        place->busy = false;
        if (status == OK &&
            (place->column.store == COLUMN_STORE_ABSENT || place->column.n_entries == 0)) {
            status = err_set(err, ERR_CORRUPT, "a column that another one needs is missing");
        }
        if (status == OK) {
            count_entries(place, segment_block(lookup->segment, lookup->block)->n_events);
        }
        place->block = status == OK ? lookup->block : 0;
    }
    place->used = ++lookup->segment->partner_clock;
    *out_partner = (struct column_predictor){field, place->column.n_entries, place->column.index,
                                             place->counts};
    return status;
}

enum status segment_column(struct segment *segment, size_t field, int64_t block,
                           struct column *column, struct err *err)
{
    return read_column(segment, (uint32_t)field, block, 0, NULL, column, err);
}

enum status segment_column_filtered(struct segment *segment, size_t field, int64_t block,
                                    struct column_filter *filter, struct column *column,
                                    struct err *err)
{
    return read_column(segment, (uint32_t)field, block, 0, filter, column, err);
}
