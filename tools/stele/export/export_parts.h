/* What of a day goes into an export, in pieces that are put end to end: whole blocks that the query
 * matches, each packed by itself as it was shipped, and what it matches of other blocks, some
 * blocks together. The same day, bounds and query give the same pieces,
 * and going on behind a piece gives those that would have followed it. Order: block, slot. Blocks
 * are read and packed by several threads, some of them ahead; the caller's thread alone uses
 * this. */
#ifndef TOOLS_STELE_EXPORT_EXPORT_PARTS_H
#define TOOLS_STELE_EXPORT_EXPORT_PARTS_H

#include "daemon/ship/object_codec.h"
#include "query/search/day_iterator.h"

struct export_part {
    int64_t first_block; /* the blocks it has events of */
    int64_t last_block;
    int64_t events;
    int64_t raw_bytes;    /* as NDJSON */
    int64_t packed_bytes; /* packed.size, or what it would be */
    struct span ndjson;   /* until the next call; may be empty when only sizes are wanted */
    struct span packed;   /* the same */
};

struct export_parts;

/* sizes_only: no more is read than sizes need. The iterator, whose days these are, outlives it. */
MUST_USE enum status export_parts_new(const struct day_iterator *iterator, enum object_codec codec,
                                      bool sizes_only, struct export_parts **out_pieces,
                                      struct err *err);
/* NULL is fine. */
void export_parts_free(struct export_parts *parts);

/* A day: the plan has its segment and lives until the day is done. Events from from_us, before
 * to_us; blocks behind after_block, up to and with last_block. */
struct export_parts_day {
    int64_t day_us;
    struct plan *plan;
    int64_t from_us;
    int64_t to_us;
    int64_t after_block;
    int64_t last_block;
};
void export_parts_begin(struct export_parts *parts, const struct export_parts_day *day);

/* The next piece; *out_end when the day has no more. ERR_CORRUPT: a block is damaged, named in the
 * text; it is passed over by the next call. */
MUST_USE enum status export_parts_next(struct export_parts *parts, struct export_part *out_piece,
                                       bool *out_end, struct err *err);

#endif
