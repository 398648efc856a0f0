/* A copy: events of any days of an archive as one file of a segment's kind, with what the case
 * needs to know of it. This header is its reading side; schema/copy/copy_writer.h makes one,
 * schema/copy/copy_verify.h checks one, segment.h reads its events. */
#ifndef SCHEMA_COPY_COPY_CASE_H
#define SCHEMA_COPY_COPY_CASE_H

#include "schema/base/arena.h"
#include "schema/crypto/signing.h"
#include "schema/segment/segment.h"

#define COPY_FORMAT "stele-copy-1"

/* The case header. Texts are UTF-8. */
struct copy_case {
    int64_t made_us;
    struct span who; /* login@host */
    struct span why;
    struct span archive_id; /* empty: the source named none */
    struct span archive_dir;
    int64_t from_us; /* event time, inclusive; INT64_MIN: open */
    int64_t to_us;   /* exclusive; INT64_MAX: open */
    struct span query;
    struct span session;
    int64_t events;
    int64_t raw_bytes; /* with a newline each */
    int64_t first_us;  /* event time */
    int64_t last_us;
    int64_t blocks;
    struct digest chain;   /* schema/block/hash_chain.h */
    struct digest content; /* schema/copy/copy_content.h */
    struct span program;
};

/* The header as one line of JSON, format COPY_FORMAT: what is signed. Appended to out. */
void copy_case_text(const struct copy_case *facts, struct buf *out);

/* Header and signature of a copy's file; fini it. */
struct copy_header {
    struct arena arena;
    struct copy_case facts;
    bool is_signed;
    struct span text; /* that was signed */
    struct span signature;
    struct span key_id;
};
void copy_header_fini(struct copy_header *header);

/* ERR_FORMAT: a segment, but no copy. Errors of segment_open. */
MUST_USE enum status copy_header_open(const char *path, struct copy_header *out_header,
                                      struct err *err);

#endif
