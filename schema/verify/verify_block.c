/* A block against its seal, or else against its own row and proof: frame, events, index, chain.
 * Reads only, on one thread. */
#include "schema/verify/verify_block.h"

#include <stdio.h>

#include "schema/block/codec.h"
#include "schema/block/hash_chain.h"
#include "schema/segment/block_proof.h"

enum { UNPACKED_SLACK = 4 * 1024 * 1024 }; /* a frame may have more in it than it should */

/* What a block should be: by a seal when there is one, else by its own row and proof. */
struct expected {
    const struct seal_set_block_row *sealed; /* NULL: in no seal */
    bool has_proof;                          /* false: it is damaged, which was said */
    struct block_proof proof;
    struct digest sha256;
    uint32_t n_events;
    int64_t raw_bytes;
    struct span line_sums;
};

void verify_block_fini(struct verify_block *work)
{
    codec_free(work->codec);
    buf_fini(&work->frame);
}

static enum status outcome(struct verify_block *work, const struct block_info *info,
                           const char *what, enum status status, const struct err *why,
                           struct err *err)
{
    return verify_outcome(work->verify->report, work->verify->where, info->id, what, status, why,
                          err);
}

static enum status read_proof(struct verify_block *work, const struct block_info *info,
                              struct expected *out, struct err *err)
{
    struct err why;
    enum status status = block_proof_read(work->segment, info->id, &out->proof, &why);
    out->has_proof = status == OK;
    return outcome(work, info, "its proof cannot be read", status, &why, err);
}

/* The row and the proof against the seal. */
static void compare_with_seal(struct verify_block *work, const struct block_info *info,
                              struct expected *expected)
{
    const struct seal_block *sealed = &expected->sealed->block;
    struct verify_report *report = work->verify->report;
    const char *where = work->verify->where;
    long long seal = (long long)expected->sealed->seal;
    if (!digest_equal(&sealed->sha256, &info->sha256) || sealed->events != info->n_events ||
        sealed->raw_bytes != info->raw_bytes) {
        verify_say(report, where, info->id, "its digest in the file is not what seal %lld says",
                   seal);
    }
    if (expected->has_proof &&
        (!digest_equal(&sealed->frame_sha256, &expected->proof.frame_sha256) ||
         !digest_equal(&sealed->index_sha256, &expected->proof.index_sha256))) {
        verify_say(report, where, info->id, "its proof in the file is not what seal %lld says",
                   seal);
    }
}

static void find_expected(struct verify_block *work, const struct block_info *info,
                          struct expected *out)
{
    const struct seal_set *set = work->verify->set;
    out->sealed = set ? seal_set_block(set, work->verify->day_us, info->id) : NULL;
    out->sha256 = info->sha256;
    out->n_events = info->n_events;
    out->raw_bytes = info->raw_bytes < 0 || info->raw_bytes > UINT32_MAX ? 0 : info->raw_bytes;
    out->line_sums = out->has_proof ? out->proof.line_sums : span_of("", 0);
    if (out->sealed) {
        const struct seal_block *sealed = &out->sealed->block;
        compare_with_seal(work, info, out);
        out->sha256 = sealed->sha256;
        out->n_events = (uint32_t)sealed->events;
        out->raw_bytes = sealed->raw_bytes;
        out->line_sums = sealed->line_sums;
        out->proof.index_sha256 = sealed->index_sha256;
        out->proof.frame_sha256 = sealed->frame_sha256;
    } else {
        work->verify->report->unsealed_blocks += set != NULL;
    }
}

