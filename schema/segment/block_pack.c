/* The order: lines, the columnar block of them, what it tells of times and identities, and the
 * lines of the arrivals, which have the rest. Then, on another thread perhaps, digests, and all of
 * it read back. */
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
}

void block_pack_made_fini(struct block_pack_made *packed)
{
    buf_fini(&packed->ndjson);
    buf_fini(&packed->newlines);
    buf_fini(&packed->events);
    buf_fini(&packed->events_part);
    buf_fini(&packed->arrivals);
    buf_fini(&packed->arrivals_part);
    buf_fini(&packed->line_sums);
    buf_fini(&packed->lines);
    vec_fini(&packed->event_spans);
    vec_fini(&packed->arrival_spans);
}

enum status block_pack_add_part(struct block_pack *packer, struct span part, struct err *err)
{
    return columnar_writer_add_part(packer->columns, part, err);
}

/* The newlines of line i, which begins at `at`, become spaces. */
static void note_newlines(struct block_pack_made *packed, size_t at, size_t *before)
{
    struct buf *ndjson = &packed->ndjson;
    size_t end = ndjson->size - 1;
    for (char *found; (found = memchr(ndjson->data + at, '\n', end - at)) != NULL;) {
        size_t position = (size_t)(found - ndjson->data);
        buf_add_varint(&packed->newlines, position - *before);
        *before = position;
        *found = ' ';
        at = position + 1;
    }
}

/* The events one a line. */
static enum status write_lines(struct block_pack_made *packed, struct err *err)
{
    const struct batch *batch = packed->batch;
    struct buf *ndjson = &packed->ndjson;
    size_t count = batch_count(batch);
    size_t before = 0;
    buf_clear(ndjson);
    buf_clear(&packed->newlines);
    vec_clear(&packed->event_spans);
    if (!buf_reserve(ndjson, batch->raw_bytes) || !vec_reserve(&packed->event_spans, count)) {
        return err_nomem(err, "block");
    }
    for (size_t i = 0; i < count; i++) {
        struct span raw = batch_at(batch, i)->event.raw;
        size_t at = ndjson->size;
        buf_add_span(ndjson, raw);
        buf_add_char(ndjson, '\n');
        if (!buf_ok(ndjson)) {
            break;
        }
        note_newlines(packed, at, &before);
    }
    /* it stays where it is from here on */
    size_t at = 0;
    for (size_t i = 0; buf_ok(ndjson) && i < count; i++) {
        size_t size = batch_at(batch, i)->event.raw.size;
        packed->event_spans.items[i] = span_of(ndjson->data + at, size);
        at += size + 1;
    }
    packed->event_spans.count = count;
    enum status status = buf_status(ndjson, "block", err);
    return THEN(status, buf_status(&packed->newlines, "block", err));
}

static enum status split(struct span text, struct block_pack_lines *lines, struct err *err)
{
    vec_clear(lines);
    for (struct span line; span_next_line(&text, &line);) {
        if (!vec_push(lines, line)) {
            return err_nomem(err, "block");
        }
    }
    return OK;
}

