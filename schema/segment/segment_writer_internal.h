/* The inside of a writer: segment_writer.c opens, commits and closes, segment_writer_add.c adds. */
#ifndef SCHEMA_SEGMENT_SEGMENT_WRITER_INTERNAL_H
#define SCHEMA_SEGMENT_SEGMENT_WRITER_INTERNAL_H

#include "schema/block/identity_set.h"
#include "schema/segment/block_observables.h"
#include "schema/segment/block_pack.h"
#include "schema/segment/block_proof.h"
#include "schema/segment/block_words.h"
#include "schema/segment/segment_internal.h"
#include "schema/segment/segment_writer.h"

/* A day that blocks are added to. */
struct segment_writer_day {
    int64_t day_us;
    int64_t next_block;  /* its number */
    struct digest chain; /* up to the block before */
};

struct segment_writer {
    struct segment segment; /* db is NULL between the first commit and what is asked next */
    bool is_new;            /* the first commit is still to come */
    bool is_of_any_day;     /* a copy: its events count as of one day */
    VEC(struct segment_writer_day) days; /* that are in use; the last one is that used last */
    /* of the thread that packs */
    struct identity_set identities;
    struct block_pack packer;
    /* of the thread that stores, with the segment */
    bool in_transaction;
    struct columnar_checker *checker; /* the packer's */
    struct block_words words;
    struct block_observables observables;
    /* of segment_writer_add */
    struct block_pack_made *packed;
};

/* Begins a transaction when none is open; opens the handle again when need be. */
MUST_USE enum status segment_writer_begin(struct segment_writer *writer, struct err *err);

/* NULL: it is not in use. */
struct segment_writer_day *segment_writer_day(struct segment_writer *writer, int64_t day_us);

/* An event whose time may be that of its arrival is known by its hash alone, too. */
void segment_writer_add_identity(struct identity_set *set, uint32_t hash, int64_t time_us,
                                 bool is_arrival);

#endif
