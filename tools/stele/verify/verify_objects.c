#include "tools/stele/verify/verify_objects.h"

#include <stdio.h>
#include <stdlib.h>

#include "tools/stele/verify/object_blocks.h"
#include "tools/stele/verify/seal_fetch.h"

/* What is longer than it should be is read so much further, to say what is in it. */
enum { PART_SLACK = 4 * 1024 * 1024, OBJECT_SLACK = 64 * 1024 * 1024 };

/* An object that should be there. */
struct wanted {
    const struct book_object *object;
    const struct seal_book *book;
    bool seen;
    int64_t listed_bytes;
};

struct checking {
    const struct verify_target *verify;
    struct seal_shelf shelf;
    struct buf wanted; /* struct wanted, by key */
    size_t at;         /* the first one that the list has not passed */

    struct buf bytes;
    struct buf ndjson;
};

static struct wanted *wanted_of(const struct checking *checking, size_t *out_count)
{
    *out_count = checking->wanted.size / sizeof(struct wanted);
    return (struct wanted *)(void *)checking->wanted.data;
}

static int compare_keys(struct span a, struct span b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_wanted(const void *a, const void *b)
{
    const struct wanted *x = a;
    const struct wanted *y = b;
    return compare_keys(x->object->object.key, y->object->object.key);
}

/* Is an object of the seals at the target that is looked at? A copied bucket has another URL: when
 * nothing was shipped to this one, everything counts. */
static bool any_of_target(const struct checking *checking, struct span url)
{
    for (size_t i = 0; i < checking->shelf.count; i++) {
        const struct seal_book *book = &checking->shelf.books[i];
        const struct book_object *objects =
            (const struct book_object *)(const void *)book->objects.data;
        for (size_t o = 0; o < book->objects.size / sizeof *objects; o++) {
            if (span_equal(objects[o].object.target, url)) {
                return true;
            }
        }
    }
    return false;
}

static enum status gather_wanted(struct checking *checking, struct err *err)
{
    struct span url = span_str(checking->verify->objects->url);
    bool only_url = any_of_target(checking, url);
    for (size_t i = 0; i < checking->shelf.count; i++) {
        const struct seal_book *book = &checking->shelf.books[i];
        const struct book_object *objects =
            (const struct book_object *)(const void *)book->objects.data;
        for (size_t o = 0; o < book->objects.size / sizeof *objects; o++) {
            if (!only_url || span_equal(objects[o].object.target, url)) {
                const struct wanted wanted = {.object = &objects[o], .book = book};
                buf_add(&checking->wanted, &wanted, sizeof wanted);
            }
        }
    }
    size_t count;
    struct wanted *wanted = wanted_of(checking, &count);
    if (count > 0) {
        qsort(wanted, count, sizeof *wanted, compare_wanted);
    }
    return buf_status(&checking->wanted, "verify", err);
}

static enum status on_item(void *context, const struct target_item *item, struct err *err)
{
    (void)err;
    struct checking *checking = context;
    struct verify_report *report = checking->verify->report;
    size_t count;
    struct wanted *wanted = wanted_of(checking, &count);
    struct span key = span_str(item->key);
    while (checking->at < count && compare_keys(wanted[checking->at].object->object.key, key) < 0) {
        checking->at++;
    }
    report->objects++;
    if (checking->at == count || compare_keys(wanted[checking->at].object->object.key, key) != 0) {
        verify_say(report, item->key, 0, "is in no seal: it was added, or the seals are older");
        return OK;
    }
    for (size_t i = checking->at; i < count && compare_keys(wanted[i].object->object.key, key) == 0;
         i++) {
        wanted[i].listed_bytes = item->bytes;
        wanted[i].seen = true; /* the same object at several targets has the same key */
    }
    return OK;
}

static enum status on_bytes(void *context, struct span bytes, struct err *err)
{
    struct buf *out = context;
    buf_add_span(out, bytes);
    return buf_status(out, "verify", err);
}

/* The block of this object, other than `not`, that has the digest; 0: none. */
static int64_t block_with(const struct wanted *wanted, const struct digest *sha256, int64_t not )
{
    const struct seal_object *object = &wanted->object->object;
    for (int64_t block = object->first_block; block <= object->last_block; block++) {
        const struct book_block *sealed = seal_book_any_block(wanted->book, object->day_us, block);
        if (block != not &&sealed && memcmp(&sealed->block.sha256, sha256, sizeof *sha256) == 0) {
            return block;
        }
    }
    return 0;
}

static void judge_part(const struct checking *checking, const struct wanted *wanted,
                       const struct seal_block *sealed, const struct object_part *part, size_t at)
{
    struct verify_report *report = checking->verify->report;
    const char *where = wanted->object->object.key.data;
    struct digest sha256 = digest_sha256(buf_span(&checking->ndjson));
    if (part->complete && memcmp(&sha256, &sealed->sha256, sizeof sha256) == 0) {
        report->events += sealed->events;
        return;
    }
    int64_t other = part->complete ? block_with(wanted, &sha256, sealed->block) : 0;
    if (other > 0) {
        verify_say(report, where, sealed->block, "block %lld stands in its place",
                   (long long)other);
        return;
    }
    char what[128];
    (void)snprintf(what, sizeof what,
                   part->complete ? "its events do not match their digest (byte %zu of the object)"
                                  : "does not unpack to its end (byte %zu of the object)",
                   at);
    verify_say_lines(report, where, sealed->block, what, buf_span(&checking->ndjson),
                     sealed->line_sums, (uint32_t)sealed->events);
}

/* An object that is not what it was: which of its blocks are not. */
static enum status examine(struct checking *checking, const struct wanted *wanted, struct err *err)
{
    const struct seal_object *object = &wanted->object->object;
    struct verify_report *report = checking->verify->report;
    struct span left = buf_span(&checking->bytes);
    int64_t before = report->faults;
    struct object_parts *parts = object_parts_new(object->codec);
    enum status status = parts ? OK : err_nomem(err, "verify");
    int64_t block = object->first_block;
    bool lost = false; /* where the next block begins is not known */
    for (; status == OK && !lost && block <= object->last_block; block++) {
        const struct book_block *sealed = seal_book_any_block(wanted->book, object->day_us, block);
        struct object_part part = {0};
        if (!sealed) {
            verify_say(report, object->key.data, block, "is in no seal");
            break;
        }
        if (left.size == 0) {
            verify_say(report, object->key.data, block, "is missing: the object ends before it");
            break;
        }
        status = object_part_read(parts, left, (size_t)sealed->block.raw_bytes + PART_SLACK,
                                  &checking->ndjson, &part, err);
        if (status == OK) {
            report->blocks++;
            judge_part(checking, wanted, &sealed->block, &part, checking->bytes.size - left.size);
            lost = part.packed_bytes == 0;
            left = span_from(left, part.packed_bytes);
        }
    }
    if (status == OK && !lost && block > object->last_block && left.size > 0) {
        verify_say(report, object->key.data, 0, "has %zu bytes more than its blocks", left.size);
    }
    if (status == OK && report->faults == before) {
        verify_say(report, object->key.data, 0,
                   "is not the object that was shipped, though all its events are");
    }
    object_parts_free(parts);
    return status;
}

static enum status check_object(struct checking *checking, const struct wanted *wanted,
                                struct err *err)
{
    const struct seal_object *object = &wanted->object->object;
    struct target_head head;
    struct err why;
    if (wanted->listed_bytes > object->bytes + OBJECT_SLACK) {
        verify_say(checking->verify->report, object->key.data, 0,
                   "has %lld bytes; %lld were shipped", (long long)wanted->listed_bytes,
                   (long long)object->bytes);
        return OK;
    }
    buf_clear(&checking->bytes);
    enum status status = target_get(checking->verify->objects, object->key.data, on_bytes,
                                    &checking->bytes, &head, &why);
    if (status == ERR_NOT_FOUND) {
        verify_say(checking->verify->report, object->key.data, 0, "went away while it was read");
        return OK;
    }
    if (status != OK && status != ERR_CORRUPT) {
        *err = why;
        return status;
    }
    struct digest sha256 = digest_sha256(buf_span(&checking->bytes));
    if ((int64_t)checking->bytes.size == object->bytes &&
        memcmp(&sha256, &object->sha256, sizeof sha256) == 0) {
        checking->verify->report->events += object->events;
        checking->verify->report->blocks += object->last_block - object->first_block + 1;
        return OK;
    }
    return examine(checking, wanted, err);
}

/* Each wanted object once, in order of keys. */
static enum status check_objects(struct checking *checking, struct err *err)
{
    struct verify_report *report = checking->verify->report;
    size_t count;
    const struct wanted *wanted = wanted_of(checking, &count);
    enum status status = OK;
    for (size_t i = 0; i < count && status == OK; i++) {
        const struct seal_object *object = &wanted[i].object->object;
        if (i > 0 && compare_wanted(&wanted[i - 1], &wanted[i]) == 0) {
            continue;
        }
        if (!wanted[i].seen) {
            verify_say(report, object->key.data, 0,
                       "is missing, with %lld events; seal %lld has it", (long long)object->events,
                       (long long)wanted[i].object->seal);
        } else if (!checking->verify->quick) {
            status = check_object(checking, &wanted[i], err);
        }
        if (report->progress) {
            report->progress(report->context, (int64_t)(i * 1000 / count), report->events);
        }
    }
    return status;
}

/* Seals of this archive are compared with its own. */
static enum status check_rollback(const struct checking *checking, struct err *err)
{
    struct archive *archive = checking->verify->archive;
    enum status status = OK;
    for (size_t i = 0; archive && i < checking->shelf.count && status == OK; i++) {
        const struct seal_book *book = &checking->shelf.books[i];
        if (strcmp(book->archive, archive_id(archive)) == 0) {
            status = verify_same_seals(archive, book, checking->verify->digests->url,
                                       checking->verify->report, err);
        }
    }
    return status;
}

enum status verify_target(const struct verify_target *verify, struct err *err)
{
    struct checking checking = {.verify = verify};
    const struct target_list list = {.prefix = "", .each = on_item, .context = &checking};
    enum status status =
        seal_shelf_read(&checking.shelf, verify->digests, verify->key, verify->report, err);
    if (status == OK && checking.shelf.count == 0) {
        status = err_set(err, ERR_NOT_FOUND, "%s has no seal: give the place of the digests",
                         verify->digests->url);
    }
    status = THEN(status, gather_wanted(&checking, err));
    status = THEN(status, target_list(verify->objects, &list, NULL, err));
    status = THEN(status, check_objects(&checking, err));
    status = THEN(status, check_rollback(&checking, err));
    seal_shelf_fini(&checking.shelf);
    buf_fini(&checking.wanted);
    buf_fini(&checking.bytes);
    buf_fini(&checking.ndjson);
    return status;
}
