/* A block against its seal, or else against its own row and proof: what is stored, events,
 * arrivals. Reads only, on one thread. */
#include "schema/verify/verify_block.h"

#include <stdio.h>

#include "schema/block/line_checksum.h"
#include "schema/segment/block_proof.h"

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

/* The block at hand. */
struct block_check {
    const struct verify_segment *verify;
    struct segment *segment;
    struct block_lines *lines;
};

static enum status outcome(struct block_check *check, const struct block_info *info,
                           const char *what, enum status status, const struct err *why,
                           struct err *err)
{
    return verify_outcome(check->verify->report, check->verify->where, info->number, what, status,
                          why, err);
}

static enum status read_proof(struct block_check *check, const struct block_info *info,
                              struct expected *out, struct err *err)
{
    struct err why;
    enum status status = block_proof_read(check->segment, info->id, &out->proof, &why);
    out->has_proof = status == OK;
    return outcome(check, info, "its proof cannot be read", status, &why, err);
}

/* The row and the proof against the seal. */
static void compare_with_seal(struct block_check *check, const struct block_info *info,
                              struct expected *expected)
{
    const struct seal_block *sealed = &expected->sealed->block;
    struct verify_report *report = check->verify->report;
    const char *where = check->verify->where;
    long long seal = (long long)expected->sealed->seal;
    if (!digest_equal(&sealed->sha256, &info->sha256) || sealed->events != info->n_events ||
        sealed->raw_bytes != info->raw_bytes) {
        verify_say(report, where, info->number, "its digest in the file is not what seal %lld says",
                   seal);
    }
    if (expected->has_proof &&
        !digest_equal(&sealed->arrivals_sha256, &expected->proof.arrivals_sha256)) {
        verify_say(report, where, info->number, "its proof in the file is not what seal %lld says",
                   seal);
    }
}

static void find_expected(struct block_check *check, const struct block_info *info,
                          struct expected *out)
{
    const struct seal_set *set = check->verify->set;
    out->sealed = set ? seal_set_block(set, check->verify->day_us, info->number) : NULL;
    out->sha256 = info->sha256;
    out->n_events = info->n_events;
    out->raw_bytes = info->raw_bytes < 0 || info->raw_bytes > UINT32_MAX ? 0 : info->raw_bytes;
    out->line_sums = out->has_proof ? out->proof.line_sums : span_of("", 0);
    if (out->sealed) {
        const struct seal_block *sealed = &out->sealed->block;
        compare_with_seal(check, info, out);
        out->sha256 = sealed->sha256;
        out->n_events = (uint32_t)sealed->events;
        out->raw_bytes = sealed->raw_bytes;
        out->line_sums = sealed->line_sums;
        out->proof.arrivals_sha256 = sealed->arrivals_sha256;
    } else {
        check->verify->report->unsealed_blocks += set != NULL;
    }
}

/* What is stored, by its digest: nothing is made of it for that. */
static enum status check_stored(struct block_check *check, const struct block_info *info,
                                const struct expected *expected, bool *out_good, struct err *err)
{
    struct digest digest;
    struct err why;
    *out_good = false;
    if (!expected->has_proof) {
        return OK;
    }
    enum status status = block_proof_stored_digest(check->segment, info->id, &digest, &why);
    *out_good = status == OK && digest_equal(&digest, &expected->proof.stored_sha256);
    if (status == OK && !*out_good) {
        verify_say(check->verify->report, check->verify->where, info->number,
                   "what is stored of it is not what was written");
    }
    return outcome(check, info, "what is stored of it cannot be read", status, &why, err);
}

/* The lines, made of the columns, against the digest of the events. */
static enum status check_events(struct block_check *check, const struct block_info *info,
                                const struct expected *expected, bool *out_whole, struct err *err)
{
    struct err why;
    struct span ndjson;
    enum status status = segment_ndjson(check->segment, info->id, check->lines, &ndjson, &why);
    *out_whole = false;
    if (status == OK) {
        struct digest digest = digest_sha256(ndjson);
        *out_whole = digest_equal(&digest, &expected->sha256);
        if (!*out_whole) {
            verify_say_lines(check->verify->report, check->verify->where, info->number,
                             "its events do not match their digest", ndjson, expected->line_sums,
                             expected->n_events);
        } else if (expected->has_proof &&
                   line_checksum_find(ndjson, expected->proof.line_sums, info->n_events).fault !=
                       LINE_CHECKSUM_NONE) {
            verify_say(check->verify->report, check->verify->where, info->number,
                       "the sums of its lines in the file are not those of its events");
        }
    }
    return outcome(check, info, "its events cannot be read", status, &why, err);
}

/* How the events came, in the same way. */
static enum status check_arrivals(struct block_check *check, const struct block_info *info,
                                  const struct expected *expected, struct err *err)
{
    struct err why;
    struct digest digest;
    if (!expected->has_proof) {
        return OK;
    }
    enum status status = block_proof_arrivals_digest(check->segment, info->id, &digest, &why);
    if (status == OK && !digest_equal(&digest, &expected->proof.arrivals_sha256)) {
        verify_say(check->verify->report, check->verify->where, info->number,
                   "when and from where its events came was changed");
    }
    return outcome(check, info, "when and from where its events came cannot be read", status, &why,
                   err);
}

enum status verify_block(const struct verify_segment *verify, struct segment *segment,
                         struct block_lines *lines, const struct block_info *info,
                         struct verify_block_outcome *out, struct err *err)
{
    struct block_check check = {.verify = verify, .segment = segment, .lines = lines};
    struct expected expected = {.sealed = NULL};
    bool stored_good = false;
    bool whole = true;
    enum status status = read_proof(&check, info, &expected, err);
    if (status == OK) {
        find_expected(&check, info, &expected);
        status = check_stored(&check, info, &expected, &stored_good, err);
    }
    if (status == OK && (!verify->quick || !stored_good)) {
        status = check_events(&check, info, &expected, &whole, err);
        status = THEN(status, check_arrivals(&check, info, &expected, err));
    }
    if (status == OK) {
        *out = (struct verify_block_outcome){
            .has_proof = expected.has_proof, .chain = expected.proof.chain, .whole = whole};
    }
    return status;
}
