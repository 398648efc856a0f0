#include "schema/block/frame.h"

#include "schema/block/line_checksum.h"

enum { FRAME_THREAD_EVENTS = 512 }; /* fewer are not worth a thread */

enum status frame_maker_init(struct frame_maker *maker, int level, struct err *err)
{
    *maker = (struct frame_maker){.codec = codec_new(), .level = level};
    return maker->codec ? OK : err_nomem(err, "frame");
}

void frame_maker_fini(struct frame_maker *maker)
{
    CHECK(!maker->has_thread);
    codec_free(maker->codec);
    buf_fini(&maker->ndjson);
    buf_fini(&maker->newlines);
    buf_fini(&maker->frame);
    buf_fini(&maker->line_sums);
}

/* The events one a line. Newlines inside become spaces. */
static void write_lines(const struct batch *batch, struct buf *ndjson, struct buf *newlines)
{
    size_t before = 0;
    for (size_t i = 0; i < batch_count(batch); i++) {
        struct span raw = batch_at(batch, i)->event.raw;
        size_t at = ndjson->size;
        size_t end = at + raw.size;
        buf_add_span(ndjson, raw);
        buf_add_char(ndjson, '\n');
        if (!buf_ok(ndjson)) {
            return;
        }
        for (char *found; (found = memchr(ndjson->data + at, '\n', end - at)) != NULL;) {
            size_t position = (size_t)(found - ndjson->data);
            buf_add_varint(newlines, position - before);
            before = position;
            *found = ' ';
            at = position + 1;
        }
    }
}

static void *frame_make(void *context)
{
    struct frame_maker *maker = context;
    buf_clear(&maker->ndjson);
    buf_clear(&maker->newlines);
    buf_clear(&maker->frame);
    buf_clear(&maker->line_sums);
    write_lines(maker->batch, &maker->ndjson, &maker->newlines);
    maker->status = buf_status(&maker->ndjson, "frame", &maker->err);
    maker->status = THEN(maker->status, buf_status(&maker->newlines, "frame", &maker->err));
    if (maker->status == OK) {
        maker->sha256 = digest_sha256(buf_span(&maker->ndjson));
        maker->status = codec_pack(maker->codec, buf_span(&maker->ndjson), maker->level, true,
                                   &maker->frame, &maker->err);
    }
    if (maker->status == OK) {
        maker->frame_sha256 = digest_sha256(buf_span(&maker->frame));
        line_checksum_add(&maker->line_sums, buf_span(&maker->ndjson));
        maker->status = buf_status(&maker->line_sums, "frame", &maker->err);
    }
    return NULL;
}

void frame_start(struct frame_maker *maker, const struct batch *batch)
{
    CHECK(!maker->has_thread);
    maker->batch = batch;
    maker->has_thread = batch_count(batch) >= FRAME_THREAD_EVENTS &&
                        pthread_create(&maker->thread, NULL, frame_make, maker) == 0;
    if (!maker->has_thread) {
        (void)frame_make(maker);
    }
}

enum status frame_finish(struct frame_maker *maker, struct err *err)
{
    if (maker->has_thread) {
        int rc = pthread_join(maker->thread, NULL);
        CHECK(rc == 0);
        maker->has_thread = false;
    }
    if (maker->status != OK && err) {
        *err = maker->err;
    }
    return maker->status;
}
