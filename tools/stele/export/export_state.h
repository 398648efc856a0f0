/* Where an export stands, in a small file of text: what was asked for, the blocks that there were
 * when it began, and how far it came. An export that is gone on with by it gives the objects that
 * the first run would have given, whatever has arrived meanwhile. Written whole after each object
 * (beside its place, renamed), so that a crash leaves the state before or after. One thread. */
#ifndef TOOLS_STELE_EXPORT_EXPORT_STATE_H
#define TOOLS_STELE_EXPORT_EXPORT_STATE_H

#include "daemon/ship/object_codec.h"
#include "schema/base/clock.h"
#include "schema/base/vec.h"
#include "schema/file/file.h"

/* What makes one export the same as another. */
struct export_terms {
    const char *archive_id;
    const char *dest; /* canonical URL */
    enum object_codec codec;
    int64_t object_bytes_max;
    const char *key;
    const char *from; /* as it was written; "" when not given */
    const char *to;
    struct span query;
    int64_t from_us; /* what these came to when the export began */
    int64_t to_us;
};

struct export_position {
    int64_t day_us; /* INT64_MIN: nothing was done yet */
    int64_t block;  /* all of the day up to here is at the destination */
    int64_t objects;
    int64_t events;
    int64_t raw_bytes;
    int64_t bytes;
};

struct export_state_day {
    int64_t day_us;
    int64_t last_block;
};

struct export_state {
    bool is_new; /* begun now: the days are still to be told, in order, then written once */
    bool ended;  /* there is nothing behind the position */
    struct export_position position;
    VEC(struct export_state_day) days;
    /* of export_state.c alone */
    char path[FILE_PATH_BYTES];
    struct buf head; /* the lines that say what was asked for */
};

/* As --codec calls them, by enum object_codec. */
extern const char *const export_state_codecs[OBJECT_CODEC_NONE + 1];

/* Reads the file, or begins a new state when there is none (nothing is written yet). terms->from_us
 * and to_us become those of the file. ERR_USAGE: it is of another export; the text says in what.
 * ERR_FORMAT: it is another kind of file. */
MUST_USE enum status export_state_open(const char *path, struct export_terms *terms,
                                       struct export_state **out_state, struct err *err);
/* NULL is fine. */
void export_state_close(struct export_state *state);

/* To a new one. */
MUST_USE enum status export_state_add_day(struct export_state *state, int64_t day_us,
                                          int64_t last_block, struct err *err);

/* The last block that counts of the day; -1: the day came later. */
int64_t export_state_last_block(const struct export_state *state, int64_t day_us);

/* Writes the position down. */
MUST_USE enum status export_state_write(struct export_state *state,
                                        const struct export_position *position, bool ended,
                                        struct err *err);

#endif
