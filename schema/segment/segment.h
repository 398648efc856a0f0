/* A segment: the events of a UTC day, or of a run of days, one SQLite file, a row of blocks. This
 * header is the reading side; schema/segment/segment_writer.h appends, schema/segment/segment_map.h
 * says which file has a day.
 *
 * Block: up to 4,096 events of one day. It has an id in its file, and a number in its day, which it
 * keeps when days are merged into one file. Slot: an event's place in its block. Event id = block *
 * 4096 + slot. A block is kept once, as columns of the values of its events
 * (schema/columnar/columnar.h), which give their lines back byte for byte; beside them only what
 * finds a block without reading it. */
#ifndef SCHEMA_SEGMENT_SEGMENT_H
#define SCHEMA_SEGMENT_SEGMENT_H

#include "schema/block/bitmap.h"
#include "schema/block/block.h"
#include "schema/columnar/columnar_walk.h"
#include "schema/event/event.h"
#include "schema/event/source.h"

struct segment;
struct sqlite3;

/* Opens a file for reading by one thread, as it is now: what is appended later is not seen. All of
 * its days are selected. A file on a read-only medium opens too. ERR_VERSION and ERR_CORRUPT as for
 * an archive. */
MUST_USE enum status segment_open(const char *path, struct segment **out_segment, struct err *err);
void segment_close(struct segment *segment);

/* Selects the blocks of one day, or of all again: what segment_blocks gives, and what is asked of
 * the segment as a whole (segment_duplicate_events). False: there is none of that day. Blocks by id
 * are found in any case, and what was looked up for one day holds for the others. */
bool segment_select_day(struct segment *segment, int64_t day_us);
void segment_select_all(struct segment *segment);
/* The days of its blocks, ascending, whatever is selected; malloc'ed, free() it. ERR_NOMEM. */
MUST_USE enum status segment_list_days(const struct segment *segment, int64_t **out_days,
                                       size_t *out_count, struct err *err);
bool segment_has_day(const struct segment *segment, int64_t day_us);
/* The day that the file was made for, which names one of merged days. */
int64_t segment_first_day_us(const struct segment *segment);
/* The first day of those that are selected. */
int64_t segment_day_us(const struct segment *segment);
/* Another one for each handle that this process opens. */
uint64_t segment_serial(const struct segment *segment);
/* False: a file of one day, as its writer made it, whatever days its blocks are of. */
bool segment_is_merged(const struct segment *segment);
const char *segment_path(const struct segment *segment);
/* When the file was made: a file at the same path that was made at another time is another one. */
int64_t segment_created_us(const struct segment *segment);
/* The file's handle, for checks of the file as such and for tables that a copy has beside these. */
struct sqlite3 *segment_db(struct segment *segment);
/* The highest inbox id that this segment holds for the archive of that UUID; 0 when none. */
int64_t segment_inbox_high(const struct segment *segment, const char *archive_id);

/* The blocks that are selected, by day and number; read once at open. Owned by the segment. */
const struct block_info *segment_blocks(const struct segment *segment, size_t *out_count);
/* The ids of the blocks of all days, ascending. Owned by the segment. */
const int64_t *segment_block_ids(const struct segment *segment, size_t *out_count);
/* By id, of any day; NULL when there is no such block. */
const struct block_info *segment_block(const struct segment *segment, int64_t block);

/* Event times of the block, n_events of them. */
MUST_USE enum status segment_times(struct segment *segment, int64_t block,
                                   int64_t out_times_us[BLOCK_EVENTS_MAX], struct err *err);
/* When each event was received. */
MUST_USE enum status segment_arrivals(struct segment *segment, int64_t block,
                                      int64_t out_times_us[BLOCK_EVENTS_MAX], struct err *err);
/* event_identity_hash of each event. */
MUST_USE enum status segment_identities(struct segment *segment, int64_t block,
                                        uint32_t out_hashes[BLOCK_EVENTS_MAX], struct err *err);
/* Paths. A value stands in the column of its path (schema/columnar/vocabulary.h), and a path is a
 * field of event.h: its keys, unescaped and joined by dots. Several paths can be one field. Path
 * SEGMENT_PATH_LINE is the whole line of an event that was not cut. */
enum { SEGMENT_PATH_LINE = 0 };

/* What all blocks share; paths are known from here on. Owned by the segment. ERR_CORRUPT. */
MUST_USE enum status segment_vocabulary(struct segment *segment,
                                        const struct vocabulary **out_vocabulary, struct err *err);
/* The same for other handles of the file, of any thread: the first that asks for it reads it for
 * all; it goes with its last user. A writer's handle has none to share. */
struct segment_vocabulary;
struct segment_vocabulary *segment_share_vocabulary(struct segment *segment);
/* For a handle that was just opened: what another handle of the file shares. Blocks that came after
 * that one was opened, which may need more, are forgotten: it is as if both were opened then. */
void segment_use_vocabulary(struct segment *segment, struct segment_vocabulary *shared);
/* NULL is fine. */
void segment_vocabulary_release(struct segment_vocabulary *shared);
/* The field of a path below intern_count(&vocabulary->paths); empty for SEGMENT_PATH_LINE. */
struct span segment_path_field(const struct segment *segment, uint32_t path);

