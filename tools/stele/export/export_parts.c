/* What of a day goes out: whole blocks, each packed by itself, events of other blocks gathered and
 * packed. Every block is compared with its digest before any of it is handed out. One thread. */
#include "tools/stele/export/export_parts.h"

#include <stdlib.h>

#include "schema/block/bitmap.h"
#include "schema/crypto/digest.h"

struct export_parts {
    enum object_codec codec;
    bool sizes_only;
    struct object_codec_stream *packer;
    struct block_lines lines;
    struct buf packed; /* the piece handed out */
    struct buf handed; /* its lines, if they are of several blocks */
    struct buf loose;  /* lines of blocks that are not whole, not packed yet */
    struct export_part of_loose;
    /* the day */
    struct export_parts_day day;
    const struct block_info *blocks;
    size_t n_blocks;
    size_t at;  /* the block under work */
    bool asked; /* it, and this is what of it matches */
    struct bitmap map;
    size_t matches;
};

enum status export_parts_new(enum object_codec codec, bool sizes_only,
                             struct export_parts **out_pieces, struct err *err)
{
    struct export_parts *parts = calloc(1, sizeof *parts);
    if (!parts) {
        return err_nomem(err, "export");
    }
    *parts =
        (struct export_parts){.codec = codec, .sizes_only = sizes_only, .lines = BLOCK_LINES_INIT};
    enum status status = object_codec_stream_new(codec, &parts->packer, err);
    if (status != OK) {
        export_parts_free(parts);
        return status;
    }
    *out_pieces = parts;
    return OK;
}

void export_parts_free(struct export_parts *parts)
{
    if (parts) {
        object_codec_stream_free(parts->packer);
        block_lines_fini(&parts->lines);
        buf_fini(&parts->packed);
        buf_fini(&parts->handed);
        buf_fini(&parts->loose);
        free(parts);
    }
}

void export_parts_begin(struct export_parts *parts, const struct export_parts_day *day)
{
    parts->day = *day;
    parts->blocks = segment_blocks(plan_segment(day->plan), &parts->n_blocks);
    parts->at = 0;
    parts->asked = false;
    parts->of_loose = (struct export_part){0};
    buf_clear(&parts->loose);
    block_lines_fini(&parts->lines); /* of another segment's block of the same number */
}

/* What leaves the house is what came in. */
static enum status check_block(struct export_parts *parts, const struct block_info *info,
                               struct span ndjson, struct err *err)
{
    struct digest digest = digest_sha256(ndjson);
    if (!digest_equal(&digest, &info->sha256)) {
        char day[CLOCK_TEXT_BYTES];
        parts->lines.block = -1;
        return err_set(err, ERR_CORRUPT,
                       "segment %s: block %lld is damaged: it does not match its digest",
                       clock_format_day(segment_day_us(plan_segment(parts->day.plan)), day),
                       (long long)info->id);
    }
    return OK;
}

static enum status read_lines(struct export_parts *parts, const struct block_info *info,
                              struct err *err)
{
    bool had = parts->lines.block == info->id && parts->lines.is_cut;
    enum status status = segment_lines(plan_segment(parts->day.plan), info->id, &parts->lines, err);
    return had ? status
               : THEN(status, check_block(parts, info, buf_span(&parts->lines.ndjson), err));
}

static enum status ask(struct export_parts *parts, const struct block_info *info, struct err *err)
{
    struct plan *plan = parts->day.plan;
    enum status status =
        plan_eval(plan, info, parts->day.from_us, parts->day.to_us, &parts->map, err);
    if (status == OK) {
        parts->asked = true;
        parts->matches = bitmap_count(&parts->map);
    }
    return status;
}

static enum status pack_whole(struct export_parts *parts, const struct block_info *info,
                              struct export_part *out_piece, struct err *err)
{
    *out_piece = (struct export_part){
        .first_block = info->id,
        .last_block = info->id,
        .events = info->n_events,
        .raw_bytes = info->raw_bytes,
        .packed_bytes = info->raw_bytes,
    };
    if (parts->sizes_only && parts->codec == OBJECT_CODEC_NONE) {
        return OK;
    }
    buf_clear(&parts->packed);
    enum status status = segment_ndjson(plan_segment(parts->day.plan), info->id, &parts->lines,
                                        &out_piece->ndjson, err);
    status = THEN(status, check_block(parts, info, out_piece->ndjson, err));
    status = THEN(status,
                  object_codec_stream_add(parts->packer, out_piece->ndjson, &parts->packed, err));
    out_piece->packed = buf_span(&parts->packed);
    out_piece->packed_bytes = (int64_t)parts->packed.size;
    return status;
}

