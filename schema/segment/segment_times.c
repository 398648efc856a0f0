/* When the events of a block were and came, and their identities, without their lines. */
#include "schema/segment/block_pack.h"
#include "schema/segment/segment_internal.h"

static enum status noted_times(struct segment *segment, int64_t block, const char *path,
                               int64_t *out_times_us, struct err *err)
{
    struct block_columns columns;
    enum status status = segment_open_columns(segment, SEGMENT_DATA_ARRIVALS, block, &columns, err);
    status = THEN(status, block_derive_noted_times(&columns, path, out_times_us, err));
    return segment_name_damage(segment, block, status, err);
}

enum status segment_arrivals(struct segment *segment, int64_t block,
                             int64_t out_times_us[BLOCK_EVENTS_MAX], struct err *err)
{
    return noted_times(segment, block, BLOCK_PACK_RECEIVED, out_times_us, err);
}

/* What is noted comes before what the event tells; the time of the arrival stands in for both. */
enum status segment_times(struct segment *segment, int64_t block,
                          int64_t out_times_us[BLOCK_EVENTS_MAX], struct err *err)
{
    struct block_columns columns;
    int64_t received_us[BLOCK_EVENTS_MAX];
    int64_t noted_us[BLOCK_EVENTS_MAX];
    enum status status = segment_open_columns(segment, SEGMENT_DATA_EVENTS, block, &columns, err);
    status = THEN(status, block_derive_times(&columns, "time", out_times_us, err));
    status = segment_name_damage(segment, block, status, err);
    status = THEN(status, noted_times(segment, block, BLOCK_PACK_TIME, noted_us, err));
    size_t count = status == OK ? segment_block(segment, block)->n_events : 0;
    bool all_told = true;
    for (size_t i = 0; i < count; i++) {
        out_times_us[i] = noted_us[i] == BLOCK_DERIVE_TIME_NONE ? out_times_us[i] : noted_us[i];
        all_told &= out_times_us[i] != BLOCK_DERIVE_TIME_NONE;
    }
    if (status != OK || all_told) {
        return status;
    }
    status = segment_arrivals(segment, block, received_us, err);
    for (size_t i = 0; status == OK && i < count; i++) {
        bool is_told = out_times_us[i] != BLOCK_DERIVE_TIME_NONE;
        out_times_us[i] = is_told ? out_times_us[i] : received_us[i];
    }
    return status;
}

enum status segment_identities(struct segment *segment, int64_t block,
                               uint32_t out_hashes[BLOCK_EVENTS_MAX], struct err *err)
{
    struct block_columns columns;
    uint32_t noted[BLOCK_EVENTS_MAX];
    enum status status = segment_open_columns(segment, SEGMENT_DATA_EVENTS, block, &columns, err);
    status = THEN(status, block_derive_identities(&columns, out_hashes, err));
    status =
        THEN(status, segment_open_columns(segment, SEGMENT_DATA_ARRIVALS, block, &columns, err));
    status = THEN(status, block_derive_noted_hashes(&columns, BLOCK_PACK_IDENTITY, noted, err));
    status = segment_name_damage(segment, block, status, err);
    for (size_t i = 0; status == OK && i < segment_block(segment, block)->n_events; i++) {
        out_hashes[i] = noted[i] == BLOCK_DERIVE_HASH_NONE ? out_hashes[i] : noted[i];
    }
    return status;
}
