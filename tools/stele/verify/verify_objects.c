/* Objects at a target against the seals at the place of digests: every object that a seal names
 * is there and holds what the seal says, in the bytes that were sent or packed by another library,
 * its blocks are those of the chain, and nothing else is there. An object comes as a stream, once
 * for the bytes that were sent; what has others comes again to be unpacked, and what then holds
 * something else once more, into memory, to say what of it. */
#include "tools/stele/verify/verify_objects.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/ship/parcel.h"
#include "tools/stele/verify/object_blocks.h"
#include "tools/stele/verify/seal_fetch.h"

/* What is longer than it should be is read so much further, to say what is in it. */
enum { PART_SLACK = 4 * 1024 * 1024, OBJECT_SLACK = 64 * 1024 * 1024 };

/* An object that should be there. */
struct expected_object {
    const struct seal_set_object *object;
    const struct seal_set *set;
    bool seen;
    int64_t listed_bytes;
};

struct objects_check {
    struct verify_objects *verify;
    struct seal_fetch fetched;
    VEC(struct expected_object) wanted; /* by key */
    size_t at;                          /* the first one that the list has not passed */
    struct buf bytes;
    struct buf ndjson;
};

static int compare_keys(struct span a, struct span b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_wanted(const void *a, const void *b)
{
    const struct expected_object *x = a;
    const struct expected_object *y = b;
    return compare_keys(x->object->object.key, y->object->object.key);
}

/* Is an object of the seals at the target that is looked at? A copied bucket has another URL: when
 * nothing was shipped to this one, everything counts. */
static bool any_of_target(const struct objects_check *checking, struct span url)
{
    for (size_t i = 0; i < checking->fetched.count; i++) {
        const struct seal_set *set = &checking->fetched.items[i];
        const struct seal_set_object *objects = set->objects.items;
        for (size_t o = 0; o < set->objects.count; o++) {
            if (span_equal(objects[o].object.target, url)) {
                return true;
            }
        }
    }
    return false;
}

static enum status gather_wanted(struct objects_check *checking, struct err *err)
{
    struct span url = span_str(checking->verify->objects->url);
    bool only_url = any_of_target(checking, url);
    for (size_t i = 0; i < checking->fetched.count; i++) {
        const struct seal_set *set = &checking->fetched.items[i];
        const struct seal_set_object *objects = set->objects.items;
        for (size_t o = 0; o < set->objects.count; o++) {
            if (!only_url || span_equal(objects[o].object.target, url)) {
                const struct expected_object wanted = {.object = &objects[o], .set = set};
                if (!vec_push(&checking->wanted, wanted)) {
                    return err_nomem(err, "verify");
                }
            }
        }
    }
    vec_sort(&checking->wanted, compare_wanted);
    return OK;
}

static enum status on_item(void *context, const struct target_item *item, struct err *err)
{
    (void)err;
    struct objects_check *checking = context;
    struct verify_report *report = checking->verify->report;
    struct expected_object *wanted = checking->wanted.items;
    size_t count = checking->wanted.count;
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
static int64_t block_with(const struct expected_object *wanted, const struct digest *sha256,
                          int64_t not )
{
    const struct seal_object *object = &wanted->object->object;
    for (int64_t block = object->first_block; block <= object->last_block; block++) {
        const struct seal_set_block_row *sealed =
            seal_set_any_block(wanted->set, object->day_us, block);
        if (block != not &&sealed && memcmp(&sealed->block.sha256, sha256, sizeof *sha256) == 0) {
            return block;
        }
    }
    return 0;
}

static void judge_part(const struct objects_check *checking, const struct expected_object *wanted,
                       const struct seal_block *sealed, const struct object_block *part, size_t at)
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
static enum status examine(struct objects_check *checking, const struct expected_object *wanted,
                           struct err *err)
{
    const struct seal_object *object = &wanted->object->object;
    struct verify_report *report = checking->verify->report;
    struct span left = buf_span(&checking->bytes);
    int64_t before = report->faults;
    struct object_blocks *parts = object_blocks_new(object->codec);
    enum status status = parts ? OK : err_nomem(err, "verify");
    int64_t block = object->first_block;
    bool lost = false; /* where the next block begins is not known */
    for (; status == OK && !lost && block <= object->last_block; block++) {
        const struct seal_set_block_row *sealed =
            seal_set_any_block(wanted->set, object->day_us, block);
        struct object_block part = {0};
        if (!sealed) {
            verify_say(report, object->key.data, block, "is in no seal");
            break;
        }
        if (left.size == 0) {
            verify_say(report, object->key.data, block, "is missing: the object ends before it");
            break;
        }
        status = object_blocks_read(parts, left, (size_t)sealed->block.raw_bytes + PART_SLACK,
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
    object_blocks_free(parts);
    return status;
}

static enum status swallow(void *context, struct span bytes, struct err *err)
{
    (void)context;
    (void)bytes;
    (void)err;
    return OK;
}

/* Is it there as it was sent, or packed otherwise with the same events? ERR_EXISTS: neither. */
static enum status find_object(const struct objects_check *checking,
                               const struct seal_object *object, struct err *err)
{
    struct target *target = checking->verify->objects;
    const struct ledger_content content = {
        .events = object->events, .bytes = object->bytes, .sha256 = object->sha256};
    struct target_head head;
    struct ledger_sent there;
    enum status status = target_get(target, object->key.data, swallow, NULL, &head, err);
    if (status == OK && head.bytes == object->sent.bytes &&
        digest_equal(&head.sha256, &object->sent.sha256)) {
        return OK;
    }
    if (status == OK || status == ERR_CORRUPT) {
        status = parcel_find(target, object->key.data, object_codec_of(object->codec), &content,
                             &there, err);
        checking->verify->repacked += status == OK;
    }
    return status;
}

static enum status read_and_examine(struct objects_check *checking,
                                    const struct expected_object *wanted, struct err *err)
{
    const struct seal_object *object = &wanted->object->object;
    if (wanted->listed_bytes > object->sent.bytes + OBJECT_SLACK) {
        verify_say(checking->verify->report, object->key.data, 0,
                   "has %lld bytes; %lld were shipped", (long long)wanted->listed_bytes,
                   (long long)object->sent.bytes);
        return OK;
    }
    buf_clear(&checking->bytes);
    enum status status = target_get(checking->verify->objects, object->key.data, on_bytes,
                                    &checking->bytes, NULL, err);
    return status == OK || status == ERR_CORRUPT ? examine(checking, wanted, err) : status;
}

static enum status check_object(struct objects_check *checking,
                                const struct expected_object *wanted, struct err *err)
{
    const struct seal_object *object = &wanted->object->object;
    struct verify_report *report = checking->verify->report;
    enum status status = find_object(checking, object, err);
    if (status == OK) {
        report->events += object->events;
        report->blocks += object->last_block - object->first_block + 1;
        return OK;
    }
    status = status == ERR_EXISTS ? read_and_examine(checking, wanted, err) : status;
    if (status == ERR_NOT_FOUND) {
        verify_say(report, object->key.data, 0, "went away while it was read");
        return OK;
    }
    return status;
}

/* Each wanted object once, in order of keys. */
static enum status check_objects(struct objects_check *checking, struct err *err)
{
    struct verify_report *report = checking->verify->report;
    const struct expected_object *wanted = checking->wanted.items;
    size_t count = checking->wanted.count;
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
static enum status check_rollback(const struct objects_check *checking, struct err *err)
{
    struct archive *archive = checking->verify->archive;
    enum status status = OK;
    for (size_t i = 0; archive && i < checking->fetched.count && status == OK; i++) {
        const struct seal_set *set = &checking->fetched.items[i];
        if (strcmp(set->archive, archive_id(archive)) == 0) {
            status = verify_same_seals(archive, set, checking->verify->digests->url,
                                       checking->verify->report, err);
        }
    }
    return status;
}

enum status verify_objects(struct verify_objects *verify, struct err *err)
{
    struct objects_check checking = {.verify = verify};
    const struct target_list list = {.prefix = "", .each = on_item, .context = &checking};
    enum status status =
        seal_fetch_read(&checking.fetched, verify->digests, verify->key, verify->report, err);
    if (status == OK && checking.fetched.count == 0) {
        status = err_set(err, ERR_NOT_FOUND, "%s has no seal: give the place of the digests",
                         verify->digests->url);
    }
    status = THEN(status, gather_wanted(&checking, err));
    status = THEN(status, target_list(verify->objects, &list, NULL, err));
    status = THEN(status, check_objects(&checking, err));
    status = THEN(status, check_rollback(&checking, err));
    seal_fetch_fini(&checking.fetched);
    vec_fini(&checking.wanted);
    buf_fini(&checking.bytes);
    buf_fini(&checking.ndjson);
    return status;
}
