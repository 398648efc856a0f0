#include "schema/verify/seal_set.h"

#include <stdio.h>
#include <stdlib.h>

#include "schema/segment/hash_chain.h"

void seal_book_fini(struct seal_book *book)
{
    buf_fini(&book->blocks);
    buf_fini(&book->objects);
    buf_fini(&book->deletions);
    buf_fini(&book->deleted_at);
    arena_fini(&book->arena);
    seal_fini(&book->seal);
}

static const char *name_of(int64_t number, char out[32])
{
    (void)snprintf(out, 32, "seal %lld", (long long)number);
    return out;
}

void seal_book_gap(struct seal_book *book, int64_t number, struct verify_report *report)
{
    char where[32];
    verify_say(report, name_of(number, where), 0, "is missing, and later seals are there");
    book->broken = true;
    book->last_number = number;
}

/* Signature, number, archive, and the digest of the seal before. */
static void check_head(struct seal_book *book, int64_t number, struct span text,
                       struct span signature, struct verify_report *report)
{
    char where[32];
    const struct seal_head *head = &book->seal.head;
    (void)name_of(number, where);
    if (book->key && !signing_verify(book->key, text, signature)) {
        bool other = strcmp(head->key_id, signing_key_id(book->key)) != 0;
        verify_say(report, where, 0,
                   other ? "is signed with key %s, not with the given one, %s"
                         : "its signature is not that of key %s (given: %s)",
                   head->key_id, signing_key_id(book->key));
    }
    if (head->number != number) {
        verify_say(report, where, 0, "stands in the place of seal %lld", (long long)head->number);
    }
    if (book->archive[0] && strcmp(head->archive, book->archive) != 0) {
        verify_say(report, where, 0, "is of another archive, %s", head->archive);
    }
    bool first = book->last_number == 0;
    bool fits = head->has_previous
                    ? memcmp(&head->previous, &book->last_sha256, sizeof head->previous) == 0
                    : first;
    if (!book->broken && (first ? head->has_previous && number == 1 : !fits)) {
        verify_say(report, where, 0, "does not name the seal before it by its digest");
    }
    if (!book->archive[0]) {
        (void)snprintf(book->archive, sizeof book->archive, "%s", head->archive);
    }
}

static struct span keep(struct seal_book *book, struct span text)
{
    return arena_copy(&book->arena, text);
}

static void take(struct seal_book *book, int64_t number)
{
    size_t count;
    const struct seal_block *blocks = seal_blocks(&book->seal, &count);
    for (size_t i = 0; i < count; i++) {
        struct book_block entry = {number, blocks[i]};
        entry.block.line_sums = keep(book, blocks[i].line_sums);
        buf_add(&book->blocks, &entry, sizeof entry);
    }
    const struct seal_object *objects = seal_objects(&book->seal, &count);
    for (size_t i = 0; i < count; i++) {
        struct book_object entry = {number, objects[i]};
        entry.object.target = keep(book, objects[i].target);
        entry.object.key = keep(book, objects[i].key);
        buf_add(&book->objects, &entry, sizeof entry);
    }
    const struct seal_deletion *deletions = seal_deletions(&book->seal, &count);
    for (size_t i = 0; i < count; i++) {
        struct seal_deletion entry = deletions[i];
        entry.why = keep(book, deletions[i].why);
        buf_add(&book->deletions, &entry, sizeof entry);
        buf_add(&book->deleted_at, &number, sizeof number);
    }
}

enum status seal_book_add(struct seal_book *book, int64_t number, struct span text,
                          struct span signature, struct verify_report *report, struct err *err)
{
    struct err why;
    char where[32];
    struct digest sha256 = digest_sha256(text);
    enum status status = seal_read(text, &book->seal, &why);
    report->seals++;
    if (status == ERR_NOMEM) {
        *err = why;
        return status;
    }
    if (status != OK) {
        verify_say(report, name_of(number, where), 0, "%s", why.text);
    } else {
        check_head(book, number, text, signature, report);
        take(book, number);
        report->sealed_us = book->seal.head.made_us;
    }
    book->broken = false;
    book->last_number = number;
    book->last_sha256 = sha256;
    status = buf_status(&book->blocks, "verify", err);
    status = THEN(status, buf_status(&book->objects, "verify", err));
    return THEN(status, buf_status(&book->deletions, "verify", err));
}