/* What a path has to do with a field. */
enum segment_path_role {
    SEGMENT_PATH_OTHER,
    SEGMENT_PATH_IS_FIELD,
    SEGMENT_PATH_IS_ABOVE,   /* its arrays and objects may have the field */
    SEGMENT_PATH_MAY_HAVE_IT /* whole lines */
};
enum segment_path_role segment_path_role(const struct segment *segment, uint32_t path,
                                         struct span field);

/* Which of a block's columnar blocks: its events, or how each of them came
 * (schema/segment/block_pack.h), where stele.source and stele.mark are. */
enum segment_data { SEGMENT_DATA_EVENTS, SEGMENT_DATA_ARRIVALS, SEGMENT_DATA_COUNT };

/* A block that is open, with the vocabulary that its reader has. */
struct block_columns {
    struct columnar_reader *reader;
    const struct vocabulary *vocabulary;
};

/* Opens one of a block's columnar blocks, all of whose columns can be read then
 * (schema/columnar/columnar.h); it stays open until another one of that kind is. ERR_CORRUPT names
 * the segment and block. */
MUST_USE enum status segment_open_columns(struct segment *segment, enum segment_data which,
                                          int64_t block, struct block_columns *out_columns,
                                          struct err *err);

/* Gives the status; of ERR_CORRUPT the message names the file and the block, if it did not yet. */
MUST_USE enum status segment_name_damage(const struct segment *segment, int64_t block,
                                         enum status status, struct err *err);

/* Lets go of the blocks that are open: a statement that is left open holds back checkpoints, and no
 * table of the handle can be dropped. */
void segment_close_columns(struct segment *segment);

/* Terms (schema/event/term.h) that are wanted together. */
struct segment_term_query {
    const struct span *terms;
    size_t n_terms;
    bool last_is_prefix;
    bool are_words; /* each is to be a word, not a term of several */
};
/* A set of blocks by their ids. Zeroed to begin with. */
struct segment_block_set {
    int64_t first; /* the lowest id of the segment */
    uint64_t *words;
    size_t n_words;
};
void segment_block_set_fini(struct segment_block_set *set);
bool segment_block_set_has(const struct segment_block_set *set, int64_t block);

/* Adds the blocks whose text (values that are neither in the vocabulary nor told by a form, and
 * whole lines) has all of these terms somewhere: at least those with an event that has them. All
 * blocks when the index of words is damaged. */
MUST_USE enum status segment_text_blocks(struct segment *segment,
                                         const struct segment_term_query *question,
                                         struct segment_block_set *set, struct err *err);

/* True when the field is one of a path, or may be in an array or object of one that is in the
 * vocabulary, or its last key stands in an event that was not cut. False: no event is known to have
 * it (an array that is text may). ERR_CORRUPT. */
MUST_USE enum status segment_knows_field(struct segment *segment, struct span field,
                                         bool *out_knows, struct err *err);

/* A block's events as bytes: line[slot] is the event exactly as it came. Newlines that stood
 * inside of an event are spaces in `ndjson` (and so in what is shipped) and newlines in line[]. */
struct block_lines {
    int64_t block; /* -1: none */
    bool is_cut;   /* start and restored are there, not the unpacked bytes alone */
    uint32_t n_events;
    struct buf ndjson;
    struct buf restored; /* the same with inner newlines back; empty when there are none */
    uint32_t start[BLOCK_EVENTS_MAX + 1];
};
#define BLOCK_LINES_INIT                                                                           \
    {                                                                                              \
        .block = -1                                                                                \
    }
void block_lines_fini(struct block_lines *lines);
/* Unpacks the block (nothing to do when it is the one already there). ERR_CORRUPT names the
 * segment and block. */
MUST_USE enum status segment_lines(struct segment *segment, int64_t block,
                                   struct block_lines *lines, struct err *err);
/* Only unpacks it: all of the block's NDJSON, for a look at the whole; lives until the lines
 * change. */
MUST_USE enum status segment_ndjson(struct segment *segment, int64_t block,
                                    struct block_lines *lines, struct span *out_ndjson,
                                    struct err *err);
/* The event's bytes as they came. */
struct span block_line(const struct block_lines *lines, size_t slot);
/* The event that has the byte at `offset` of the NDJSON. */
size_t block_line_at(const struct block_lines *lines, size_t offset);

/* Which of `count` events (at most BLOCK_EVENTS_MAX) the segment holds already (event_same): sets
 * their bits in *out_known. hashes[i] is event_identity_hash of events[i]. Looks at the blocks
 * whose time span covers them, at the identity hashes there, and at the bytes of what is left. */
MUST_USE enum status segment_duplicate_events(struct segment *segment, const struct event *events,
                                              const uint32_t *hashes, size_t count,
                                              struct bitmap *out_known, struct err *err);
/* The same for the events of a batch that are set in `ask`; adds to *known. */
struct batch;
MUST_USE enum status segment_duplicate_batch(struct segment *segment, const struct batch *batch,
                                             const struct bitmap *ask, struct bitmap *known,
                                             struct err *err);

#endif
