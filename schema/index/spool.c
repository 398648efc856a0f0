/* Each day fills a buffer; a full one goes to the end of the file as a piece. Where the pieces of a
 * day are is kept in memory: a few bytes for a piece of events. */
#include "schema/index/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "schema/archive/inbox.h"
#include "schema/base/vec.h"
#include "schema/event/source.h"
#include "schema/file/file.h"

enum { PIECE_BYTES = 128 * 1024, OPEN_BYTES_MAX = 64 * 1024 * 1024 };

struct spool_chunk {
    int64_t offset;
    size_t size;
};

struct spool_day {
    int64_t day_us;
    struct buf open;
    VEC(struct spool_chunk) pieces;
};

struct spool_source {
    struct source source;
    struct span text;
};

struct spool {
    char path[FILE_PATH_BYTES];
    int fd;
    int64_t size;
    struct spool_day *days; /* by day_us */
    size_t n_days;
    VEC(struct spool_source) sources; /* few, one an imported file */
    struct arena arena;
};

struct spool_record {
    uint32_t size;
    uint32_t source;
    int64_t received_us;
};

enum status spool_open(const char *dir, struct spool **out_spool, struct err *err)
{
    struct spool *spool = calloc(1, sizeof *spool);
    if (!spool) {
        return err_nomem(err, "import");
    }
    spool->fd = -1;
    enum status status = file_path_format(spool->path, err, "%s/spool", dir);
    if (status == OK) {
        spool->fd = open(spool->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        status = spool->fd < 0 ? err_errno(err, errno, "%s", spool->path) : OK;
    }
    if (status == OK && unlink(spool->path) != 0) {
        status = err_errno(err, errno, "%s", spool->path);
    }
    if (status != OK) {
        spool_close(spool);
        return status;
    }
    *out_spool = spool;
    return OK;
}

void spool_close(struct spool *spool)
{
    if (!spool) {
        return;
    }
    for (size_t i = 0; i < spool->n_days; i++) {
        buf_fini(&spool->days[i].open);
        vec_fini(&spool->days[i].pieces);
    }
    if (spool->fd >= 0) {
        (void)close(spool->fd);
    }
    free(spool->days);
    vec_fini(&spool->sources);
    arena_fini(&spool->arena);
    free(spool);
}

static enum status write_piece(struct spool *spool, struct spool_day *day, struct err *err)
{
    struct spool_chunk piece = {spool->size, day->open.size};
    for (size_t done = 0; done < day->open.size;) {
        ssize_t n = pwrite(spool->fd, day->open.data + done, day->open.size - done,
                           spool->size + (int64_t)done);
        if (n < 0 && errno != EINTR) {
            return err_errno(err, errno, "%s", spool->path);
        }
        done += n > 0 ? (size_t)n : 0;
    }
    spool->size += (int64_t)day->open.size;
    buf_clear(&day->open);
    return vec_push(&day->pieces, piece) ? OK : err_nomem(err, "import");
}

/* The buffers of all days together are bounded: with many days, pieces are smaller. */
static size_t piece_bytes(const struct spool *spool)
{
    size_t share = OPEN_BYTES_MAX / spool->n_days;
    return share < PIECE_BYTES ? share : PIECE_BYTES;
}

/* The place of the day, or where it would be. */
static size_t day_place(const struct spool *spool, int64_t day_us)
{
    size_t low = 0;
    size_t high = spool->n_days;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (spool->days[middle].day_us < day_us) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct spool_day *day_of(struct spool *spool, int64_t day_us)
{
    size_t at = day_place(spool, day_us);
    if (at < spool->n_days && spool->days[at].day_us == day_us) {
        return &spool->days[at];
    }
    struct spool_day *days = realloc(spool->days, (spool->n_days + 1) * sizeof *days);
    if (!days) {
        return NULL;
    }
    spool->days = days;
    memmove(days + at + 1, days + at, (spool->n_days - at) * sizeof *days);
    spool->n_days++;
    days[at] = (struct spool_day){.day_us = day_us};
    return &days[at];
}

/* The source seen last is the one of most events. */
static uint32_t source_number(struct spool *spool, const struct batch_arrival *arrival)
{
    uint32_t count = (uint32_t)spool->sources.count;
    for (uint32_t i = count; i > 0; i--) {
        if (source_equal(&spool->sources.items[i - 1].source, arrival->source)) {
            return i - 1;
        }
    }
    bool fine;
    struct spool_source added = {
        .source = source_copy(arrival->source, &spool->arena, &fine),
        .text = arena_copy(&spool->arena, arrival->source_text),
    };
    return fine && added.text.data && vec_push(&spool->sources, added) ? count : UINT32_MAX;
}

enum status spool_add(struct spool *spool, int64_t day_us, const struct batch_arrival *arrival,
                      struct span raw, struct err *err)
{
    CHECK(raw.size <= UINT32_MAX);
    struct spool_day *day = day_of(spool, day_us);
    struct spool_record record = {.size = (uint32_t)raw.size,
                                  .source = source_number(spool, arrival),
                                  .received_us = arrival->received_us};
    if (!day || record.source == UINT32_MAX) {
        return err_nomem(err, "import");
    }
    enum status status = OK;
    if (day->open.size > 0 && day->open.size + sizeof record + raw.size > piece_bytes(spool)) {
        status = write_piece(spool, day, err);
    }
    buf_add(&day->open, &record, sizeof record);
    buf_add_span(&day->open, raw);
    return THEN(status, buf_status(&day->open, "import", err));
}

size_t spool_day_count(const struct spool *spool)
{
    return spool->n_days;
}

int64_t spool_day_us(const struct spool *spool, size_t day)
{
    CHECK(day < spool->n_days);
    return spool->days[day].day_us;
}

static enum status read_records(struct spool *spool, struct span bytes, spool_each *each,
                                void *context, struct err *err)
{
    enum status status = OK;
    for (size_t at = 0; status == OK && at < bytes.size;) {
        struct spool_record record;
        memcpy(&record, bytes.data + at, sizeof record);
        at += sizeof record;
        CHECK(record.size <= bytes.size - at);
        const struct spool_source *from = vec_at(&spool->sources, record.source);
        struct batch_arrival arrival = {
            .source = &from->source, .source_text = from->text, .received_us = record.received_us};
        status = each(context, &arrival, span_of(bytes.data + at, record.size), err);
        at += record.size;
    }
    return status;
}

static enum status read_piece(struct spool *spool, const struct spool_chunk *piece, struct buf *out,
                              struct err *err)
{
    buf_clear(out);
    if (!buf_reserve(out, piece->size)) {
        return err_nomem(err, "import");
    }
    while (out->size < piece->size) {
        ssize_t n = pread(spool->fd, out->data + out->size, piece->size - out->size,
                          piece->offset + (int64_t)out->size);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return err_errno(err, n == 0 ? EIO : errno, "%s", spool->path);
        }
        out->size += n > 0 ? (size_t)n : 0;
    }
    return OK;
}

enum status spool_read(struct spool *spool, size_t at, spool_each *each, void *context,
                       struct err *err)
{
    CHECK(at < spool->n_days);
    const struct spool_day *day = &spool->days[at];
    struct buf bytes = BUF_INIT;
    enum status status = OK;
    for (size_t i = 0; status == OK && i < day->pieces.count; i++) {
        status = read_piece(spool, &day->pieces.items[i], &bytes, err);
        status = THEN(status, read_records(spool, buf_span(&bytes), each, context, err));
    }
    buf_fini(&bytes);
    return THEN(status, read_records(spool, buf_span(&day->open), each, context, err));
}
