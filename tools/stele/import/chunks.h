/* A stream cut into chunks of whole lines, each with the number of its first line; UTF-16 comes out
 * as UTF-8. A file whose
 * objects go over several lines, or that is one array or list (tools/stele/import/wrapper.h), is
 * cut behind an object or an element: an object of more than CHUNK_WHOLE_MAX is torn at a line. */
#ifndef TOOLS_STELE_IMPORT_CHUNKS_H
#define TOOLS_STELE_IMPORT_CHUNKS_H

#include "tools/stele/import/unpack.h"
#include "tools/stele/import/utf16.h"

enum {
    CHUNK_BYTES = 1024 * 1024,
    CHUNK_LINE_MAX = 64 * 1024 * 1024,
    CHUNK_WHOLE_MAX = 64 * 1024 * 1024,
};

/* Set by the caller, and zeroed otherwise, before the first chunk: */
struct chunks {
    struct unpack *unpack;
    bool plain;     /* a line is a record, whatever it begins with */
    bool only_sure; /* of frames and members that came whole, if no longer than CHUNK_WHOLE_MAX */
    bool drop_torn; /* what stands behind the last whole line is dropped when the read fails */
    /* of its own */
    struct buf bytes;
    size_t given;   /* of bytes: what the last call handed out */
    int64_t before; /* bytes of the stream that were handed out before those */
    int64_t lines;  /* of the stream that end before bytes (behind given) */
    bool started;
    bool spans; /* objects go over lines: cut where brackets close */
    bool end;
    enum utf16_order order;
    struct buf units; /* of UTF-16: read, and not yet in bytes */
    /* how far brackets were followed, when spans */
    size_t followed; /* of bytes */
    size_t cut;      /* the last place to cut that was found */
    size_t depth;
    size_t base; /* depth in which the elements stand: 0, 1 in an array, 2 in a list */
    bool in_string;
    bool escaped;
    enum status failed; /* of a read; told once what was read before it has been handed out */
    struct err failure;
};

struct chunk {
    struct span bytes;
    int64_t first_line;
    int64_t lines;
    bool spans; /* objects go over lines */
};

void chunks_fini(struct chunks *chunks);

/* The next chunk, valid until the next call; *out_end when there is none. ERR_LIMIT: a line of more
 * than CHUNK_LINE_MAX bytes, with its number. */
MUST_USE enum status chunks_next(struct chunks *chunks, struct chunk *out_chunk, bool *out_end,
                                 struct err *err);

/* Newlines in bytes. */
int64_t chunk_count_lines(struct span bytes);
/* Up to and with the last newline. */
size_t chunk_whole_lines(struct span bytes);

#endif
