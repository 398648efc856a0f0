/* Where import puts what it reads: straight into segments when no daemon holds the archive, into
 * the inbox beside one that does. One thread. */
#ifndef TOOLS_STELE_IMPORT_IMPORT_SINK_H
#define TOOLS_STELE_IMPORT_IMPORT_SINK_H

#include "daemon/config/config.h"
#include "schema/index/indexer.h"
#include "tools/stele/import/records.h"

/* Who hears of a record that is not an event (when it is in quarantine), and of an event without a
 * time that can be read (when it has been taken): where it begins, and what is wrong. */
typedef void import_told(void *context, const char *file, int64_t line, struct span what);
struct import_listener {
    import_told *fault;
    import_told *timeless;
    void *context;
};

struct import_totals {
    int64_t read;          /* events and broken pieces */
    int64_t stored;        /* beside a daemon: handed to it */
    int64_t unread_blocks; /* indexer_totals; beside a daemon: not known, 0 */
    int64_t duplicates;    /* beside a daemon: not known, 0 */
    int64_t quarantined;
    long daemon_pid; /* of the daemon whose inbox is filled; 0: the segments are written here */
};

struct import_sink;

/* Takes the archive's lock, or finds steled at work. ERR_BUSY: another tool holds it. */
MUST_USE enum status import_sink_open(const char *dir, const struct config *config,
                                      const struct import_listener *listener,
                                      struct import_sink **out_sink, struct err *err);
/* What has not been ended is not stored. NULL is fine. */
void import_sink_close(struct import_sink *sink);

/* All records of the reader's chunk. Beside a daemon that is behind, waits for it; ERR_STOPPED when
 * it ends meanwhile. */
MUST_USE enum status import_sink_put(struct import_sink *sink, const char *file,
                                     struct records *records, struct err *err);

/* Puts on disk what has been taken so far and reports its broken pieces. May be called again and
 * again; the last time before close. */
MUST_USE enum status import_sink_end(struct import_sink *sink, struct err *err);

/* So far; lives as long as the sink. */
const struct import_totals *import_sink_totals(const struct import_sink *sink);

#endif
