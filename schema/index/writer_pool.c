/* Opened when a day needs one, put away when others need the room. */
#include "schema/index/writer_pool.h"

#include "schema/index/deletion.h"
#include "schema/segment/segment_map.h"

enum {
    IDLE_BLOCKS = 32
}; /* of other days, until an import closes a segment: large days take room */

/* A day of which blocks were deleted or shipped, and of which no block is there, goes on behind
 * their numbers. */
static enum status use_day(struct writer_pool *pool, struct segment_writer *writer, int64_t day_us,
                           struct err *err)
{
    size_t count;
    enum status status = segment_writer_use_day(writer, day_us, 1, err);
    (void)segment_blocks(segment_writer_segment(writer), &count);
    if (status != OK || count > 0) {
        return status;
    }
    status = pool->archive ? OK : archive_open(pool->dir, ARCHIVE_READ, &pool->archive, err);
    int64_t first_block = 1;
    status = THEN(status, deletion_next_block(pool->archive, day_us, &first_block, err));
    if (status == OK) {
        segment_writer_number_from(writer, first_block);
    }
    return status;
}

/* Commits and closes. No inbox id: more of this run may follow for that day. Should this run be
 * done again, what is committed here is known by its identity. */
static enum status put_away(struct writer_pool *pool, struct writer_pool_entry *open,
                            struct err *err)
{
    enum status status = store_thread_wait(pool->store, err);
    status = THEN(status, segment_writer_commit(open->writer, pool->archive_id, 0, err));
    segment_writer_close(open->writer);
    *open = (struct writer_pool_entry){0};
    return status;
}

enum status writer_pool_put_idle_away(struct writer_pool *pool, struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < WRITER_POOL_MAX; i++) {
        struct writer_pool_entry *open = &pool->writers[i];
        if (open->writer && pool->clock - open->used > IDLE_BLOCKS) {
            status = put_away(pool, open, err);
        }
    }
    return status;
}

/* Where a writer is to be opened: the one not used for longest makes room. */
static enum status make_room(struct writer_pool *pool, struct writer_pool_entry **out,
                             struct err *err)
{
    struct writer_pool_entry *oldest = &pool->writers[0];
    for (size_t i = 0; i < WRITER_POOL_MAX; i++) {
        struct writer_pool_entry *open = &pool->writers[i];
        if (!open->writer || (oldest->writer && open->used < oldest->used)) {
            oldest = open;
        }
    }
    *out = oldest;
    return oldest->writer ? put_away(pool, oldest, err) : OK;
}

static void opened(struct writer_pool *pool, struct writer_pool_entry *open)
{
    struct segment *segment = segment_writer_segment(open->writer);
    pool->unread_blocks += (int64_t)segment_writer_unread(open->writer);
    open->inbox_high = segment_inbox_high(segment, pool->archive_id);
    open->is_merged = segment_is_merged(segment);
    if (open->is_merged) {
        open->file = merged_file_of(segment, segment_first_day_us(segment));
    }
}

static enum status open_day(struct writer_pool *pool, int64_t day_us,
                            struct writer_pool_entry **out, struct err *err)
{
    enum status status = make_room(pool, out, err);
    status = THEN(status, segment_writer_open(pool->dir, day_us, pool->compression_level,
                                              &(*out)->writer, err));
    if (status == OK) {
        opened(pool, *out);
    }
    return status;
}

static enum status open_merged(struct writer_pool *pool, int64_t first_us, int64_t day_us,
                               struct writer_pool_entry **out, struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = archive_merged_path(pool->dir, first_us, path, err);
    status = THEN(status, make_room(pool, out, err));
    status =
        THEN(status, segment_writer_open_merged(path, first_us, day_us, pool->compression_level,
                                                &(*out)->writer, err));
    if (status == OK) {
        opened(pool, *out);
    }
    return status;
}

/* The writer of a merged file that is open, by its first day; NULL: none. */
static struct writer_pool_entry *merged_at(struct writer_pool *pool, int64_t first_us)
{
    for (size_t i = 0; i < WRITER_POOL_MAX; i++) {
        struct writer_pool_entry *open = &pool->writers[i];
        if (open->writer && open->is_merged && open->file.first_us == first_us) {
            return open;
        }
    }
    return NULL;
}

/* The first day of the merged file before the day, one that is new and has no name yet, too. */
static enum status first_before(struct writer_pool *pool, int64_t day_us, int64_t *out_first_us,
                                struct err *err)
{
    enum status status = merged_file_before(pool->dir, day_us, out_first_us, err);
    for (size_t i = 0; i < WRITER_POOL_MAX; i++) {
        const struct writer_pool_entry *open = &pool->writers[i];
        if (open->writer && open->is_merged && open->file.first_us <= day_us &&
            open->file.first_us > *out_first_us) {
            *out_first_us = open->file.first_us;
        }
    }
    return status;
}

/* Of a day that no file has: the merged file before it, or a new one. */
static enum status open_target(struct writer_pool *pool, int64_t day_us,
                               struct writer_pool_entry **out, struct err *err)
{
    struct merged_file before;
    enum status status = first_before(pool, day_us, &before.first_us, err);
    if (status != OK) {
        return status;
    }
    if (before.first_us != INT64_MIN) {
        *out = merged_at(pool, before.first_us);
        if (!*out) {
            status = open_merged(pool, before.first_us, day_us, out, err);
        }
        if (status != OK || merged_file_takes(&(*out)->file, day_us)) {
            return status;
        }
    }
    return open_merged(pool, merged_file_new_first(&before, day_us), day_us, out, err);
}

/* A writer of a file that has the day, or is to have it. */
static enum status find_writer(struct writer_pool *pool, int64_t day_us, bool is_import,
                               struct writer_pool_entry **out, struct err *err)
{
    bool stays = is_import && day_us < pool->merge_before_us;
    for (size_t i = 0; i < WRITER_POOL_MAX; i++) {
        struct writer_pool_entry *open = &pool->writers[i];
        if (open->writer && segment_writer_has_day(open->writer, day_us)) {
            *out = open;
            return OK;
        }
    }
    char path[FILE_PATH_BYTES];
    enum status status = segment_path_of_day(pool->dir, day_us, path, err);
    if (status != OK || file_exists(path) || !stays) {
        return THEN(status, open_day(pool, day_us, out, err));
    }
    return open_target(pool, day_us, out, err);
}

enum status writer_pool_get(struct writer_pool *pool, int64_t day_us, bool is_import,
                            struct writer_pool_entry **out, struct err *err)
{
    *out = NULL;
    for (size_t i = 0; i < WRITER_POOL_MAX; i++) {
        struct writer_pool_entry *open = &pool->writers[i];
        if (open->writer && segment_writer_uses_day(open->writer, day_us)) {
            *out = open;
        }
    }
    enum status status = OK;
    if (!*out) {
        status = store_thread_wait(pool->store, err);
        status = THEN(status, find_writer(pool, day_us, is_import, out, err));
        status = THEN(status, use_day(pool, (*out)->writer, day_us, err));
    }
    if (status == OK) {
        (*out)->used = ++pool->clock;
    }
    return status;
}

void writer_pool_close(struct writer_pool *pool)
{
    for (size_t i = 0; i < WRITER_POOL_MAX; i++) {
        segment_writer_close(pool->writers[i].writer);
        pool->writers[i] = (struct writer_pool_entry){0};
    }
    archive_close(pool->archive);
    pool->archive = NULL;
}
