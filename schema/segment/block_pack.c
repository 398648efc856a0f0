/* The order: lines and their digest, the columnar block of them, what it tells of times and
 * identities, and the lines of the arrivals, which have the rest. */
#include "schema/segment/block_pack.h"

#include "schema/block/line_checksum.h"
#include "schema/text/json_writer.h"

enum status block_pack_init(struct block_pack *packer, int level, struct err *err)
{
    memset(packer, 0, sizeof *packer);
    enum status status = columnar_writer_new(level, &packer->columns, err);
    return THEN(status, columnar_reader_new(columnar_writer_vocabulary(packer->columns),
                                            &packer->reader, err));
}

void block_pack_fini(struct block_pack *packer)
{
    columnar_reader_free(packer->reader);
    columnar_writer_free(packer->columns);
    buf_fini(&packer->ndjson);
    buf_fini(&packer->newlines);
    buf_fini(&packer->events);
    buf_fini(&packer->events_part);
    buf_fini(&packer->arrivals);
    buf_fini(&packer->arrivals_part);
    buf_fini(&packer->line_sums);
    buf_fini(&packer->lines);
    vec_fini(&packer->spans);
}

enum status block_pack_add_part(struct block_pack *packer, struct span part, struct err *err)
{
    return columnar_writer_add_part(packer->columns, part, err);
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

/* The lines of an NDJSON text as spans, and them as a columnar block. */
static enum status pack_lines(struct block_pack *packer, struct span ndjson, struct buf *block,
                              struct buf *part, struct columnar_written *out_written,
                              struct err *err)
{
    size_t count = batch_count(packer->batch);
    vec_clear(&packer->spans);
    if (!vec_reserve(&packer->spans, count)) {
        return err_nomem(err, "block");
    }
    for (size_t at = 0; at < ndjson.size;) {
        size_t size = span_find(span_from(ndjson, at), '\n');
        packer->spans.items[packer->spans.count++] = span_of(ndjson.data + at, size);
        at += size + 1;
    }
    CHECK(packer->spans.count == count);
    buf_clear(block);
    buf_clear(part);
    return columnar_write(packer->columns, packer->spans.items, count, block, part, out_written,
                          err);
}

static enum status derive(struct block_pack *packer, struct err *err)
{
    const struct block_columns columns = {packer->reader,
                                          columnar_writer_vocabulary(packer->columns)};
    enum status status = columnar_reader_open(packer->reader, buf_span(&packer->events), err);
    status = THEN(status, block_derive_times(&columns, "time", packer->times_us, err));
    return THEN(status, block_derive_identities(&columns, packer->hashes, err));
}

static void write_marks(struct json_writer *json, const struct batch_event *event)
{
    static const char arrival[] = "arrival-time";
    static const char stream[] = "session-stream";
    bool is_arrival = event->event.time_is_arrival;
    if (is_arrival && event->session_stream) {
        json_array(json, SOURCE_MARK_FIELD);
        json_text(json, NULL, arrival);
        json_text(json, NULL, stream);
        json_end(json);
    } else if (is_arrival || event->session_stream) {
        json_text(json, SOURCE_MARK_FIELD, is_arrival ? arrival : stream);
    }
}

/* Whether the block's columns tell of its time and identity all that is to be told. */
static bool is_told(const struct block_pack *packer, size_t i)
{
    const struct batch_event *event = batch_at(packer->batch, i);
    int64_t told_us = packer->times_us[i];
    told_us = told_us == BLOCK_DERIVE_TIME_NONE ? event->arrival_us : told_us;
    return told_us == event->event.time_us && packer->hashes[i] == event->hash;
}

static void write_arrival(struct block_pack *packer, size_t i)
{
    const struct batch_event *event = batch_at(packer->batch, i);
    int64_t told_us = packer->times_us[i];
    struct json_writer json = {.out = &packer->lines};
    json_object(&json, NULL);
    json_time(&json, BLOCK_PACK_RECEIVED, event->arrival_us);
    if (event->source.size > 0) {
        json_span(&json, SOURCE_FIELD, event->source);
    }
    write_marks(&json, event);
    told_us = told_us == BLOCK_DERIVE_TIME_NONE ? event->arrival_us : told_us;
    if (told_us != event->event.time_us) {
        json_time(&json, BLOCK_PACK_TIME, event->event.time_us);
    }
    if (packer->hashes[i] != event->hash) {
        json_int(&json, BLOCK_PACK_IDENTITY, event->hash);
    }
    json_end(&json);
    buf_add_char(&packer->lines, '\n');
}

/* Events that came together have the same line. */
static bool came_together(const struct batch_event *a, const struct batch_event *b)
{
    return a->arrival_us == b->arrival_us && a->source.data == b->source.data &&
           a->source.size == b->source.size && a->session_stream == b->session_stream &&
           a->event.time_is_arrival == b->event.time_is_arrival;
}

static void write_arrivals(struct block_pack *packer)
{
    size_t before = 0; /* where the line before begins */
    bool is_told_before = false;
    buf_clear(&packer->lines);
    for (size_t i = 0; i < batch_count(packer->batch) && buf_ok(&packer->lines); i++) {
        bool told = is_told(packer, i);
        size_t begin = packer->lines.size;
        if (i > 0 && told && is_told_before &&
            came_together(batch_at(packer->batch, i), batch_at(packer->batch, i - 1)) &&
            buf_reserve(&packer->lines, begin - before)) {
            buf_add(&packer->lines, packer->lines.data + before, begin - before);
        } else {
            write_arrival(packer, i);
        }
        before = begin;
        is_told_before = told;
    }
}

enum status block_pack_arrivals_digest(struct span lines, struct span newlines,
                                       struct digest *out_digest, struct err *err)
{
    struct digest_stream *stream = digest_stream_new();
    if (!stream) {
        return err_nomem(err, "block");
    }
    digest_stream_add(stream, lines);
    digest_stream_add(stream, newlines);
    *out_digest = digest_stream_finish(stream);
    return OK;
}

static enum status pack(struct block_pack *packer, struct err *err)
{
    write_lines(packer->batch, &packer->ndjson, &packer->newlines);
    enum status status = buf_status(&packer->ndjson, "block", err);
    status = THEN(status, buf_status(&packer->newlines, "block", err));
    if (status != OK) {
        return status;
    }
    packer->sha256 = digest_sha256(buf_span(&packer->ndjson));
    line_checksum_add(&packer->line_sums, buf_span(&packer->ndjson));
    struct columnar_written of_arrivals;
    status = buf_status(&packer->line_sums, "block", err);
    status = THEN(status, pack_lines(packer, buf_span(&packer->ndjson), &packer->events,
                                     &packer->events_part, &packer->written, err));
    status = THEN(status, derive(packer, err));
    if (status == OK) {
        write_arrivals(packer);
    }
    status = THEN(status, buf_status(&packer->lines, "block", err));
    status = THEN(status,
                  block_pack_arrivals_digest(buf_span(&packer->lines), buf_span(&packer->newlines),
                                             &packer->arrivals_sha256, err));
    return THEN(status, pack_lines(packer, buf_span(&packer->lines), &packer->arrivals,
                                   &packer->arrivals_part, &of_arrivals, err));
}

enum status block_pack_batch(struct block_pack *packer, const struct batch *batch, struct err *err)
{
    packer->batch = batch;
    buf_clear(&packer->ndjson);
    buf_clear(&packer->newlines);
    buf_clear(&packer->line_sums);
    return pack(packer, err);
}
