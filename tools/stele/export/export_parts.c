#include "tools/stele/export/export_parts.h"

#include <stdlib.h>

#include "schema/base/digest.h"
#include "schema/block/bitmap.h"
#include "schema/segment/block_proof.h"

enum { AHEAD_BLOCKS = 64 };

struct pieces {
    enum pack_codec codec;
    bool sizes_only;
    struct packer *packer;
    struct block_lines lines;
    struct buf packed; /* the piece handed out */
    struct buf loose;  /* lines of blocks that are not whole, not packed yet */
    struct piece of_loose;
    /* the day */
    struct pieces_day day;
    const struct block_info *blocks;
    size_t n_blocks;
    size_t at; /* the block under work */
    size_t ahead;
    bool asked; /* it, and this is what of it matches */
    struct bitmap map;
    size_t matches;
};

enum status pieces_new(enum pack_codec codec, bool sizes_only, struct pieces **out_pieces,
                       struct err *err)
{
    struct pieces *pieces = calloc(1, sizeof *pieces);
    if (!pieces) {
        return err_nomem(err, "export");
    }
    pieces->codec = codec;
    pieces->sizes_only = sizes_only;
    pieces->lines = (struct block_lines)BLOCK_LINES_INIT;
    enum status status = packer_new(codec, &pieces->packer, err);
    if (status != OK) {
        pieces_free(pieces);
        return status;
    }
    *out_pieces = pieces;
    return OK;
}

void pieces_free(struct pieces *pieces)
{
    if (pieces) {
        packer_free(pieces->packer);
        block_lines_fini(&pieces->lines);
        buf_fini(&pieces->packed);
        buf_fini(&pieces->loose);
        free(pieces);
    }
}

void pieces_begin(struct pieces *pieces, const struct pieces_day *day)
{
    pieces->day = *day;
    pieces->blocks = segment_blocks(plan_segment(day->plan), &pieces->n_blocks);
    pieces->at = 0;
    pieces->ahead = 0;
    pieces->asked = false;
    pieces->of_loose = (struct piece){0};
    buf_clear(&pieces->loose);
    block_lines_fini(&pieces->lines); /* of another segment's block of the same number */
}

/* What leaves the house is what came in. */
static enum status check_block(struct pieces *pieces, const struct block_info *info,
                               struct span ndjson, struct err *err)
{
    struct digest digest = digest_sha256(ndjson);
    if (memcmp(&digest, &info->sha256, sizeof digest) != 0) {
        char day[CLOCK_TEXT_BYTES];
        pieces->lines.block = -1;
        return err_set(err, ERR_CORRUPT, "segment %s: block %lld does not match its digest",
                       clock_format_day(segment_day_us(plan_segment(pieces->day.plan)), day),
                       (long long)info->id);
    }
    return OK;
}

static enum status read_lines(struct pieces *pieces, const struct block_info *info, struct err *err)
{
    bool had = pieces->lines.block == info->id && pieces->lines.is_cut;
    enum status status =
        segment_lines(plan_segment(pieces->day.plan), info->id, &pieces->lines, err);
    return status != OK || had ? status
                               : check_block(pieces, info, buf_span(&pieces->lines.ndjson), err);
}

static enum status ask(struct pieces *pieces, const struct block_info *info, struct err *err)
{
    struct plan *plan = pieces->day.plan;
    if (pieces->at >= pieces->ahead) {
        size_t left = pieces->n_blocks - pieces->at;
        size_t n = left < AHEAD_BLOCKS ? left : AHEAD_BLOCKS;
        plan_ahead(plan, info->id, n);
        pieces->ahead = pieces->at + n;
    }
    enum status status =
        plan_eval(plan, info, pieces->day.from_us, pieces->day.to_us, &pieces->map, err);
    if (status == OK) {
        pieces->asked = true;
        pieces->matches = bitmap_count(&pieces->map);
    }
    return status;
}

/* The whole block, packed. Where a proof says that the frame is whole, it is not unpacked to be
 * sent, and not digested again (as daemon/ship/object_build.c does). */
static enum status read_whole(struct pieces *pieces, const struct block_info *info, struct err *err)
{
    struct segment *segment = plan_segment(pieces->day.plan);
    bool proven = false;
    struct span ndjson;
    buf_clear(&pieces->packed);
    enum status status = proof_frame(segment, info->id, &pieces->packed, &proven, err);
    if (status != OK || (proven && pieces->codec == PACK_ZSTD)) {
        return status;
    }
    status = segment_ndjson(segment, info->id, &pieces->lines, &ndjson, err);
    if (status == OK && !proven) {
        status = check_block(pieces, info, ndjson, err);
    }
    if (status == OK && pieces->codec != PACK_ZSTD) {
        buf_clear(&pieces->packed);
        status = packer_add(pieces->packer, ndjson, &pieces->packed, err);
    }
    return status;
}

