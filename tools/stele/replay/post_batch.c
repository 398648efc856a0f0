#include "tools/stele/replay/post_batch.h"

#include <stdlib.h>

struct batch_out *batch_out_new(void)
{
    struct batch_out *batch = calloc(1, sizeof *batch);
    if (batch) {
        batch_out_clear(batch);
    }
    return batch;
}

void batch_out_free(struct batch_out *batch)
{
    if (batch) {
        buf_fini(&batch->bytes);
        buf_fini(&batch->reasons);
        buf_fini(&batch->url);
        buf_fini(&batch->body);
        buf_fini(&batch->post.answer);
        free(batch->items);
        free(batch->sent);
        free(batch);
    }
}

void batch_out_clear(struct batch_out *batch)
{
    CHECK(batch->state != OUT_UNDER_WAY);
    buf_clear(&batch->bytes);
    buf_clear(&batch->reasons);
    batch->state = OUT_GATHERING;
    batch->count = batch->pending = batch->n_sent = 0;
    batch->sent_most = SIZE_MAX;
    batch->tries = 0;
    batch->next_try_us = 0;
}

static bool grow(struct batch_out *batch)
{
    size_t capacity = batch->capacity ? batch->capacity * 2 : 64;
    struct out_item *items = realloc(batch->items, capacity * sizeof *items);
    batch->items = items ? items : batch->items;
    size_t *sent = items ? realloc(batch->sent, capacity * sizeof *sent) : NULL;
    batch->sent = sent ? sent : batch->sent;
    batch->capacity = sent ? capacity : batch->capacity;
    return sent != NULL;
}

enum status batch_out_add(struct batch_out *batch, struct span raw, int64_t time_us,
                          int64_t received_us, struct err *err)
{
    CHECK(batch->state == OUT_GATHERING);
    if (batch->count == batch->capacity && !grow(batch)) {
        return err_nomem(err, "replay");
    }
    batch->items[batch->count] = (struct out_item){
        .at = batch->bytes.size, .size = raw.size, .time_us = time_us, .received_us = received_us};
    buf_add_span(&batch->bytes, raw);
    batch->count++;
    batch->pending++;
    return buf_status(&batch->bytes, "replay", err);
}

struct span batch_out_raw(const struct batch_out *batch, size_t index)
{
    CHECK(index < batch->count);
    return span_of(batch->bytes.data + batch->items[index].at, batch->items[index].size);
}

const char *batch_out_reason(const struct batch_out *batch, size_t index)
{
    CHECK(index < batch->count && batch->items[index].fate == FATE_REFUSED);
    return batch->reasons.data + batch->items[index].reason_at;
}

void batch_out_settle(struct batch_out *batch, size_t index, enum fate fate, long http,
                      const char *reason)
{
    struct out_item *item = &batch->items[index];
    CHECK(index < batch->count && item->fate == FATE_PENDING && fate != FATE_PENDING);
    item->fate = fate;
    item->http = http;
    batch->pending--;
    if (fate == FATE_REFUSED) {
        item->reason_at = batch->reasons.size;
        buf_add_str(&batch->reasons, reason);
        buf_add_char(&batch->reasons, '\0');
    }
}

static enum status encode_one(struct batch_out *batch, size_t index,
                              const struct destination *destination, struct arena *arena,
                              struct err *err)
{
    const struct out_item *item = &batch->items[index];
    struct replay_event event;
    arena_reset(arena);
    enum status status = replay_event_read(batch_out_raw(batch, index), item->time_us,
                                           item->received_us, arena, &event, err);
    if (status != OK) {
        return status;
    }
    status = form_add(&destination->form, &event, &batch->body, err);
    if (status == ERR_LIMIT) {
        batch_out_settle(batch, index, FATE_REFUSED, 0, err->text);
        return OK;
    }
    if (status == OK) {
        batch->sent[batch->n_sent++] = index;
    }
    if (status == OK && destination->form.form == FORM_FLUENTD) {
        buf_clear(&batch->url);
        form_fluentd_url(destination->url, destination->session_url, &event, &batch->url);
        status = buf_status(&batch->url, "replay", err);
    }
    return status;
}

enum status batch_out_encode(struct batch_out *batch, const struct destination *destination,
                             struct arena *arena, struct err *err)
{
    struct err own;
    enum status status = OK;
    buf_clear(&batch->body);
    batch->n_sent = 0;
    for (size_t i = 0; status == OK && i < batch->count && batch->n_sent < batch->sent_most; i++) {
        if (batch->items[i].fate == FATE_PENDING) {
            status = encode_one(batch, i, destination, arena, &own);
        }
    }
    status = THEN(status, buf_status(&batch->body, "replay", &own));
    status = THEN(status, buf_status(&batch->reasons, "replay", &own));
    if (status != OK && err) {
        *err = own;
    }
    batch->post.url = destination->form.form == FORM_FLUENTD ? batch->url.data : destination->url;
    batch->post.body = buf_span(&batch->body);
    return status;
}