static enum status pack_loose(struct export_parts *parts, struct export_part *out_piece,
                              struct err *err)
{
    struct buf handed = parts->handed;
    parts->handed = parts->loose;
    parts->loose = handed;
    buf_clear(&parts->loose);
    buf_clear(&parts->packed);
    struct span ndjson = buf_span(&parts->handed);
    enum status status = object_codec_stream_add(parts->packer, ndjson, &parts->packed, err);
    *out_piece = parts->of_loose;
    out_piece->raw_bytes = (int64_t)ndjson.size;
    out_piece->ndjson = ndjson;
    out_piece->packed = buf_span(&parts->packed);
    out_piece->packed_bytes = (int64_t)parts->packed.size;
    parts->of_loose = (struct export_part){0};
    return status;
}

static size_t matched_bytes(const struct export_parts *parts)
{
    size_t bytes = 0;
    for (uint32_t slot = 0; slot < parts->lines.n_events; slot++) {
        bytes += bitmap_get(&parts->map, slot)
                     ? parts->lines.start[slot + 1] - parts->lines.start[slot]
                     : 0;
    }
    return bytes;
}

/* Adds what of the block matches to the loose lines, unless they are full (*out_full). */
static enum status add_loose(struct export_parts *parts, const struct block_info *info,
                             bool *out_full, struct err *err)
{
    enum status status = read_lines(parts, info, err);
    if (status != OK) {
        return status;
    }
    struct export_part *of = &parts->of_loose;
    *out_full = of->events > 0 && parts->loose.size + matched_bytes(parts) > BLOCK_RAW_BYTES_MAX;
    if (*out_full) {
        return OK;
    }
    const struct block_lines *lines = &parts->lines;
    for (uint32_t slot = 0; slot < lines->n_events; slot++) {
        if (bitmap_get(&parts->map, slot)) {
            buf_add(&parts->loose, lines->ndjson.data + lines->start[slot],
                    lines->start[slot + 1] - lines->start[slot]);
        }
    }
    of->first_block = of->events > 0 ? of->first_block : info->id;
    of->last_block = info->id;
    of->events += (int64_t)parts->matches;
    return buf_status(&parts->loose, "export", err);
}

static bool is_wanted(const struct export_parts *parts, const struct block_info *info)
{
    const struct export_parts_day *day = &parts->day;
    return info->id > day->after_block && info->id <= day->last_block &&
           info->time_max_us >= day->from_us && info->time_min_us < day->to_us;
}

/* The block under work. *out_made: *out_piece is to be handed out. */
static enum status step(struct export_parts *parts, struct export_part *out_piece, bool *out_made,
                        struct err *err)
{
    const struct block_info *info = &parts->blocks[parts->at];
    bool wanted = is_wanted(parts, info);
    enum status status = wanted && !parts->asked ? ask(parts, info, err) : OK;
    bool loose = parts->of_loose.events > 0;
    bool full = false; /* the loose lines go first */
    *out_made = false;
    if (status == OK && wanted && parts->matches == info->n_events) {
        full = loose;
        *out_made = !full;
        status = full ? OK : pack_whole(parts, info, out_piece, err);
    } else if (status == OK && wanted && parts->matches > 0) {
        status = add_loose(parts, info, &full, err);
    }
    if (status == ERR_CORRUPT && loose) {
        /* what stands before the damage first; it is met again */
        parts->asked = false;
        full = true;
    }
    if (full) {
        *out_made = true;
        return pack_loose(parts, out_piece, err);
    }
    parts->at++;
    parts->asked = false;
    parts->matches = 0;
    return status;
}

enum status export_parts_next(struct export_parts *parts, struct export_part *out_piece,
                              bool *out_end, struct err *err)
{
    enum status status = OK;
    bool made = false;
    while (status == OK && !made && parts->at < parts->n_blocks) {
        status = step(parts, out_piece, &made, err);
    }
    *out_end = status == OK && !made && parts->of_loose.events == 0;
    return status == OK && !made && !*out_end ? pack_loose(parts, out_piece, err) : status;
}