static enum status derive(struct block_pack_made *packed, const struct block_columns *columns,
                          struct err *err)
{
    enum status status = block_derive_times(columns, "time", packed->times_us, err);
    return THEN(status, block_derive_identities(columns, packed->hashes, err));
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
static bool is_told(const struct block_pack_made *packed, size_t i)
{
    const struct batch_event *event = batch_at(packed->batch, i);
    int64_t told_us = packed->times_us[i];
    told_us = told_us == BLOCK_DERIVE_TIME_NONE ? event->arrival_us : told_us;
    return told_us == event->event.time_us && packed->hashes[i] == event->hash;
}

static void write_arrival(struct block_pack_made *packed, size_t i)
{
    const struct batch_event *event = batch_at(packed->batch, i);
    int64_t told_us = packed->times_us[i];
    struct json_writer json = {.out = &packed->lines};
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
    if (packed->hashes[i] != event->hash) {
        json_int(&json, BLOCK_PACK_IDENTITY, event->hash);
    }
    json_end(&json);
    buf_add_char(&packed->lines, '\n');
}

/* Events that came together have the same line. */
static bool came_together(const struct batch_event *a, const struct batch_event *b)
{
    return a->arrival_us == b->arrival_us && a->source.data == b->source.data &&
           a->source.size == b->source.size && a->session_stream == b->session_stream &&
           a->event.time_is_arrival == b->event.time_is_arrival;
}

/* How the events came, where it is not what their columns tell. */
static enum status write_arrivals(struct block_pack_made *packed,
                                  const struct block_columns *columns, struct err *err)
{
    size_t before = 0; /* where the line before begins */
    bool is_told_before = false;
    enum status status = derive(packed, columns, err);
    if (status != OK) {
        return status;
    }
    buf_clear(&packed->lines);
    for (size_t i = 0; i < batch_count(packed->batch) && buf_ok(&packed->lines); i++) {
        bool told = is_told(packed, i);
        size_t begin = packed->lines.size;
        if (i > 0 && told && is_told_before &&
            came_together(batch_at(packed->batch, i), batch_at(packed->batch, i - 1)) &&
            buf_reserve(&packed->lines, begin - before)) {
            buf_add(&packed->lines, packed->lines.data + before, begin - before);
        } else {
            write_arrival(packed, i);
        }
        before = begin;
        is_told_before = told;
    }
    status = buf_status(&packed->lines, "block", err);
    status = THEN(status, split(buf_span(&packed->lines), &packed->arrival_spans, err));
    CHECK(status != OK || packed->arrival_spans.count == batch_count(packed->batch));
    return status;
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

static void begin(struct block_pack_made *packed, const struct batch *batch)
{
    packed->batch = batch;
    buf_clear(&packed->events);
    buf_clear(&packed->events_part);
    buf_clear(&packed->arrivals);
    buf_clear(&packed->arrivals_part);
}

static enum status pack_events(struct block_pack *packer, struct block_pack_made *packed,
                               struct err *err)
{
    return columnar_pack(packer->columns, packed->event_spans.items, packed->event_spans.count,
                         &packed->events, &packed->events_part, &packed->written, err);
}

static enum status pack_arrivals(struct block_pack *packer, struct block_pack_made *packed,
                                 struct err *err)
{
    return columnar_pack(packer->columns, packed->arrival_spans.items, packed->arrival_spans.count,
                         &packed->arrivals, &packed->arrivals_part, &packed->written_arrivals, err);
}

enum status block_pack_again(struct block_pack *packer, const struct block_pack_source *source,
                             struct block_pack_made *packed, struct err *err)
{
    begin(packed, NULL);
    buf_clear(&packed->ndjson);
    buf_clear(&packed->newlines);
    buf_clear(&packed->lines);
    buf_add_span(&packed->ndjson, source->ndjson);
    buf_add_span(&packed->newlines, source->newlines);
    buf_add_span(&packed->lines, source->arrivals);
    enum status status = buf_status(&packed->ndjson, "block", err);
    status = THEN(status, buf_status(&packed->newlines, "block", err));
    status = THEN(status, buf_status(&packed->lines, "block", err));
    status = THEN(status, split(buf_span(&packed->ndjson), &packed->event_spans, err));
    status = THEN(status, split(buf_span(&packed->lines), &packed->arrival_spans, err));
    if (status == OK && (packed->event_spans.count != source->n_events ||
                         packed->arrival_spans.count != source->n_events)) {
        status = err_set(err, ERR_CORRUPT, "it has another number of lines than its row says");
    }
    status = THEN(status, pack_events(packer, packed, err));
    return THEN(status, pack_arrivals(packer, packed, err));
}

enum status block_pack_batch(struct block_pack *packer, const struct batch *batch,
                             struct block_pack_made *packed, struct err *err)
{
    begin(packed, batch);
    enum status status = write_lines(packed, err);
    status = THEN(status, pack_events(packer, packed, err));
    const struct block_columns columns = {packer->reader,
                                          columnar_writer_vocabulary(packer->columns)};
    status = THEN(status, columnar_reader_open(packer->reader, buf_span(&packed->events), err));
    status = THEN(status, write_arrivals(packed, &columns, err));
    return THEN(status, pack_arrivals(packer, packed, err));
}

static enum status check_events(struct block_pack_made *packed, struct columnar_checker *checker,
                                struct err *err)
{
    return columnar_check(checker, packed->event_spans.items, packed->event_spans.count,
                          &packed->events, &packed->written, err);
}

static enum status check_arrivals(struct block_pack_made *packed, struct columnar_checker *checker,
                                  struct err *err)
{
    return columnar_check(checker, packed->arrival_spans.items, packed->arrival_spans.count,
                          &packed->arrivals, &packed->written_arrivals, err);
}

/* The events are kept whole after all: their columns tell nothing, so the arrivals do. */
static enum status arrivals_again(struct block_pack_made *packed, struct columnar_checker *checker,
                                  struct err *err)
{
    const struct block_columns columns = {columnar_checker_reader(checker),
                                          columnar_checker_vocabulary(checker)};
    enum status status = write_arrivals(packed, &columns, err);
    buf_clear(&packed->arrivals);
    status = THEN(status, columnar_pack_whole(packed->arrival_spans.items,
                                              packed->arrival_spans.count, &packed->arrivals, err));
    status = THEN(status, check_arrivals(packed, checker, err));
    return THEN(status, columnar_reader_open(columns.reader, buf_span(&packed->events), err));
}

static enum status digest(struct block_pack_made *packed, struct err *err)
{
    packed->sha256 = digest_sha256(buf_span(&packed->ndjson));
    buf_clear(&packed->line_sums);
    line_checksum_add(&packed->line_sums, buf_span(&packed->ndjson));
    enum status status = buf_status(&packed->line_sums, "block", err);
    return THEN(status,
                block_pack_arrivals_digest(buf_span(&packed->lines), buf_span(&packed->newlines),
                                           &packed->arrivals_sha256, err));
}

enum status block_pack_check(struct block_pack_made *packed, struct columnar_checker *checker,
                             struct err *err)
{
    enum status status = columnar_checker_add_part(checker, buf_span(&packed->events_part), err);
    status =
        THEN(status, columnar_checker_add_part(checker, buf_span(&packed->arrivals_part), err));
    status = THEN(status, check_arrivals(packed, checker, err));
    status = THEN(status, check_events(packed, checker, err));
    if (status == OK && packed->written.was_not_same && packed->batch) {
        status = arrivals_again(packed, checker, err);
    }
    return THEN(status, digest(packed, err));
}