/* The frame as bytes. A frame that is damaged is unpacked as far as it goes. */
static enum status check_frame(struct verify_block *work, const struct block_info *info,
                               const struct expected *expected, bool *out_good, struct err *err)
{
    struct err why;
    buf_clear(&work->frame);
    *out_good = false;
    enum status status = segment_frame(work->segment, info->id, &work->frame, &why);
    if (status == ERR_CORRUPT) {
        verify_say(work->verify->report, work->verify->where, info->id, "its frame is gone");
        return OK;
    }
    if (status != OK) {
        *err = why;
        return status;
    }
    struct digest digest = digest_sha256(buf_span(&work->frame));
    *out_good = !expected->has_proof || digest_equal(&digest, &expected->proof.frame_sha256);
    if (*out_good && (int64_t)work->frame.size != info->frame_bytes) {
        verify_say(work->verify->report, work->verify->where, info->id,
                   "its frame has %zu bytes, and its row says %lld", work->frame.size,
                   (long long)info->frame_bytes);
    }
    return OK;
}

/* Unpacks what is in work->frame, and compares it with the digest of the events. */
static enum status check_events(struct verify_block *work, const struct block_info *info,
                                const struct expected *expected, bool frame_good, bool *out_whole,
                                struct err *err)
{
    struct verify_report *report = work->verify->report;
    struct buf ndjson = BUF_INIT;
    bool complete = false;
    work->codec = work->codec ? work->codec : codec_new();
    if (!work->codec) {
        return err_nomem(err, "verify");
    }
    enum status status =
        codec_unpack_prefix(work->codec, buf_span(&work->frame),
                            (size_t)expected->raw_bytes + UNPACKED_SLACK, &ndjson, &complete, err);
    if (status == OK) {
        struct digest digest = digest_sha256(buf_span(&ndjson));
        *out_whole = complete && digest_equal(&digest, &expected->sha256);
        if (!*out_whole) {
            verify_say_lines(report, work->verify->where, info->id,
                             complete ? "its events do not match their digest"
                                      : "its frame does not unpack to the end",
                             buf_span(&ndjson), expected->line_sums, expected->n_events);
        } else if (!frame_good) {
            verify_say(report, work->verify->where, info->id,
                       "its frame is not the one that was written, though its events are");
        }
    }
    buf_fini(&ndjson);
    return status;
}

static enum status check_index(struct verify_block *work, const struct block_info *info,
                               const struct expected *expected, struct err *err)
{
    if (!expected->has_proof) {
        return OK;
    }
    struct digest digest;
    struct err why;
    enum status status =
        block_proof_index_digest(work->segment, info->id, expected->proof.value_from,
                                 expected->proof.value_to, &digest, &why);
    if (status == OK && !digest_equal(&digest, &expected->proof.index_sha256)) {
        verify_say(work->verify->report, work->verify->where, info->id,
                   "its index was changed (times, arrivals, sources, columns or values)");
    }
    return outcome(work, info, "its index", status, &why, err);
}

static void check_chain(struct verify_block *work, const struct block_info *info,
                        const struct expected *expected)
{
    work->chain = hash_chain_add(&work->chain, info);
    if (expected->has_proof && !digest_equal(&work->chain, &expected->proof.chain)) {
        verify_say(work->verify->report, work->verify->where, info->id,
                   "does not continue the chain of the blocks before it");
        work->chain = expected->proof.chain; /* said once */
    }
}

enum status verify_block(struct verify_block *work, const struct block_info *info, bool *out_whole,
                         struct err *err)
{
    struct expected expected = {.sealed = NULL};
    bool frame_good = false;
    *out_whole = true;
    enum status status = read_proof(work, info, &expected, err);
    if (status == OK) {
        find_expected(work, info, &expected);
        status = check_frame(work, info, &expected, &frame_good, err);
    }
    if (status == OK && work->frame.size == 0) {
        *out_whole = false;
    } else if (status == OK && (!work->verify->quick || !frame_good || !expected.has_proof)) {
        status = check_events(work, info, &expected, frame_good, out_whole, err);
    }
    status = THEN(status, check_index(work, info, &expected, err));
    if (status == OK) {
        check_chain(work, info, &expected);
    }
    return status;
}
