/* Days that were deleted: rows of `deletion` in the catalogue, which stay for ever.
 *
 * The order that makes a crash harmless: the row is committed (done = 0), the day's file is
 * unlinked with what SQLite keeps beside it, the directory is synced, the row is marked done.
 * Between the row and its mark nothing may be written to the day: what opens segments for writing
 * (indexer_open) finishes what a crash has left first. A segment of the day that is made later
 * numbers its blocks behind those that are gone (deletion_next_block), so that ledger, watch and
 * seals never meet a number twice. The caller holds the archive's lock. */
#ifndef SCHEMA_INDEX_DELETION_H
#define SCHEMA_INDEX_DELETION_H

#include "schema/archive/archive.h"
#include "schema/crypto/digest.h"

struct deletion {
    int64_t id;
    int64_t day_us;
    int64_t deleted_us;
    char why[16]; /* "age", "size", "asked" */
    char who[65]; /* "steled", or the login */
    bool forced;  /* with what was not shipped, or what could not be read */
    int64_t events;
    int64_t unshipped; /* of them */
    int64_t blocks;
    int64_t last_block; /* the number of the last one; 0: none, or not to be read */
    int64_t raw_bytes;
    int64_t file_bytes;
    bool has_chain;      /* false: the day could not be read */
    struct digest chain; /* of all its blocks (schema/block/hash_chain.h) */
    int64_t seal;        /* the seal that records it; 0: none yet */
    bool done;           /* the file is gone */
};

/* Inside a writer transaction; fills deletion->id. */
MUST_USE enum status deletion_add(struct archive *archive, struct deletion *deletion,
                                  struct err *err);
/* What comes after the row's commit: unlinks the file and marks the row (its own transaction). No
 * segment of the day may be open for writing. ARCHIVE_WRITE handles only. */
MUST_USE enum status deletion_carry_out(struct archive *archive, const struct deletion *deletion,
                                        struct err *err);
/* Carries out what a crash has left; opens the archive for writing only when there is something.
 * `archive` may be a handle for reading. */
MUST_USE enum status deletion_finish(struct archive *archive, struct err *err);

/* The number that the first block of a new segment of the day gets: behind all that were deleted,
 * and all that the ledger knows of; 1 when there were none. */
MUST_USE enum status deletion_next_block(struct archive *archive, int64_t day_us,
                                         int64_t *out_block, struct err *err);

/* Deletions in order of id, from behind after_id, malloc'ed, free() them. */
MUST_USE enum status deletion_list(struct archive *archive, int64_t after_id,
                                   struct deletion **out_deletions, size_t *out_count,
                                   struct err *err);

#endif