enum status seal_book_unsealed_deletion(struct seal_book *book,
                                        const struct seal_deletion *deletion, struct err *err)
{
    int64_t next = book->last_number + 1;
    buf_add(&book->deletions, deletion, sizeof *deletion);
    buf_add(&book->deleted_at, &next, sizeof next);
    return buf_status(&book->deletions, "verify", err);
}

static int compare_blocks(const void *a, const void *b)
{
    const struct book_block *x = a;
    const struct book_block *y = b;
    if (x->block.day_us != y->block.day_us) {
        return x->block.day_us < y->block.day_us ? -1 : 1;
    }
    if (x->block.block != y->block.block) {
        return x->block.block < y->block.block ? -1 : 1;
    }
    return (x->seal > y->seal) - (x->seal < y->seal);
}

static const struct book_block *blocks_of(const struct seal_book *book, size_t *out_count)
{
    *out_count = book->blocks.size / sizeof(struct book_block);
    return (const struct book_block *)(const void *)book->blocks.data;
}

void seal_book_finish(struct seal_book *book)
{
    size_t count = book->blocks.size / sizeof(struct book_block);
    if (count > 0) {
        qsort(book->blocks.data, count, sizeof(struct book_block), compare_blocks);
    }
}

/* The first block that is not before (day, block). */
static size_t lower(const struct book_block *blocks, size_t count, int64_t day_us, int64_t block)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct seal_block *at = &blocks[middle].block;
        bool before = at->day_us < day_us || (at->day_us == day_us && at->block < block);
        low = before ? middle + 1 : low;
        high = before ? high : middle;
    }
    return low;
}

/* The day's last deletion; -1: none. */
static long deletion_of(const struct seal_book *book, int64_t day_us)
{
    const struct seal_deletion *deletions =
        (const struct seal_deletion *)(const void *)book->deletions.data;
    for (size_t i = book->deletions.size / sizeof *deletions; i-- > 0;) {
        if (deletions[i].day_us == day_us) {
            return (long)i;
        }
    }
    return -1;
}

/* Blocks of a day that come after its deletion are numbered behind those that went. */
static bool is_deleted(const struct seal_book *book, long deletion, const struct book_block *block)
{
    if (deletion < 0) {
        return false;
    }
    const struct seal_deletion *entry =
        (const struct seal_deletion *)(const void *)book->deletions.data + deletion;
    const int64_t *seals = (const int64_t *)(const void *)book->deleted_at.data;
    return entry->last_block > 0 ? block->block.block <= entry->last_block
                                 : block->seal <= seals[deletion];
}

const struct book_block *seal_book_day(const struct seal_book *book, int64_t day_us,
                                       size_t *out_count)
{
    size_t count;
    const struct book_block *blocks = blocks_of(book, &count);
    size_t from = lower(blocks, count, day_us, INT64_MIN);
    size_t to = lower(blocks, count, day_us, INT64_MAX);
    long deletion = deletion_of(book, day_us);
    while (from < to && is_deleted(book, deletion, &blocks[from])) {
        from++;
    }
    *out_count = to - from;
    return from < to ? blocks + from : NULL;
}

const struct book_block *seal_book_any_block(const struct seal_book *book, int64_t day_us,
                                             int64_t block)
{
    size_t count;
    const struct book_block *blocks = blocks_of(book, &count);
    size_t at = lower(blocks, count, day_us, block);
    bool found = at < count && blocks[at].block.day_us == day_us && blocks[at].block.block == block;
    return found ? &blocks[at] : NULL;
}

const struct book_block *seal_book_block(const struct seal_book *book, int64_t day_us,
                                         int64_t block)
{
    const struct book_block *found = seal_book_any_block(book, day_us, block);
    return found && !is_deleted(book, deletion_of(book, day_us), found) ? found : NULL;
}
