/* Gathers seals in order, checks that they follow each other, and sorts what they list. One thread.
 */
#include "schema/verify/seal_set.h"

#include <stdio.h>
#include <stdlib.h>

#include "schema/block/hash_chain.h"

void seal_set_fini(struct seal_set *set)
{
    vec_fini(&set->blocks);
    vec_fini(&set->objects);
    vec_fini(&set->deletions);
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
    bool fits = head->has_previous ? digest_equal(&head->previous, &set->last_sha256) : first;
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

static bool take(struct seal_set *set, int64_t number)
{
    const struct seal *seal = &set->seal;
    bool ok = true;
    for (size_t i = 0; ok && i < seal->blocks.count; i++) {
        struct seal_set_block_row entry = {number, seal->blocks.items[i]};
        entry.block.line_sums = keep(set, entry.block.line_sums);
        ok = vec_push(&set->blocks, entry);
    }
    for (size_t i = 0; ok && i < seal->objects.count; i++) {
        struct seal_set_object entry = {number, seal->objects.items[i]};
        entry.object.target = keep(set, entry.object.target);
        entry.object.key = keep(set, entry.object.key);
        ok = vec_push(&set->objects, entry);
    }
    for (size_t i = 0; ok && i < seal->deletions.count; i++) {
        struct seal_set_deletion entry = {number, seal->deletions.items[i]};
        entry.deletion.why = keep(set, entry.deletion.why);
        ok = vec_push(&set->deletions, entry);
    }
    return ok;
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
        (void)err_copy(err, &why);
        return status;
    }
    if (status != OK) {
        verify_say(report, name_of(number, where), 0, "%s", why.text);
    } else {
        check_head(set, number, text, signature, report);
        status = take(set, number) ? OK : err_nomem(err, "verify");
        report->sealed_us = set->seal.head.made_us;
    }
    set->broken = false;
    set->last_number = number;
    set->last_sha256 = sha256;
    return status == ERR_NOMEM ? status : OK;
}

enum status seal_set_unsealed_deletion(struct seal_set *set, const struct seal_deletion *deletion,
                                       struct err *err)
{
    const struct seal_set_deletion entry = {set->last_number + 1, *deletion};
    return vec_push(&set->deletions, entry) ? OK : err_nomem(err, "verify");
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

void seal_set_finish(struct seal_set *set)
{
    vec_sort(&set->blocks, compare_blocks);
}

/* The first block that is not before (day, block). */
static size_t lower(const struct seal_set *set, int64_t day_us, int64_t block)
{
    size_t low = 0;
    size_t high = set->blocks.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct seal_block *at = &set->blocks.items[middle].block;
        bool before = at->day_us < day_us || (at->day_us == day_us && at->block < block);
        low = before ? middle + 1 : low;
        high = before ? high : middle;
    }
    return low;
}

/* The day's last deletion; NULL: none. */
static const struct seal_set_deletion *deletion_of(const struct seal_set *set, int64_t day_us)
{
    for (size_t i = set->deletions.count; i-- > 0;) {
        if (set->deletions.items[i].deletion.day_us == day_us) {
            return &set->deletions.items[i];
        }
    }
    return NULL;
}

/* Blocks of a day that come after its deletion are numbered behind those that went. */
static bool is_deleted(const struct seal_set_deletion *entry,
                       const struct seal_set_block_row *block)
{
    return entry &&
           (entry->deletion.last_block > 0 ? block->block.block <= entry->deletion.last_block
                                           : block->seal <= entry->seal);
}

const struct seal_set_block_row *seal_set_day(const struct seal_set *set, int64_t day_us,
                                              size_t *out_count)
{
    size_t from = lower(set, day_us, INT64_MIN);
    size_t to = lower(set, day_us, INT64_MAX);
    const struct seal_set_deletion *deletion = deletion_of(set, day_us);
    while (from < to && is_deleted(deletion, &set->blocks.items[from])) {
        from++;
    }
    *out_count = to - from;
    return from < to ? &set->blocks.items[from] : NULL;
}

const struct seal_set_block_row *seal_set_any_block(const struct seal_set *set, int64_t day_us,
                                                    int64_t block)
{
    size_t at = lower(set, day_us, block);
    const struct seal_set_block_row *row = at < set->blocks.count ? &set->blocks.items[at] : NULL;
    return row && row->block.day_us == day_us && row->block.block == block ? row : NULL;
}

const struct seal_set_block_row *seal_set_block(const struct seal_set *set, int64_t day_us,
                                                int64_t block)
{
    const struct seal_set_block_row *found = seal_set_any_block(set, day_us, block);
    return found && !is_deleted(deletion_of(set, day_us), found) ? found : NULL;
}
