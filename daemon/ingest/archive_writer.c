/* On the writer's thread alone. An append is durable when it returns OK; after an I/O error the
 * handle is closed, and the next call opens a new one. Tidying (rows that are in segments, pages of
 * the WAL) is done in slices of a millisecond, so that no request waits for it. */
#include "daemon/ingest/archive_writer.h"

#include <stdlib.h>

#include "daemon/ingest/checkpointer.h"
#include "schema/file/file.h"

struct archive_writer {
    char dir[FILE_PATH_BYTES];
    struct archive *archive; /* NULL after an I/O error, until it opens again */
    bool sweep;              /* deleted rows may be left in the file */
    struct checkpointer *checkpointer;
    bool asked;            /* the checkpointer is at work */
    int64_t wal_pages;     /* after the last commit */
    int64_t checkpoint_at; /* pages */
};

static enum status ensure_open(struct archive_writer *store, struct err *err)
{
    if (store->archive) {
        return OK;
    }
    enum status status = archive_open(store->dir, ARCHIVE_WRITE, &store->archive, err);
    if (status == OK) {
        struct err ignored; /* it only costs time: a disk that is full will say so itself */
        (void)!archive_wal_reserve(store->archive, &ignored);
        archive_defer_checkpoint(store->archive);
        store->sweep = true;
        store->checkpoint_at = ARCHIVE_WAL_PAGES;
    }
    return status;
}

/* Returns status; the handle goes when it is not to be used again. */
static enum status checked(struct archive_writer *store, enum status status)
{
    if (status == ERR_IO || status == ERR_CORRUPT) {
        archive_close(store->archive);
        store->archive = NULL;
        store->sweep = false;
    }
    return status;
}

enum status archive_writer_open(const char *dir, struct archive_writer **out_store, struct err *err)
{
    struct archive_writer *store = calloc(1, sizeof *store);
    if (!store) {
        return err_nomem(err, "writer");
    }
    enum status status = file_path_format(store->dir, err, "%s", dir);
    status = THEN(status, ensure_open(store, err));
    status = THEN(status, checkpointer_start(dir, &store->checkpointer, err));
    if (status != OK) {
        archive_writer_close(store);
        return status;
    }
    *out_store = store;
    return OK;
}

void archive_writer_close(struct archive_writer *store)
{
    if (store) {
        checkpointer_stop(store->checkpointer);
        archive_close(store->archive);
        free(store);
    }
}

/* The checkpointer moves the bulk, this thread the rest: only with all of it moved, and no
 * reader of an older state, does the next commit start the WAL over. So it is best done while the
 * indexer waits, and not put off for ever. */
static void checkpoint(struct archive_writer *store, bool indexer_waits)
{
    int64_t pages = archive_wal_pages(store->archive);
    if (pages < store->wal_pages) {
        store->checkpoint_at = ARCHIVE_WAL_PAGES;
    }
    store->wal_pages = pages;
    if (!store->asked && pages >= store->checkpoint_at) {
        store->asked = true;
        checkpointer_ask(store->checkpointer);
    } else if (store->asked &&
               (indexer_waits || pages >= store->checkpoint_at + ARCHIVE_WAL_PAGES) &&
               checkpointer_take_done(store->checkpointer)) {
        struct err err;
        store->asked = false;
        store->checkpoint_at = pages + ARCHIVE_WAL_PAGES;
        (void)checked(store, archive_checkpoint(store->archive, &err));
    }
}

enum status archive_writer_append(struct archive_writer *store, const struct inbox_item *items,
                                  size_t count, struct err *err)
{
    enum status status = ensure_open(store, err);
    status = THEN(status, inbox_append(store->archive, items, count, err));
    return checked(store, status);
}

enum status archive_writer_commit(struct archive_writer *store, struct indexer_run *run,
                                  struct err *err)
{
    enum status status = ensure_open(store, err);
    if (status == OK) {
        status = indexer_run_commit(store->archive, run, err);
        store->sweep = true;
    }
    if (status == OK) {
        checkpoint(store, true);
    }
    return checked(store, status);
}

enum status archive_writer_probe(struct archive_writer *store, struct err *err)
{
    enum status status = ensure_open(store, err);
    status = THEN(status, archive_begin(store->archive, err));
    if (status == OK) {
        status = archive_counter_add(store->archive, EVENT_COUNTER_quarantined, 0, err);
        status = THEN(status, archive_commit(store->archive, err));
        if (status != OK) {
            archive_rollback(store->archive);
        }
    }
    return checked(store, status);
}

enum status archive_writer_state(struct archive_writer *store, struct inbox_state *out_state,
                                 struct err *err)
{
    enum status status = ensure_open(store, err);
    return THEN(status, inbox_state(store->archive, out_state, err));
}

void archive_writer_checkpoint(struct archive_writer *store)
{
    struct err err;
    if (store->archive && store->sweep) {
        enum status status = inbox_purge(store->archive, &store->sweep, &err);
        store->sweep = store->sweep && status == OK;
        (void)checked(store, status);
    }
    if (store->archive) {
        checkpoint(store, false);
    }
}

bool archive_writer_needs_checkpoint(const struct archive_writer *store)
{
    return store->sweep;
}
