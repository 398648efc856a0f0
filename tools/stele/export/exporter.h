/* Sends a range of an archive somewhere once more: to a target as objects, to a descriptor as one
 * stream, or nowhere, to count. Objects are made as shipping makes them: whole blocks of a day as
 * far as they fit, so that an export of whole days gives the keys and bytes that shipping gives
 * with the same settings. Nothing is written into the archive. The calls come from one thread;
 * others read and pack (export_parts.h), and have ended on return. */
#ifndef TOOLS_STELE_EXPORT_EXPORTER_H
#define TOOLS_STELE_EXPORT_EXPORTER_H

#include "query/search/day_iterator.h"
#include "tools/stele/export/export_state.h"
#include "tools/stele/export/key_template.h"

/* Counts, of all or of a day. */
struct export_counts {
    int64_t objects;
    int64_t there; /* of them, those that were at the target before */
    int64_t events;
    int64_t raw_bytes;
    int64_t bytes;
    int64_t waiting; /* events that match and are in the inbox alone: not exported */
    int64_t damaged; /* blocks that were left out */
};

struct exporter_options {
    struct day_iterator *iterator; /* new, with oldest_first */
    enum object_codec codec;
    int64_t object_bytes_max;
    const char *key;            /* checked */
    const char *archive_id;     /* UUID */
    struct target *target;      /* NULL: to fd, or to count */
    int fd;                     /* -1: none */
    struct export_state *state; /* NULL: none is kept */
    const atomic_bool *stop;    /* ends it with ERR_STOPPED */
    /* Called after each object, and now and then without target. */
    void (*progress)(void *context, const struct export_counts *so_far, int64_t thousandths);
    /* Called after each day that has something in it. */
    void (*day)(void *context, int64_t day_us, const struct export_counts *of_day);
    /* Called for a damaged block, and before an upload is tried again. */
    void (*trouble)(void *context, const struct err *why);
    void *context;
};

/* *out_counts is filled whatever comes out. A damaged block is reported, counted and left out. An
 * upload that fails for the net's sake is tried again for a minute or two; then, and for other
 * failures, the error is the target's. */
MUST_USE enum status exporter_run(const struct exporter_options *options,
                                  struct export_counts *out_counts, struct err *err);

#endif
