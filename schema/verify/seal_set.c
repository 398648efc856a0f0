#include "schema/verify/seal_set.h"

#include <stdio.h>
#include <stdlib.h>

#include "schema/segment/hash_chain.h"

void seal_set_fini(struct seal_set *set)
{
    buf_fini(&set->blocks);
    buf_fini(&set->objects);
    buf_fini(&set->deletions);
    buf_fini(&set->deleted_at);
    arena_fini(&set->arena);
    seal_fini(&set->seal);
}

static const char *name_of(int64_t number, char out[32])
{
    (void)snprintf(out, 32, "seal %lld", (long long)number);
    return out;
}

void seal_set_gap(struct seal_set *set, int64_t number, struct verify_report *report)
{
    char where[32];
    verify_say(report, name_of(number, where), 0, "is missing, and later seals are there");
    set->broken = true;
    set->last_number = number;
}

/* Signature, number, archive, and the digest of the seal before. */
static void check_head(struct seal_set *set, int64_t number, struct span text,
                       struct span signature, struct verify_report *report)
{
    char where[32];
    const struct seal_head *head = &set->seal.head;
    (void)name_of(number, where);
    if (set->key && !signing_verify(set->key, text, signature)) {
        bool other = strcmp(head->key_id, signing_key_id(set->key)) != 0;
        verify_say(report, where, 0,
                   other ? "is signed with key %s, not with the given one, %s"
                         : "its signature is not that of key %s (given: %s)",
                   head->key_id, signing_key_id(set->key));
    }
    if (head->number != number) {
        verify_say(report, where, 0, "stands in the place of seal %lld", (long long)head->number);
    }
    if (set->archive[0] && strcmp(head->archive, set->archive) != 0) {
        verify_say(report, where, 0, "is of another archive, %s", head->archive);
    }
    bool first = set->last_number == 0;
    bool fits = head->has_previous
                    ? memcmp(&head->previous, &set->last_sha256, sizeof head->previous) == 0
                    : first;
    if (!set->broken && (first ? head->has_previous && number == 1 : !fits)) {
        verify_say(report, where, 0, "does not name the seal before it by its digest");
    }
    if (!set->archive[0]) {
        (void)snprintf(set->archive, sizeof set->archive, "%s", head->archive);
    }
}

static struct span keep(struct seal_set *set, struct span text)
{
    return arena_copy(&set->arena, text);
}

static void take(struct seal_set *set, int64_t number)
{
    size_t count;
    const struct seal_block *blocks = seal_blocks(&set->seal, &count);
    for (size_t i = 0; i < count; i++) {
        struct seal_set_block_row entry = {number, blocks[i]};
        entry.block.line_sums = keep(set, blocks[i].line_sums);
        buf_add(&set->blocks, &entry, sizeof entry);
    }
    const struct seal_object *objects = seal_objects(&set->seal, &count);
    for (size_t i = 0; i < count; i++) {
        struct seal_set_object entry = {number, objects[i]};
        entry.object.target = keep(set, objects[i].target);
        entry.object.key = keep(set, objects[i].key);
        buf_add(&set->objects, &entry, sizeof entry);
    }
    const struct seal_deletion *deletions = seal_deletions(&set->seal, &count);
    for (size_t i = 0; i < count; i++) {
        struct seal_deletion entry = deletions[i];
        entry.why = keep(set, deletions[i].why);
        buf_add(&set->deletions, &entry, sizeof entry);
        buf_add(&set->deleted_at, &number, sizeof number);
    }
}

enum status seal_set_add(struct seal_set *set, int64_t number, struct span text,
                         struct span signature, struct verify_report *report, struct err *err)
{
    struct err why;
    char where[32];
    struct digest sha256 = digest_sha256(text);
    enum status status = seal_read(text, &set->seal, &why);
    report->seals++;
    if (status == ERR_NOMEM) {
        *err = why;
        return status;
    }
    if (status != OK) {
        verify_say(report, name_of(number, where), 0, "%s", why.text);
    } else {
        check_head(set, number, text, signature, report);
        take(set, number);
        report->sealed_us = set->seal.head.made_us;
    }
    set->broken = false;
    set->last_number = number;
    set->last_sha256 = sha256;
    status = buf_status(&set->blocks, "verify", err);
    status = THEN(status, buf_status(&set->objects, "verify", err));
    return THEN(status, buf_status(&set->deletions, "verify", err));
}