static enum status pack_whole(struct pieces *pieces, const struct block_info *info,
                              struct piece *out_piece, struct err *err)
{
    *out_piece = (struct piece){
        .first_block = info->id,
        .last_block = info->id,
        .events = info->n_events,
        .raw_bytes = info->raw_bytes,
        .packed_bytes = pieces->codec == PACK_NONE ? info->raw_bytes : info->frame_bytes,
    };
    if (pieces->sizes_only && pieces->codec != PACK_GZIP) {
        return OK;
    }
    enum status status = read_whole(pieces, info, err);
    out_piece->bytes = buf_span(&pieces->packed);
    out_piece->packed_bytes = (int64_t)pieces->packed.size;
    return status;
}

static enum status pack_loose(struct pieces *pieces, struct piece *out_piece, struct err *err)
{
    buf_clear(&pieces->packed);
    enum status status = packer_add(pieces->packer, buf_span(&pieces->loose), &pieces->packed, err);
    *out_piece = pieces->of_loose;
    out_piece->raw_bytes = (int64_t)pieces->loose.size;
    out_piece->bytes = buf_span(&pieces->packed);
    out_piece->packed_bytes = (int64_t)pieces->packed.size;
    pieces->of_loose = (struct piece){0};
    buf_clear(&pieces->loose);
    return status;
}

static size_t matched_bytes(const struct pieces *pieces)
{
    size_t bytes = 0;
    for (uint32_t slot = 0; slot < pieces->lines.n_events; slot++) {
        bytes += bitmap_get(&pieces->map, slot)
                     ? pieces->lines.start[slot + 1] - pieces->lines.start[slot]
                     : 0;
    }
    return bytes;
}

/* Adds what of the block matches to the loose lines, unless they are full (*out_full). */
static enum status add_loose(struct pieces *pieces, const struct block_info *info, bool *out_full,
                             struct err *err)
{
    enum status status = read_lines(pieces, info, err);
    if (status != OK) {
        return status;
    }
    struct piece *of = &pieces->of_loose;
    *out_full = of->events > 0 && pieces->loose.size + matched_bytes(pieces) > BLOCK_RAW_BYTES_MAX;
    if (*out_full) {
        return OK;
    }
    const struct block_lines *lines = &pieces->lines;
    for (uint32_t slot = 0; slot < lines->n_events; slot++) {
        if (bitmap_get(&pieces->map, slot)) {
            buf_add(&pieces->loose, lines->ndjson.data + lines->start[slot],
                    lines->start[slot + 1] - lines->start[slot]);
        }
    }
    of->first_block = of->events > 0 ? of->first_block : info->id;
    of->last_block = info->id;
    of->events += (int64_t)pieces->matches;
    return buf_status(&pieces->loose, "export", err);
}

static bool is_wanted(const struct pieces *pieces, const struct block_info *info)
{
    const struct pieces_day *day = &pieces->day;
    return info->id > day->after_block && info->id <= day->last_block &&
           info->time_max_us >= day->from_us && info->time_min_us < day->to_us;
}

/* The block under work. *out_made: *out_piece is to be handed out. */
static enum status step(struct pieces *pieces, struct piece *out_piece, bool *out_made,
                        struct err *err)
{
    const struct block_info *info = &pieces->blocks[pieces->at];
    bool wanted = is_wanted(pieces, info);
    enum status status = wanted && !pieces->asked ? ask(pieces, info, err) : OK;
    bool full = false;
    bool done = true;
    *out_made = false;
    if (status == OK && wanted && pieces->matches == info->n_events) {
        done = pieces->of_loose.events == 0;
        *out_made = true;
        status =
            done ? pack_whole(pieces, info, out_piece, err) : pack_loose(pieces, out_piece, err);
    } else if (status == OK && wanted && pieces->matches > 0) {
        status = add_loose(pieces, info, &full, err);
        if (status == OK && full) {
            done = false;
            *out_made = true;
            status = pack_loose(pieces, out_piece, err);
        }
    }
    if (status == ERR_CORRUPT && pieces->of_loose.events > 0) {
        /* what stands before the damage first; it is met again */
        pieces->asked = false;
        *out_made = true;
        return pack_loose(pieces, out_piece, err);
    }
    if (done) {
        pieces->at++;
        pieces->asked = false;
        pieces->matches = 0;
    }
    return status;
}

enum status pieces_next(struct pieces *pieces, struct piece *out_piece, bool *out_end,
                        struct err *err)
{
    enum status status = OK;
    bool made = false;
    while (status == OK && !made && pieces->at < pieces->n_blocks) {
        status = step(pieces, out_piece, &made, err);
    }
    *out_end = status == OK && !made && pieces->of_loose.events == 0;
    return status == OK && !made && !*out_end ? pack_loose(pieces, out_piece, err) : status;
}
