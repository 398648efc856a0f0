/* Changes to a segment's file as somebody makes them who can write it: lines of a block, packed
 * again as columns, and on request with all digests of the file made to fit, so that only a seal
 * can tell. */
#ifndef TESTS_SUPPORT_FORGE_H
#define TESTS_SUPPORT_FORGE_H

#include "schema/segment/segment.h"

struct forge {
    const char *path;
    int64_t block;
    enum segment_data which; /* the lines of its events, or those of how they came */
    bool fits;               /* digests, proofs and chain are made to fit */
};

/* The lines of the columnar block, a newline behind each. */
MUST_USE enum status forge_lines(const struct forge *forge, struct buf *out, struct err *err);

/* Stores these lines in their place. The block's row counts what is there; of events, as many
 * arrivals are kept, or the last is there again. What the vocabulary lacks, it gets. */
MUST_USE enum status forge_put(const struct forge *forge, struct span ndjson, struct err *err);

/* In line `line`, from 1: the first `old` becomes `with`. ERR_NOT_FOUND. */
MUST_USE enum status forge_replace(const struct forge *forge, size_t line, const char *old,
                                   const char *with, struct err *err);

/* All digests of the block, made to fit what is there. */
MUST_USE enum status forge_fit(const char *path, int64_t block, struct err *err);

/* Turns a bit of a blob: in the byte so many thousandths of the way through it. False: it is told
 * on stderr what failed. */
bool forge_flip(const char *path, const char *table, const char *column, const char *where,
                unsigned thousandths);

/* Runs SQL on a file, without the guard against writing FTS5's own tables. False: it is told on
 * stderr what failed, or that nothing was changed. */
bool forge_sql(const char *path, const char *sql);

#endif