enum status seal_set_unsealed_deletion(struct seal_set *set, const struct seal_deletion *deletion,
                                       struct err *err)
{
    int64_t next = set->last_number + 1;
    buf_add(&set->deletions, deletion, sizeof *deletion);
    buf_add(&set->deleted_at, &next, sizeof next);
    return buf_status(&set->deletions, "verify", err);
}

static int compare_blocks(const void *a, const void *b)
{
    const struct seal_set_block_row *x = a;
    const struct seal_set_block_row *y = b;
    if (x->block.day_us != y->block.day_us) {
        return x->block.day_us < y->block.day_us ? -1 : 1;
    }
    if (x->block.block != y->block.block) {
        return x->block.block < y->block.block ? -1 : 1;
    }
    return (x->seal > y->seal) - (x->seal < y->seal);
}

static const struct seal_set_block_row *blocks_of(const struct seal_set *set, size_t *out_count)
{
    *out_count = set->blocks.size / sizeof(struct seal_set_block_row);
    return (const struct seal_set_block_row *)(const void *)set->blocks.data;
}

void seal_set_finish(struct seal_set *set)
{
    size_t count = set->blocks.size / sizeof(struct seal_set_block_row);
    if (count > 0) {
        qsort(set->blocks.data, count, sizeof(struct seal_set_block_row), compare_blocks);
    }
}

/* The first block that is not before (day, block). */
static size_t lower(const struct seal_set_block_row *blocks, size_t count, int64_t day_us,
                    int64_t block)
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
static long deletion_of(const struct seal_set *set, int64_t day_us)
{
    const struct seal_deletion *deletions =
        (const struct seal_deletion *)(const void *)set->deletions.data;
    for (size_t i = set->deletions.size / sizeof *deletions; i-- > 0;) {
        if (deletions[i].day_us == day_us) {
            return (long)i;
        }
    }
    return -1;
}

/* Blocks of a day that come after its deletion are numbered behind those that went. */
static bool is_deleted(const struct seal_set *set, long deletion,
                       const struct seal_set_block_row *block)
{
    if (deletion < 0) {
        return false;
    }
    const struct seal_deletion *entry =
        (const struct seal_deletion *)(const void *)set->deletions.data + deletion;
    const int64_t *seals = (const int64_t *)(const void *)set->deleted_at.data;
    return entry->last_block > 0 ? block->block.block <= entry->last_block
                                 : block->seal <= seals[deletion];
}

const struct seal_set_block_row *seal_set_day(const struct seal_set *set, int64_t day_us,
                                              size_t *out_count)
{
    size_t count;
    const struct seal_set_block_row *blocks = blocks_of(set, &count);
    size_t from = lower(blocks, count, day_us, INT64_MIN);
    size_t to = lower(blocks, count, day_us, INT64_MAX);
    long deletion = deletion_of(set, day_us);
    while (from < to && is_deleted(set, deletion, &blocks[from])) {
        from++;
    }
    *out_count = to - from;
    return from < to ? blocks + from : NULL;
}

const struct seal_set_block_row *seal_set_any_block(const struct seal_set *set, int64_t day_us,
                                                    int64_t block)
{
    size_t count;
    const struct seal_set_block_row *blocks = blocks_of(set, &count);
    size_t at = lower(blocks, count, day_us, block);
    bool found = at < count && blocks[at].block.day_us == day_us && blocks[at].block.block == block;
    return found ? &blocks[at] : NULL;
}

const struct seal_set_block_row *seal_set_block(const struct seal_set *set, int64_t day_us,
                                                int64_t block)
{
    const struct seal_set_block_row *found = seal_set_any_block(set, day_us, block);
    return found && !is_deleted(set, deletion_of(set, day_us), found) ? found : NULL;
}
