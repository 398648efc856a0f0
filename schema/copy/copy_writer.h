/* Makes a copy (schema/copy/copy_case.h). The file is made beside its own name
 * (schema/file/atomic_file.h) with nothing in a journal, and needs no other file when it is read,
 * on whatever medium. One thread; after a failure the writer is only to be closed. */
#ifndef SCHEMA_COPY_COPY_WRITER_H
#define SCHEMA_COPY_COPY_WRITER_H

#include "schema/copy/copy_case.h"
#include "schema/file/atomic_file.h"

struct copy_writer;

/* hidden: the file gets no name at any time (it is to be encrypted from copy_writer_fd). */
MUST_USE enum status copy_writer_open(const char *path, int compression_level, bool hidden,
                                      struct copy_writer **out_writer, struct err *err);
/* What was not published is gone. NULL is fine. */
void copy_writer_close(struct copy_writer *writer);

/* An event with its provenance as the archive has it. */
struct copy_event {
    struct span raw;      /* the bytes as they came */
    int64_t time_us;      /* as the archive has it */
    int64_t received_us;  /* when it came into the archive */
    bool time_is_arrival; /* stele.mark */
    bool session_stream;  /* stele.mark */
    struct span source;   /* stele.source; empty: not known */
};

/* Takes one more, in the order in which the copy is to have them. Nothing is dropped: what is in
 * the archive twice is in the copy twice. ERR_CORRUPT: not an event. */
MUST_USE enum status copy_writer_add(struct copy_writer *writer, const struct copy_event *event,
                                     struct err *err);
int64_t copy_writer_count(const struct copy_writer *writer);

/* Writes what is left, the header and, with a private key, its signature; at least one event must
 * be there. Of *facts the counts, times and digests are filled in. The file is closed. */
MUST_USE enum status copy_writer_finish(struct copy_writer *writer, struct copy_case *facts,
                                        const struct signing_key *key, struct err *err);

/* After the finish: the file's descriptor, which is the writer's. */
int copy_writer_fd(const struct copy_writer *writer);
/* After the finish: where the file is now, for as long as it is not published. */
const char *copy_writer_part(const struct copy_writer *writer);
/* After the finish: on disk under its name. Unless `over`, ERR_EXISTS when one is there. */
MUST_USE enum status copy_writer_publish(struct copy_writer *writer, bool over, struct err *err);

#endif
