#include "tools/stele/replay/post_batch.h"

#include <stdlib.h>

struct post_batch *post_batch_new(void)
{
    struct post_batch *batch = calloc(1, sizeof *batch);
    if (batch) {
        post_batch_clear(batch);
    }
    return batch;
}

void post_batch_free(struct post_batch *batch)
{
    if (batch) {
        buf_fini(&batch->bytes);
        buf_fini(&batch->reasons);
        buf_fini(&batch->url);
        buf_fini(&batch->body);
        buf_fini(&batch->post.response);
        vec_fini(&batch->items);
        vec_fini(&batch->sent);
        free(batch);
    }
}

void post_batch_clear(struct post_batch *batch)
{
    CHECK(batch->state != POST_BATCH_IN_FLIGHT);
    buf_clear(&batch->bytes);
    buf_clear(&batch->reasons);
    batch->state = POST_BATCH_GATHERING;
    vec_clear(&batch->items);
    vec_clear(&batch->sent);
    batch->pending = 0;
    batch->sent_most = SIZE_MAX;
    batch->tries = 0;
    batch->next_try_us = 0;
}

enum status post_batch_add(struct post_batch *batch, struct span raw, int64_t time_us,
                           int64_t received_us, struct err *err)
{
    CHECK(batch->state == POST_BATCH_GATHERING);
    const struct post_batch_item item = {
        .at = batch->bytes.size, .size = raw.size, .time_us = time_us, .received_us = received_us};
    if (!vec_push(&batch->items, item)) {
        return err_nomem(err, "replay");
    }
    buf_add_span(&batch->bytes, raw);
    batch->pending++;
    return buf_status(&batch->bytes, "replay", err);
}

struct span post_batch_raw(const struct post_batch *batch, size_t index)
{
    const struct post_batch_item *item = vec_at(&batch->items, index);
    return span_of(batch->bytes.data + item->at, item->size);
}

enum status post_batch_event(const struct post_batch *batch, size_t index, struct arena *arena,
                             struct replay_event *out_event, struct err *err)
{
    const struct post_batch_item *item = vec_at(&batch->items, index);
    arena_reset(arena);
    return replay_event_read(post_batch_raw(batch, index), item->time_us, item->received_us, arena,
                             out_event, err);
}

const char *post_batch_reason(const struct post_batch *batch, size_t index)
{
    const struct post_batch_item *item = vec_at(&batch->items, index);
    CHECK(item->outcome == RESPONSE_OUTCOME_REFUSED);
    return batch->reasons.data + item->reason_at;
}

void post_batch_set_outcome(struct post_batch *batch, size_t index, enum response_outcome outcome,
                            long http, const char *reason)
{
    struct post_batch_item *item = vec_at(&batch->items, index);
    CHECK(item->outcome == RESPONSE_OUTCOME_PENDING && outcome != RESPONSE_OUTCOME_PENDING);
    item->outcome = outcome;
    item->http = http;
    batch->pending--;
    if (outcome == RESPONSE_OUTCOME_REFUSED) {
        item->reason_at = batch->reasons.size;
        buf_add_str(&batch->reasons, reason);
        buf_add_char(&batch->reasons, '\0');
    }
}

static enum status encode_one(struct post_batch *batch, size_t index,
                              const struct destination *destination, struct arena *arena,
                              struct err *err)
{
    struct replay_event event;
    enum status status = post_batch_event(batch, index, arena, &event, err);
    status = THEN(status, form_add(&destination->form, &event, &batch->body, err));
    if (status == ERR_LIMIT) {
        post_batch_set_outcome(batch, index, RESPONSE_OUTCOME_REFUSED, 0, err->text);
        return OK;
    }
    if (status == OK && !vec_push(&batch->sent, index)) {
        return err_nomem(err, "replay");
    }
    if (status == OK && destination->form.form == FORM_FLUENTD) {
        buf_clear(&batch->url);
        form_fluentd_url(destination->url, destination->session_url, &event, &batch->url);
        status = buf_status(&batch->url, "replay", err);
    }
    return status;
}

enum status post_batch_encode(struct post_batch *batch, const struct destination *destination,
                              struct arena *arena, struct err *err)
{
    enum status status = OK;
    buf_clear(&batch->body);
    vec_clear(&batch->sent);
    for (size_t i = 0;
         status == OK && i < batch->items.count && batch->sent.count < batch->sent_most; i++) {
        if (batch->items.items[i].outcome == RESPONSE_OUTCOME_PENDING) {
            status = encode_one(batch, i, destination, arena, err);
        }
    }
    status = THEN(status, buf_status(&batch->body, "replay", err));
    status = THEN(status, buf_status(&batch->reasons, "replay", err));
    batch->post.url = destination->form.form == FORM_FLUENTD ? batch->url.data : destination->url;
    batch->post.body = buf_span(&batch->body);
    return status;
}
