/* The texts of a block into the segment's text index: one row an event, its values one after the
 * other, each behind the record separator. */
#include "schema/segment/block_fields.h"

struct text_order {
    uint32_t start[BLOCK_EVENTS_MAX + 1];
    uint32_t *order; /* texts by slot */
};

static enum status order_texts(struct block_fields_work *work, const struct batch_cell *texts,
                               size_t count, struct text_order *out, struct err *err)
{
    out->order = arena_alloc(&work->arena, count * sizeof *out->order);
    if (!out->order) {
        return err_nomem(err, "terms");
    }
    memset(out->start, 0, sizeof out->start);
    for (size_t i = 0; i < count; i++) {
        out->start[texts[i].slot + 1]++;
    }
    for (size_t slot = 0; slot < BLOCK_EVENTS_MAX; slot++) {
        out->start[slot + 1] += out->start[slot];
    }
    for (size_t i = 0; i < count; i++) {
        out->order[out->start[texts[i].slot]++] = (uint32_t)i;
    }
    return OK;
}

static void add_text(struct block_fields_work *work, const struct batch_cell *cell)
{
    const struct batch_value *value = batch_value(work->batch, cell->value);
    if (value->size > BLOCK_FIELDS_TEXT_BYTES_MAX) {
        bitmap_set(work->partial, cell->slot);
        return;
    }
    if (memchr(value->text, DB_RECORD_SEPARATOR, value->size)) {
        bitmap_set(work->partial, cell->slot); /* would be cut in two */
    }
    buf_add_char(&work->encoded, DB_RECORD_SEPARATOR);
    buf_add(&work->encoded, value->text, value->size);
    if (cell->port) {
        buf_printf(&work->encoded, ":%u", cell->port);
    }
}

enum status block_fields_write_terms(struct block_fields_work *work, struct err *err)
{
    const struct batch_cell *texts = (const struct batch_cell *)(const void *)work->texts.data;
    size_t count = work->texts.size / sizeof *texts;
    struct text_order by_slot;
    sqlite3_stmt *stmt = NULL;
    enum status status = buf_status(&work->texts, work->segment->path, err);
    status = THEN(status, segment_statement(work->segment, SEGMENT_ADD_TEXT_TERM, &stmt, err));
    status = THEN(status, order_texts(work, texts, count, &by_slot, err));
    for (size_t i = 0; status == OK && i < count;) {
        uint16_t slot = texts[by_slot.order[i]].slot;
        buf_clear(&work->encoded);
        for (; i < count && texts[by_slot.order[i]].slot == slot; i++) {
            add_text(work, &texts[by_slot.order[i]]);
        }
        (void)sqlite3_bind_int64(stmt, 1, work->block * BLOCK_EVENTS_MAX + slot);
        db_bind_span(stmt, 2, buf_span(&work->encoded));
        status = buf_status(&work->encoded, "terms", err);
        status = THEN(status, db_run(stmt, err));
    }
    return status;
}
